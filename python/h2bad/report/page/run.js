// SPDX-License-Identifier: MIT
// Runs the cases of urls.json by fetch(), and shows the verdicts that the
// server sends. `?auto=1` starts by itself. The state is the body's data-state:
// loading, ready, running, then done, stopped or blocked; it is the title too
// when the run is over.
"use strict";

const LIMIT = 5000;	// ms that a request may take
const LAST = 30000;	// ms to wait for verdicts after the last request

const byId = id => document.getElementById(id);
const shown = new Map();	// a case's name: its row, cells and verdict
const sums = new Map([...document.querySelectorAll("[data-verdict]")].map(
	e => [e.dataset.verdict, e.querySelector("b")]));
const signs = new Map([...document.querySelectorAll("[data-verdict]")].map(
	e => [e.dataset.verdict, e.querySelector(".sign").textContent]));
let plan = [];
let stopping = false, told = false;

function state(name) {
	document.body.dataset.state = name;
	byId("start").hidden = name === "running";
	byId("start").disabled = name === "loading";
	byId("stop").hidden = name !== "running";
	if (["done", "stopped", "blocked"].includes(name))
		document.title = name;
}

function make(name, className, ...content) {
	const e = document.createElement(name);
	e.className = className;
	e.append(...content);
	return e;
}

// ---- rows

function addRow(name) {
	const row = byId("cases").tBodies[0].insertRow();
	const cells = ["td", "th", "td", "td"].map((kind, i) => {
		const cell = make(kind, ["", "", "reaction", "said"][i]);
		cell.setAttribute("role", kind === "th" ? "rowheader" : "cell");
		return cell;
	});
	row.setAttribute("role", "row");
	cells[1].scope = "row";
	cells[1].textContent = name;
	row.append(...cells);
	const entry = {row, cells, verdict: ""};
	shown.set(name, entry);
	mark(entry, "waiting");
	return entry;
}

function mark(entry, word) {
	const sign = make("span", "sign", signs.get(word) ?? "");
	sign.setAttribute("aria-hidden", "true");
	entry.cells[0].replaceChildren(make("span",
		`verdict ${signs.has(word) ? word : "skip"}`, sign, " ", word));
}

function take({case: name, verdict, reaction, reason, message}) {
	if (!sums.has(verdict))
		return;
	const entry = shown.get(name) ?? addRow(name);
	entry.verdict = verdict;
	mark(entry, verdict);
	entry.cells[2].textContent = reaction ?? "";
	entry.cells[3].textContent = [reason, message].filter(Boolean).join(": ");
	for (const [each, sum] of sums)
		sum.textContent = [...shown.values()].filter(
			e => e.verdict === each).length;
	if (verdict === "fail")
		byId("said").textContent = `${name} failed: ${reason ?? ""}`;
}

// ---- requests

async function digest(octets) {
	if (!globalThis.crypto?.subtle)
		return undefined;
	const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", octets));
	return [...hash].map(c => c.toString(16).padStart(2, "0")).join("");
}

const pause = ms => new Promise(f => setTimeout(f, ms));

// A browser that can stream an upload reads the member `duplex`; another one
// sends the stream as text, with a content-type.
const streams = (() => {
	let asked = false;
	const made = new Request("", {method: "POST", body: new ReadableStream(),
		get duplex() { return (asked = true, "half"); }});
	return asked && !made.headers.has("content-type");
})();

// Why a browser cannot do what this entry of urls.json wants, or "".
function cannot({kind, headers = [], slow}) {
	if (kind === "connect" || headers.some(([name]) => name === "expect"))
		return `fetch() cannot send ${kind ? "CONNECT" : "Expect"}`;
	if (kind)
		return "a browser decides itself over what a WebSocket goes";
	return slow && !streams ? "this browser cannot stream an upload" : "";
}

// Content in parts, as from a program that makes it while it sends it.
function upload(size) {
	let left = size;
	return new ReadableStream({async pull(control) {
		await pause(50);
		const n = Math.min(left, Math.ceil(size / 10));
		control.enqueue(new Uint8Array(n).fill(120));
		left -= n;
		if (!left)
			control.close();
	}});
}

// Reads the content of a response: stops for pause_seconds after pause_after
// octets, and for good after cancel_after octets, if these are given.
async function content(response, {cancel_after: last, pause_after: stop,
		pause_seconds: seconds = 1}) {
	const parts = [], reader = response.body.getReader();
	let length = 0, {done, value} = await reader.read();
	while (!done) {
		const before = length;
		parts.push(value);
		length += value.length;
		if (length >= last)
			await reader.cancel();
		else if (before <= stop && stop < length)
			await pause(1000 * seconds);
		({done, value} = await reader.read());
	}
	return new Blob(parts).arrayBuffer();
}

// Sends a request; returns what fetch() tells of it.
async function request(entry) {
	const {method, url, headers, body, body_size: size, slow} = entry;
	const control = new AbortController(), began = performance.now();
	const timer = setTimeout(() => control.abort(), LIMIT);
	let got;
	try {
		const response = await fetch(url, {method, headers, cache: "no-store",
			credentials: "omit", signal: control.signal, duplex: "half",
			body: slow ? upload(size) : body ?? (size ? "x".repeat(size)
				: undefined)});
		const octets = response.body ? await content(response, entry)
			: new ArrayBuffer(0);
		control.abort();	// what is left of the response
		got = {result: "response", status: response.status,
			length: octets.byteLength, sha256: await digest(octets)};
	} catch (e) {
		got = {result: "error", error: String(e)};
	}
	clearTimeout(timer);
	return {...got, ms: Math.round(performance.now() - began)};
}

async function tell(name, got) {
	try {
		await fetch(`got?case=${encodeURIComponent(name)}`, {method: "POST",
			headers: {"content-type": "application/json"},
			body: JSON.stringify({case: name, ...got})});
	} catch (e) {
		complain(`The server did not take what was got of ${name}: ${e}`);
	}
}

// Requests the URLs of a case in order, parallel ones at once. Tells the server
// the result before the follow-up, because that ends the case.
async function runCase({name, urls}) {
	const why = urls.map(cannot).find(Boolean);
	if (why) {
		shown.get(name).cells[3].textContent = why;
		await tell(name, {result: "skip", error: why});
		return {result: "skip"};
	}
	const own = urls.filter(each => !each.follow_up);
	let first;	// the result of the case, not of the URL that arms it
	for (let i = 0; i < own.length; i++) {
		const together = [own[i]];
		while (own[i].parallel && own[i + 1]?.parallel)
			together.push(own[++i]);
		const got = await Promise.all(together.map(request));
		if (!together[0].arm)
			first ??= got[0];
	}
	if (first)
		await tell(name, first);
	for (const each of urls.filter(each => each.follow_up))
		await request(each);
	return first;
}

// ---- the run

function complain(...content) {
	byId("notice").replaceChildren(make("p", "notice", ...content));
}

// The first case shows whether the browser can reach the server at all.
function blocked({urls}, got) {
	const link = make("a", "", "accept its certificate here");
	link.href = urls[0].url;
	link.target = "_blank";
	link.rel = "noopener";
	complain(`The browser could not fetch the first URL (${got.error}). If the `
		+ "server’s certificate is the reason, ", link, ", then start again.");
	state("blocked");
}

function protocol(url) {
	const used = performance.getEntriesByName(url).pop()?.nextHopProtocol;
	if (used && used !== "h2")
		complain(`The browser does not use HTTP/2 but ${used}.`);
}

async function run() {
	state("running");
	stopping = false;
	byId("notice").replaceChildren();
	let count = 0;
	for (const each of plan) {
		if (stopping)
			break;
		byId("progress").value = count;
		byId("now").textContent =
			`${++count} of ${plan.length}: ${each.name}`;
		mark(shown.get(each.name), "now");
		const got = await runCase(each);
		if (!shown.get(each.name).verdict)
			mark(shown.get(each.name),
				got?.result === "skip" ? "skip" : "asked");
		if (each.name === "good" && got?.result === "error")
			return blocked(each, got);
		if (each.name === "good")
			protocol(each.urls[0].url);
	}
	await end(count);
}

async function end(count) {
	byId("progress").value = count;
	await fetch("done").catch(() => {});
	const until = performance.now() + LAST;
	const asked = plan.slice(0, count);
	while (!told && performance.now() < until &&
			asked.some(each => !shown.get(each.name).verdict))
		await new Promise(f => setTimeout(f, 50));
	const failed = sums.get("fail").textContent;
	byId("now").textContent = byId("said").textContent =
		`${stopping ? "Stopped after" : "Done:"} ${count} of ${plan.length
		} cases, ${failed} failed`;
	state(stopping ? "stopped" : "done");
}

async function load() {
	state("loading");
	const answer = await fetch("urls.json");
	if (!answer.ok)
		throw new Error(`urls.json: ${answer.status}`);
	plan = await answer.json();
	// `good` first, the others in their order.
	plan.sort((a, b) => (b.name === "good") - (a.name === "good"));
	for (const {name} of plan)
		if (!shown.has(name))
			addRow(name);
	byId("progress").max = plan.length || 1;
	byId("now").textContent = `${plan.length} cases`;
	const events = new EventSource("events");
	events.onmessage = e => take(JSON.parse(e.data));
	events.addEventListener("done", () => {
		told = true;
		events.close();
	});
	state("ready");
}

byId("start").addEventListener("click", run);
byId("stop").addEventListener("click", () => stopping = true);
load().then(() => {
	if (new URLSearchParams(location.search).get("auto") === "1")
		return run();
}).catch(e => {
	complain(`The run cannot start: ${e.message}`);
	state("blocked");
});
