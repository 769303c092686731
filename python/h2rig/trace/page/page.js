// SPDX-License-Identifier: MIT
// The page: connections and what happened on them, filters, search.
"use strict";

class Page {
	constructor() {
		this.traces = [];
		this.listed = true;		// the filter has all streams
		this.hidden = new Set();	// traces that are not shown
		this.without = new Set();	// types that are not shown
		this.boxes = new Map();		// by type: checkbox and number
		this.told = "";			// what stories() shows now
		this.events = [];
		this.texts = new WeakMap();	// by event: text to search
		this.detail = new Detail($("detail"), {
			only: event => this.only(event),
			close: () => this.close(),
			copy: text => this.copy(text),
		});
		this.picture = new Picture($("picture"), (event, open) => {
			if (open || !$("detail").hidden)
				this.detail.show(event, open && this.narrow.matches);
		});
		this.narrow = matchMedia("(max-width: 60rem)");
		this.listen();
	}

	listen() {
		$("tools").addEventListener("submit", e => e.preventDefault());
		$("stream").onchange = () => this.show();
		$("stream").onfocus = $("stream").onpointerdown = () =>
			this.streams();
		$("mode").onchange = $("zoom").oninput = () => this.rescale();
		$("search").oninput = () => {
			clearTimeout(this.later);
			this.later = setTimeout(() => this.search(), 120);
		};
		$("search").onkeydown = e => {
			if (e.key === "Enter")
				this.match(e.shiftKey ? -1 : 1);
		};
		$("next").onclick = () => this.match(1);
		$("previous").onclick = () => this.match(-1);
		$("problem").onclick = () => this.picture.problem(1);
		$("copy").onclick = () => this.copy(this.picture.shown.map(e =>
			asText(e.line)).join("\n"));
		$("picture").addEventListener("keydown", e => {
			if (e.key === "/") {
				e.preventDefault();
				$("search").focus();
			} else if (e.key === "Escape") {
				this.close();
			}
		});
		document.addEventListener("click", e => {
			for (const open of document.querySelectorAll("form details[open]"))
				open.open = open.contains(e.target);
		});
	}

	// Adds a connection.  Returns its Trace, to which its lines are added.
	connection(name, running) {
		const trace = new Trace(name, running);
		this.traces.push(trace);
		return trace;
	}

	// Shows what has been added.
	update() {
		for (const t of this.traces)
			t.finish();
		this.traces.sort((a, b) => a.start - b.start);
		this.traces.forEach((t, i) => t.number = i + 1);
		this.events = this.traces.flatMap(t => t.events);
		if (this.traces.length > 1)
			this.events.sort((a, b) => a.at - b.at);
		this.headline();
		this.listed = false;
		this.types();
		this.show();
	}

	// ---- what happened

	headline() {
		const verdicts = this.traces.map(t => t.verdict());
		const one = this.traces.length === 1;
		const bad = verdicts.filter(v => v.tone === "bad").length;
		const tone = TONES.find(x => verdicts.some(v => v.tone === x)) ??
			"good";
		$("headline").textContent = one ? verdicts[0].text : bad === 0 ?
			count(this.traces.length, "connection") +
			", on which nothing went wrong." : bad + " of " +
			count(this.traces.length, "connection") + " went wrong.";
		$("headline").className = tone;
		this.stories(verdicts, one);
		$("problem").hidden = !this.traces.some(t => t.findings.length ||
			t.ending().tone === "bad");
		for (const t of this.traces) {
			const end = t.ending();
			if (end.tone === "bad" && end.event)
				end.event.tone = "bad";
		}
		document.title = "h2rig: " + $("headline").textContent;
	}

	// Replaces the elements only if they tell something new, so that an
	// element that has focus or is open stays.
	stories(verdicts, one) {
		const told = verdicts.map((v, i) => [v.text, v.why, v.after,
			this.traces[i].findings.length]).join("\n");
		if (one && told === this.told) {
			document.querySelector("#reason .meta").textContent =
				this.meta(this.traces[0], verdicts[0]);
			return;
		}
		this.told = told;
		$("reason").replaceChildren(...(one ?
			this.story(this.traces[0], verdicts[0]) : []));
		$("connections").hidden = one;
		const order = this.traces.map((t, i) => [t, verdicts[i]]).sort(
			(a, b) => TONES.indexOf(a[1].tone) - TONES.indexOf(b[1].tone));
		$("connections").replaceChildren(...(one ? [] : order.map(
			([t, v]) => this.card(t, v, t.number))));
	}

	story(trace, verdict) {
		const parts = [];
		if (verdict.why)
			parts.push(element("p", {className: "reason " + verdict.tone},
				verdict.why, " ", this.jump(verdict.event)));
		if (verdict.after)
			parts.push(element("p", {}, verdict.after));
		const more = trace.findings.filter(f => f.event !== verdict.event);
		const items = more.slice(0, 50).map(f => element("li", {},
			f.text + ": " + f.why + " ", this.jump(f.event)));
		if (more.length > 50)
			items.push(element("li", {}, count(more.length - 50, "more fault")));
		if (items.length > 3)
			parts.push(element("details", {className: "more"}, element(
				"summary", {}, count(more.length, "other fault")),
				element("ul", {}, ...items)));
		else if (items.length)
			parts.push(element("ul", {className: "more"}, ...items));
		parts.push(element("p", {className: "meta"}, this.meta(trace, verdict)));
		return parts;
	}

	meta(trace, verdict) {
		const {facts} = trace, asked = trace.answers().text;
		return [brief(facts.client), facts.tls ? brief(facts.tls) :
			facts.cleartext ? "cleartext" : "no TLS",
			...(facts.sni === undefined ? [] : ["for " + brief(facts.sni)]),
			...(verdict.text.includes(asked) ? [] : [asked]),
			count(trace.frames, "frame"), duration(trace.duration)].join(" \u00b7 ");
	}

	jump(event) {
		const button = element("button", {type: "button", className: "jump"},
			"Show");
		button.onclick = () => this.reveal(event);
		return button;
	}

	card(trace, verdict, number) {
		const box = element("input", {type: "checkbox",
			checked: !this.hidden.has(trace), id: "show" + number});
		box.onchange = () => {
			this.hidden[box.checked ? "delete" : "add"](trace);
			this.listed = false;
			this.streams();
			this.show();
		};
		return element("li", {className: "card " + verdict.tone},
			element("label", {htmlFor: box.id, className: "which"}, box,
			element("span", {className: "unseen"}, "Show connection "),
			String(number)), element("div", {}, element("h2", {},
			element("span", {className: "tone"}, TONE_NAMES[verdict.tone]), " ",
			verdict.text), ...this.story(trace, verdict)));
	}

	// ---- filters

	// Makes the options of the filter of streams.  Thousands of them take
	// time, so they are made only when the user goes to the filter.
	streams() {
		const select = $("stream"), kept = select.value;
		if (this.listed)
			return;
		this.listed = true;
		select.replaceChildren(element("option", {value: ""}, "all"));
		this.traces.forEach((t, i) => {
			if (this.hidden.has(t))
				return;
			const options = [0, ...t.colours.keys()].map(id => element(
				"option", {value: i + " " + id}, this.streamName(t, id)));
			select.append(...(this.traces.length > 1 ? [element("optgroup",
				{label: "Connection " + (i + 1)}, ...options)] : options));
		});
		select.value = kept;
		if (select.selectedIndex < 0)
			select.value = "";
	}

	streamName(trace, id) {
		const request = trace.rules.streams.get(id)?.request;
		return id === 0 ? "0 (the connection)" : id + (request ? " " +
			fieldsInBrief(request).slice(0, 50) : "");
	}

	types() {
		const n = new Map();
		for (const {line} of this.events) {
			const type = this.typeOf(line);
			n.set(type, (n.get(type) ?? 0) + 1);
		}
		for (const [type, many] of n) {
			if (!this.boxes.has(type))
				this.addType(type);
			const {box, number} = this.boxes.get(type);
			box.checked = !this.without.has(type);
			number.textContent = many;
		}
	}

	addType(type) {
		const box = element("input", {type: "checkbox"});
		const number = element("small");
		box.onchange = () => {
			this.without[box.checked ? "delete" : "add"](type);
			this.show();
		};
		this.boxes.set(type, {box, number});
		$("types").querySelector("fieldset > div").append(element("label", {},
			box, brief(type, 40) + " ", number));
	}

	typeOf(line) {
		return line.type === "begin" || line.type === "end" ? "functions" :
			line.type;
	}

	wanted() {
		const [index, id] = $("stream").value.split(" ").map(Number);
		const one = $("stream").value !== "" && this.traces[index];
		return ({trace, line}) => !this.hidden.has(trace) &&
			!this.without.has(this.typeOf(line)) && (!one || trace === one &&
			(line.stream ?? (line.dir ? 0 : id)) === id ||
			trace === one && (line.promised === id || line.prioritized === id));
	}

	show() {
		const traces = this.traces.filter(t => !this.hidden.has(t));
		this.picture.show(traces, this.events, this.wanted());
		const left = this.picture.total - this.picture.shown.length;
		this.say(left ? "Only the first " + this.picture.shown.length
			.toLocaleString("en") + " rows are shown; filters show others." :
			this.picture.shown.length ? "" : "No row is left by the filters.");
		this.rescale();
		this.search();
	}

	rescale() {
		const mode = $("mode").value, {picture} = this;
		$("zooming").hidden = mode === "order";
		const event = picture.shown[picture.active >= 0 ? picture.active :
			picture.rowAt(picture.grid.scrollTop)];
		const top = event ? picture.tops[event.row] - picture.grid.scrollTop : 0;
		picture.scale = {mode, zoom: Number($("zoom").value)};
		picture.layOut();
		if (event)
			picture.grid.scrollTop = picture.tops[event.row] - top;
		const px = picture.shownScale;
		const round = n => Number(n.toPrecision(2)).toLocaleString("en");
		const text = px >= 1 ? "1 ms is " + round(px) + " px" :
			"1 s is " + round(px * 1000) + " px";
		$("scale").textContent = text;
		$("zoom").setAttribute("aria-valuetext", text);
	}

	only(event) {
		this.streams();
		$("stream").value = this.traces.indexOf(event.trace) + " " +
			event.line.stream;
		this.show();
		this.picture.reveal(event, false);
	}

	reveal(event) {
		if (!event.shown) {		// a filter has left it out
			this.hidden.delete(event.trace);
			this.without.delete(this.typeOf(event.line));
			$("stream").value = "";
			this.update();
		}
		$("picture").scrollIntoView({block: "nearest"});
		this.picture.reveal(event, true);
		$("picture").focus({preventScroll: true});
	}

	close() {
		if ($("detail").hidden)
			return;
		$("detail").hidden = true;
		$("picture").focus({preventScroll: true});
	}

	// ---- search

	textOf(event) {
		let text = this.texts.get(event);
		if (text === undefined) {
			text = (toSearch(event.line) + "\n" + (event.words?.text ?? "") +
				"\n" + (event.bad ?? "")).toLowerCase();
			this.texts.set(event, text);
		}
		return text;
	}

	search() {
		const word = $("search").value.toLowerCase();
		const found = new Set(word === "" ? [] : this.picture.shown.filter(
			event => this.textOf(event).includes(word)));
		this.picture.highlight(found);
		$("matches").textContent = word === "" ? "" : found.size === 0 ?
			"none" : found.size.toLocaleString("en") + " found";
	}

	match(step) {
		this.search();
		const event = this.picture.next(step, e => this.picture.found.has(e));
		if (event)
			this.picture.reveal(event, false);
	}

	// ---- other

	say(text) {
		// Screen readers would read the same text out again.
		if ($("status").textContent !== text)
			$("status").textContent = text;
	}

	async copy(text) {
		try {
			await navigator.clipboard.writeText(text);
			this.say("Copied.");
		} catch (e) {		// pages may not copy, but the user can
			const area = element("textarea", {value: text, readOnly: true});
			area.setAttribute("aria-label", "The text to copy");
			document.body.append(area);
			area.select();
			this.say(document.execCommand("copy") ? "Copied." :
				"The browser does not let pages copy.");
			area.remove();
		}
	}
}

const page = new Page();
const JSONS = "script[type='application/json']";
for (const data of document.querySelectorAll(JSONS)) {
	const {name, running, lines} = JSON.parse(data.textContent);
	const trace = page.connection(name, running);
	for (const line of lines)
		trace.add(line);
}
if (page.traces.length)
	page.update();
