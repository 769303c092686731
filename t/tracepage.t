#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2rig-trace --html: what the page says and shows, in Chromium and
Firefox; keyboard, search and filters; axe-core finds no violation; no string
of a trace becomes markup."""
import contextlib
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import browser                                                  # noqa: E402
import devtools                                                 # noqa: E402
import scenes                                                   # noqa: E402
import tap                                                      # noqa: E402
from pagechecks import (AXE, OVERLAPS, SETTLED, SIZES,          # noqa: E402
                        all_rows, words)
from server import program                                      # noqa: E402
from traces import Work, read                                   # noqa: E402

H2RIG_TRACE = os.path.join(os.path.dirname(os.path.abspath(program())),
                           "h2rig-trace")

# {scene: (headline, reason)} that the page must show first.
SAYS = {
    "load": ("Nothing went wrong: 100 requests, all answered with 200.",
             "The client closed the connection."),
    "websocket": ("Nothing went wrong: 1 request, answered with 200.",
                  "The client closed the connection."),
    "rule": ("The client broke a rule of HTTP/2, so h2rig ended the "
             "connection.", "the payload is 8 octets long (RFC 9113 6.7) "
             "(FRAME_SIZE_ERROR)"),
    "script": ("The server sent what breaks a rule, and the client answered "
               "GOAWAY PROTOCOL_ERROR.", "DATA before the response's fields "
               "(RFC 9113 8.1) (main of /early.py was running)"),
    "crash": ("The server\u2019s process crashed or was killed.",
              "It was running main of /crash.py on stream 3."),
    "hostile": ("A script raised an exception on stream 3.",
                "LookupError in main of /fail.py"),
}

t = tap.Tap()


def tool(*arguments):
    """Runs h2rig-trace to its end."""
    return subprocess.run([sys.executable, "-B", H2RIG_TRACE, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=tap.scaled(60))


def make(name, *traces):
    """Makes a page of these scenes.  Returns its URL."""
    path = work.path(name + ".html")
    p = tool("--html", path, *(paths[x] for x in traces))
    t.eq((p.returncode, p.stderr), (0, b""), f"--html: {name}")
    return "file://" + path


# ---- both browsers

def says(which, b):
    """Headlines; no element overlaps another or is cut off; a
    row for each line."""
    for how, size in SIZES.items():
        b.size(*size)
        for name, (head, reason) in SAYS.items():
            b.open(pages[name])
            if how == "wide":
                t.eq(words(b, "h1"), head, f"{which}: {name}: the headline")
                t.ok(reason in words(b, "header"), f"{which}: {name}: why",
                     words(b, "header"))
            b.run("document.querySelector('#picture .row .cell').click();"
                  + SETTLED)
            t.eq(b.run(OVERLAPS), [], f"{which}: {name}, {how}: nothing "
                 "overlaps or is cut off")
    b.size(*SIZES["wide"])
    b.open(pages["all"])
    t.eq(words(b, "h1"), "3 of 5 connections went wrong.",
         f"{which}: five connections: the headline")
    t.eq(b.run(OVERLAPS), [], f"{which}: five connections: nothing overlaps")
    for how, size in SIZES.items():
        for part in ("types", "legend"):
            b.size(*size)
            b.open(pages["all"])
            t.eq(b.run("document.getElementById('%s').open = true;" % part
                       + SETTLED + OVERLAPS), [],
                 f"{which}: {part}, {how}: nothing is cut off")


def rows(which, b):
    """Each line of a trace has a row, with its essential values."""
    b.open(pages["websocket"])
    lines = read(paths["websocket"])
    found = all_rows(b, len(lines))
    t.eq(len(found), len(lines), f"{which}: a row for each line")
    for text in ("from the client: HEADERS stream 1 CONNECT /echo websocket",
                 "from the server: HEADERS stream 1 :status 200",
                 "from the client: DATA stream 1 WebSocket text "
                 "\u201chow are you?\u201d",
                 "from the client: DATA stream 1 WebSocket close 1000 "
                 "\u201cdone\u201d ES",
                 "stream 1 web_socket_transfer_data of /echo begins",
                 "End: closed by client"):
        t.ok(any(row.startswith(text) for row in found),
             f"{which}: a row: {text}", found)
    b.open(pages["crash"])
    t.eq(all_rows(b, len(read(paths["crash"])) + 1)[-1],
         "\u2716 Wrong: The server\u2019s process crashed or was killed",
         f"{which}: the picture ends with the crash")
    b.open(pages["rule"])
    found = all_rows(b, len(read(paths["rule"])))
    t.ok(any("Wrong: " in row and "The client broke a rule on stream 3: an "
             "increment of 0" in row for row in found),
         f"{which}: violations are marked, for those who see no colour too",
         found)


def hostile(which, b):
    """Strings of a trace are shown as text."""
    b.open(pages["hostile"])
    n = len(read(paths["hostile"]))
    rows_found = all_rows(b, n)
    t.ok(any("<script>window.hit=3</script>\\x00\\x1b[2J" in row
             for row in rows_found), f"{which}: content is text", rows_found)
    seen = b.run("""
    const grid = document.getElementById("picture"), seen = [];
    grid.focus();
    for (let i = 0; i < %d; i++) {
        grid.dispatchEvent(new KeyboardEvent("keydown", {key: i ? "ArrowDown" :
            "Enter"}));
        seen.push(document.getElementById("detail").textContent);
    }
    return [seen.join("\\n"), window.hit === undefined,
        document.querySelectorAll("img, script:not([type])").length];
    """ % n)
    t.eq(seen[1:], [True, 1], f"{which}: no markup of a trace, no script ran")
    for text in (scenes.MARKUP, "\\u{202e}gnp.exe", "<img src=x onerror=window.hit=2>", "a\\x09b",
                 "v" * 65536, "\\xff\\xfe"):
        t.ok(text in seen[0], f"{which}: shown as text: {text[:40]}")
    t.ok("\u202e" not in seen[0] and "\x1b" not in seen[0],
         f"{which}: no character turns or hides text")


def moves(which, b):
    """Filters, search, the time scale, parts that open and close."""
    b.open(pages["load"])
    t.eq(b.run("""
    const stream = document.getElementById("stream");
    stream.dispatchEvent(new Event("focus"));
    stream.value = [...stream.options].find(o => o.text.startsWith("3 ")).value;
    stream.dispatchEvent(new Event("change"));
    """ + SETTLED + """
    return [stream.selectedOptions[0].text, [...new Set([...document
        .querySelectorAll("#picture .row .chip")].map(e => e.textContent))]];
    """), ["3 GET /style.py?n=1", ["stream 3"]], f"{which}: one stream")
    t.eq(b.run("""
    document.getElementById("stream").value = "";
    document.getElementById("stream").dispatchEvent(new Event("change"));
    for (const box of document.querySelectorAll("#types input"))
        if (!box.parentElement.textContent.startsWith("HEADERS"))
            box.click();
    """ + SETTLED + """
    return [...new Set([...document.querySelectorAll("#picture .row b")]
        .map(e => e.textContent))];
    """), ["HEADERS"], f"{which}: one type")
    b.open(pages["load"])
    t.eq(b.run("""
    const search = document.getElementById("search");
    search.value = "n=77";
    search.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"}));
    """ + SETTLED + """
    return [document.getElementById("matches").textContent,
        document.querySelector(".row.active .label")?.textContent];
    """), ["1 found", "from the client: HEADERS stream 155 GET /style.py?n=77 "
           "ES"], f"{which}: the search finds a row that was not in view")
    heights = b.run("""
    const mode = document.getElementById("mode"), heights = [];
    for (const value of ["order", "folded", "scale"]) {
        mode.value = value;
        mode.dispatchEvent(new Event("change"));
        heights.push(document.getElementById("picture").scrollHeight);
    }
    return heights;
    """)
    t.ok(heights[0] < heights[1] <= heights[2], f"{which}: time to scale",
         heights)
    t.eq(b.run(SETTLED + OVERLAPS), [], f"{which}: ... and nothing overlaps")


def both():
    """Runs the checks in each browser that is installed."""
    for which, exe in (("Chromium", browser.find()),
                       ("Firefox", devtools.find_firefox())):
        if exe is None:
            t.skip(f"{which}: the page", f"{which} is not installed")
            continue
        with (devtools.Chromium if which == "Chromium" else
              devtools.Firefox)(exe) as b:
            for check in (says, rows, hostile, moves):
                check(which, b)
            if which == "Chromium":
                keyboard(b)
                odd(b)
                t.eq(b.errors, [], "Chromium: no error, nothing that the "
                     "policy refused")
                accessible(b)


# ---- Chromium only: its protocol has keys and media features

def keyboard(b):
    """Every control can be reached with the keyboard."""
    b.open(pages["rule"])

    def active():
        return b.run("""
        const id = document.getElementById("picture").getAttribute(
            "aria-activedescendant");
        return document.getElementById(id)?.textContent ?? "";""")
    for _ in range(30):
        b.key("Tab")
        if b.run("return document.activeElement.id") == "picture":
            break
    t.eq(b.run("return document.activeElement.id"), "picture",
         "keyboard: Tab reaches the picture")
    b.key("End", "")
    t.ok("End: protocol violation by the client" in active(),
         "keyboard: End goes to the last row", active())
    b.key("Home")
    t.ok(" connects, TLS" in active(), "keyboard: Home to the first", active())
    b.key("n", "n")
    t.ok("an increment of 0" in active(), "keyboard: n to the next fault",
         active())
    b.key("Enter", "\r")
    t.ok("Wrong: an increment of 0" in words(b, "#detail"),
         "keyboard: Enter opens its details", words(b, "#detail"))
    b.key("Escape")
    t.eq(b.run("return [document.getElementById('detail').hidden, "
               "document.activeElement.id]"), [True, "picture"],
         "keyboard: Escape closes them")
    b.key("/", "/")
    t.eq(b.run("return document.activeElement.id"), "search",
         "keyboard: / goes to the search")


def accessible(b):
    """axe-core finds no violation."""
    axe = browser.find_axe()
    if axe is None:
        t.skip("axe-core", "npm install -g axe-core, or H2RIG_AXE=axe.min.js")
        return
    states = {
        "": "", "details": "document.querySelector('.row .cell').click();",
        "search": "const s = document.getElementById('search'); s.value = "
                  "'GET'; s.dispatchEvent(new KeyboardEvent('keydown', "
                  "{key: 'Enter'}));",
        "help": "document.getElementById('legend').open = true;"}
    for how, size, colours, page in (
            ("light", "wide", "light", "all"), ("dark", "wide", "dark", "all"),
            ("narrow", "narrow", "light", "rule")):
        b.size(*SIZES[size])
        b.media(prefers_color_scheme=colours, prefers_reduced_motion="reduce")
        b.open(pages[page])
        b.call("Runtime.evaluate", expression=axe)
        for state, act in states.items():
            t.eq(b.run(act + SETTLED + AXE), [],
                 f"axe-core: {how} {state}")


def odd(b):
    """Lines that the scenes do not have, and lines that
    h2rig does not write."""
    call = {"script": "/c.py", "function": "main"}
    bodies = {
        "one": [
            {"type": "begin", "stream": 0, **call},
            {"type": "end", "stream": 0, "raised": "KeyError", **call},
            {"type": "fence", "stream": 0, "microseconds": 1500},
            {"type": "handshake", "tls": "TLSv1.3", "cipher": "AES"},
            {"type": "note", "stream": 0, "name": "<b>bad</b>",
             "values": {"rule": "6.5", "frames": [1, 2]}},
            {"type": "violation", "level": "stream", "stream": 7,
             "text": "too large"},
            {"type": "HEADERS", "dir": "out", "flags": 3},
            {"type": "DATA", "dir": "in"}, {"type": "new", "x": [1, {}]},
            *({"type": "begin", "stream": 2 * i + 1, **call}
              for i in range(150)), {"type": "close", "end": "drained"}],
        "two": [{"type": "limit", "octets": 4096}]}
    for name, body in bodies.items():
        first = dict(read(paths["rule"])[0], t=0)
        with open(work.path(name + ".jsonl"), "w", encoding="utf-8") as f:
            for i, line in enumerate([first] + body):
                f.write(json.dumps(dict({"t": i * 0.2}, **line)) + "\n")
        paths[name] = work.path(name + ".jsonl")
    b.size(*SIZES["wide"])
    b.media()
    b.open(make("odd", "one", "two"))
    found = all_rows(b, 164)
    for text in ("Connection 1: stream 1 main of /c.py begins",
                 "Fence: the client has read what was sent before, after "
                 "1.50 ms", "The client broke a rule on stream 7: too large",
                 "TLS is up: TLSv1.3, AES",
                 "Note: <b>bad</b>, rule \u201c6.5\u201d, frames [1,2]",
                 "new: x [1,{}]", "The trace ends here"):
        t.ok(any(text in row for row in found), f"a row: {text}", found[:12])
    t.ok("A script raised an exception." in words(b, "header")
         and "A line is not as h2rig writes it" in b.run(
             "return document.querySelector('header').textContent"),
         "connections' own scripts; lines of another form")
    t.ok('"dir":"out"' in b.run(SETTLED + """
    const row = [...document.querySelectorAll("#picture .row")].find(
        row => row.textContent.includes('"HEADERS"'));
    row.querySelector(".cell").click();
    return document.getElementById("detail").textContent;
    """), "a line of another form opens as it is")
    t.eq(b.run("return document.querySelectorAll('.head').length"), 2,
         "connections of the same time are side by side")
    t.eq(b.run(SETTLED + OVERLAPS), [], "150 functions at once: nothing "
         "overlaps")
    t.eq(b.run("""
    let copied;
    navigator.clipboard.writeText = async text => copied = text;
    document.getElementById("copy").click();
    return copied.split("\\n").length > 150 && copied.includes(
        "Fence: the client has read");
    """), True, "all rows are copied as text")


# ---- the file

def file():
    """The page is one file that needs no network; bad input and output."""
    with open(work.path("all.html"), encoding="utf-8") as f:
        text = re.sub(r"<script type=.*?</script>", "", f.read(), flags=re.S)
    t.eq(re.findall(r"(?:src|href|action)\s*=|https?://|@import|url\(", text),
         [], "the page refers to nothing outside of it")
    t.ok("default-src 'none'; script-src 'sha256-" in text,
         "its policy allows its own script only")
    t.eq(tool("--html", "-", paths["rule"]).stdout.decode().count("</html>"), 1,
         "--html -: the standard output")
    p = tool("--html", work.path("x.html"), os.path.abspath(__file__))
    t.eq((p.returncode, b"expected a line of a trace" in p.stderr), (65, True),
         "--html: what is no trace")
    nan = work.path("nan.jsonl")
    with open(nan, "w", encoding="utf-8") as f:
        f.write(json.dumps(dict(read(paths["rule"])[0], t=float("nan"))))
        f.write("\n")
    t.eq(tool("--html", work.path("x.html"), nan).returncode, 65,
         "--html: numbers that JSON has not")
    t.eq(oct(os.stat(work.path("all.html")).st_mode & 0o777), "0o600",
         "a page can be read by its user only, as traces can")
    p = tool("--html", "/nowhere/x.html", paths["rule"])
    t.eq((p.returncode, b"/nowhere/x.html" in p.stderr), (74, True),
         "--html: a file that cannot be written")


def live():
    """The page does not say that a connection crashed that goes on."""
    path = work.path("live.jsonl")
    first = dict(read(paths["rule"])[0], pid=os.getpid())
    with open(path, "w", encoding="utf-8") as f:
        f.write(json.dumps(first) + "\n")
    text = tool("--html", "-", path).stdout.decode()
    t.ok('"running":true' in text, "a connection that goes on")
    with open(work.path("rule.html"), encoding="utf-8") as f:
        t.ok('"running":false' in f.read(), "... and one that has ended")


with contextlib.ExitStack() as stack:
    work = stack.enter_context(Work(scenes.SCRIPTS))
    paths = scenes.record(work)
    pages = {name: make(name, name) for name in scenes.SCENES}
    pages["all"] = make("all", "rule", "script", "crash", "websocket", "load")
    file()
    live()
    both()
t.done()
