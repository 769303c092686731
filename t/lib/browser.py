# SPDX-License-Identifier: MIT
"""Runs headless Chromium for tests that open a page of the server.

    exe = browser.find()
    results, detail = browser.run(exe, s.url("/page.html"))

The page puts its results, an object as JSON, in <pre id="result">.
It delays the load event until they are there, by an image whose
response comes then.
"""
import html
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from typing import Any, Dict, Optional, Tuple

import tap

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
    "--no-first-run", "--no-default-browser-check", "--disable-extensions",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
    "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, "
    "EXCLUDE 127.0.0.1", "--ignore-certificate-errors", "--dump-dom",
    f"--timeout={tap.scaled(60) * 1000:.0f}"]
NAMES = ("chromium", "chromium-browser", "google-chrome")


def find() -> Optional[str]:
    """Returns the path of the browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def find_axe() -> Optional[str]:
    """Returns the text of axe-core, from the file that H2RIG_AXE names or from
    npm's global directory; None if there is none."""
    path = os.environ.get("H2RIG_AXE")
    if path is None and shutil.which("npm"):
        path = os.path.join(subprocess.run(
            ["npm", "root", "-g"], stdout=subprocess.PIPE, check=False,
            universal_newlines=True).stdout.strip(), "axe-core", "axe.min.js")
    if path is None or not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as f:
        return f.read()


def dump(exe: str, url: str, *flags: str) -> Tuple[str, str]:
    """Opens url.  Returns the document after the load event, and what the
    browser wrote on standard error."""
    profile = tempfile.mkdtemp(prefix="h2rig-browser-")
    p = subprocess.Popen(
        [exe, *FLAGS, *flags, f"--user-data-dir={profile}", url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, env=dict(os.environ, HOME=profile))
    try:
        out, err = p.communicate(timeout=tap.scaled(120))
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)        # start_new_session made it
        out, err = p.communicate()
    shutil.rmtree(profile, ignore_errors=True)
    return out.decode(), err.decode("utf-8", "replace")


def run(exe: str, url: str, *flags: str) -> Tuple[Dict[str, Any], str]:
    """Opens url.  Returns (the page's results, ""), or ({}, what to show) if
    the page has no results."""
    dom, messages = dump(exe, url, *flags)
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
    if not found or not found.group(1).startswith("{"):
        return {}, dom[-4000:] + messages[-2000:]
    results: Dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return results, ""
