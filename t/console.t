#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests --console: who may see it; the list and the page of a connection as
they grow.  Their server-sent events lose nothing and do not report themselves.
In Chromium and Firefox; axe-core finds no violation."""
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import browser                                                  # noqa: E402
import devtools                                                 # noqa: E402
import scenes                                                   # noqa: E402
import tap                                                      # noqa: E402
import wsclient                                                 # noqa: E402
from consoleside import Events, Made                             # noqa: E402
from pagechecks import AXE, OVERLAPS, SETTLED, SIZES, words     # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import NOBODY, Server, copy_program, program        # noqa: E402
from traces import Traced, Work, read                           # noqa: E402

TOP = "/.h2rig/"
FRAMES = 20000

MANUAL = {
    "h2rig.8": (
        '<h2 id="OPTIONS">OPTIONS</h2>', "<dt><code>--console</code></dt>",
        "<dt><code>-h</code>, <code>--help</code></dt>",
        "Expects\n<code>--trace</code>,\nno\n<code>--user</code>,",
        '<a href="h2rig-trace.1">h2rig-trace(1)</a>',
        "$ h2rig --trace traces/ --console tests/</pre>"),
    "h2rig-handlers.7": ("<code>main</code>",),
    "h2rig-connection.7": ("<h2 ",), "h2rig-files.7": ("slice(1,4)",),
    "h2rig-stash.7": ("get_queue",),
    "h2rig-websocket.7": ("h2rig-stash.7\">", "<var>request</var>, <var>body"),
    "h2rig-trace.1": ("prints traces, which", "\u2018-\u2019."),
    "h2rig-wpt.1": ("<h2 ",), "h2bad.1": ("<h2 ",)}

t = tap.Tap()


def port_of(client):
    """Returns the client's own port."""
    return client.sock.getsockname()[1]


def trace_of(server, client):
    """Returns the name of a client's trace."""
    name, = (os.path.basename(path) for path in server.files()
             if path.endswith(f"-{port_of(client)}.jsonl"))
    return name


# ---- who may see it, and what else there is

def options():
    """Options that --console needs or excludes."""
    def run(*more):
        p = subprocess.run([program(), "--console", "--port", "0", *more,
                            work.docroot], stderr=subprocess.PIPE, check=False,
                           timeout=tap.scaled(60))
        return p.returncode, p.stderr.decode().splitlines()[-1]
    t.eq(run(), (64, "h2rig: --console: expected --trace with it"),
         "--console without --trace")
    t.eq(run("--trace", work.dir, "--user", str(NOBODY)),
         (64, "h2rig: --console: expected no --user with it"),
         "--console with --user")
    for bind in (["0.0.0.0"], ["127.0.0.1", "::"]):
        status, text = run("--trace", work.dir, *(x for address in bind
                                                  for x in ("--bind", address)))
        t.ok(status == 78 and "--console: expected loopback addresses only, "
             "not " + bind[-1].replace("::", "[::]") in text,
             f"--console on {bind[-1]}", text)


def places():
    """The paths below /.h2rig/, with the option and without it."""
    os.mkdir(os.path.join(work.docroot, ".h2rig"))
    with open(os.path.join(work.docroot, ".h2rig", "mine.txt"), "w",
              encoding="ascii") as f:
        f.write("mine")
    routes = work.path("routes.py")
    with open(routes, "w", encoding="ascii") as f:
        f.write("from h2rig.handlers import ErrorHandler\n"
                "routes = [('any', '*', ErrorHandler(418))]\n"
                "rewrites = [('any', '/.h2rig/', '/style.py?n=1')]\n")
    with Traced(work) as s, Client(s.port) as c:
        t.eq(c.fetch(TOP + "mine.txt").body, b"mine",
             "without the option a file of that name is a file")
    with Traced(work, "--console", "--routes", routes) as s, \
            Client(s.port) as c:
        t.eq(c.fetch("/style.py").status, 418, "the user's routes work")
        x = c.fetch(TOP)
        t.ok(x.status == 200 and b"<h1>Connections</h1>" in x.body,
             "... the console comes before them and before rewrites")
        t.ok(x.header("content-security-policy").startswith(
            "default-src 'none'; script-src 'sha256-")
            and "frame-ancestors 'none'" in x.header("content-security-policy"),
            "its policy allows its own script only, and no frame")
        for path, want in (
                ("mine.txt", 404), ("trace/x", 404), ("trace/../../fail", 404),
                ("trace/20261129T082117.094914Z-1-127.0.0.1-1.jsonl", 404),
                ("../.h2rig/", 404), ("", 200), ("?pipe=status(500)", 200)):
            t.eq(c.fetch(TOP + path).status, want, f"/.h2rig/{path}")
        for path, want in (("/.h2rig", 308), ("//.h2rig/mine.txt", 404),
                           ("/%2eh2rig/mine.txt", 404),
                           ("/./.h2rig/mine.txt", 404)):
            t.eq(c.fetch(path).status, want, path)
        x = c.fetch(TOP, method="POST", body=b"x")
        t.eq((x.status, x.header("allow")), (405, "GET, HEAD"), "POST")
        for path in ("", "events"):
            x = c.fetch(TOP + path, method="HEAD")
            t.eq((x.status, x.body), (200, b""), f"HEAD of /.h2rig/{path}")


def access():
    """Requests for other names, and from pages of other sites, are refused."""
    with Traced(work, "--console") as s, Client(s.port) as c:
        def ask(authority, *more):
            x = c.open(TOP, headers=more, authority=authority,
                       end_stream=True)
            c.wait_for(lambda: x.done)
            return x.status
        port = s.port
        for name in ("localhost", "LOCALHOST", "a.localhost", "127.0.0.1",
                     "127.1.2.3", "[::1]"):
            t.eq(ask(f"{name}:{port}"), 200, f"asked for as {name}")
        for name in ("evil.example", "localhost.evil.example", "10.0.0.1",
                     "0.0.0.0", "127.0.0.1.evil.example", "[::2]", "",
                     "web-platform.test"):
            t.eq(ask(f"{name}:{port}"), 421, f"refused as {name}")
        t.eq(ask("localhost"), 200, "without a port")
        here = f"localhost:{port}"
        for site, want in (("same-origin", 200), ("none", 200),
                           ("same-site", 403), ("cross-site", 403)):
            t.eq(ask(here, ("sec-fetch-site", site)), want,
                 f"sec-fetch-site: {site}")
        for origin, want in ((f"https://{here}", 200), ("null", 403),
                             (f"https://localhost:{port + 1}", 403),
                             ("https://evil.example", 403),
                             (f"http://{here}", 403)):
            t.eq(ask(here, ("origin", origin)), want, f"origin: {origin}")


def manuals():
    """The manual has all pages, and each has its text."""
    with Traced(work, "--console") as s, Client(s.port) as c:
        for name, parts in MANUAL.items():
            x = c.fetch(TOP + "manual/" + name)
            text = x.body.decode()
            t.eq(x.status, 200, f"the manual has {name}")
            t.ok(not re.search(r"(?m)^\.[A-Z%]|\\\\[(&:]", text),
                 f"{name}: nothing of its source is left")
            for part in parts:
                t.ok(part in text, f"{name}: {part}", text)
        for name in ("h2rig.9", "../h2rig.8", "%2e%2e/trace.md", ""):
            t.eq(c.fetch(TOP + "manual/" + name).status, 404,
                 f"no page: {name}")


def documents():
    """The site that make html made, if there is one."""
    with contextlib.ExitStack() as stack:
        own = os.environ.get("H2RIG")
        directory = stack.enter_context(tempfile.TemporaryDirectory())
        os.chmod(directory, 0o755)
        copied = copy_program(os.path.join(directory, "copy"))
        os.environ["H2RIG"] = copied
        stack.callback(lambda: os.environ.update(H2RIG=own) if own
                       else os.environ.pop("H2RIG"))
        with Traced(work, "--console") as s, Client(s.port) as c:
            t.ok(b"/site/" not in c.fetch(TOP).body, "no site: no link to it")
            t.eq(c.fetch(TOP + "site/index.html").status, 404, "... nor it")
        site = os.path.join(os.path.dirname(copied), "html")
        for name in ("index.html", "a.1.html", "site.css", "part/a-b.svg",
                     "other.txt", "part/deep/a.css"):
            os.makedirs(os.path.dirname(os.path.join(site, name)),
                        exist_ok=True)
            with open(os.path.join(site, name), "w", encoding="utf-8") as f:
                f.write("of " + name)
        with Traced(work, "--console") as s, Client(s.port) as c:
            t.ok(b'href="/.h2rig/site/index.html"' in c.fetch(TOP).body,
                 "the first page leads to the site")
            for name, kind in (("index.html", "text/html"),
                               ("a.1.html", "text/html"),
                               ("site.css", "text/css"),
                               ("part/a-b.svg", "image/svg+xml")):
                x = c.fetch(TOP + "site/" + name)
                t.eq((x.status, x.header("content-type"), x.body),
                     (200, kind, b"of " + name.encode()), f"the site: {name}")
            t.ok(x.header("content-security-policy").startswith(
                "default-src 'none'; "), "the site's pages run no script")
            t.eq(c.fetch(TOP + "site/index.html", method="HEAD").body, b"",
                 "HEAD of it")
            for name in ("other.txt", "part/deep/a.css", "none.html", "",
                         "../python/h2rig/trace/page/list.html",
                         "..%2fdoc%2fclients.html", "part"):
                t.eq(c.fetch(TOP + "site/" + name).status, 404,
                     f"no file of the site: {name}")


# ---- events

def listed():
    """Connections come, change, end and crash; the console's
    own are not listed."""
    with Traced(work, "--console") as s, Client(s.port) as c, \
            Client(s.port) as other:
        events = Events(c, "events")
        second = Events(other, "events")
        t.ok(events.wait(lambda e: e.of("message") and not e.rows),
             "the list has no connection of the console")
        with Client(s.port) as one:
            one.fetch("/style.py?n=1")
            row = events.wait(lambda e: (e.row(port_of(one)) or {}).get(
                "requests") and e.row(port_of(one)))
            t.eq((row["running"], row["first"]["fields"][1]),
                 (True, [":path", "/style.py?n=1"]),
                 "a connection is there while it goes on")
            one.fetch("/fail.py")
            events.wait(lambda e: e.row(port_of(one))["faults"])
            t.eq(events.row(port_of(one))["requests"], 2, "... and changes")
            port = port_of(one)
            one.leave()
        row = events.wait(lambda e: not e.row(port)["running"] and e.row(port))
        t.eq([(line["type"], line.get("raised"), line.get("end"))
              for line in row["lines"]],
             [("connection", None, None), ("end", "LookupError", None),
              ("close", None, "closed by client")], "... what it says")
        with Client(s.port) as one:
            port = port_of(one)
            one.request("/crash.py")
            one.wait_end()
        row = events.wait(lambda e: (e.row(port) or {}).get("running") is False
                          and e.row(port))
        t.eq([(line["type"], line.get("function")) for line in row["lines"]],
             [("connection", None), ("begin", "main")],
             "a crash, with the function that ran")
        t.ok(list(sorted(events.rows))[-1].endswith(f"-{port}.jsonl"),
             "the newest is the last by name")
        # The traces of both connections that read events grew all the time.
        second.wait(lambda e: (e.row(port) or {}).get("running") is False)
        own = [f"-{port_of(x)}.jsonl" for x in (c, other)]
        t.eq([name for e in (events, second) for data in e.of("message")
              for text in json.loads(data[0])["changed"]
              for name in [json.loads(text)["name"]]
              if name.endswith(tuple(own))
              and json.loads(text)["requests"]], [],
             "the console's own connections make no events")
        os.unlink(os.path.join(s.traces, row["name"]))
        events.wait(lambda e: e.row(port) is None)
        t.ok(events.row(port) is None, "a trace that is removed goes")
        t.eq(Events(c, "events?before=" + min(events.rows)).wait(
            lambda e: e.of("message") and [e.rows]), [{}],
            "older connections than the oldest")
        others = {}
        for n, make in enumerate((
                lambda path: os.symlink("/etc/passwd", path), os.mkfifo,
                os.mkdir)):
            name = f"20990101T000000.00000{n}Z-1-127.0.0.1-{n}.jsonl"
            make(os.path.join(s.traces, name))
            others[name] = Events(c, f"trace/{name}/events").wait(
                lambda e: e.of("over"))
        t.eq(list(others.values()), [[["Too many levels of symbolic links"]],
                                     [["is no file"]], [["is no file"]]],
             "what is no trace is not read")
        with Client(s.port) as one:
            one.fetch("/style.py?n=1")
            t.ok(events.wait(lambda e: e.row(port_of(one)))
                 and not set(others) & set(events.rows), "... nor listed")


def odd():
    """Traces with unusual lines, such as browsers make, and with lines that no
    server writes."""
    with Traced(work, "--console") as s, Client(s.port) as c, \
            Made(s, 5) as made:
        made.add(dir="in", type="HEADERS", flags=["PRIORITY"], stream=1,
                 length=1, fields=[[":method", "GET"], [{"hex": "ff"}, "x"],
                                   [":path", {"hex": "ff" * 1000}]],
                 priority={"dependency": 0, "weight": 1, "exclusive": False})
        made.frames(2)
        events = Events(c, "events")
        row = events.wait(lambda e: e.row(5))
        t.eq((row["requests"], row["faults"], row["first"]["fields"]),
             (2, 0, [[":method", "GET"], [":path", {"hex": "ff" * 300}]]),
             "a request with priority, and octets in fields")
        before = len(events.of("message"))
        for line in (b"\0\xff", b"{" * 100000, b'{"t":1,"type":"violation"',
                     b'{"t":1,"type":"violation","level":[[[]]]}',
                     b'{"t":1,"type":"raw"}', b'{"t":1,"type":"end"}',
                     b'{"t":1,"dir":"in","type":"HEADERS","fields":7}',
                     b'{"t":1,"dir":"in","type":"GOAWAY","code":[1]}',
                     b'{"t":1,"type":"connection","x":' + b"[" * 100000,
                     b'{"t":1,"type":"begin","stream":1', b"x" * (1 << 20)):
            with open(made.path, "ab") as f:
                f.write(line + b"\n")
        made.frames(2)
        t.ok(events.wait(lambda e: e.row(5)["requests"] == 3),
             "lines of nobody do no harm", events.row(5))
        t.ok(len(events.of("message")) > before, "... to the list")
        lines = Events(c, f"trace/{made.name}/events")
        t.ok(lines.wait(lambda e: b'"/n=3"' in e.x.body),
             "... nor to the trace's page")
        old = [f"19990101T000000.{n:06}Z-99999999-127.0.0.1-1.jsonl"
               for n in range(300)]
        for name in old:
            with open(os.path.join(s.traces, name), "wb"):
                pass
        pages = [events]
        while json.loads(pages[-1].of("message")[-1][0])["older"] or \
                len(pages) == 1:
            pages[-1].wait(lambda e: old[-1] in e.rows or len(pages) > 1)
            pages.append(Events(c, "events?before=" + min(pages[-1].rows)))
            pages[-1].wait(lambda e: e.of("message"))
        t.eq((len(pages), sorted(name for page in pages for name in page.rows)),
             (2, sorted([made.name, *old])),
             "more than 200 connections: each is on one of the pages")


def own():
    """The page of the connection that carries it does not grow
    by its own events."""
    with Traced(work, "--console", "--run-limit", "10") as s, \
            Client(s.port) as c:
        c.fetch("/style.py?n=1")
        events = Events(c, f"trace/{trace_of(s, c)}/events")
        for n in range(2, 7):
            c.fetch(f"/style.py?n={n}")
            events.wait(lambda e: e.x.done or sum(
                x["type"] == "end" for x in e.lines) == 2 * n)
        # Until the response ends, the console looks at the trace many times; a
        # WINDOW_UPDATE that its own events cause must not be shown.
        events.wait(lambda e: e.x.done)
        t.eq(events.of("own"), [["some"]], "it is told that lines are left out")
        t.eq([x for x in events.lines if x.get("stream") == events.x.sid], [],
             "... which are those of the console")
        t.eq([data for data in events.of("message") if all(
            json.loads(line)["type"] == "WINDOW_UPDATE" for line in data)], [],
             "no event has only what events have caused")
        lines = read(os.path.join(s.traces, trace_of(s, c)))
        kept = [x for x in lines if x.get("stream") != events.x.sid]
        got = events.lines
        t.eq(got, kept[:len(got)], "all else is there, in its order")
        t.ok(len(got) > 60, "... and that is most of it", len(got))


def resumed():
    """Nothing is lost or doubled if a response of events ends and the
    client asks again."""
    with Traced(work, "--console", "--run-limit", "1") as s, \
            Client(s.port) as c, Client(s.port) as one:
        one.fetch("/style.py?n=1")
        name = trace_of(s, one)
        path = f"trace/{name}/events"
        got, seen, answers = [], None, 0
        while answers < 4:
            events = Events(c, path, seen)
            c.wait_for(lambda: one.fetch("/style.py?n=2") and events.x.done)
            got += events.lines
            seen, answers = events.last, answers + 1
        t.ok(events.x.done, "an answer ends before --run-limit")
        one.leave()
        events = Events(c, path, seen)
        events.wait(lambda e: e.of("over"))
        got += events.lines
        want = read(os.path.join(s.traces, name))
        t.eq((len(got), got == want), (len(want), True),
             "five answers have each line once")
        t.eq(events.of("over"), [["ended"]], "the end is told")
        for wrong in ("1", "x", "-1", str(1 << 40), "9" * 5000):
            events = Events(c, path, wrong)
            c.wait_for(lambda: events.x.done)
            t.eq(events.x.status, 400, f"Last-Event-ID: {wrong[:20]}")
        os.unlink(os.path.join(s.traces, name))
        t.eq(Events(c, path, seen).wait(lambda e: e.of("over")),
             [["removed"]], "a trace that has been removed meanwhile")


def removed():
    """A trace is removed while it is read; the server removes many."""
    with Traced(work, "--console", "--max-traces", "64K") as s, \
            Client(s.port) as c, Client(s.port) as one:
        one.fetch("/style.py?n=1")
        name = trace_of(s, one)
        events = Events(c, f"trace/{name}/events")
        events.wait(lambda e: e.lines)
        os.unlink(os.path.join(s.traces, name))
        one.fetch("/style.py?n=2")
        t.ok(events.wait(lambda e: sum(x["type"] == "end"
                                       for x in e.lines) == 4),
             "what is being read is read on")
        one.leave()
        t.eq(events.wait(lambda e: e.of("over")), [["ended"]], "... to its end")
        rows = Events(c, "events")
        for _ in range(40):
            with Client(s.port) as more:
                more.fetch("/style.py?n=5")
                more.leave()
        t.ok(rows.wait(lambda e: any(json.loads(data[0])["removed"]
                                     for data in e.of("message"))),
             "the list loses what --max-traces removes")
        t.ok(rows.wait(lambda e: set(e.rows) == {
            os.path.basename(p) for p in s.files()
            if not p.endswith(f"-{port_of(c)}.jsonl")}),
            "... and has what is there")


def stops():
    """Open pages do not delay the server's end."""
    with Traced(work, "--console") as s, Client(s.port) as c:
        events = Events(c, "events")
        lines = Events(c, f"trace/{trace_of(s, c)}/events")
        events.wait(lambda e: e.of("message"))
        lines.wait(lambda e: e.lines)
        s.process.terminate()
        c.wait_for(lambda: events.x.done and lines.x.done)
        t.ok(events.x.done and lines.x.done, "answers end when the server stops")
        c.wait_end()
        t.eq(s.process.wait(tap.scaled(30)), 0, "... which then does")
        s.wait_log("drained")
        t.ok("killed" not in s.log(), "... and kills nothing", s.log())


# ---- browsers

def until(b, what, name, expression, want):
    """Waits until an expression in the browser has this value."""
    got = []
    tap.wait_until(lambda: got.append(b.run("return " + expression))
                   or got[-1] == want, 60)
    t.eq(got[-1], want, f"{what}: {name}")


ROWS = "document.querySelectorAll('#list tbody tr').length"
FIRST = "document.querySelector('#list tbody tr')?.innerText.replace(/\\s+/g," \
    " ' ') ?? ''"


def list_page(which, b, s, url):
    """The list of connections in a browser."""
    b.open(url)
    until(b, which, "the list has them all", ROWS + " >= 6", True)
    with Client(s.port) as one:
        one.fetch("/style.py?n=1")
        port = port_of(one)
        until(b, which, "a connection comes without a reload",
              f"({FIRST}).includes('127.0.0.1:{port}')", True)
        until(b, which, "... goes on", f"({FIRST}).includes('Goes on')", True)
        b.run("document.querySelector('#list tbody a').focus();")
        one.fetch("/fail.py")
        until(b, which, "... and what goes wrong is told",
              f"/Wrong A script raised an exception on stream 3. LookupError in "
              f"main of .fail.py/.test({FIRST})", True)
        t.eq(b.run("return document.activeElement.textContent"),
             "GET /style.py?n=1", f"{which}: what has focus keeps it")
        one.leave()
    text = words(b, "#list")
    t.eq(words(b, "#server").split(" ", 2)[2], f"serves {work.docroot} and "
         f"writes traces to {s.traces}", f"{which}: what server that is")
    for part in ("GET /style.py?n=0 and 99 more requests",
                 "CONNECT /echo websocket",
                 "The server\u2019s process crashed or was killed. It was "
                 "running main of /crash.py on stream 3.",
                 "The client broke a rule of HTTP/2, so h2rig ended the "
                 "connection."):
        t.ok(part in text, f"{which}: the list says: {part}", text)
    for how, size in SIZES.items():
        b.size(*size)
        t.eq(b.run(SETTLED + OVERLAPS), [],
             f"{which}: list, {how}: nothing overlaps or is cut off")
    b.size(*SIZES["wide"])
    t.eq(b.run("""
    const show = document.getElementById("show");
    show.value = "crash";
    show.dispatchEvent(new Event("change"));
    return [...document.querySelectorAll("#list tbody tr")].filter(
        e => !e.hidden).map(e => e.querySelector("a").textContent);
    """), ["GET /style.py?n=3"], f"{which}: only crashes")


def trace_page(which, b, s, url):
    """The page of a connection, as it grows."""
    with Client(s.port) as one:
        one.fetch("/style.py?n=1")
        b.open(url + "trace/" + trace_of(s, one))
        until(b, which, "a page of a connection that goes on",
              "document.querySelector('h1').textContent",
              "The connection goes on.")
        one.fetch("/early.py")
        until(b, which, "... says what goes wrong meanwhile",
              "document.querySelector('h1').textContent",
              "The server sent what breaks a rule on stream 3.")
        one.leave()
        until(b, which, "... and that it has ended",
              "document.querySelector('header').textContent.includes("
              "'The client closed the connection.')", True)
    t.eq(b.run(SETTLED + OVERLAPS), [], f"{which}: nothing overlaps")


def large_page(which, b, s, url):
    """A trace of 20,000 frames that still grows."""
    with Made(s, 1 if which == "Chromium" else 2) as made:
        made.frames(FRAMES)
        b.open(url + "trace/" + made.name)
        meta = "document.querySelector('.meta')?.textContent.match(" \
            "/([0-9,]+) frame/)?.[1]"
        until(b, which, "20,000 frames", meta, "20,000")
        b.run("document.getElementById('follow').click();")
        made.frames(10)
        until(b, which, "... and ten", meta, "20,010")
        until(b, which, "the end is followed", "[...document.querySelectorAll("
              "'.row')].at(-1).getAttribute('aria-rowindex')", "20012")
        t.eq(b.run("""
        document.getElementById("follow").click();
        const search = document.getElementById("search");
        search.value = "/n=9999";
        search.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
        """ + SETTLED + """
        return document.querySelector(".row.active .label").textContent;
        """), "from the client: HEADERS stream 9999 GET /n=9999 ES",
             f"{which}: the search finds one of them")
        made.frames(2)
        until(b, which, "what is selected stays while more comes",
              f"[{meta}, document.querySelector('.row.active .chip')"
              ".textContent]", ["20,012", "stream 9999"])


def hostile_page(which, b, s, url):
    """Strings of a trace are shown as text, in the list and on its page."""
    evil = "</script><img src=x onerror=window.hit=1>"
    with Made(s, 3 if which == "Chromium" else 4) as made:
        made.add(dir="in", type="HEADERS", flags=[], stream=1, length=1,
                 fields=[[":method", evil], [":path", "/\u202e\r\ndata: x"]])
        made.add(type="violation", level="stream", stream=1, text=evil)
        made.add(type="begin", stream=1, script=evil, function={"hex": "ff00"})
        made.add(type=evil, stream=evil)
        made._file.write("no JSON " + evil + "\r{}\n")
        made.frames(0)
        b.open(url)
        until(b, which, "a hostile trace is listed",
              f"document.body.textContent.includes({json.dumps(evil)})", True)
        t.eq(b.run("return [window.hit === undefined, document"
                   ".querySelectorAll('img').length]"), [True, 0],
             f"{which}: ... as text")
        b.open(url + "trace/" + made.name)
        until(b, which, "... and on its page", "document.querySelectorAll("
              "'.row').length", 6)
        t.eq(b.run("return [window.hit === undefined, document"
                   ".querySelectorAll('img').length, document.body.textContent"
                   ".includes('\\u202e')]"), [True, 0, False],
             f"{which}: ... as text there")


def again(which, b):
    """A browser has to ask again and again."""
    with Traced(work, "--console", "--run-limit", "1") as s, \
            Client(s.port) as one:
        one.fetch("/style.py?n=1")
        b.open(f"https://127.0.0.1:{s.port}{TOP}trace/{trace_of(s, one)}")
        port = port_of(one)
        tap.wait_until(lambda: one.fetch("/style.py?n=2") and s.log().count(
            "/events status=200") >= 3)
        one.leave()
        n = len(s.of_port(port))
        until(b, which, "three answers, and each line once",
              "document.querySelector('#picture').getAttribute("
              "'aria-rowcount')", str(n + 1))
        b.open(f"https://127.0.0.1:{s.port}{TOP}")
        until(b, which, "the list is there again", ROWS + " > 0", True)
    until(b, which, "a server that has gone is told",
          "document.getElementById('status').textContent",
          "The server does not answer.")


def accessible(b, url, trace):
    """axe-core finds no violation."""
    axe = browser.find_axe()
    if axe is None:
        t.skip("axe-core", "npm install -g axe-core, or H2RIG_AXE=axe.min.js")
        return
    for how, size, colours in (("light", "wide", "light"),
                               ("dark", "wide", "dark"),
                               ("narrow", "narrow", "light")):
        b.size(*SIZES[size])
        b.media(prefers_color_scheme=colours, prefers_reduced_motion="reduce")
        for what, page, ready in (("list", url, ROWS + " > 5"),
                                  ("trace", trace, "document.querySelectorAll("
                                   "'.row').length > 5"),
                                  ("manual", url + "manual/h2rig.8", "true")):
            b.open(page)
            tap.wait_until(lambda: b.run("return " + ready))
            b.call("Runtime.evaluate", expression=axe)
            t.eq(b.run(SETTLED + AXE), [], f"axe-core: {what}, {how}")
    b.size(*SIZES["wide"])
    b.media()


def browsers():
    """Runs the tests of pages in each browser that is installed."""
    with Traced(work, "--console", "--ws-docroot", wsclient.WS) as s:
        paths = scenes.play(s)
        url = f"https://127.0.0.1:{s.port}{TOP}"
        for which, exe in (("Chromium", browser.find()),
                           ("Firefox", devtools.find_firefox())):
            if exe is None:
                t.skip(f"{which}: the console", f"{which} is not installed")
                continue
            with (devtools.Chromium if which == "Chromium" else
                  devtools.Firefox)(exe) as b:
                b.size(*SIZES["wide"])
                for check in (list_page, trace_page, large_page, hostile_page):
                    check(which, b, s, url)
                again(which, b)
                if which == "Chromium":
                    accessible(b, url, url + "trace/"
                               + os.path.basename(paths["crash"]))
                    t.eq([e for e in b.errors if "CONNECTION_REFUSED" not in e],
                         [], "Chromium: no error, nothing that the policy "
                         "refused")


with contextlib.ExitStack() as stack:
    work = stack.enter_context(Work(scenes.SCRIPTS))
    options()
    places()
    access()
    manuals()
    documents()
    listed()
    odd()
    own()
    resumed()
    removed()
    stops()
    browsers()
t.done()
