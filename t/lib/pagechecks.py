# SPDX-License-Identifier: MIT
"""Checks for any page of traces, in a browser of devtools."""
import json
from typing import Any, List

import tap

SETTLED = ("await new Promise(f => requestAnimationFrame("
           "() => requestAnimationFrame(f)));")
"""JavaScript that waits until the browser has drawn all changes."""

SIZES = {"wide": (1280, 800), "narrow": (390, 844)}

OVERLAPS = """
const faults = [], wide = document.documentElement.clientWidth;
for (const e of document.querySelectorAll(
    "header *, #tools > *, #tools input, #tools button, #detail *")) {
    const box = e.getBoundingClientRect();
    if (box.width && box.height && !e.closest(".unseen, details:not([open])") &&
        (box.left < -1 || box.right > wide + 1) && !e.closest("pre"))
        faults.push("outside: " + e.outerHTML.slice(0, 80));
}
if (document.documentElement.scrollWidth > wide)
    faults.push("the page is wider than the window");
const parts = [...document.querySelectorAll("#tools > *, header > *, #stage")]
    .map(e => [e, e.getBoundingClientRect()]).filter(p => p[1].height > 1);
parts.forEach(([a, x], i) => parts.slice(i + 1).forEach(([b, y]) => {
    if (x.left < y.right - 1 && y.left < x.right - 1 &&
        x.top < y.bottom - 1 && y.top < x.bottom - 1)
        faults.push("overlap: " + a.outerHTML.slice(0, 60) + " with " +
            b.outerHTML.slice(0, 60));
}));
const rows = [...document.querySelectorAll("#picture .row")].map(
    e => e.getBoundingClientRect()).sort((a, b) => a.top - b.top);
rows.forEach((r, i) => {
    if (i && r.top < rows[i - 1].bottom - 1)
        faults.push("rows overlap");
});
return faults;
"""
"""JavaScript that returns faults: elements that stand out of the window, texts
that overlap."""


AXE = """
const r = await axe.run({resultTypes: ["violations"]});
return r.violations.map(v => v.id + ": " +
    v.nodes.map(n => n.target).slice(0, 3));
"""
"""JavaScript that returns the violations that axe-core finds."""


def words(b: Any, selector: str) -> str:
    """Returns the text of an element, as the browser renders it."""
    return b.run("return document.querySelector(%s)?.innerText ?? ''"
                 % json.dumps(selector)).replace("\n", " ")


def all_rows(b: Any, count: int) -> List[str]:
    """Scrolls through the picture until it has seen count rows.  Returns the
    texts of their first cells, by aria-rowindex."""
    return b.run("""
    const grid = document.getElementById("picture"), rows = new Map();
    for (let y = 0; rows.size < %d && y <= grid.scrollHeight; y += 300) {
        grid.scrollTop = y;
        %s
        for (const row of grid.querySelectorAll(".row"))
            rows.set(Number(row.getAttribute("aria-rowindex")),
                row.querySelector(".cell").textContent);
    }
    grid.scrollTop = 0;
    return [...rows].sort((a, b) => a[0] - b[0]).map(r => r[1]);
    """ % (count, SETTLED))
