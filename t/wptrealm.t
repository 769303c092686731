#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the pages and worker scripts that --wpt makes to run .any.js tests in
a ShadowRealm, and Chromium with them."""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
QUERY = "?a=%60${b}"
#: Globals of secure contexts, whose pages have .https in their names.
SECURE = ("serviceworker", "audioworklet")
FLAGS = ("--js-flags=--harmony-shadow-realm",)
#: (global, name of the worker's script).
SCOPES = [
    ("window", ""), ("shadowrealm", ""),
    ("dedicatedworker", "worker"), ("sharedworker", "worker"),
    ("serviceworker", "serviceworker"), ("audioworklet", "audioworklet"),
]
RESULTS = dict({name: "PASS" for name in (
    "script", "no window", "query", "fetch")}, title="In a realm")
IN_WORKER = dict(RESULTS, META_TITLE="In a realm")

# Chromium with ShadowRealm starts no workers, so their scripts run in a page
# that stands in for a worker.
WORKER = """<!doctype html>
<title>In a realm</title>
<script src="/resources/testharness.js"></script>
<script src="/resources/testharnessreport.js"></script>
<script>
function importScripts(url) {
  const request = new XMLHttpRequest();
  request.open("GET", url, false);
  request.send();
  (0, eval)(request.responseText);
}
const port = {};
fetch_tests_from_worker({ port });
port.postMessage = data => port.onmessage({ data });
class TestRunner { port = port; fetchOverPortExecutor() {} }
importScripts("/resources/testharness-shadowrealm-outer.js");
importScripts("/realm.any.%s-shadowrealm.js" + location.search);
if (TestRunner.prototype.createShadowRealmAndStartTests)
  new TestRunner().createShadowRealmAndStartTests();
</script>
"""

# (path, status).
STATUSES = [
    ("/default.any.shadowrealm-in-window.html", 404),
    ("/none.any.shadowrealm-in-window.html", 404),
    ("/none.any.worker-shadowrealm.js", 404),
    ("/none.any.serviceworker-shadowrealm.js", 404),
    ("/none.any.audioworklet-shadowrealm.js", 404),
    ("/realm.any.html", 200), ("/realm.any.worker.html", 404),
    ("/realm.any.shadowrealm-in-serviceworker.html", 404),
    ("/realm.any.shadowrealm-in-audioworklet.html", 404),
    ("/realm.https.any.shadowrealm-in-window.html", 404),
]


def pages(c):
    """The content of the pages."""
    for scope, worker in SCOPES:
        https = ".https" if scope in SECURE else ""
        path = f"/realm{https}.any.shadowrealm-in-{scope}.html"
        x = c.fetch(path + QUERY)
        text = x.body.decode()
        t.eq((x.status, x.header("content-type")), (200, "text/html"), path)
        t.ok("<title>In a realm</title>" in text
             and "/resources/testharness.js" in text, f"{path}: the page", x)
        t.eq("/resources/testharness-shadowrealm-outer.js" in text,
             scope in ("window", "shadowrealm", "audioworklet"),
             f"{path}: the host's script")
        if not worker:
            t.ok('import("/realm.any.js")' in text, f"{path}: the test", x)
            continue
        script = f"/realm.any.{worker}-shadowrealm.js"
        t.ok(f'"{script}{QUERY}"' in text, f"{path}: the worker", x)
        x = c.fetch(script + QUERY)
        t.eq((x.status, x.header("content-type")), (200, "text/javascript"),
             script)
        load = "fakeDynamicImport" if scope in SECURE else "import"
        t.ok(f'await {load}("/realm.any.js");' in x.body.decode()
             and f'await {load}("/sub/realm-helper.js?\\`\\${{a}}'
             in x.body.decode() and "@" not in x.body.decode(),
             f"{script}: the test's scripts", x.body)
    for path, status in STATUSES:
        t.eq(c.fetch(path).status, status, f"{path}: {status}")


def opened(s):
    """Chromium opens the pages, and one whose test cannot run."""
    exe = browser.find()
    if exe is None or '"v":2' not in browser.dump(
            exe, "data:text/html,<script>document.write('\"v\":' + "
            "new ShadowRealm().evaluate('1+1'))</script>", *FLAGS)[0]:
        t.skip("Chromium opens the pages", "no Chromium with ShadowRealm")
        return
    workers = ["%s.html" % name for _, name in SCOPES[3:]]
    for path in ["realm.any.shadowrealm-in-window.html",
                 "realm.any.shadowrealm-in-shadowrealm.html", *workers]:
        results, detail = browser.run(exe, s.url(f"/{path}{QUERY}"), *FLAGS)
        t.eq(results, IN_WORKER if path in workers else RESULTS,
             f"Chromium: {path}" + detail[:300])
    os.unlink(os.path.join(root, "sub", "realm-helper.js"))
    for path in workers:
        results, detail = browser.run(exe, s.url(f"/{path}{QUERY}"), *FLAGS)
        t.ok("status" in results, f"Chromium: {path}: the harness's error "
             "is that of the page", f"{results} {detail[:300]}")


with Server(SCRIPTS) as server:
    root = os.path.join(server.dir, "root")
    shutil.copytree(os.path.join(HERE, "wpt-scripts"), root)
    shutil.copy(os.path.join(SCRIPTS, "note.py"), root)
    for _, name in SCOPES[3:]:
        with open(os.path.join(root, name + ".html"), "w") as f:
            f.write(WORKER % name)
    with Server(root, "--wpt") as wpt:
        with Client(wpt.port) as client:
            pages(client)
        opened(wpt)
t.done()
