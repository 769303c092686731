#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests routes, rewrites, kinds of handlers, --routes, --alias, --latency, and
wrong values of these."""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

t = tap.Tap()

ROUTES = '''
import os
from h2rig.handlers import *
from helper import helped

HERE = os.path.dirname(os.path.abspath(__file__))
loads = []
loads.append(os.getpid())


def function(request, response):
    return (201, [("X-Match", repr(sorted(request.route_match.items())))],
            request.method)


@handler
def decorated(request, response):
    return 202, [("X-D", "1")], "decorated"


@json_handler
def as_json(request, response):
    return {"path": request.url_parts.path}


class Frames:
    def frame_handler(self, request):
        return self

    def handle_headers(self, frame, request, response):
        response.headers.set("X-Seen", frame.type)

    def handle_data(self, frame, request, response):
        response.headers.append("X-Data", frame.data)

    def main(self, request, response):
        return "by an object"


def whole(request, response):
    response.writer.write_headers([("x-own", "1")], 200)
    response.writer.write_data("written", last=True)


def fails(request, response):
    raise HTTPException(418, "a teapot")


routes = [
    ("GET", "/f/{first}/{second}", function),
    (["PUT", "delete"], "/f/*", function),
    ("any", "/any/{x-y}", function),
    ("*", "/star", function),
    ("GET", "/decorated", decorated),
    ("GET", "/json", as_json),
    ("any", "/frames", Frames()),
    ("GET", "/whole", whole),
    ("GET", "/fails", fails),
    ("GET", "/helped", helped),
    ("GET", "/loads", lambda request, response: str(len(loads))),
    ("GET", "/error", ErrorHandler(410)),
    ("GET", "/string", StringHandler("text", "text/x", X_More="1")),
    ("GET", "/static", StaticHandler(HERE + "/static.tmpl", {"a": "b"},
                                     "text/y", X_More="2")),
    ("GET", "/raw-static", StaticHandler(HERE + "/static.tmpl", None, "t/x")),
    ("GET", "/two-static", StaticHandler([HERE + "/static.tmpl"] * 2, {},
                                         "t/x")),
    ("GET", "/other/*", FileHandler(HERE + "/other", "/other/")),
    ("GET", "/otherdir/*", DirectoryHandler(HERE + "/other", "/otherdir")),
    ("GET", "/otherasis/*", AsIsHandler(HERE + "/other", "/otherasis")),
    ("any", "/otherpy/*", PythonScriptHandler(HERE + "/other", "/otherpy")),
    ("GET", "/auth/open.txt", basic_auth_handler),
    ("GET", "/auth/file.txt", BasicAuthHandler(
        StringHandler("secret", "text/plain"), "user", b"pass")),
    ("any", "/auth/script.py", BasicAuthHandler(
        python_script_handler, "user", "pass")),
    ("GET", "/shadowed.txt", StringHandler("the route", "text/plain")),
    ("GET", "/to.txt", StringHandler("never", "text/plain")),
    ("GET", "/last", function),
]
rewrites = [
    ("GET", "/from.txt", "/real.txt"),
    ("any", "/from.py", "/echo.py"),
    (["POST"], "/only-post.txt", "/echo.py"),
]
'''

ECHO = '''
def main(request, response):
    return " ".join([request.method, request.request_path,
                     request.url_parts.path])
'''

# (method, path, status, body, fields).
ANSWERS = [
    ("GET", "/f/1/2%2F3", 404, None, {}),       # the slash is decoded: /1/2/3
    ("GET", "/f/1/2", 201, b"GET",
     {"x-match": "[('first', '1'), ('second', '2')]"}),
    ("GET", "/f/a%20b/%C3%A9", 201, b"GET",
     {"x-match": "[('first', 'a b'), ('second', '\u00e9')]"}),
    ("HEAD", "/f/1/2", 201, b"",
     {"x-match": "[('first', '1'), ('second', '2')]"}),
    ("GET", "/f/1", 404, None, {}), ("GET", "/f/1/2/3", 404, None, {}),
    ("POST", "/f/1/2", 404, None, {}),
    ("PUT", "/f/1/2/3", 201, b"PUT", {"x-match": "[('*', '1/2/3')]"}),
    ("DELETE", "/f/", 201, b"DELETE", {"x-match": "[('*', '')]"}),
    ("WEIRD", "/any/z", 201, b"WEIRD", {"x-match": "[('x-y', 'z')]"}),
    ("OPTIONS", "/star", 201, b"OPTIONS", {"x-match": "[]"}),
    ("GET", "/decorated", 202, b"decorated", {"x-d": "1"}),
    ("GET", "/json", 200, b'{"path": "/json"}',
     {"content-type": "application/json", "content-length": "17"}),
    ("GET", "/whole", 200, b"written", {"x-own": "1"}),
    ("GET", "/fails", 418, None, {"content-type": "application/json"}),
    ("GET", "/helped", 200, b"helped", {}),
    ("GET", "/error", 410, None, {"content-type": "application/json"}),
    ("GET", "/string", 200, b"text",
     {"content-type": "text/x", "x-more": "1"}),
    ("GET", "/static", 200, b"a is b 100%\n",
     {"content-type": "text/y", "x-more": "2"}),
    ("GET", "/raw-static", 200, b"a is %(a)s 100%%\n", {}),
    ("GET", "/two-static", 200, b"a is %(a)s 100%%\n" * 2, {}),
    ("GET", "/other/o.txt", 200, b"other", {"content-type": "text/plain"}),
    ("GET", "/other/../h2rig.txt", 404, None, {}),
    ("GET", "/otherdir/in/", 200, None,
     {"content-type": "text/html"}),
    ("GET", "/otherasis/o.asis", 299, b"as is", {"x-as": "is"}),
    ("GET", "/otherasis/in/", 404, None, {}),
    ("GET", "/otherasis/in", 404, None, {}),
    ("GET", "/otherasis/", 404, None, {}),
    ("GET", "/otherasis/none", 404, None, {}),
    ("GET", "/otherpy/o.py", 200, b"other script", {}),
    ("GET", "/otherpy/in/", 200, b"of the directory", {}),
    ("GET", "/otherpy/in", 200, b"of the directory", {}),
    ("GET", "/otherpy/", 404, None, {}),
    ("GET", "/shadowed.txt", 200, b"the route", {}),
    ("GET", "/real.txt", 200, b"real", {}),
    ("GET", "/from.txt", 200, b"real", {"content-type": "text/plain"}),
    ("GET", "/from.py?a=b", 200, b"GET /echo.py?a=b /echo.py", {}),
    ("GET", "//from.txt", 200, b"real", {}),
    ("GET", "/./from.py?a=b", 200, b"GET /echo.py?a=b /echo.py", {}),
    ("GET", "/.//from%2Epy", 200, b"GET /echo.py /echo.py", {}),
    ("GET", "//from.txt/", 404, None, {}),
    ("POST", "/only-post.txt", 200, b"POST /echo.py /echo.py", {}),
    ("GET", "/only-post.txt", 404, None, {}),
    ("GET", "/none", 404, None, {"content-type": "application/json"}),
]

CREDENTIALS = {"authorization": "Basic dXNlcjpwYXNz"}       # user:pass
OTHERS = {"authorization": "Basic dXNlcjp4"}                # user:x
# (path, credentials, status, body).
AUTH = [
    ("/auth/file.txt", {}, 401, b""),
    ("/auth/file.txt", OTHERS, 403, None),
    ("/auth/file.txt", {"authorization": "Bearer x"}, 403, None),
    ("/auth/file.txt", CREDENTIALS, 200, b"secret"),
    ("/auth/script.py", {}, 401, b""),
    ("/auth/script.py", OTHERS, 403, None),
    ("/auth/script.py", CREDENTIALS, 200, b"headers main"),
    ("/auth/open.txt", {}, 401, b""),
    ("/auth/open.txt", OTHERS, 200, b"open"),
]

# (text of a routes file, line of the error, text of the message).
WRONG = [
    ("x = 1\ndef f(:\n", 2, "SyntaxError"),
    ("import os\n\nimport none_such_module\n", 3, "ModuleNotFoundError"),
    ("def f():\n    return 1 / 0\nroutes = [f()]\n", 2, "ZeroDivisionError"),
    ("import sys\nsys.exit('no more')\n", 2, "SystemExit"),
    ("x = 1\n", 1, "neither \"routes\" nor \"rewrites\""),
    ("\nroutes = 5\n", 2, "\"routes\" is 5; expected a list of (methods"),
    ("def f(a, b): pass\nroutes = [\n    ('GET', '/', f),\n    ('GET', f),\n]",
     4, "routes[1]"),
    ("def f(a, b): pass\nroutes = [\n    (5, '/', f),\n]", 3, "methods are 5"),
    ("def f(a, b): pass\nroutes = [\n    ([], '/', f),\n]", 3, "methods are"),
    ("def f(a, b): pass\nroutes = [\n  ('GET', '/*/*', f)]", 3, "at most one"),
    ("def f(a, b): pass\nroutes = [('GET', 7, f)]", 2, "pattern is 7"),
    ("routes = [\n\n('GET', '/', 'text')]", 3, "handler is 'text'; expected"),
    ("from h2rig.handlers import *\nroutes = [('GET', '/', FileHandler)]", 2,
     "the class FileHandler; expected an object"),
    ("rewrites = [('GET', 'a', '/b')]", 1, "from_path is 'a'"),
    ("rewrites = [('GET', '/a', '/../b')]", 1, "to_path is '/../b'"),
    ("rewrites = [('GET', '/a')]", 1, "rewrites[0]"),
    ("rewrites = [('GET', '/x', '/y'),\n  ('GET', '/p/{who}', '/h')]", 2,
     "rewrites[1]: from_path is '/p/{who}'; expected a literal path: {name} "
     "and * mean nothing"),
    ("rewrites = [('GET', '/p/*', '/h')]", 1, "from_path is '/p/*'"),
    ("rewrites = [('GET', '/p', '/h/{who}')]", 1, "to_path is '/h/{who}'"),
    ("rewrites = [('GET', '/p?a=1', '/h')]", 1, "a path without a query"),
]


def write(name, content):
    """Writes a file below FOLDER.  Returns its path."""
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        f.write(content)
    return path


def fails(*options):
    """Starts a server that must fail to start.  Returns
    exit status and log."""
    done = subprocess.run(
        [program(), "--port", "0", "--bind", "127.0.0.1", *options, ROOT],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=tap.scaled(60), check=False)
    return done.returncode, done.stderr.decode()


def answers(s, c):
    """The response of each route."""
    for method, path, status, body, fields in ANSWERS:
        x = c.fetch(path, method=method)
        t.eq((x.status, x.body if body is not None else None, x.ended),
             (status, body, True), f"{method} {path}")
        for name, value in fields.items():
            t.eq(x.header(name), value, f"{method} {path}: {name}")
    x = c.fetch("/frames", body=[b"one", b"two"])
    t.eq((x.body, x.headers), (b"by an object", [
        ("x-seen", "HEADERS"), ("x-data", "one"), ("x-data", "two")]),
        "an object with frame_handler")
    for path, fields, status, body in AUTH:
        x = c.fetch(path, headers=fields)
        t.eq((x.status, x.body if body is not None else None,
              x.header("www-authenticate")),
             (status, body, "Basic" if status == 401 else None),
             f"Basic: {path} {fields}")
    t.eq(c.fetch("/loads").body, b"1", "the file runs once for a connection")
    with Client(s.port) as other:
        t.eq(other.fetch("/loads").body, b"1", "and for each connection")


def aliases():
    """--alias serves other directories below a prefix."""
    one, two = os.path.join(FOLDER, "one"), os.path.join(FOLDER, "two")
    write("one/a.txt", "one a")
    write("one/deep/a.txt", "shadowed")
    write("one/elf/a.txt", "what /oneself/a.txt must not be")
    write("one/s.py", ECHO)
    write("one/l.asis", "HTTP/1.1 299 X\n\nas is")
    write("two/a.txt", "two a")
    write("two/__dir__.headers", "X-Two: 1")
    with Server(ROOT, "--alias", f"/one/={one}", "--alias",
                f"/one/deep={two}") as s, Client(s.port) as c:
        for path, status, body in (
                ("/one/a.txt", 200, b"one a"),
                ("/one/deep/a.txt", 200, b"two a"),
                ("/%6fne/a.txt", 200, b"one a"),
                ("/one/s.py", 200, b"GET /one/s.py /one/s.py"),
                ("/one/l.asis", 299, b"as is"),
                ("/real.txt", 200, b"real"),
                ("/one", 301, b""), ("/oneself/a.txt", 404, None),
                ("/onea.txt", 404, None), ("/one/../real.txt", 404, None),
                ("/one/none.txt", 404, None), ("/a.txt", 404, None)):
            x = c.fetch(path)
            t.eq((x.status, x.body if body is not None else None),
                 (status, body), f"--alias: {path}")
        t.eq(c.fetch("/one/deep/a.txt").header("x-two"), "1",
             "--alias: .headers there")
        t.ok(b"a.txt" in c.fetch("/one/").body, "--alias: a listing")
    for alias, text in ((f"/x/={FOLDER}/none", "expected a directory"),
                        (f"/../x={one}", "no \"..\"")):
        status, log = fails("--alias", alias)
        t.ok(status == 78 and text in log,
             f"--alias with {text}: exit status 78", f"{status} {log}")


def latency():
    """--latency delays each request by itself: one after the other, these
    would take longer than the client waits."""
    with Server(ROOT, "--latency", "1000") as s, Client(s.port) as c:
        begun = time.monotonic()
        many = [c.request("/real.txt") for _ in range(90)]
        c.wait_for(lambda: any(x.done for x in many))
        t.ok(time.monotonic() - begun >= 1, "--latency: not before its time")
        c.wait_for(lambda: all(x.done for x in many))
        t.eq({x.body for x in many}, {b"real"},
             "--latency: requests wait side by side")


def wrong():
    """Routes files that do not load."""
    path = os.path.join(FOLDER, "wrong.py")
    for text, line, reason in WRONG:
        write("wrong.py", text)
        status, log = fails("--routes", path)
        t.ok(status == 78 and f"wrong.py, line {line}:" in log
             and reason in log and "Traceback" not in log,
             f"--routes {text!r:.60}: exit status 78, line and reason",
             f"{status}\n{log}")
    status, log = fails("--routes", path + ".none")
    t.ok(status == 78 and "wrong.py.none" in log,
         "--routes without a file: exit status 78", f"{status}\n{log}")
    write("later.py", "def f(a, b): return 'good'\n"
          "routes = [('GET', '/f', f)]\n")
    with Server(ROOT, "--routes", os.path.join(FOLDER, "later.py")) as s:
        write("later.py", "routes = 5\n")
        with Client(s.port) as c:
            t.eq(c.fetch("/f").body, b"good",
                 "an edit of the routes file waits for HUP (log.t)")
    write("parent.py", "import os, sys\n"
          "sys.stderr.write('in %d\\n' % os.getpid())\nroutes = []\n")
    with Server(ROOT, "--routes", os.path.join(FOLDER, "parent.py")) as s:
        with Client(s.port) as c:
            c.fetch("/real.txt")
        t.ok("in " in s.log() and f"in {s.pid}\n" not in s.log(),
             "the routes file never runs in the parent", s.log())


MISSPELT = """
class Frames:
    def frame_handler(self, request):
        return self

    def handle_header(self, frame, request, response):
        pass

    def handle_trailer(self):
        "a helper"

    def main(self, request, response):
        self.handle_trailer()
        return "by an object"


class Given(Frames):
    def frame_handler(self, request):
        from h2rig.handlers import FrameFunctions
        return FrameFunctions(main=self.main, frames={"handle_trailer": 1})


def g(request):
    return 1


def h(request, response):
    return {"a": 1, "b": 2}


def k(request, response):
    return 404, "x"


rewrite = [("GET", "/old", "/frames")]
routes = [(["GTE", "FOO", "get"], "/x", g),
          ("any", "/frames", Frames()), ("any", "/given", Given()), ("GET", "/g", g),
          ("GET", "/h", h), ("GET", "/k", k)]
"""


def misspelt():
    """Routes load, but have names that are never called; errors name functions
    by the names that they have."""
    path = write("misspelt.py", MISSPELT)
    with Server(ROOT, "--routes", path) as s:
        with Client(s.port) as c:
            for _ in range(3):
                t.eq(c.fetch("/frames").body, b"by an object", "/frames")
            for name, want in (
                    ("g", "g is called as g(request, response), but defined "
                     "as g(request)"),
                    ("h", "content is a dictionary; for JSON use "
                     "h2rig.handlers.json_handler"),
                    ("k", "k returned 404 and content; "),
                    ("given", "frames has 'handle_trailer'; expected")):
                x = c.fetch("/" + name)
                t.ok(x.status == 500 and want.encode() in x.body,
                     f"/{name}: {want}", x.body)
            for method, name, want in (
                    ("POST", "/real.txt", "files are for GET and HEAD"),
                    ("DELETE", "/g", "its methods are GET, HEAD")):
                x = c.fetch(name, method=method)
                t.ok(x.status == 404 and f"{method} has no route here: {want}"
                     in x.body.decode(), f"{method} {name}: {want}", x.body)
        log = s.log()
        for want in ("misspelt.py: routes[0] is for the method GTE; did you "
                     "mean GET?", "misspelt.py, line 6: route's object "
                     "routes.Frames: handle_header is never called; did you "
                     "mean handle_headers?",
                     "misspelt.py: rewrite is never called; did you mean "
                     "rewrites?"):
            t.eq(log.count(want), 1, f"once in the log: {want}")
        t.ok(log.count("warn: script: ") == 3, "and no other warning", log)


with tempfile.TemporaryDirectory() as folder:
    FOLDER = os.path.realpath(folder)
    ROOT = os.path.join(FOLDER, "root")
    write("root/real.txt", "real")
    write("root/shadowed.txt", "the file")
    write("root/echo.py", ECHO)
    write("root/auth/open.txt", "open")
    write("root/auth/script.py", "seen = []\n"
          "def handle_headers(f, request, response):\n"
          "    seen.append('headers')\n"
          "def main(request, response):\n    return ' '.join(seen + ['main'])")
    write("site/routes.py", ROUTES)
    write("site/helper.py", "def helped(request, response):\n"
          "    return 'helped'\n")
    write("site/static.tmpl", "a is %(a)s 100%%\n")
    write("site/h2rig.txt", "not to be seen")
    write("site/other/o.txt", "other")
    write("site/other/in/x.txt", "x")
    write("site/other/in/default.py",
          "def main(a, b):\n    return 'of the directory'\n")
    write("site/other/o.asis", "HTTP/1.1 299 X\nX-As: is\n\nas is")
    write("site/other/o.py", "def main(a, b):\n    return 'other script'\n")
    with Server(ROOT, "--routes", os.path.join(FOLDER, "site", "routes.py"),
                "--log-level", "debug") as server:
        with Client(server.port) as client:
            answers(server, client)
    aliases()
    latency()
    wrong()
    misspelt()
t.done()
