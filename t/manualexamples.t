#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the examples of the manual pages do what the pages say.  One
server runs all of them, except those of h2rig-connection(7), which have their
own.  lib/manpages.py defines what an example is."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import browser                                                  # noqa: E402
import connscript                                               # noqa: E402
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402
import wsclient                                                 # noqa: E402
from rawclient import PING, Client                              # noqa: E402
from server import Server, free_port, program                   # noqa: E402

t = tap.Tap()


def write(docroot, name, text):
    """Writes a file below the document root."""
    path = os.path.join(docroot, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


# ---- pieces of Python

def order(c, more=""):
    """Makes the request for which pieces of Python run."""
    x = c.open("/order.py?item=tea&n=1&n=2" + more, "POST", [
        ("content-type", "application/x-www-form-urlencoded"),
        ("x-a", "1"), ("x-a", "2"), ("cookie", "id=7; id=8"),
        ("content-length", "14"),
        ("authorization", "Basic bWU6c2VjcmV0")], authority="localhost:8443")
    c.send_data(x.sid, b"milk=1&sugar=2", end_stream=True)
    c.wait_for(lambda: x.done)
    return x


#: The script around a piece, by its page: one for requests ...
REQUEST = """import json

def main(request, response):
    stash, writer = request.server.stash, response.writer
    connection = request.connection
    _seen = []
%s
    stash.put("KEY", json.dumps(_seen), "/seen")
"""
#: ... whose values this one returns, since they may come
#: after the response ...
SEEN_SCRIPT = """
def main(request, response):
    return request.server.stash.wait(request.GET["key"], 30, "/seen") or "null"
"""
#: ... and one for WebSockets.
WEBSOCKET = """import json

def web_socket_do_extra_handshake(request):
    pass

def web_socket_transfer_data(request):
    stream = request.ws_stream
    _seen = []
%s
    if _seen:
        stream.send_message(json.dumps(_seen))
"""


def check_seen(example, text):
    """Tests the values that the expressions of a piece gave."""
    seen = json.loads(text)
    t.ok(seen is not None, f"{example}: to its end")
    for expression, got, want in seen or ():
        t.eq(got, want, f"{example}: {expression}")


def of_request(c, other, docroot, example):
    """Runs a piece of a script for requests, or a whole script."""
    whole = re.search(r"^def (main|handle_\w+)\(", example.text, re.M)
    key = new_key()
    write(docroot, "order.py", example.text if whole else
          REQUEST.replace("KEY", key) % manpages.watched(example.text))
    x = order(c, "&key=" + new_key() if "stash" in example.page else "")
    t.ok(x.done and x.status != 500, f"{example}: it runs",
         f"{x}\n{example.text}")
    if not whole:
        check_seen(example, other.fetch("/seen.py?key=" + key).body)


def of_websocket(c, _, docroot, example):
    """Runs a piece of a script for WebSockets."""
    write(docroot, "piece_wsh.py", WEBSOCKET % manpages.watched(example.text))
    w = wsclient.Socket(c, "/piece")
    w.send(wsclient.frame(wsclient.TEXT, b"hello"), wsclient.close(1000))
    came, ended = w.finish(1)
    t.ok((w.x.status, ended) == (200, True) and came and came[-1] != (
        wsclient.close_frame(1011)), f"{example}: it runs", came)
    if manpages.is_watched(example.text):
        check_seen(example, came[0][1])


PIECES = {"h2rig-files.7": of_request, "h2rig-handlers.7": of_request,
          "h2rig-stash.7": of_request, "h2rig-websocket.7": of_websocket}


def pieces(s, docroot):
    """Runs all pieces, each on a new connection."""
    for page, run in PIECES.items():
        for example in manpages.examples(page):
            if not (example.name or OTHER.match(example.text)):
                with Client(s.port) as c, Client(s.port) as other:
                    run(c, other, docroot, example)


#: (text in a piece of a connection script, function around the piece).
CONNECTION = (("connection.tls.", "handle_client_hello(connection)"),
              ("connection.settings =", "handle_connect(connection)"),
              ("connection.automatic ", "handle_connect(connection)"),
              ("frame.", "handle_data(frame, connection)"),
              ("", "main(connection)"))


def of_connection(s, example):
    """Runs a piece of a connection script, or a whole script."""
    whole = re.search(r"^def \w+\(", example.text, re.M)
    function = next(f for word, f in CONNECTION if word in example.text)
    before = len(re.findall("NOTE .*the end", s.log()))
    text = example.text if whole else "def %s:\n%s\n    note('the end')\n" % (
        function, manpages.watched(example.text))
    with contextlib.suppress(ssl.SSLError):     # an alert
        with s.client(text) as c:
            x = c.fetch("/quick.py", body=None if whole else b"content")
            t.ok(x.status == 200 or not whole or x.reset, f"{example}: it runs",
                 x)
            s.notes(c, 0 if whole else 1)
    if not whole:
        t.ok(tap.wait_until(lambda: len(re.findall(
            "NOTE .*the end", s.log())) > before), f"{example}: to its end",
             s.log()[-2000:])


def of_connections():
    """Runs the examples of h2rig-connection(7)."""
    with connscript.Scripted("--ca-out", os.devnull) as s:
        for example in manpages.examples("h2rig-connection.7"):
            of_connection(s, example)
        t.eq(faults(s), [], "nothing went wrong with connection scripts")


# ---- requests, as [METHOD ]TARGET[  NAME: VALUE]  ->  expected response

#: Matches displays that are not Python: shell, requests, substitution, HTML.
OTHER = re.compile(r"\$ |([A-Z]+ )?[/*]|\{\{|<")


def run_request(c, example, line):
    """Makes a request, and tests the response: status, fields, content
    in quotation marks."""
    asked, _, wanted = line.partition("  ->  ")
    target, *fields = asked.split("  ")
    method, _, path = target.rpartition(" ")
    x = c.open(path, method or "GET", [
        tuple(field.split(": ", 1)) for field in fields], end_stream=True)
    c.wait_for(lambda: x.done)
    for want in wanted.split("  "):
        name, colon, value = want.partition(": ")
        if want.isdigit():
            t.eq(x.status, int(want), f"{example}: {line}")
        elif want[0] == want[-1] == '"':
            t.eq(x.body.decode(), want[1:-1].replace("\\n", "\n"),
                 f"{example}: {line}")
        else:
            t.ok(colon and (name, value) in x.headers,
                 f"{example}: {line}", x)


def requests(s, routes):
    """Makes the requests of the parts of pages for which `routes`
    is the routes file."""
    for page in manpages.pages():
        current = "routes.py"
        for example in manpages.examples(page):
            if example.name.endswith("routes.py"):
                current = example.name
            if current == routes and not example.name and "  ->  " in (
                    example.text):
                with Client(s.port) as c:
                    for line in example.text.splitlines():
                        run_request(c, example, line)


def substitutions(s, docroot):
    """{{...}} becomes the value that the page says."""
    for example in manpages.examples("h2rig-files.7"):
        for line in example.text.splitlines():
            if example.name or not line.startswith("{{"):
                continue
            expression, _, want = line.partition("  ")
            write(docroot, "dir/page.sub.txt", expression)
            with Client(s.port) as c:
                x = c.open("/dir/page.sub.txt?item=tea", end_stream=True,
                           authority="localhost:8443")
                c.wait_for(lambda: x.done)
            got = x.body.decode().replace(str(s.port), "8443")
            t.eq(x.status, 200, f"{example}: {expression}")
            if want or expression == "{{GET[other]}}":
                t.eq(got, want.strip(), f"{example}: {expression}")


# ---- files

def new_key():
    """Returns a new key for the stash."""
    return str(uuid.uuid4())


def meet(c):
    """h2rig-stash(7)"""
    key = new_key()
    x = c.request("/meet.py?key=" + key)
    y = c.fetch(f"/meet.py?key={key}&value=hello")
    c.wait_for(lambda: x.done)
    return [(x.body, b"hello"), (y.body, b"put")]


def report(c):
    """h2rig-stash(7)"""
    path = "/report.py?wait=0.1&key=" + new_key()
    return [(c.fetch(path, body=b"one").status, 204),
            (c.fetch(path, body=b"two").status, 204),
            (c.fetch(path).body, b"one"), (c.fetch(path).body, b"two"),
            (c.fetch(path).status, 404)]


def count(c):
    """h2rig-stash(7)"""
    return [(c.fetch("/count.py").body, b"%d\n" % n) for n in (1, 2)]


def held(c):
    """h2rig-stash(7)"""
    key = new_key()
    x = c.request("/held.py?key=" + key)
    c.wait_for(lambda: x.informational)
    y = c.fetch("/go.py?key=" + key)
    c.wait_for(lambda: x.done)
    return [(x.informational[0][0], 103), (y.status, 204), (x.body, b"on")]


#: Files that other tests use: for requests of their pages, or for the server.
SEEN = {"config.py", "greet.py", "more_routes.py", "piped.py", "routes.py"}

def hello(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/hello.py?name=you")
    return [(x.informational[0][0], 103), (x.body, b"hello, you"),
            (c.fetch("/hello.py").body, b"hello, world")]


def reverse(c):
    """h2rig-handlers(7)"""
    return [(c.fetch("/reversed.py", body=[b"ab", b"cd"]).data,
             [b"ba", b"dc", b"\nEnd of File"])]


def slowly(c):
    """h2rig-handlers(7)"""
    return [(c.fetch("/slowly.py").data,
             [b"line 0\n", b"line 1\n", b"line 2\n", b""])]


def order_of(c):
    """h2rig-handlers(7)"""
    return [(json.loads(c.fetch("/order_of.py").body), {
        "error": {"code": 404, "message": "no such order"}}),
            (c.fetch("/order_of.py?id=7").body, b"tea")]


def other_frames(c):
    """h2rig-handlers(7)"""
    x = c.open("/other_frames.py", "POST")
    c.window_update(x.sid, 5)
    c.send_headers(x.sid, [("x-t", "1")], end_stream=True)
    c.wait_for(lambda: x.done)
    return [(x.body, b"x-t: 1\n")]


def notes(c):
    """h2rig-handlers(7)"""
    def ask(method, **more):
        x = c.fetch("/notes.py", method=method, **more)
        return x.status, x.body
    return [(ask("POST", body=b"one"), (201, b"")),
            (ask("POST", body=b"two"), (201, b"")),
            (ask("GET"), (200, b"one\ntwo")), (ask("DELETE"), (204, b"")),
            (ask("GET"), (200, b"")), (ask("PATCH"), (405, b""))]


def redirect(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/redirect.py?to=/a%20b&status=307")
    return [((x.status, x.header("location")), (307, "/a b")),
            (c.fetch("/redirect.py").status, 400)]


def visits(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/visits.py", headers={"cookie": "a=b; visits=4"})
    return [((x.body, x.header("set-cookie")),
             (b"visit 5", "visits=5; Path=/; HttpOnly"))]


def add(c):
    """h2rig-handlers(7)"""
    kind = {"content-type": "application/json"}
    return [(json.loads(c.fetch("/sum.py", body=b"[1, 2]", headers=kind).body),
             {"sum": 3, "type": "application/json"}),
            (c.fetch("/sum.py", body=b"{", headers=kind).status, 400)]


def save(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/save.py", headers={
        "content-type": "multipart/form-data; boundary=b"}, body=(
            b"--b\r\ncontent-disposition: form-data; name=file; filename=a.x"
            b"\r\ncontent-type: a/x\r\n\r\n" + b"x" * 70000 + b"\r\n--b--\r\n"))
    return [(x.body.decode(), "a.x (a/x): "
             + hashlib.sha256(b"x" * 70000).hexdigest())]


def login(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/login.py")
    return [((x.status, x.header("www-authenticate")),
             (401, 'Basic realm="here"')),
            (c.fetch("/login.py", headers={
                "authorization": "Basic bWU6c2VjcmV0"}).body, b"welcome, me")]


def cors(c):
    """h2rig-handlers(7)"""
    there = {"origin": "https://a.test"}
    x = c.fetch("/cors.py", headers=there)
    y = c.fetch("/cors.py", method="OPTIONS", headers={
        "access-control-request-headers": "x-a", **there})
    return [((x.header("access-control-allow-origin"), x.body),
             ("https://a.test", b"hello, https://a.test")),
            ((y.status, y.header("access-control-allow-headers")),
             (204, "x-a")), (c.fetch("/cors.py").headers, [])]


def page(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/page.py")
    pushed = c.streams[2]
    return [(x.informational[0][0], 103), (len(x.pushes), 1),
            (pushed.body, b"body { color: green }"), (x.status, 200)]


def cut(c):
    """h2rig-handlers(7)"""
    x = c.fetch("/cut.py")
    c.wait_for(lambda: [f.type for f in c.frames].count(PING) == 2)
    return [((x.status, x.body, x.reset), (200, b"half ", 2))]


def of_socket(c, path, *fields):
    """Opens a WebSocket, says hello and closes.  Returns (status,
    frames, Exchange)."""
    w = wsclient.Socket(c, path, *fields)
    if w.x.status == 200:
        w.send(wsclient.frame(wsclient.TEXT, b"hello"),
               wsclient.close(3001, b"done"))
    c.wait_for(lambda: w.x.done)
    return w.x.status, wsclient.frames(w.x.body), w.x


def text_frame(text, rsv=0):
    """Returns a text message, as frames() shows it."""
    return (0x81 | rsv << 4, text)


def echo(c):
    """h2rig-websocket(7)"""
    return [(of_socket(c, "/echo")[:2],
             (200, [text_frame(b"hello"), wsclient.CLOSED]))]


def chat(c):
    """h2rig-websocket(7)"""
    protocol = ("sec-websocket-protocol", "other, chat")
    x = of_socket(c, "/chat", protocol)
    return [(x[1][0], text_frame(b"welcome to chat")),
            (x[2].header("sec-websocket-protocol"), "chat"),
            (x[2].header("set-cookie"), "chat=1"),
            (of_socket(c, "/chat")[1][0], text_frame(b"welcome to None"))]


def members(c):
    """h2rig-websocket(7)"""
    x = of_socket(c, "/members")
    return [(x[0], 401), (b"members only" in x[2].body, True),
            (of_socket(c, "/members", ("cookie", "member=1"))[1][0],
             text_frame(b"hello, member"))]


def by_hand(c):
    """h2rig-websocket(7)"""
    x = of_socket(c, "/by_hand")
    return [(x[0], 503), (x[2].header("retry-after"), "5")]


def broken(c):
    """h2rig-websocket(7)"""
    return [(of_socket(c, "/broken")[1][:3], [
        (0xc1, b"hi"), (0x01, b"begun"),
        wsclient.close_frame(1001, b"gone")])]


def uncompressed(c):
    """h2rig-websocket(7)"""
    x = of_socket(c, "/plain", ("sec-websocket-extensions", wsclient.DEFLATE))
    return [(x[1][0], text_frame(b"not compressed")),
            (x[2].header("sec-websocket-extensions"), None)]


def told(c):
    """h2rig-websocket(7)"""
    key = new_key()
    w = wsclient.Socket(c, "/told?key=" + key)
    c.fetch("/tell.py?key=" + key, body=b"go")
    return [(w.get(1)[0], text_frame(b"go"))]


def same(c):
    """h2rig-websocket(7)"""
    return [(of_socket(c, "/same")[1],
             [wsclient.close_frame(3001, b"done")])]


#: {file of an example: its test}.  A test is a function that returns pairs
#: (what came, what must come), or the name of the file with which the
#: example is shown.
FILES = {
    "hello.py": hello, "reversed.py": reverse, "slowly.py": slowly,
    "order_of.py": order_of, "other_frames.py": other_frames,
    "notes.py": notes, "redirect.py": redirect, "visits.py": visits,
    "sum.py": add, "save.py": save, "login.py": login, "cors.py": cors,
    "page.py": page, "cut.py": cut,
    "meet.py": meet, "report.py": report, "count.py": count, "held.py": held,
    "go.py": "held.py", "echo_wsh.py": echo, "chat_wsh.py": chat,
    "members_wsh.py": members, "by_hand_wsh.py": by_hand,
    "broken_wsh.py": broken, "plain_wsh.py": uncompressed,
    "told_wsh.py": told, "tell.py": "told_wsh.py", "same_wsh.py": same,
}


def write_files(docroot):
    """Writes the files of all examples."""
    names = []
    for page in manpages.pages():
        for example in manpages.examples(page):
            if example.name:
                t.ok(example.name not in names, f"{example}: the only one")
                names.append(example.name)
                write(docroot, example.name, example.text)
    shown = {name for name in names if not name.endswith(".py")}
    t.eq(sorted(set(names) - shown - SEEN), sorted(FILES), "their files")


def files(s):
    """Runs the tests of FILES."""
    for name, check in FILES.items():
        if not isinstance(check, str):
            with Client(s.port) as c:
                for i, (got, want) in enumerate(check(c), 1):
                    t.eq(got, want, f"{check.__doc__}: {name}, {i}")


def faults(s):
    """Returns the errors that the log has about scripts."""
    return [line for line in s.log().splitlines() if "] error: " in line]


# ---- commands

def session(text, work):
    """Runs shell commands, one of which starts a server in another terminal.
    Returns what they print."""
    port = free_port()
    script = re.sub(r"^h2rig (.*)$", rf"h2rig --port {port} \1 >ready &\n"
                    "trap 'kill $!; wait' EXIT", text, flags=re.M)
    script = re.sub(r"^curl ", "curl -sS --retry 60 --retry-delay 1 "
                    "--retry-connrefused ", script, flags=re.M)
    run = subprocess.run(
        ["sh", "-ec", script.replace("8443", str(port))], cwd=work, timeout=300,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        env=dict(os.environ, PATH=os.path.dirname(program()) + ":"
                 + os.environ["PATH"]))
    return run.returncode, run.stdout.decode()


def sessions():
    """The sessions of h2rig(8) and h2rig-trace(1)."""
    if not shutil.which("curl") or not shutil.which("tshark"):
        t.skip("sessions with curl", "curl or tshark is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="h2rig-manual-") as work:
        os.chmod(work, 0o755)
        write(work, "tests/hello.py", "def main(request, response):\n"
              "    return 'hello'\n")
        write(work, "index.html", "trusted\n")
        for page, begin, displays, shown in (
                ("h2rig.8", "h2rig --ca", 2, r"trusted\n(.*\n)*trusted\n"),
                ("h2rig-trace.1", "mkdir", 2, ":path: /hello.py"),
                ("h2rig-trace.1", "h2rig-trace --pcapng", 1, "")):
            found = list(manpages.examples(page))
            at = next(i for i, e in enumerate(found)
                      if e.text.startswith(begin))
            status, text = session("\n".join(
                e.text for e in found[at:at + displays]), work)
            t.ok(status == 0 and re.search(shown, text),
                 f"{found[at]}: what it shows", f"{status} {text}")


def in_browser(s, docroot):
    """The page of h2rig-websocket(7) in a browser: its
    script gets a message."""
    exe = browser.find()
    if exe is None:
        t.skip("a page in a browser", "Chromium is not installed")
        return
    text = next(e.text for e in manpages.examples("h2rig-websocket.7")
                if e.text.startswith("<script>"))
    key = new_key()
    write(docroot, "echo.html", f"""<!doctype html>{text}
<script>ws.addEventListener("message", () => fetch("/go.py?key={key}"))</script>
<img src="/held.py?key={key}" alt="">""")
    dom, messages = browser.dump(exe, s.url("/echo.html"))
    t.ok(s.wait_log(rf"path=/held\.py\?key={key} status=200"),
         "h2rig-websocket.7: a page with a WebSocket, in Chromium",
         dom + messages[-2000:])


#: {word of the command: what curl must show}.
SHOWN = {"meet.py": "hello", "hello.py": "hello, you", "order.py": "tea",
         "hello.txt": "ell", "save.py": "picture.png (image/png): "}


def curl(s, docroot):
    """Commands with curl show what the pages say."""
    if not shutil.which("curl"):
        t.skip("commands with curl", "curl is not installed")
        return
    write(docroot, "picture.png", "picture")
    write(docroot, "order.py",
          "def main(request, response):\n    return request.GET['item']\n")
    for page in PIECES:
        for example in manpages.examples(page):
            script = "\n".join(line[2:] for line in example.text.splitlines()
                               if not line.startswith("$ h2rig "))
            if not example.text.startswith("$ ") or "curl" not in script:
                continue
            run = subprocess.run(
                ["sh", "-c", script.replace(":8443", f":{s.port}") + "\nwait"],
                cwd=docroot, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                check=False, timeout=60)
            want = next(SHOWN[word] for word in SHOWN if word in script)
            t.ok(run.returncode == 0 and want in run.stdout.decode(),
                 f"{example}: what curl shows", run)


of_connections()
sessions()
with tempfile.TemporaryDirectory(prefix="h2rig-manual-") as work:
    os.chmod(work, 0o755)
    root, beside = os.path.join(work, "root"), os.path.join(work, "beside")
    write(beside, "a.js", "")
    write(root, "seen.py", SEEN_SCRIPT)
    write_files(root)
    for routes in "routes.py", "more_routes.py":
        with Server(root, "--routes", os.path.join(root, routes), "--wpt",
                    "--config", os.path.join(root, "h2rig.json"),
                    "--alias", "/lib=" + beside) as server:
            requests(server, routes)
            if routes == "routes.py":
                substitutions(server, root)
                files(server)
                pieces(server, root)
                curl(server, root)
                in_browser(server, root)
            t.eq(faults(server), [], "nothing went wrong")
t.done()
