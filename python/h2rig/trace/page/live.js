// SPDX-License-Identifier: MIT
// A connection's page of the console: its lines come by server-sent events as
// the server writes them.
"use strict";

const PAUSE = 200;	// least time between two changes of the picture, ms

const ENDED = {
	ended: "", gone: "",
	removed: "The server has removed this trace (--max-traces).",
};

class Live {
	constructor() {
		const name = decodeURIComponent(location.pathname.split("/").pop());
		this.trace = page.connection(name, true);
		this.trace.live = true;
		this.time = 0;		// of the last line, s
		this.busy = 0;		// duration of the last update, ms
		this.follow = element("input", {type: "checkbox", id: "follow"});
		$("legend").before(element("div", {}, this.follow, " ", element(
			"label", {htmlFor: "follow"}, "Follow")));
		this.follow.onchange = () => this.toEnd();
		this.events = new EventSource(location.pathname + "/events");
		this.events.onmessage = e => e.data.split("\n").forEach(
			text => this.add(text));
		this.events.addEventListener("own", () => this.tellOwn());
		this.events.addEventListener("over", e => this.over(e.data));
		tellLoss(this.events, text => page.say(text));
	}

	add(text) {
		let line;
		try {
			line = JSON.parse(text);
			this.time = line.t = Number(line.t);
		} catch (e) {
			line = {t: this.time, type: "no line of h2rig", text};
		}
		this.trace.add(line);
		this.later ??= setTimeout(() => this.update(), Math.max(PAUSE,
			4 * this.busy));
	}

	update() {
		const since = performance.now();
		clearTimeout(this.later);
		this.later = null;
		page.update();
		if (this.follow.checked)
			this.toEnd();
		this.busy = performance.now() - since;
	}

	toEnd() {
		if (this.follow.checked)
			$("picture").scrollTop = $("picture").scrollHeight;
	}

	over(how) {
		this.events.close();
		this.trace.running &&= how !== "gone";
		if (this.trace.events.length)
			this.update();
		else
			$("headline").textContent = "There is no trace.";
		this.follow.parentElement.hidden = true;
		page.say(ENDED[how] ?? "The trace cannot be read: " + how + ".");
	}

	tellOwn() {
		this.own ??= $("reason").after(element("p", {className: "meta"},
			"This connection also carries this console\u2019s own requests, " +
			"which are left out."));
	}
}

const live = new Live();
