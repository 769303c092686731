// SPDX-License-Identifier: MIT
// The panel that shows one event with all of its fields and octets.
"use strict";

// Returns lines of 16 octets each: offset, hexadecimal, text.
function dump(value) {
	const all = bytes(value), lines = [];
	for (let i = 0; i < all.length; i += 16) {
		const part = Array.from(all.subarray(i, i + 16));
		lines.push(hex(i, 6) + "  " + part.map(c => hex(c, 2)).join(" ")
			.padEnd(47) + "  " + part.map(c => c >= 0x20 && c < 0x7f ?
			String.fromCharCode(c) : ".").join(""));
	}
	return lines.join("\n");
}

const LABELS = {data: "Content", raw: "Octets", debug: "Debug data"};

class Detail {
	// panel: the element.  actions: has the functions only(event),
	// close() and copy(text).
	constructor(panel, actions) {
		this.panel = panel;
		this.actions = actions;
		this.title = element("h2", {id: "detail-title", tabIndex: -1});
		this.body = element("div", {className: "detail-body"});
		this.only = element("button", {type: "button"}, "Only this stream");
		const copy = element("button", {type: "button"}, "Copy as text");
		const close = element("button", {type: "button", className: "close",
			title: "Close (Esc)"}, "Close");
		this.only.onclick = () => actions.only(this.event);
		copy.onclick = () => actions.copy(asText(this.event.line));
		close.onclick = () => actions.close();
		panel.replaceChildren(element("div", {className: "detail-top"},
			this.title, close), element("div", {className: "buttons"},
			this.only, copy), this.body);
		panel.addEventListener("keydown", e => {
			if (e.key === "Escape")
				actions.close();
		});
	}

	show(event, focus) {
		this.event = event;
		const {line} = event, said = event.words ??= inWords(line);
		this.title.textContent = said.type ? said.type + (line.stream ?
			" on stream " + line.stream : " of the connection") :
			said.text.length > 80 ? upper(line.type) : said.text;
		this.only.hidden = !line.stream;
		this.body.replaceChildren(...whatever(line, () => this.parts(event),
			text => [element("p", {}, text)]));
		this.panel.hidden = false;
		if (focus)
			this.title.focus();
	}

	parts(event) {
		const {line} = event, parts = [];
		if (event.bad)
			parts.push(element("p", {className: "bad"}, "Wrong: " + event.bad));
		parts.push(this.facts(event));
		for (const name of ["settings", "fields"])
			if (line[name]?.length)
				parts.push(this.table(name, line[name]));
		if (line.cut)
			parts.push(element("p", {}, "There are more " + (line.settings ?
				"settings" : "fields") + ", which the trace does not have."));
		for (const [name, label] of Object.entries(LABELS)) {
			const value = line[name];
			if (value === undefined || !bytes(value).length)
				continue;
			const n = bytes(value).length;
			parts.push(element("h3", {}, label + (line.length > n &&
				name !== "debug" ? ", the first " + octets(n) : "")),
				element("pre", {className: "text", tabIndex: 0}, shown(value)),
				element("pre", {tabIndex: 0}, dump(value)));
		}
		for (const pre of parts.filter(p => p.localName === "pre")) {
			pre.setAttribute("role", "region");
			pre.setAttribute("aria-label", pre.className ? "As text" :
				"In hexadecimal");
		}
		return parts;
	}

	facts(event) {
		const {line, trace} = event, list = element("dl");
		const add = (name, value) => list.append(element("dt", {}, name),
			element("dd", {}, value));
		add("Time", Number(line.t).toFixed(6) +
			" s after the connection was accepted");
		if (trace.start) {
			const at = new Date(Math.floor(event.at / 1000)).toISOString();
			add("UTC", at.slice(0, -1).replace("T", " ") +
				String(event.at % 1000).padStart(3, "0"));
		}
		if ("dir" in line)
			add("Sent by", line.dir === "in" ? "the client" : "the server");
		if ("flags" in line)
			add("Flags", line.flags.join(", ") || "none");
		if (line.priority)
			add("Priority", priority(line.priority));
		const more = {...line};
		for (const name of ["t", "type", "dir", "flags", "fields", "settings",
			"priority", "cut", "error", ...Object.keys(LABELS)])
			delete more[name];
		for (const [name, value] of Object.entries(more))
			add(upper(escaped(name)).replace("_", " "), typeof value ===
				"string" || value?.hex !== undefined ? shown(value) :
				name === "length" ? octets(value) : JSON.stringify(value));
		return list;
	}

	table(name, rows) {
		const body = element("tbody");
		for (const [key, value] of rows) {
			const cell = element("td", {}, typeof value === "number" ?
				String(value) : shown(value));
			if (cell.textContent.length > 400)
				cell.replaceChildren(element("div", {className: "long",
					tabIndex: 0}, cell.textContent));
			body.append(element("tr", {}, element("th", {scope: "row"},
				shown(key)), cell));
		}
		return element("table", {}, element("caption", {}, name === "fields" ?
			"Fields" : "Settings"), body);
	}
}
