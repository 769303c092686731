#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Headless Chromium loads scripts/page.html, whose script uses fetch()."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

WANT = [
    ("get", [200, "quick"]),
    ("post", [200, "olleh\nEnd of File"]),
    ("refused", [403, ""]),
    ("error", [500, 500]),
    ("fields", ["1, 2", "4"]),
    ("early", [200, "after 103"]),
    ("large", True),
    ("reset", "TypeError"),
    ("stream", ["first piece", "second"]),
    ("protocol", "h2"),
]


exe = browser.find()
if exe is None:
    tap.skip_all("no Chromium")
t = tap.Tap()
with Server(SCRIPTS) as server:
    results, detail = browser.run(exe, server.url("/page.html"))
    if t.ok(results, "the page's script ran", detail + server.log()[-2000:]):
        for name, want in WANT:
            t.eq(results.get(name), want, f"fetch: {name}")
        t.eq(len(results), len(WANT), "all of the page's tests are looked at")
t.done()
