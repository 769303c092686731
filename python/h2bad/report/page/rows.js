// SPDX-License-Identifier: MIT
// Shows the rows that the form chooses by their verdicts and words.
"use strict";

const form = document.getElementById("tools");
const rows = [...document.querySelectorAll("tr[data-kind]")].map(row => ({
	row, verdicts: (row.dataset.verdicts ?? "").split(" "),
	words: row.textContent.toLowerCase(),
}));
const groups = document.querySelectorAll(".group");
const boxes = form.querySelectorAll("input[type=checkbox]");

function value(id) {
	return document.getElementById(id)?.value ?? "";
}

function choose() {
	const words = value("search").toLowerCase().split(/\s+/);
	const differ = value("differ"), kind = value("kind");
	const off = new Set([...boxes].filter(b => !b.checked).map(b => b.value));
	let shown = 0;
	for (const {row, verdicts, words: own} of rows) {
		const data = row.dataset;
		row.hidden = verdicts.every(v => off.has(v)) ||
			!words.every(w => own.includes(w)) ||
			kind && data.kind !== kind ||
			differ === "differ" && !("differ" in data) ||
			differ === "reactions" && !("differ" in data) &&
				!("reactions" in data) ||
			differ === "fail" && !verdicts.includes("fail");
		shown += !row.hidden;
	}
	for (const group of groups)
		group.hidden = !group.querySelector("tr[data-kind]:not([hidden])");
	document.getElementById("status").textContent =
		shown === rows.length ? "" : `${shown} of ${rows.length} rows`;
}

// A row that a link leads to is shown, whatever is chosen.
function follow() {
	const row = document.getElementById(location.hash.slice(1));
	if (!row?.matches("tr"))
		return;
	row.hidden = false;
	row.closest(".group").hidden = false;
	const details = row.querySelector("details");
	if (details)
		details.open = true;
	row.scrollIntoView();
}

form.hidden = false;
form.addEventListener("input", choose);
form.addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", follow);
choose();		// the browser may have kept values of the form
follow();
