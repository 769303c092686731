#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the pages that --wpt makes for .any.js, .window.js, .worker.js,
.extension.js and test262 tests, octet by octet and in Chromium."""
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
HTML, JS = "text/html", "text/javascript"
OWN = JS + "; charset=utf-8"    # from the test's own .headers

TOP = """<!doctype html>
<meta charset="utf-8">
"""
ALL = """<title>All &lt;globals&gt; &amp; "more"</title>
<meta name="timeout" content="long">
"""
GLOBAL = """self.GLOBAL = {
  isWindow: function() { return %s; },
  isWorker: function() { return %s; },
  isShadowRealm: function() { return false; },
};
"""
HARNESS = """<script src="/resources/testharness.js"></script>
<script src="/resources/testharnessreport.js"></script>
"""
LOG = """<div id="log"></div>
"""
WORKER = TOP + "%s" + HARNESS + LOG + """<script>
%s
</script>
"""
SERVICE = """(async function() {
  const scope = "does/not/exist";
  const old = await navigator.serviceWorker.getRegistration(scope);
  if (old)
    await old.unregister();
  const now = await navigator.serviceWorker.register(%s);
  fetch_tests_from_worker(now.installing);
})();"""
WINDOW = TOP + ALL + "<script>\n" + GLOBAL % ("true", "false") + "</script>\n" \
    + HARNESS + """<script src="helper.js"></script>
<script src="/sub/helper.js?a=1&amp;b=&quot;2&quot;"></script>
""" + LOG + """<script%s src="/sub/all.any.js"></script>
"""

# (path, content type, content).
PAGES = [
    ("/sub/all.any.html?one", HTML, WINDOW % ""),
    ("/sub/all.any.window-module.html", HTML,
     WINDOW % ' type="module"'),
    ("/sub/all.any.worker.html?one", HTML, WORKER % (
        ALL, "fetch_tests_from_worker("
        'new Worker("/sub/all.any.worker.js?one"));')),
    ("/sub/all.any.worker-module.html", HTML, WORKER % (
        ALL, "fetch_tests_from_worker("
        'new Worker("/sub/all.any.worker-module.js", { type: "module" }));')),
    ("/sub/all.any.sharedworker.html?a=</script>", HTML, WORKER % (
        ALL, "fetch_tests_from_worker(new SharedWorker("
        '"/sub/all.any.worker.js?a=\\u003c/script>"));')),
    ("/sub/all.any.sharedworker-module.html", HTML, WORKER % (
        ALL, "fetch_tests_from_worker(new SharedWorker("
        '"/sub/all.any.worker-module.js", { type: "module" }));')),
    ("/sub/all.any.serviceworker.html?one", HTML, WORKER % (
        ALL, SERVICE % '"/sub/all.any.worker.js?one", { scope }')),
    ("/sub/all.any.serviceworker-module.html?one", HTML, WORKER % (
        ALL, SERVICE % '"/sub/all.any.worker-module.js?one", '
        '{ scope, type: "module" }')),
    ("/sub/all.any.worker.js", OWN,
     'self.META_TITLE = "All \\u003cglobals> & \\"more\\"";\n'
     + GLOBAL % ("false", "true") +
     """importScripts("/resources/testharness.js");
importScripts("helper.js");
importScripts("/sub/helper.js?a=1&b=\\"2\\"");
importScripts("/sub/all.any.js");
done();
"""),
    ("/sub/all.any.worker-module.js", OWN,
     """import "/sub/all.any.worker-globals.js";
import "/resources/testharness.js";
import "./helper.js";
import "/sub/helper.js?a=1&b=\\"2\\"";
import "/sub/all.any.js";
done();
"""),
    ("/sub/all.any.worker-globals.js", OWN,
     'self.META_TITLE = "All \\u003cglobals> & \\"more\\"";\n'
     + GLOBAL % ("false", "true")),
    ("/default.any.html", HTML, TOP + "<script>\n"
     + GLOBAL % ("true", "false") + "</script>\n" + HARNESS + LOG
     + '<script src="/default.any.js"></script>\n'),
    ("//default.any.worker.html", HTML, WORKER % (
        "", "fetch_tests_from_worker("
        'new Worker("/default.any.worker.js"));')),
    ("/page.window.html?q", HTML, TOP + "<title>In a window</title>\n"
     + HARNESS + '<script src="sub/helper.js"></script>\n' + LOG
     + '<script src="/page.window.js"></script>\n'),
    ("/plain.worker.html?q", HTML, WORKER % (
        "<title>In a worker</title>\n<meta name=\"timeout\" "
        "content=\"long\">\n", "fetch_tests_from_worker("
        'new Worker("/plain.worker.js?q"));')),
    ("/module.worker-module.html", HTML, WORKER % (
        "<title>first</title>\n<title>second</title>\n",
        "fetch_tests_from_worker("
        'new Worker("/module.worker.js", { type: "module" }));')),
    ("/extends.extension.html", HTML, TOP + "<title>Extends</title>\n"
     + HARNESS + """<script src="/resources/testdriver.js?feature=extensions"></script>
<script src="/resources/testdriver-vendor.js"></script>
<script src="/resources/web-extensions-helper.js"></script>
""" + LOG + '<script src="/extends.extension.js"></script>\n'),
    ("/text.sub.any.html?a=%3C1", HTML, TOP + "<script>\n"
     + GLOBAL % ("true", "false") + "</script>\n" + HARNESS
     + '<script src="/x?&lt;1"></script>\n' + LOG
     + '<script src="/text.sub.any.js"></script>\n'),
    ("/own.any.html", "text/html",
     "<!doctype html>\n<title>a file of its own</title>\n"),
]

PARTS = """<!doctype html>
<meta charset="utf-8">
<title>Test</title>
<script src="/resources/test262/test262-reporter.js"></script>
<script src="/third_party/test262/harness/assert.js"></script>
<script src="/third_party/test262/harness/sta.js"></script>
<script src="/resources/test262/test262-provider.js"></script>
"""
PARSE = """<script>test262Negative("SyntaxError", "parse");</script>
<script src="/third_party/test262/harness/one.js"></script>
<script src="/third_party/test262/harness/two-2.js"></script>
"""
ASYNC = """<meta name="timeout" content="long">
<script>test262Negative("Test262Error", "resolution");</script>
<script>test262IsAsync(true);</script>
<script src="/helper.js?a&amp;b"></script>
<script src="/third_party/test262/harness/one.js"></script>
<script src="/third_party/test262/harness/doneprintHandle.js"></script>
"""
CLASSIC = """<body>
<script>test262Setup();</script>
<script src="%s" onerror="test262ScriptError()"></script>
"""
# (suffix, content of the frame's page for /test262/parse.js, for
# /test262/async.js).
TEST262 = [
    (".test262-test.html", PARTS + PARSE + CLASSIC % "/test262/parse.js",
     PARTS + ASYNC + CLASSIC % "/test262/async.js"),
    (".test262-test.strict.html",
     PARTS + PARSE + CLASSIC % "/test262/parse.test262.strict.js",
     PARTS + ASYNC + CLASSIC % "/test262/async.test262.strict.js"),
]
# (page, frame in it).
FRAMES = [
    ("/test262/async.test262.html?q", "/test262/async.test262-test.html"),
    ("/test262/async.test262.strict.html",
     "/test262/async.test262-test.strict.html"),
    ("/test262/async.test262-module.html",
     "/test262/async.test262-module-test.html"),
]
# (frontmatter, its includes).
FRONTMATTERS = [
    ("includes: [a.js, b.js]", ["a.js", "b.js"]),
    ("includes: [ \"a.js\", 'b-c.js' ]   # two", ["a.js", "b-c.js"]),
    ("includes:\n- a.js\n-  b.js\nes6id: c.js", ["a.js", "b.js"]),
    ("includes:\n  - a.js\n  # no\n  - b.js", ["a.js", "b.js"]),
    ("includes: [\r\n  a.js,\r\n  b.js\r\n]", ["a.js", "b.js"]),
    ("info: |\r  includes: [a.js]\rincludes: [b.js]", ["b.js"]),
    ("description: includes: [a.js]", []), ("", []), ("includes:", []),
    ("- a.js\nincludes", []),
]

# (path, status).
STATUSES = [
    ("/default.any.worker.html", 200), ("/default.any.worker.js", 200),
    ("/default.any.sharedworker.html", 404),
    ("/default.any.serviceworker.html", 404),
    ("/default.any.worker-module.html", 404),
    ("/default.any.window-module.html", 404),
    ("/listed.any.html", 200), ("/listed.any.sharedworker.html", 200),
    ("/listed.any.worker.html", 404),
    ("/plain.worker-module.html", 404), ("/module.worker.html", 404),
    ("/none.any.html", 404), ("/none.any.worker.js", 404),
    ("/none.test262.html", 404), ("/none.test262-test.html", 404),
    ("/none.test262.strict.js", 404), ("/test262/parse.test262.js", 404),
    ("/default.any.html?pipe=status(418)", 418),
    ("/none.window.html", 404), ("/none.worker.html", 404),
    ("/default.any%2Ehtml", 404), ("/default%2Eany.html", 404),
    ("/%2e%2e/default.any.html", 404), ("/default.any.js/x.any.html", 404),
    ("/out/x.any.html", 404),
    ("/default.window.html", 404), ("/page.any.html", 404),
    ("/tools/a.txt", 404), ("/sub/tools/a.txt", 404), ("/_certs/a.txt", 404),
    ("/tools/a.py", 404), ("/results/", 404), ("/results/a.txt", 200),
    ("//tools/a.txt", 404), ("/./tools/./a.txt", 404),
    ("/%2f_certs/a.txt", 404), ("/.%2f_certs//a.txt", 404),
    ("/sub/.//tools/a.txt", 404), ("//tools/./runner/a.txt", 200),
    ("/tools/runner/a.txt", 200), ("/a/b/tools/a.txt", 200),
    ("/.well-known/script", 207), ("/.well-known/dir/", 207),
    ("//.well-known/script", 207), ("/./.well-known/script", 207),
    ("/.well-known/text", 200), ("/.well-known/none", 404),
    ("/.well-known/script.txt", 200),
    ("/plain.worker.js", 200), ("/sub/all.any.js", 200),
]

# (path, tests that pass in it).
ANY = ["GLOBAL", "WebSocket", "script", "streaming upload", "variant"]
OPENED = [
    ("/sub/all.any.html?one", ANY),
    ("/sub/all.any.window-module.html?one", ANY),
    ("/sub/all.any.worker.html?one", ANY),
    ("/sub/all.any.worker-module.html?one", ANY),
    ("/sub/all.any.sharedworker.html?one", ANY),
    ("/sub/all.any.sharedworker-module.html?one", ANY),
    ("/sub/all.any.serviceworker.html?one", ANY),
    ("/sub/all.any.serviceworker-module.html?one", ANY),
    ("/default.any.html", ["default"]),
    ("/page.window.html?q", ["query", "window"]),
    ("/plain.worker.html?q", ["worker"]),
    ("/test262/sloppy.test262.html", ["Test"]),
    ("/test262/strict.test262.strict.html", ["Test"]),
    ("/test262/module.test262-module.html", ["Test"]),
    ("/test262/async.test262-module.html", ["Test"]),
]
TITLES = {"/sub/all": 'All <globals> & "more"', "/default": "",
          "/page": "In a window", "/plain": "In a worker",
          "/test262": "Test"}


def pages(s):
    """The content of the pages."""
    with Client(s.port) as c:
        for path, kind, want in PAGES:
            x = c.fetch(path)
            t.eq((x.status, x.header("content-type"), x.body.decode()),
                 (200, kind, want), f"made: {path}")
            own = "of the test" if "/all." in path else None
            t.eq(x.header("x-test"), own, f"the test's headers: {path}")
        for path, status in STATUSES:
            t.eq(c.fetch(path).status, status, f"{path}: {status}")
        x = c.fetch("/default.any.sharedworker.html")
        t.ok(b"dedicatedworker, window" in x.body,
             "a 404 for a global says which there are", x.body)
        t.eq(c.fetch("/text.sub.any.html?a=%3C1").header("x-sub"), "<1",
             ".sub.headers")
        x = c.fetch("/sub/all.any.html", method="HEAD")
        t.eq((x.status, x.body), (200, b""), "HEAD")
        t.eq(c.fetch("/default.any.html", body=b"x").status, 404,
             "POST is for nobody")
        t.eq(c.fetch("/resources/WebIDLParser.js").body, b"idl",
             "the rewrite of WebIDLParser.js")


def test262(s, root):
    """The pages of test262."""
    isolated = ("same-origin", "require-corp")
    with Client(s.port) as c:
        for suffix, *wanted in TEST262:
            for name, want in zip(("parse", "async"), wanted):
                x = c.fetch(f"/test262/{name}{suffix}")
                t.eq((x.header("content-type"), x.body.decode(),
                      (x.header("cross-origin-opener-policy"),
                       x.header("cross-origin-embedder-policy"))),
                     (HTML, want, isolated), f"/test262/{name}{suffix}")
        x = c.fetch("/test262/async.test262-module-test.html")
        text = x.body.decode()
        t.ok(text.startswith(PARTS + ASYNC)
             and 'import("/test262/async.js")' in text
             and "__test262IsModule = true" in text, "of a module", text)
        for path, frame in FRAMES:
            x = c.fetch(path)
            text = x.body.decode()
            t.ok(HARNESS in text and "test262HarnessDone" in text
                 and f'<iframe id="test262-iframe" src="{frame}">' in text
                 and '<meta name="timeout" content="long">' in text
                 and x.header("cross-origin-opener-policy") is None, path, x)
        x = c.fetch("/test262/async.test262.strict.js")
        with open(os.path.join(root, "test262", "async.js"), "rb") as f:
            t.eq((x.header("content-type"), x.body),
                 (JS, b'"use strict";\n' + f.read()), "a test made strict")
        with open(os.path.join(root, "test262", "x.js"), "w") as f:
            f.write("/*---" * 20000)
        t.eq(c.fetch("/test262/x.test262-test.html").body.decode(),
             PARTS + CLASSIC % "/test262/x.js",
             "a frontmatter that begins and begins, and does not end")
        for front, includes in FRONTMATTERS:
            with open(os.path.join(root, "test262", "x.js"), "w",
                      newline="") as f:
                f.write("/*---\n" + front + "\n---*/ ---*/\n")
            text = c.fetch("/test262/x.test262-test.html").body.decode()
            got = text[len(PARTS):text.index("<body>")]
            t.eq(got, "".join(
                f'<script src="/third_party/test262/harness/{name}">'
                "</script>\n" for name in includes), f"frontmatter {front!r}")


def opened(s):
    """Chromium opens the pages, and their tests pass."""
    exe = browser.find()
    if exe is None:
        t.skip("Chromium opens the pages", "no Chromium")
        return
    for path, names in OPENED:
        results, detail = browser.run(exe, s.url(path))
        title = next(v for k, v in TITLES.items() if path.startswith(k))
        t.eq(results, dict({name: "PASS" for name in names}, title=title),
             f"Chromium: {path}" + (detail[-300:] and " failed"))


with Server(SCRIPTS) as server:
    root = os.path.join(server.dir, "root")
    shutil.copytree(os.path.join(HERE, "wpt-scripts"), root)
    shutil.copytree(os.path.join(SCRIPTS, "common"),
                    os.path.join(root, "common"))
    for name in "note.py", "quick.py":
        shutil.copy(os.path.join(SCRIPTS, name), root)
    os.makedirs(os.path.join(root, "resources", "webidl2", "lib"))
    for name in ("tools/a.txt", "sub/tools/a.txt", "_certs/a.txt",
                 "results/a.txt", "tools/runner/a.txt", "a/b/tools/a.txt",
                 "tools/a.py", ".well-known/script", ".well-known/script.txt",
                 ".well-known/dir/default.py", ".well-known/text"):
        os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
        with open(os.path.join(root, name), "w") as f:
            f.write("{}" if name.endswith("text") else
                    "def main(request, response):\n    return 207, [], 'x'\n")
    with open(os.path.join(root, "resources", "webidl2", "lib",
                           "webidl2.js"), "w") as f:
        f.write("idl")
    outside = os.path.join(server.dir, "outside")
    os.mkdir(outside)
    shutil.copy(os.path.join(root, "default.any.js"),
                os.path.join(outside, "x.any.js"))
    os.symlink(outside, os.path.join(root, "out"))
    with Server(root, "--wpt", "--ws-docroot",
                os.path.join(HERE, "ws-scripts")) as wpt:
        pages(wpt)
        test262(wpt, root)
        opened(wpt)
    with Server(root) as plain, Client(plain.port) as client:
        t.eq([client.fetch(p).status for p in (
            "/default.any.html", "/default.any.worker.js",
            "/own.any.html")], [404, 404, 200], "nothing without --wpt")
t.done()
