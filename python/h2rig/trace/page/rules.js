// SPDX-License-Identifier: MIT
// Finds the rules that the server's own frames break, since scripts send what
// they like.  h2rig itself finds what the client breaks ("violation").
"use strict";

const WINDOW = 65535;		// RFC 9113 6.9.2

// Fields that HTTP/2 does not have (RFC 9113 8.2.2).
const CONNECTION_FIELDS = new Set(["connection", "keep-alive",
	"proxy-connection", "transfer-encoding", "upgrade"]);
const OF_CONNECTION = new Set(["SETTINGS", "PING", "GOAWAY",
	"PRIORITY_UPDATE"]);
const OF_STREAM = new Set(["DATA", "HEADERS", "PRIORITY", "RST_STREAM",
	"PUSH_PROMISE", "CONTINUATION"]);

// The state of a stream, which limits what the server may send on it.
const newStream = () => ({final: false, ended: false, reset: false,
	window: 0, request: null, status: undefined, left: false});

class Rules {
	constructor() {
		this.streams = new Map();
		this.block = null;	// HEADERS that wait for CONTINUATION
		this.window = WINDOW;
		this.initial = WINDOW;
		this.push = true;
	}

	// Takes a frame from the client.
	received(line) {
		const id = line.stream;
		if (line.type === "HEADERS" && !this.streams.has(id))
			this.streams.set(id, newStream());
		const stream = this.streams.get(id);
		if (stream && field(line, ":method") !== undefined)
			stream.request = line;
		if (stream && line.type === "RST_STREAM")
			stream.left = true;
		if (line.type === "WINDOW_UPDATE" && line.increment) {
			if (id === 0)
				this.window += line.increment;
			else if (stream)
				stream.window += line.increment;
		}
		for (const [name, value] of line.settings || []) {
			if (name === "INITIAL_WINDOW_SIZE")
				this.initial = value;
			else if (name === "ENABLE_PUSH")
				this.push = value !== 0;
		}
	}

	// Takes a frame from the server; returns the rule it breaks, or null.
	sent(line) {
		const open = this.block;
		const wrong = "error" in line ? shown(line.error) :
			this.block && (line.type !== "CONTINUATION" ||
			line.stream !== this.block.stream) ?
			"a frame within a field block (RFC 9113 6.10)" :
			this.whatIsWrong(line);
		this.follow(line, open);
		return wrong;
	}

	whatIsWrong(line) {
		const {type, stream: id} = line;
		if (id !== 0 && OF_CONNECTION.has(type))
			return type + " belongs to stream 0";
		if (id === 0 && OF_STREAM.has(type))
			return type + " belongs to a stream other than 0";
		if (type === "PUSH_PROMISE" && !this.push)
			return "the client takes no pushes (RFC 9113 6.6)";
		const stream = this.streams.get(id);
		if (id === 0 || !OF_STREAM.has(type) || type === "PRIORITY")
			return null;
		if (!stream)
			return type + " on a stream that nobody opened " +
				"(RFC 9113 5.1)";
		if (type === "RST_STREAM")
			return null;
		if (stream.reset)
			return type + " after RST_STREAM (RFC 9113 5.1)";
		if (stream.ended)
			return type + " after END_STREAM (RFC 9113 5.1)";
		if (type === "DATA")
			return this.wrongData(line, stream);
		return type === "PUSH_PROMISE" ? null : this.wrongFields(line, stream);
	}

	wrongData(line, stream) {
		if (!stream.final)
			return "DATA before the response's fields (RFC 9113 8.1)";
		if (line.length > this.window)
			return "more DATA than the connection's window has room for " +
				"(RFC 9113 6.9)";
		if (line.length > 0 && line.length > this.initial + stream.window)
			return "more DATA than the stream's window has room for " +
				"(RFC 9113 6.9)";
		return null;
	}

	wrongFields(line, stream) {
		const fields = line.fields;
		if (!fields || line.cut)
			return null;
		const ends = (this.block || line).flags.includes("END_STREAM");
		const status = field(line, ":status");
		const names = fields.map(f => shown(f[0]));
		const bad = names.find(n => n !== n.toLowerCase());
		const other = names.find(n => CONNECTION_FIELDS.has(n));
		if (bad !== undefined)
			return "a field name in capitals: " + brief(bad, 40) +
				" (RFC 9113 8.2)";
		if (other !== undefined)
			return "the field " + other + " is not for HTTP/2 " +
				"(RFC 9113 8.2.2)";
		if (stream.final && status !== undefined)
			return "a second final response (RFC 9113 8.1)";
		if (stream.final)
			return ends ? null :
				"trailers without END_STREAM (RFC 9113 8.1)";
		if (!/^[1-5][0-9][0-9]$/.test(status))
			return status === undefined ?
				"a response without :status (RFC 9113 8.3.2)" :
				":status is no number from 100 to 599";
		return ends && status < "200" ?
			"END_STREAM on a 1xx response (RFC 9113 8.1)" : null;
	}

	follow(line, open) {
		const stream = this.streams.get(line.stream);
		const ends = line.flags.includes("END_HEADERS");
		if (line.type === "PUSH_PROMISE" && line.promised)
			this.streams.set(line.promised, newStream());
		if (["HEADERS", "PUSH_PROMISE"].includes(line.type))
			this.block = ends ? null : line;
		else if (line.type === "CONTINUATION" && ends)
			this.block = null;
		if (!stream)
			return;
		if (line.type === "DATA") {
			this.window -= line.length;
			stream.window -= line.length;
		}
		const status = field(line, ":status");
		if (status !== undefined && shown(status) >= "200") {
			stream.final = true;
			stream.status ??= shown(status);
		} else if (line.error && line.type === "HEADERS") {
			stream.final = true;	// status unknown: assume final
		}
		stream.ended ||= line.type !== "CONTINUATION" ?
			line.flags.includes("END_STREAM") && !this.block &&
			["DATA", "HEADERS"].includes(line.type) :
			!this.block && open !== null &&
			open.flags.includes("END_STREAM");
		stream.reset ||= line.type === "RST_STREAM";
	}
}
