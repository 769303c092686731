// SPDX-License-Identifier: MIT
// The console's list of connections: rows come and change by server-sent
// events.
"use strict";

const body = document.querySelector("#list tbody");
const rows = new Map();		// by the trace's name
const before = new URLSearchParams(location.search).get("before") ?? "";

// Returns the time in a trace's name, as "2026-11-29 08:21:17.094".
const timeOf = name => name.replace(
	/^(....)(..)(..)T(..)(..)(..)\.(...).*/, "$1-$2-$3 $4:$5:$6.$7");

function verdictOf(c) {
	const trace = new Trace(c.name, c.running);
	trace.live = true;
	for (const line of c.lines)
		trace.add(line);
	trace.finish();
	const verdict = trace.verdict();
	return {trace, verdict, crashed: !c.running && !c.lines.some(line =>
		line.type === "close" || line.type === "limit")};
}

function peerOf({facts}, name) {
	const client = facts.client === "" ? name.split("-").slice(2).join(" ")
		.replace(/\.jsonl$/, "") : brief(facts.client);
	return [client, ...(facts.tls ? [brief(facts.tls)] : facts.cleartext ?
		["cleartext"] : []), ...(facts.sni === undefined ? [] :
		["for " + brief(facts.sni)])].join(" \u00b7 ");
}

class Row {
	constructor(name) {
		this.name = name;
		this.link = element("a", {href: "trace/" + name});
		this.more = element("small");
		this.peer = element("td", {className: "peer"});
		this.end = element("td", {className: "end"});
		const time = timeOf(name);
		this.node = element("tr", {}, element("td", {className: "at"}, element(
			"time", {dateTime: time.replace(" ", "T") + "Z"}, time)),
			element("th", {scope: "row"}, this.link, " ", this.more),
			this.peer, this.end);
	}

	show(c) {
		const {trace, verdict, crashed} = verdictOf(c);
		this.tone = verdict.tone;
		this.crashed = crashed;
		this.node.className = verdict.tone;
		this.link.textContent = c.first ? whatever(c.first, fieldsInBrief) :
			"no request";
		this.more.textContent = c.requests > 1 ? "and " +
			count(c.requests - 1, "more request") : "";
		this.peer.textContent = peerOf(trace, this.name);
		const rest = c.faults - 1;
		const parts = [element("span", {className: "tone"},
			(verdict.tone === "bad" ? "\u2716 " : "") +
			TONE_NAMES[verdict.tone]), " ", verdict.text];
		for (const more of [verdict.why, verdict.after, rest > 0 ?
			count(rest, "more fault") : "", crashed ? "Process " + c.pid : ""])
			if (more)
				parts.push(element("small", {}, more));
		this.end.replaceChildren(...parts);
		this.filter();
	}

	filter() {
		const show = $("show").value;
		this.node.hidden = show === "crash" ? !this.crashed :
			show !== "all" && this.tone !== show;
	}
}

// Puts a new row where its name belongs, the newest first.
function place(row) {
	let next = body.firstElementChild;
	while (next && next.dataset.name > row.name)
		next = next.nextElementSibling;
	row.node.dataset.name = row.name;
	body.insertBefore(row.node, next);
}

function take({first, server, older, removed, changed}) {
	$("server").textContent = escaped(server);
	const those = changed.map(text => JSON.parse(text));
	const gone = first ? [...rows.keys()].filter(name =>
		!those.some(c => c.name === name)) : removed;
	for (const name of gone) {
		rows.get(name)?.node.remove();
		rows.delete(name);
	}
	for (const c of those) {
		let row = rows.get(c.name);
		if (!row) {
			rows.set(c.name, row = new Row(c.name));
			place(row);
		}
		row.show(c);
	}
	const oldest = body.lastElementChild?.dataset.name;
	$("older").hidden = !older || !oldest;
	$("older").href = "?before=" + encodeURIComponent(oldest ?? "");
	summarize();
}

function summarize() {
	const all = [...rows.values()];
	const number = is => all.filter(is).length;
	const live = number(r => r.tone === "live");
	const bad = number(r => r.tone === "bad");
	const crashed = number(r => r.crashed);
	$("summary").textContent = [count(all.length, "connection"),
		live ? count(live, "goes on", "go on") : "",
		bad ? bad + " went wrong" : "",
		crashed ? count(crashed, "crash", "crashes") : ""].filter(s => s)
		.join(" \u00b7 ");
	$("none").hidden = all.length > 0;
	$("list").hidden = all.length === 0;
	document.title = "h2rig: " + count(all.length, "connection") +
		(bad ? ", " + bad + " went wrong" : "");
}

$("tools").addEventListener("submit", e => e.preventDefault());
$("newest").hidden = before === "";
$("show").onchange = () => {
	for (const row of rows.values())
		row.filter();
	const shown = [...rows.values()].filter(r => !r.node.hidden).length;
	$("status").textContent = shown ? "" : "None of these connections.";
};

const events = new EventSource("events" + (before === "" ? "" : "?before=" +
	encodeURIComponent(before)));
events.onmessage = e => take(JSON.parse(e.data));
tellLoss(events, text => $("status").textContent = text);
