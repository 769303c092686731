#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages say all that there is, and their examples do what is said:
each runs in one server.  lib/manpages.py tells what an example is.

A line `EXPRESSION  # VALUE` of an example in Python must give that value.
"""
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"),
                os.path.join(os.path.dirname(HERE), "python")]
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402
import wsclient                                                 # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

from h2rig import constants, handlers, pipes, websocket         # noqa: E402
from h2rig.server import (settings, template, wpt_pages,        # noqa: E402
                          wpt_test262)
from h2rig.websocket import aliases                             # noqa: E402

t = tap.Tap()

def write(docroot, name, text):
    """A file below the document root."""
    path = os.path.join(docroot, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)



# ---- pieces of Python

def order(c):
    """The request that the pieces are run for."""
    x = c.open(f"/order.py?item=tea&n=1&n=2&key={new_key()}", "POST", [
        ("content-type", "application/x-www-form-urlencoded")],
        authority="localhost:8443")
    c.send_data(x.sid, b"milk=1&sugar=2", end_stream=True)
    c.wait_for(lambda: x.done)
    return x


#: What a piece is the middle of, by its page: of a script for requests ...
REQUEST = """import json

def main(request, response):
    stash, writer = request.server.stash, response.writer
    connection = request.connection
    _seen = []
%s
    return json.dumps(_seen) if _seen else None
"""
#: ... and of one for WebSockets.
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
    """What the expressions of a piece gave."""
    for expression, got, want in json.loads(text):
        t.eq(got, want, f"{example}: {expression}")


def of_request(c, docroot, example):
    """A piece of a script for requests; or a whole one."""
    whole = re.search(r"^def (main|handle_\w+)\(", example.text, re.M)
    write(docroot, "order.py", example.text if whole
          else REQUEST % manpages.watched(example.text))
    x = order(c)
    t.ok(x.done and x.status not in (None, 500), f"{example}: it runs",
         f"{x}\n{example.text}")
    if not whole and manpages.is_watched(example.text):
        check_seen(example, x.body)


def of_websocket(c, docroot, example):
    """A piece of a script for WebSockets."""
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
    """All of them, each on a connection of its own."""
    for page, run in PIECES.items():
        for example in manpages.examples(page):
            if not (example.name or OTHER.match(example.text)):
                with Client(s.port) as c:
                    run(c, docroot, example)


# ---- requests, as [METHOD ]TARGET[  NAME: VALUE]  ->  what comes

#: How displays begin that are no Python: those of a shell, of requests, of
#: substitution, of HTML.
OTHER = re.compile(r"\$ |([A-Z]+ )?[/*]|\{\{|<")


def run_request(c, example, line):
    """What comes back: a status, fields, content in quotation marks."""
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
    """Those of the part of a page for which it is the routes file."""
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
    """{{...}} and what stands for it."""
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
    """A key of the stash."""
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


#: Files that answer the requests of their pages, or are for the server.
SEEN = {"config.py", "greet.py", "more_routes.py", "piped.py", "routes.py"}

def of_socket(c, path, *fields):
    """Status and frames of a WebSocket whose client says hello and closes."""
    w = wsclient.Socket(c, path, *fields)
    if w.x.status == 200:
        w.send(wsclient.frame(wsclient.TEXT, b"hello"),
               wsclient.close(3001, b"done"))
    c.wait_for(lambda: w.x.done)
    return w.x.status, wsclient.frames(w.x.body), w.x


def text_frame(text, rsv=0):
    """A message as it comes."""
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


#: File of an example: what shows that it does what is said, a function that
#: gives pairs of what came and what was to come; or the file that is shown
#: with it.
FILES = {
    "meet.py": meet, "report.py": report, "count.py": count, "held.py": held,
    "go.py": "held.py", "echo_wsh.py": echo, "chat_wsh.py": chat,
    "members_wsh.py": members, "by_hand_wsh.py": by_hand,
    "broken_wsh.py": broken, "plain_wsh.py": uncompressed,
    "told_wsh.py": told, "tell.py": "told_wsh.py", "same_wsh.py": same,
}


def write_files(docroot):
    """The files of all examples: their names."""
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
    """What they do."""
    for name, check in FILES.items():
        if not isinstance(check, str):
            with Client(s.port) as c:
                for i, (got, want) in enumerate(check(c), 1):
                    t.eq(got, want, f"{check.__doc__}: {name}, {i}")


def faults(s):
    """What the log has against the scripts."""
    return [line for line in s.log().splitlines() if " error: " in line]


# ---- commands

def commands(s):
    """The options of h2rig are there; curl gets an answer."""
    known = subprocess.run([program(), "--help"], stdout=subprocess.PIPE,
                           check=True).stdout.decode()
    for page in manpages.pages():
        for line in manpages.commands(page):
            if re.search(r"\bh2rig (?!.*\bh2rig-)", line):
                for option in re.findall(r" (--?\w[\w-]*)",
                                         line.partition("h2rig ")[2]):
                    t.ok(re.search(r"%s\b" % option, known),
                         f"{page}: {option} is an option")


# ---- all is said

def lint():
    """mandoc has nothing against them."""
    if not shutil.which("mandoc"):
        t.skip("mandoc -Tlint", "mandoc is not installed")
        return
    for page in manpages.pages():
        run = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", os.path.join(
                manpages.DOC, page)], stdout=subprocess.PIPE, check=False)
        t.eq((run.returncode, run.stdout.decode()), (0, ""),
             f"mandoc -Tlint {page}")


def said(page, heading, names, what):
    """A part of a page has these names, as words of their own."""
    found = manpages.words(manpages.sections(page)[heading])
    t.eq(sorted(set(names) - found), [], f"{page}, {heading}: {what}")


def about_files():
    """h2rig-files(7)"""
    page = "h2rig-files.7"
    said(page, "PIPES", pipes.PIPES, "every pipe")
    said(page, "PIPES", pipes.__all__[:-1], "what h2rig.pipes has")
    said(page, "SUBSTITUTION", [*template._NAMES, *template._FUNCTIONS,
                                *template.HASHES], "every name")
    said(page, "THE CONFIGURATION FILE", [
        *(row[0] for row in settings._CHECKS), *settings.build({})],
        "every setting")
    types = constants.content_types
    said(page, "Content types", types, "every extension")
    t.eq([kind for kind in types.values()
          if kind not in manpages.source(page)], [],
         f"{page}: every content type")
    said(page, "Handlers", [name for name in handlers.__all__
                            if name != "HTTPException"], "every handler")
    t.eq([row.suffix for row in (*wpt_pages.PAGES, *wpt_test262.PAGES)
          if "-test" not in row.suffix
          and row.suffix not in manpages.source(page)], [],
         f"{page}: every kind of page")


def members_of(cls):
    """Public attributes of a class, methods too, with those that its methods
    set."""
    found = {name for c in cls.__mro__ if c.__module__.startswith("h2rig")
             for name in vars(c)}
    for c in cls.__mro__:
        if c.__module__.startswith("h2rig"):
            found |= set(re.findall(r"\bself\.(\w+)(?:: [^=\n]+)? = ",
                                    inspect.getsource(c)))
    return {name for name in found if name[0] != "_"}


def about_websockets():
    """h2rig-websocket(7)"""
    page = "h2rig-websocket.7"
    said(page, "all", websocket.__all__, "what h2rig.websocket has")
    for heading, name in (
            ("THE REQUEST", "WebSocketRequest"),
            ("THE REQUEST", "TextHeaders"), ("THE STREAM", "WebSocketStream"),
            ("FRAMES", "Tunnel"), ("EXTENSIONS", "ExtensionParameter"),
            ("EXTENSIONS", "PerMessageDeflateExtensionProcessor")):
        said(page, heading, members_of(getattr(websocket, name)) - {"written"},
             name)
    said(page, "EXCEPTIONS", {
        word for name in aliases._contents() for word in name.split(".")
        if word}, "every module of pywebsocket3")


lint()
about_files()
about_websockets()
with tempfile.TemporaryDirectory(prefix="h2rig-manual-") as work:
    os.chmod(work, 0o755)
    root, beside = os.path.join(work, "root"), os.path.join(work, "beside")
    write(beside, "a.js", "")
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
                commands(server)
            t.eq(faults(server), [], "nothing went wrong")
t.done()
