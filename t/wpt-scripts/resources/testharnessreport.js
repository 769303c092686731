/* SPDX-License-Identifier: MIT */
/* Puts the results where lib/browser.py looks for them; the document is
   loaded when the image is, which is after that. */
"use strict";

document.write('<pre id="result">not finished</pre>' +
    '<img src="/note.py?wait=finished" alt="">');
addEventListener("DOMContentLoaded", () => {
	if (self.begun)			/* else they are in a worker */
		done();
});
finished.then(results => {
	results.title = document.title;
	document.getElementById("result").textContent = JSON.stringify(results);
	fetch("/note.py?set=finished");
});
