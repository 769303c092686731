#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the page of `h2rig-trace --html` with many frames, in Chromium and
Firefox.

    python3 t/bench/tracepage.py [--frames N] [--turns N]

It writes a trace of N frames (20,000) and its page.  It prints the median and
the worst time of these: making the page; from the navigation until its rows
are painted; between two frames of the screen while the page scrolls through
all rows in 120 leaps, and line by line; a search.  It takes about 30 s.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, Iterator, List

HERE = os.path.dirname(os.path.abspath(__file__))
# Replaces this directory, so that `hpack` is python3-hpack, not ./hpack.py.
sys.path[0] = os.path.join(HERE, os.pardir, "lib")
import browser                                                  # noqa: E402
import devtools                                                 # noqa: E402
from server import program                                      # noqa: E402

PAINTED = """
const frame = () => new Promise(requestAnimationFrame);
const load = performance.getEntriesByType("navigation")[0];
while (!load.loadEventEnd)
    await frame();
if (!document.querySelector("#picture .row"))
    throw new Error("no rows");
const begun = await frame();
return load.loadEventEnd + await frame() - begun;
"""
SCROLLED = """
const grid = document.getElementById("picture");
const frame = () => new Promise(requestAnimationFrame);
const spent = [];
grid.scrollTop = 0;
let before = await frame();
for (let i = 1; i <= 120; i++) {
    grid.scrollTop = %s;
    const now = await frame();
    spent.push(now - before);
    before = now;
}
spent.sort((a, b) => a - b);
return [spent[60], spent[119]];
"""
ALL, LINES = "grid.scrollHeight * i / 120", "24 * i"
SEARCHED = """
const search = document.getElementById("search");
const begun = performance.now();
search.value = "GET";
search.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
const spent = performance.now() - begun;
if (!document.getElementById("matches").textContent.includes("found"))
    throw new Error("nothing found");
search.value = "";
return spent;
"""


def lines(frames: int) -> Iterator[Dict[str, Any]]:
    """Yields the records of a trace: requests, answers, functions."""
    yield {"t": 0, "type": "connection", "version": 1, "pid": 1,
           "time": "2026-01-01T00:00:00.000000Z", "server": "h2rig",
           "client": "127.0.0.1:1", "cleartext": True}
    for n in range(frames // 4):
        t, stream = n * 0.001, 2 * n + 1
        call = {"stream": stream, "script": "/s.py", "function": "main"}
        frame = {"flags": ["END_HEADERS"], "stream": stream, "length": 60}
        yield {"t": t, "dir": "in", "type": "HEADERS", **frame, "fields": [
            [":method", "GET"], [":path", "/path-%d" % (4 * n + 3)],
            ["user-agent", "Mozilla/5.0 (X11; Linux x86_64) and more of it"],
            ["accept", "text/html,application/xhtml+xml,*/*;q=0.8"]]}
        yield {"t": t + 0.0002, "type": "begin", **call}
        yield {"t": t + 0.0004, "type": "end", **call}
        yield {"t": t + 0.0005, "dir": "out", "type": "HEADERS", **frame,
               "fields": [[":status", "200"], ["content-type", "text/plain"]]}
        yield {"t": t + 0.0006, "dir": "out", "type": "DATA", "flags":
               ["END_STREAM"], "stream": stream, "length": 5, "data": "hello"}
        yield {"t": t + 0.0007, "dir": "in", "type": "WINDOW_UPDATE",
               "flags": [], "stream": 0, "length": 4, "increment": 5}
    yield {"t": frames, "type": "close", "end": "closed by client"}


def show(what: str, samples: List[float]) -> None:
    """Prints a row of the table; samples: milliseconds."""
    print("  %-36s %8.0f %8.0f" % (what, statistics.median(samples),
                                   max(samples)))


def in_browser(name: str, b: Any, url: str, turns: int) -> None:
    """Measures in a browser, and prints its rows."""
    b.size(1280, 800)
    paint, search = [], []
    spent: Dict[str, List[List[float]]] = {ALL: [], LINES: []}
    for _ in range(turns):
        b.open("about:blank")
        b.open(url)
        paint.append(b.run(PAINTED))
        for how, samples in spent.items():
            samples.append(b.run(SCROLLED % how))
        search.append(b.run(SEARCHED))
    show(name + ": rows are painted", paint)
    for what, how in (("through all", ALL), ("by lines", LINES)):
        show(f"{name}: scrolling {what}, median", [s[0] for s in spent[how]])
        show(f"{name}: ... longest", [s[1] for s in spent[how]])
    show(name + ": search", search)


def main() -> None:
    """Makes the page, measures, and prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=20000)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="h2rig-bench-")
    trace, page = os.path.join(work, "t.jsonl"), os.path.join(work, "t.html")
    try:
        with open(trace, "w", encoding="ascii") as f:
            f.writelines(json.dumps(line) + "\n"
                         for line in lines(options.frames))
        tool = os.path.join(os.path.dirname(os.path.abspath(program())),
                            "h2rig-trace")
        made = []
        for _ in range(options.turns):
            begun = time.monotonic()
            subprocess.run([sys.executable, tool, "--html", page, trace],
                           check=True)
            made.append((time.monotonic() - begun) * 1000)
        print("%d frames, %d octets; milliseconds%s" % (
            options.frames, os.path.getsize(page), "   median    worst"))
        show("making the page", made)
        exe, firefox = browser.find(), devtools.find_firefox()
        if exe:
            with devtools.Chromium(exe) as chromium:
                in_browser("Chromium", chromium, "file://" + page,
                           options.turns)
        if firefox:
            with devtools.Firefox(firefox) as b:
                in_browser("Firefox", b, "file://" + page, options.turns)
        if not exe or not firefox:
            print("not installed:", *(n for n, e in (
                ("Chromium", exe), ("Firefox", firefox)) if not e))
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
