// SPDX-License-Identifier: MIT
// Elements of the page.  Text becomes text nodes: nothing is parsed as markup.
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
