// SPDX-License-Identifier: MIT
// Puts lines of a trace (doc/trace.md) into words.  Values come from clients
// and scripts: what is made of them here goes into pages only as text.
"use strict";

// Characters that have no shape, or that change the direction of text.
const UNSHOWN = /[\p{C}\p{Zl}\p{Zp}]|[^\S ]/gu;

const bytes = value => typeof value === "string" ?
	new TextEncoder().encode(value) :
	Uint8Array.from(value.hex.match(/../g) || [], h => parseInt(h, 16));

const hex = (n, width) => n.toString(16).padStart(width, "0");

function escaped(text) {
	return /^[ -~]*$/.test(text) ? text : text.replace(UNSHOWN, c => {
		const n = c.codePointAt(0);
		return n < 0x100 ? "\\x" + hex(n, 2) : "\\u{" + hex(n, 4) + "}";
	});
}

// Returns octets of a line as text; those that are no text become \xHH.
function shown(value) {
	if (typeof value === "string")
		return escaped(value);
	return Array.from(bytes(value), c => c >= 0x20 && c < 0x7f ?
		String.fromCharCode(c) : "\\x" + hex(c, 2)).join("");
}

// The same as shown(), but at most as long as a row has room for.
function brief(value, most = 100) {
	const cut = typeof value === "string" ? value.slice(0, most + 1) :
		{hex: value.hex.slice(0, 2 * most + 2)};
	const text = shown(cut);
	return text.length > most ? text.slice(0, most) + "\u2026" : text;
}

const quoted = (value, most) => "\u201c" + brief(value, most) + "\u201d";
const count = (n, one, many = one + "s") =>
	n.toLocaleString("en") + " " + (n === 1 ? one : many);
const octets = n => count(n, "octet");
const upper = text => text[0].toUpperCase() + text.slice(1);

function duration(us) {
	if (us < 1000)
		return us + " \u00b5s";
	if (us < 1e6)
		return (us / 1000).toPrecision(3) + " ms";
	return us < 6e7 ? (us / 1e6).toFixed(3) + " s" :
		count(Math.floor(us / 6e7), "minute") + " " +
		((us % 6e7) / 1e6).toFixed(0) + " s";
}

const field = (line, name) =>
	(line.fields || []).find(f => f[0] === name)?.[1];

function fieldsInBrief(line) {
	const method = field(line, ":method"), status = field(line, ":status");
	if (!line.fields)
		return "fields follow";
	if (method !== undefined) {
		const protocol = field(line, ":protocol");
		return brief(method) + " " + brief(field(line, ":path") ??
			field(line, ":authority") ?? "") +
			(protocol === undefined ? "" : " " + brief(protocol));
	}
	if (status !== undefined)
		return ":status " + brief(status);
	return line.fields.slice(0, 4).map(f => brief(f[0], 40) + ": " +
		brief(f[1], 40)).join(", ");
}

function content(line) {
	return octets(line.length) +
		(line.data === undefined ? "" : " " + quoted(line.data, 64));
}

function priority(p) {
	return p ? "depends on " + p.dependency + ", weight " + p.weight +
		(p.exclusive ? ", exclusive" : "") : "";
}

const pingData = line => line.flags.includes("ACK") ? "" :
	Array.from(bytes(line.data), c => hex(c, 2)).join("");

// By frame type: what a row says about a frame, after its type and stream.
const BRIEF = {
	DATA: content,
	HEADERS: fieldsInBrief,
	CONTINUATION: fieldsInBrief,
	PRIORITY: line => priority(line.priority),
	RST_STREAM: line => line.code,
	SETTINGS: line => (line.settings || []).map(s => s.join(" ")).join(", "),
	PUSH_PROMISE: line => "promises " + line.promised + ": " +
		fieldsInBrief(line),
	PING: pingData,
	GOAWAY: line => line.code + ", last stream " + line.last_stream +
		(bytes(line.debug).length ? " " + quoted(line.debug) : ""),
	WINDOW_UPDATE: line => "+" + line.increment.toLocaleString("en"),
	PRIORITY_UPDATE: line => "of stream " + line.prioritized + ": " +
		brief(line.value),
};

const FLAGS = {END_STREAM: "ES", END_HEADERS: "", PRIORITY: "",
	PADDED: "padded"};

const OPCODES = {0: "more", 1: "text", 2: "binary", 8: "close", 9: "ping",
	10: "pong"};

// Returns the text of a DATA frame that is just one WebSocket frame (RFC 6455
// 5.2), or null if it is not.
function webSocketText(line) {
	const all = bytes(line.data ?? "");
	const wide = {126: 2, 127: 8}[all[1] & 0x7f] ?? 0;
	const masked = all[1] & 0x80 ? 4 : 0, at = 2 + wide + masked;
	let size = all[1] & 0x7f;
	if (wide)
		size = all.slice(2, 2 + wide).reduce((n, c) => n * 256 + c, 0);
	const kind = OPCODES[all[0] & 0xf];
	if (all.length < at || at + size !== line.length || !kind)
		return null;
	const payload = all.slice(at).map((c, i) => masked ?
		c ^ all[at - 4 + i % 4] : c);
	const more = kind === "close" && payload.length > 1 ?
		" " + (payload[0] * 256 + payload[1]) : "";
	const text = new TextDecoder().decode(payload.slice(more ? 2 : 0));
	return "WebSocket " + (all[0] & 0x80 ? "" : "first part of a ") + kind +
		more + (all[0] & 0x40 ? ", compressed" : kind === "binary" ?
		", " + octets(size) : text ? " " + quoted(text, 64) : "") +
		(line.flags.includes("END_STREAM") ? " ES" : "");
}

const isFrame = line => "dir" in line && "flags" in line;
const functionOf = line => brief(line.function, 60) + " of " +
	brief(line.script, 80);

function frameText(line) {
	const detail = "error" in line ? quoted(line.raw ?? "", 40) :
		(BRIEF[line.type] || content)(line);
	const flags = line.flags.map(f => FLAGS[f] ?? f).filter(f => f);
	return [detail, ...flags].filter(s => s).join(" ");
}

const onStream = line => line.stream ? " on stream " + line.stream : "";
const ruleText = line => brief(line.text, 300) +
	(line.code === undefined ? "" : " (" + line.code + ")");

// By type: what a row says about a line that is no frame.
const OTHER = {
	connection: line => brief(line.client) + " connects, " + (line.tls ?
		brief(line.tls) : line.cleartext ? "cleartext" : "no TLS yet"),
	handshake: line => "TLS is up: " + brief(line.tls) + ", " +
		brief(line.cipher),
	preface: () => "preface",
	raw: line => octets(line.length) + " that are no frame " +
		quoted(line.raw, 60),
	begin: line => functionOf(line) + " begins",
	end: line => functionOf(line) + (line.raised === undefined ? " ends" :
		" raises " + brief(line.raised)),
	violation: line => "The client broke a rule" + onStream(line) + ": " +
		ruleText(line),
	fence: line => "Fence: the client has read what was sent before, after " +
		duration(line.microseconds),
	// A script has called connection.note().
	note: line => "Note: " + brief(line.name) + Object.entries(line.values)
		.map(([name, value]) => ", " + brief(name) + " " + (typeof value ===
		"string" ? quoted(value) : brief(JSON.stringify(value)))).join(""),
	limit: line => "The trace ends here: it may have " + octets(line.octets),
	// No line of a trace has this type: it stands for a missing last line.
	gone: () => "The server\u2019s process crashed or was killed",
	close: line => "End: " + brief(line.end) + (line.why === undefined ? "" :
		": " + brief(line.why, 300)),
};

function otherText(line) {
	if (Object.hasOwn(OTHER, line.type))
		return OTHER[line.type](line);
	const rest = Object.entries(line).filter(([name]) =>
		name !== "t" && name !== "type");
	return brief(line.type) + (rest.length ? ": " + brief(rest.map(([k, v]) =>
		k + " " + (typeof v === "string" ? v : JSON.stringify(v))).join(", "),
		200) : "");
}

// Returns make(line), or of(JSON of the line) if the line lacks what its type
// has.
function whatever(line, make, of = text => text) {
	try {
		return make(line);
	} catch (e) {
		return of(escaped(JSON.stringify(line)));
	}
}

// Returns {type, text}: a row's name, and the rest of the row.
function inWords(line) {
	return whatever(line, () => isFrame(line) ? {type: brief(line.type),
		text: frameText(line)} : {type: "", text: otherText(line)},
		text => ({type: "", text: text.slice(0, 200)}));
}

// Returns all that a line has, for "Copy as text".
function wholeText(line) {
	const way = line.dir === "in" ? "recv " : line.dir === "out" ? "send " : "";
	const said = inWords(line);
	const lines = ["[" + Number(line.t).toFixed(6).padStart(11) + "] " + way +
		(isFrame(line) ? said.type + " stream " + line.stream + " length " +
		line.length + " " + line.flags.join("|") : said.text)];
	const text = {...line};
	for (const name of ["t", "type", "dir", "flags", "stream", "length",
		"fields", "settings"])
		delete text[name];
	const more = [...(line.settings || []), ...(line.fields || [])].map(
		([name, value]) => [shown(name), value]);
	if (isFrame(line) || line.type === "raw" || line.type === "connection")
		more.push(...Object.entries(text));
	for (const [name, value] of more)
		lines.push("              " + name + ": " +
			(typeof value === "string" || value?.hex !== undefined ?
			shown(value) : JSON.stringify(value)));
	return lines.join("\n");
}

const asText = line => whatever(line, wholeText);

// Returns the text of a line for the search.  The search reads all lines, so
// the text is not escaped.
function searchText(line) {
	const plain = value => typeof value === "string" ? value :
		value?.hex !== undefined ? shown(value) : JSON.stringify(value);
	let text = "stream " + line.stream;
	for (const [name, value] of Object.entries(line))
		if (name === "fields" || name === "settings")
			for (const [key, of] of value)
				text += "\n" + plain(key) + ": " + plain(of);
		else if (name !== "t" && name !== "length")
			text += "\n" + plain(value);
	return text;
}

const toSearch = line => whatever(line, searchText);
