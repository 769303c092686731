// SPDX-License-Identifier: MIT
// Makes elements of pages, and watches events for them.  Text becomes text
// nodes: nothing is parsed as markup.
"use strict";

const $ = id => document.getElementById(id);

function element(name, properties = {}, ...children) {
	const e = document.createElement(name);
	for (const [key, value] of Object.entries(properties)) {
		if (key in e && key !== "role")
			e[key] = value;
		else
			e.setAttribute(key, value);
	}
	e.append(...children);
	return e;
}

// Calls say(text) when events do not come any more.  The end of a response is
// no failure: the browser asks again.
function tellLoss(events, say) {
	let late = null, lost = false;
	events.onerror = () => late ??= setTimeout(() => {
		lost = true;
		say("The server does not answer.");
	}, 3000);
	events.onopen = () => {
		clearTimeout(late);
		if (lost)
			say("");
		late = null;
		lost = false;
	};
}
