// SPDX-License-Identifier: MIT
// A trace: its lines as events on one time axis, functions as bars, and what
// went wrong, in sentences.
"use strict";

// How connections end (doc/h2rig.8, DIAGNOSTICS): tone, sentence.
const ENDS = {
	"closed by client": ["good", "The client closed the connection."],
	"drained": ["good", "h2rig ended the connection in order."],
	"timeout": ["warn", "A time limit passed, so h2rig ended the connection."],
	"protocol violation by the client": ["bad",
		"The client broke a rule of HTTP/2, so h2rig ended the connection."],
	"transport error": ["bad", "The connection to the client broke."],
	"closed by a script": ["good", "A script closed the connection."],
	"limit hit": ["bad", "A limit was hit, so h2rig ended the connection."],
	"damaged by a script": ["bad",
		"A script damaged the server's process, so the connection ended."],
	"internal error": ["bad", "h2rig failed by a fault of its own."],
};

// The worst first: a page's headline has the first one that a connection has.
const TONES = ["bad", "warn", "live", "good"];
const TONE_NAMES = {bad: "Wrong", warn: "Note", live: "Goes on", good: "Fine"};

// Error codes by which a client only says that it needs no more.
const QUIET = new Set(["NO_ERROR", "CANCEL", "REFUSED_STREAM"]);

function microseconds(time) {
	return Date.parse(time.slice(0, 19) + "Z") * 1000 +
		Number(time.slice(20, 26)) || 0;
}

class Trace {
	// running: whether the process that writes the trace still runs.
	constructor(name, running) {
		this.name = name;
		this.running = running;
		this.live = false;	// its lines come as they are written
		this.number = 0;	// on the page, from 1
		this.facts = {client: "", time: "1970-01-01T00:00:00.000000Z"};
		this.start = 0;
		this.events = [];
		this.calls = [];	// of functions: from, to (events), lane
		this.lanes = 1;
		this.open = [];		// calls that have not ended
		this.colours = new Map();
		this.frames = 0;
		this.findings = [];
		this.last = null;	// the event close, limit or gone
		this.rules = new Rules();
	}

	add(line) {
		if (line.type === "connection") {
			this.facts = line;
			this.start = microseconds(line.time);
		}
		const event = {trace: this, line, words: null, bad: null,
			tone: "", at: this.start + Math.round(line.t * 1e6)};
		this.events.push(event);
		try {
			this.take(event, line);
		} catch (e) {
			this.find(event, "bad", "A line is not as h2rig writes it",
				brief(JSON.stringify(line), 200));
		}
		return event;
	}

	take(event, line) {
		if (line.stream && !this.colours.has(line.stream))
			this.colours.set(line.stream, 1 + this.colours.size % 8);
		if (isFrame(line))
			this.addFrame(event, line);
		else if (line.type === "handshake")
			this.facts = {...this.facts, ...line};
		else if (line.type === "raw")
			this.addRaw(event, line);
		else if (line.type === "begin")
			this.begin(event);
		else if (line.type === "end")
			this.end(event);
		else if (line.type === "violation")
			this.find(event, "bad", "The client broke a rule" + (line.code &&
				line.level === "stream" ? ", so h2rig reset stream " +
				line.stream : onStream(line)), ruleText(line));
		else if (line.type === "close" || line.type === "limit")
			this.last = event;
	}

	addFrame(event, line) {
		this.frames++;
		if (line.type === "DATA" && !line.padding && field(this.rules.streams
		    .get(line.stream)?.request ?? {}, ":protocol") === "websocket") {
			const text = webSocketText(line);
			event.words = text === null ? null : {type: "DATA", text};
		}
		if (line.dir === "out") {
			const wrong = this.rules.sent(line);
			if (wrong !== null)
				this.mark(event, wrong);
			return;
		}
		this.rules.received(line);
		if ("error" in line)
			event.bad = shown(line.error);
		else if (line.type === "GOAWAY" && !QUIET.has(line.code))
			this.find(event, "bad", "The client gave the connection up",
				"GOAWAY " + line.code + (bytes(line.debug).length ?
				" " + quoted(line.debug, 200) : ""));
		else if (line.type === "RST_STREAM" && !QUIET.has(line.code))
			this.find(event, "bad", "The client gave up stream " +
				line.stream, "RST_STREAM " + line.code);
		if (event.bad)
			event.tone = "bad";
	}

	addRaw(event, line) {
		const why = shown(line.error ?? "");
		if (!/^no /.test(why))
			this.find(event, "warn", "The connection ended within a frame of " +
				(line.dir === "in" ? "the client" : "the server"), why);
		else if (line.dir === "in")
			this.find(event, "bad", "The client sent what is no HTTP/2", why);
		else
			this.mark(event, why);
	}

	// Marks an event in which the server sent what breaks a rule.
	mark(event, why) {
		const line = event.line;
		const call = this.open.find(c => c.from.line.stream === line.stream) ??
			this.calls.find(c => c.from.line.stream === line.stream &&
				shown(c.from.line.function) !== "(load)");
		event.bad = why;
		const ran = call ? " (" + functionOf(call.from.line) + (call.to ?
			" ran there)" : " was running)") : "";
		this.find(event, "bad", "The server sent what breaks a rule" +
			onStream(line), why + ran);
	}

	// Adds something that a reader should know: a sentence, and its reason.
	find(event, tone, text, why) {
		event.tone = tone;
		this.findings.push({event, tone, text, why});
	}

	begin(event) {
		const used = new Set(this.open.map(c => c.lane));
		let lane = 0;
		while (used.has(lane))
			lane++;
		const call = {from: event, to: null, lane};
		this.lanes = Math.max(this.lanes, lane + 1);
		this.open.push(call);
		this.calls.push(call);
	}

	end(event) {
		const {stream, function: name, raised} = event.line;
		const i = this.open.findLastIndex(c => c.from.line.stream === stream &&
			shown(c.from.line.function) === shown(name));
		if (i >= 0)
			this.open.splice(i, 1)[0].to = event;
		// HTTPException is a way to answer.
		if (raised !== undefined && raised !== "HTTPException")
			this.find(event, "bad", "A script raised an exception" +
				onStream(event.line), brief(raised) + " in " + functionOf(event.line));
	}

	// Is called when all lines so far were added; adds "gone" if need be.
	finish() {
		const last = this.events[this.events.length - 1];
		if (last && !this.last && !this.running)
			this.last = this.add({t: last.line.t, type: "gone"});
	}

	colour(line) {
		return this.colours.get(line.stream) ?? 0;
	}

	get duration() {
		const events = this.events;
		return events.length ? events[events.length - 1].at - events[0].at : 0;
	}

	// Returns {tone, text, event, why}: how the connection ended, or that
	// it did not.
	ending() {
		const last = this.last, events = this.events;
		const at = last || events[events.length - 1];
		if (!last && this.running)
			return {tone: "live", event: at, text: this.live ?
				"The connection goes on." :
				"The connection went on when this was made."};
		if (!last || last.line.type === "gone") {
			const call = this.open[this.open.length - 1];
			return {tone: "bad", event: at, text:
				"The server\u2019s process crashed or was killed.", why: call ?
				"It was running " + functionOf(call.from.line) +
				onStream(call.from.line) +
				". The log says how it ended." :
				"The log says how it ended."};
		}
		if (last.line.type === "limit")
			return {tone: "warn", event: at, text: "The trace is as long as " +
				"it may be (" + octets(last.line.octets) +
				"), and the connection went on."};
		const {facts} = this, end = shown(last.line.end);
		const [tone, text] = ENDS[end] ?? ["bad", upper(end) + "."];
		if (!facts.tls && !facts.cleartext)
			return {tone: tone === "good" ? "warn" : "bad", event: at,
				text: "The connection ended before TLS was agreed on.",
				why: brief(last.line.why ?? end, 300)};
		return {tone, event: at, text, why: last.line.why === undefined ? "" :
			brief(last.line.why, 300)};
	}

	// Returns what became of requests: {asked, missing, text}, with a text
	// such as "100 requests, all answered with 200".
	answers() {
		const fates = new Map();
		let asked = 0, missing = 0;
		for (const stream of this.rules.streams.values()) {
			if (!stream.request)
				continue;
			const status = stream.status;
			const fate = status !== undefined ? "answered with " + status :
				stream.left ? "cancelled by the client" : stream.reset ?
				"reset by the server" : "not answered";
			fates.set(fate, 1 + (fates.get(fate) ?? 0));
			asked++;
			missing += status === undefined && !stream.left;
		}
		const list = [...fates].sort().map(([fate, n]) => asked === 1 ? fate :
			(n === asked ? "all" : n) + " " + fate);
		return {asked, missing, text: [count(asked, "request"), ...list]
			.join(", ")};
	}

	// Returns {tone, text, why, event, after}: what a reader should know
	// first.
	verdict() {
		const end = this.ending();
		const cause = this.findings.find(f => f.tone === "bad");
		const {asked, missing, text} = this.answers();
		if (!cause && end.tone === "good" && asked)
			return missing ? {...end, tone: "warn", after: end.text,
				text: count(missing, "request") + " had no answer."} :
				{...end, text: "Nothing went wrong: " + text + ".",
				after: end.text};
		if (!cause || end.tone === "bad" && end.event.line.type !== "close")
			return end;
		if (end.tone === "bad" && cause.event.line.type === "violation") {
			const rule = this.findings.find(f =>
				f.event.line.level === "connection") ?? cause;
			return {...end, why: rule.why, event: rule.event};
		}
		const answer = cause.event.line.dir === "out" &&
			this.findings.find(f => f.event.line.dir === "in");
		if (!answer)
			return {...cause, text: cause.text + ".", after: end.text};
		return {...cause, text: "The server sent what breaks a rule, and the " +
			"client answered " + answer.why.split(" \u201c")[0] + ".",
			after: end.text};
	}
}
