#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Headless Chromium loads scripts/page.html, whose script uses fetch()."""
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
    "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, "
    "EXCLUDE 127.0.0.1", "--ignore-certificate-errors", "--dump-dom",
    f"--timeout={tap.scaled(60) * 1000:.0f}"]

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


def dump(exe, url):
    """The document after its script has run; the browser's own messages."""
    profile = tempfile.mkdtemp(prefix="h2rig-browser-")
    p = subprocess.Popen(
        [exe, *FLAGS, f"--user-data-dir={profile}", url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env=dict(os.environ, HOME=profile))
    try:
        out, err = p.communicate(timeout=tap.scaled(120))
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)        # the session that we made
        out, err = p.communicate()
    shutil.rmtree(profile, ignore_errors=True)
    return out.decode(), err.decode("utf-8", "replace")


chromium = next(filter(None, map(shutil.which, (
    "chromium", "chromium-browser", "google-chrome"))), None)
if chromium is None:
    tap.skip_all("no Chromium")
t = tap.Tap()
with Server(SCRIPTS) as server:
    dom, messages = dump(chromium, server.url("/page.html"))
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
    if t.ok(found and found.group(1).startswith("{"), "the page's script ran",
            dom + messages[-2000:] + server.log()[-2000:]):
        results = json.loads(html.unescape(found.group(1)))
        for name, want in WANT:
            t.eq(results.get(name), want, f"fetch: {name}")
        t.eq(len(results), len(WANT), "all of the page's tests are looked at")
t.done()
