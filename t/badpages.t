#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the pages of h2bad's reports and catalogue, in Chromium and Firefox:
their text, the choice of rows, a run by fetch(), the keyboard, axe-core, and
that no string of a report becomes markup."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"),
                os.path.join(os.path.dirname(HERE), "python")]
import badrun                                                   # noqa: E402
import badsample                                                # noqa: E402
import browser                                                  # noqa: E402
import devtools                                                 # noqa: E402
import tap                                                      # noqa: E402
from server import program                                      # noqa: E402
from h2bad import report as reports                             # noqa: E402

SIZES = {"wide": (1280, 800), "narrow": (390, 844)}
SAMPLE = badsample.report(interrupted=True)
OTHER = badsample.report(*(
    dict(x, **badsample.result(x["name"], "pass", "goaway:PROTOCOL_ERROR",
                               group=x["group"]))
    for x in SAMPLE["cases"][2:5]), badsample.result("only-here"),
    client="b " + badsample.HOSTILE)

TEXT = """SETTINGS with ENABLE_PUSH 1

What the server sends
    ENABLE_PUSH with the value `1` in its first SETTINGS frame.

What a client must do
    "A client MUST treat receipt of a SETTINGS frame with SETTINGS_ENABLE_PUSH
    set to 1 as a connection error." (RFC 9113 \u00a76.5.2)

    <b>No markup.</b>

Why it matters
    A client may look at the range alone.
"""
CASE = {"name": "settings-push-enabled", "group": "preface",
        "title": "SETTINGS with ENABLE_PUSH 1", "text": TEXT,
        "section": "RFC 9113 \u00a76.5.2", "kind": "must", "needs": ["post:10"],
        "expect": "C(PROTOCOL_ERROR) or I", "wave": 1, "security": "proxy"}
CASES = [CASE, dict(CASE, name="ping", group="frames", kind="check",
                    title=badsample.HOSTILE, expect="OK", security="",
                    needs=[]),
         {"name": "time-travel", "group": "time",
          "not_built": "needs " + badsample.HOSTILE}]
TRACE = [
    {"t": 0, "type": "connection", "client": "127.0.0.1:1"},
    {"t": 0, "dir": "in", "type": "preface"},
    {"t": 0, "dir": "in", "type": "SETTINGS", "flags": [], "stream": 0,
     "length": 6, "settings": [["ENABLE_PUSH", 0]]},
    {"t": 0, "dir": "in", "type": "HEADERS", "flags": [
        "END_STREAM", "END_HEADERS"], "stream": 1, "length": 53, "fields": [
            [":method", "GET"], [":path", badsample.HOSTILE[:30]],
            ["x", {"hex": "e9"}]]},
    {"t": 0, "dir": "out", "type": "PING", "flags": [], "stream": 0,
     "length": 7, "raw": "1234567", "error": "8 octets are expected"},
    {"t": 0, "dir": "out", "type": "DATA", "flags": ["END_STREAM"],
     "stream": 1, "length": 5},
    {"t": 0, "type": "fence", "stream": 1, "microseconds": 3},
    {"t": 0, "dir": "in", "type": "GOAWAY", "flags": [], "stream": 0,
     "length": 8, "last_stream": 0, "code": "PROTOCOL_ERROR", "debug": ""},
    {"t": 0, "type": "close", "end": "closed by client"}]

# Finds elements that stand out of the window, except those inside an element
# that scrolls.
OUTSIDE = """
const wide = document.documentElement.clientWidth, faults = [];
for (const e of document.querySelectorAll("body *")) {
    const box = e.getBoundingClientRect();
    if (box.width && box.height && (box.left < -1 || box.right > wide + 1) &&
        !e.closest(".unseen, thead, legend, caption, .wide > *"))
        faults.push(e.outerHTML.slice(0, 80));
}
if (document.documentElement.scrollWidth > wide)
    faults.push("the page is wider than the window");
return faults;
"""
SHOWN = ("return [...document.querySelectorAll('tr[data-kind]')].filter("
         "r => r.offsetHeight).map(r => r.querySelector('th').innerText"
         ".trim().split(/\\s/)[0])")

t = tap.Tap()


def write(name, text):
    """Writes a page.  Returns its URL."""
    path = os.path.join(work, name + ".html")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return "file://" + path


def fresh(b, url):
    """Opens url, as a new document even if it is open already."""
    b.open("about:blank")
    b.open(url)


def act(name, value, event="input"):
    """Returns a script that sets a field of the form."""
    return ("{const e = document.getElementById(%s); e.value = %s; "
            "e.dispatchEvent(new Event('%s', {bubbles: true}));}" % (
                json.dumps(name), json.dumps(value), event))


STATE = "return document.body.dataset.state"


def runs(which, b):
    """The page of a run: order of cases, requests, verdicts, the end."""
    with badrun.serving(badrun.PLAN) as (server, url):
        fresh(b, url)
        tap.wait_until(lambda: b.run(STATE) == "ready")
        t.eq((b.run(STATE), b.run("return document.title"), server.seen),
             ("ready", "h2bad: Browser <b>1</b>", []),
             f"{which}: a run waits for its button")
        t.eq(b.run("return [...document.querySelectorAll('#cases tbody tr')]"
                   ".map(r => r.innerText.trim().split(/\\s+/).slice(0, 2))"),
             [["waiting", x] for x in ("good", "slow", "parallel", "post")],
             f"{which}: `good` is the first row")
        fresh(b, url + "?auto=1")
        tap.wait_until(lambda: b.run(STATE) == "done", 60)
        t.eq((b.run(STATE), b.run("return document.title")), ("done", "done"),
             f"{which}: ?auto=1 runs to the end")
        order = [path for path, _, _ in server.seen]
        t.eq(order, [
            "/bad/good", "/run/x/got?case=good", "/ok?case=good", "/bad/slow",
            "/run/x/got?case=slow", *sorted(
                ["/bad/parallel?i=0", "/bad/parallel?i=1"],
                key=order.index), "/run/x/got?case=parallel",
            "/ok?case=parallel", "/run/x/arm/post", "/bad/post",
            "/run/x/got?case=post", "/ok?case=post", "/run/x/done"],
             f"{which}: URLs in order, what was got before the follow-up")
        got = {path.partition("=")[2]: json.loads(body)
               for path, body, _ in server.seen if "/got" in path}
        t.eq({x: got["good"][x] for x in ("case", "result", "status", "length",
                                          "sha256")},
             {"case": "good", "result": "response", "status": 200,
              "length": 13, "sha256": hashlib.sha256(
                  b"Hello, world\n").hexdigest()},
             f"{which}: what was got is told")
        t.eq(got["post"]["length"], 0,
             f"{which}: ... of the case, not of what arms it")
        t.ok(got["slow"]["result"] == "error" and "bort" in
             got["slow"]["error"] and got["slow"]["ms"] >= 4900,
             f"{which}: a request may take 5 s", got["slow"])
        t.eq([(len(body), field) for path, body, field in server.seen
              if path == "/bad/post"], [(1000, "1")],
             f"{which}: a body, fields")
        t.eq(b.run("return [...document.querySelectorAll('[data-verdict]')]"
                   ".map(e => e.innerText.replace(/\\s+/g, ' '))"),
             ["\u2714 pass 1", "~ tolerated 1", "\u2716 fail 1", "i info 1",
              "- skip 0", "! error 0"], f"{which}: counts")
        said = b.run("""
        const cells = [...document.querySelectorAll("#cases tbody tr")].map(
            r => [...r.children].map(c => c.textContent.trim()));
        return [cells[2], cells[3][3].includes("<script>window.hit=1"),
            window.hit === undefined && !document.querySelector("img"),
            document.getElementById("now").textContent];
        """)
        t.eq(said, [["~ tolerated", "parallel", "rst:CANCEL", "other-code"],
                    True, True, "Done: 4 of 4 cases, 1 failed"],
             f"{which}: rows turn to their verdicts; nothing is markup")
    with socket.socket() as s:      # a port that refuses connections
        s.bind(("127.0.0.1", 0))
        plan = [{"name": "good", "urls": [{
            "method": "GET",
            "url": "https://127.0.0.1:%d/bad/good" % s.getsockname()[1]}]}]
        with badrun.serving(plan) as (server, url):
            fresh(b, url + "?auto=1")
            tap.wait_until(lambda: b.run(STATE) == "blocked")
            t.eq(b.run("return [document.body.dataset.state, document.title, "
                       "document.querySelector('#notice a').href, "
                       "document.getElementById('start').hidden]"),
                 ["blocked", "blocked", plan[0]["urls"][0]["url"], False],
                 f"{which}: `good` out of reach: the certificate, and a retry")


def wants(which, b):
    """Entries of urls.json that ask for what a browser can or cannot do."""
    def plan(name, **more):
        return {"name": name, "urls": [
            {"method": "GET", "url": "/bad/" + name, **more},
            {"method": "GET", "url": "/ok?case=" + name, "follow_up": True}]}
    with badrun.serving([plan("good"), plan("cancel", cancel_after=5),
                  plan("pause", pause_after=5, pause_seconds=0.5),
                  plan("expect", headers=[["expect", "100-continue"]]),
                  plan("tunnel", kind="connect"),
                  plan("upload", method="POST", slow=True, body_size=1000)]
                 ) as (server, url):
        fresh(b, url + "?auto=1")
        tap.wait_until(lambda: b.run(STATE) == "done", 60)
        got = {path.partition("=")[2]: json.loads(body)
               for path, body, _ in server.seen if "/got" in path}
        t.ok(got["cancel"]["result"] == "response" and tap.wait_until(
            lambda: server.left), f"{which}: cancel_after", got["cancel"])
        t.ok(got["pause"]["length"] == 13 and got["pause"]["ms"] >= 490,
             f"{which}: pause_after", got["pause"])
        # Over HTTP/1.1, a browser does not stream an upload.
        t.ok(got["upload"]["result"] in ("error", "skip"),
             f"{which}: slow", got["upload"])
        asked = [path for path, _, _ in server.seen]
        t.eq([path for path in asked if "/bad/expect" in path or
              "/bad/tunnel" in path], [], f"{which}: what it cannot do is not "
             "tried")
        t.eq(b.run("return [...document.querySelectorAll('#cases tbody tr')]"
                   ".slice(3, 5).map(r => r.innerText.trim().replace("
                   "/\\s+/g, ' '))"),
             ["- skip expect needs: fetch() cannot send Expect",
              "- skip tunnel needs: fetch() cannot send CONNECT"],
             f"{which}: ... and skipped, with the reason")


def stops(b):
    """The button Stop, and a list of cases that is missing."""
    with badrun.serving(badrun.PLAN) as (server, url):
        fresh(b, url)
        tap.wait_until(lambda: b.run(STATE) == "ready")
        b.run("document.getElementById('start').click(); "
              "document.getElementById('stop').click()")
        tap.wait_until(lambda: b.run(STATE) == "stopped")
        t.eq((b.run("return document.getElementById('now').textContent"),
              server.seen[-1][0]),
             ("Stopped after 1 of 4 cases, 0 failed", "/run/x/done"),
             "a run stops after the case that is running")
    with badrun.serving({"no": "list"}) as (server, url):
        fresh(b, url)
        tap.wait_until(lambda: b.run(STATE) == "blocked")
        t.ok("The run cannot start: " in b.run(
            "return document.getElementById('notice').innerText"),
             "a list that is none")


# ---- h2bad serve itself

LIVE = {"good": "pass", "ping": "pass", "ping-wrong-length": "pass",
        "name-uppercase": "pass", "hpack-size-update-twice": "pass",
        "settings-on-stream": "pass", "trailers": "pass"}


ran = []                                # names of browsers


@contextlib.contextmanager
def live():
    """Runs h2bad serve; yields the URL of its control port."""
    p = subprocess.Popen(
        [os.path.join(os.path.dirname(program()), "h2bad"), "serve",
         "--control", "0", "--bad", "0", "--ca-out", os.path.join(work, "ca"),
         "--dir", os.path.join(work, "served")], stdout=subprocess.PIPE)
    try:
        yield p.stdout.readline().decode().rpartition(" ")[2].strip()
    finally:
        p.terminate()
        p.communicate(timeout=tap.scaled(60))


def serves(which, b):
    """A run with h2bad serve: verdicts of the browser, and all its pages."""
    ran.append(which)                   # the directory keeps earlier reports
    with live() as url:
        b.open(f"{url}/new?client=waits")   # this run is never started
        b.open(f"{url}/new?client={which}&auto=1&cases=" + ",".join(LIVE))
        tap.wait_until(lambda: b.run(STATE) in ("done", "blocked"), 120)
        found = b.run("""
        return [document.body.dataset.state, Object.fromEntries([...document
            .querySelectorAll("#cases tbody tr")].map(r => [
                r.children[1].textContent,
                r.children[0].textContent.trim().split(/\\s+/).pop()])),
            location.href.split("?")[0], document.body.innerText];
        """)
        t.eq(found[:2], ["done", LIVE],
             f"{which}: a run of h2bad serve, from one address") or t.diag(
                 found[3])
        for path, words in (("/", "Connection preface and SETTINGS"),
                            ("/case/ping-wrong-length", "other than 8 MUST(?s:"
                             ".*)https://ping-wrong-length.localhost:"),
                            (found[2] + "report.html", "7 cases in"),
                            ("/matrix.html", "7 cases(?s:.*)" + "".join(
                                r"%s\s+7(\s+0){5}\s+" % x for x in ran))):
            fresh(b, path if "://" in path else url + path)
            t.ok(re.search(words, b.run("return document.body.innerText"))
                 and b.run("return getComputedStyle(document.querySelector("
                           "'.brand')).fontWeight") == "650",
                 f"{which}: h2bad serve has {path.rpartition('/')[2] or '/'}",
                 b.run("return document.body.innerText"))


# ---- static pages

def says(which, b):
    """The text of a report's page."""
    fresh(b, pages["report"])
    text = b.run("return document.body.innerText")
    for want in ("curl 8.22.0 nghttp2/1.69\n", "12 cases in 41.2 s, 2026-11-29 "
                 "13:45:00 UTC, Linux x86_64, run b01", "The run was "
                 "interrupted: cases are missing.", "What failed",
                 "preface 5 cases, 1 failed"):
        t.ok(want in text, f"{which}: the report says: {want[:30]}", text)
    t.eq(b.run("return [...document.querySelectorAll('.failures li')].map("
               "e => e.innerText.split(' ').slice(0, 3).join(' '))")[:4],
         ["\u2716 settings-push-enabled ignored", "\u2716 flood-ping crash",
          "\u2716 flood-settings hang", "! tls-no-alpn OSError"],
         f"{which}: what failed is first")
    t.eq(b.run("""
    const row = document.getElementById("settings-push-enabled");
    row.querySelector("details").open = true;
    return [row.innerText.replace(/\\s+/g, " ").trim(),
        row.querySelector("dd a").getAttribute("href"),
        row.querySelector("th a").getAttribute("href")];
    """), ["\u2716 fail settings-push-enabled ack RFC 9113 \u00a76.5.2 must "
           "ignored SETTINGS acknowledged and PING answered; a client MUST "
           "treat ENABLE_PUSH=1 from a server as a connection error Details of "
           "settings-push-enabled Expected goaway:PROTOCOL_ERROR close "
           "Reaction ack Next request same-connection Connections 1 Requests 2 "
           "Exit status 0 Peak memory 10.9 MiB Time 14 ms The client said "
           '{"result": "response"} Trace page, text, JSON lines, '
           "pcapng", "t/settings-push-enabled/trace.html",
           "../case/settings-push-enabled"],
         f"{which}: a row and its details")
    t.eq(b.run("return ['settings-on-stream', 'settings-wrong-length', "
               "'status-missing', 'push'].map(x => document.getElementById(x)"
               ".querySelector('.reaction').innerText)"),
         ["GOAWAY 1", "close", "RST 8", "none"], f"{which}: short reactions")


def chooses(which, b):
    """Choosing rows of the report, the matrix and the catalogue."""
    order = [x["group"] for x in SAMPLE["cases"]]
    cases = sorted(SAMPLE["cases"], key=lambda x: order.index(x["group"]))
    every = [x["name"] for x in cases]
    fresh(b, pages["report"])
    t.eq(b.run(SHOWN), every, f"{which}: all rows at first")
    t.eq(b.run("document.querySelector('[value=pass]').click();" + SHOWN),
         [x["name"] for x in cases if x["verdict"] != "pass"],
         f"{which}: a verdict is taken away")
    t.eq(b.run("return document.getElementById('status').textContent"),
         "9 of 12 rows", f"{which}: how many there are")
    t.eq(b.run(act("search", "PUSH enabled ") + SHOWN),
         ["settings-push-enabled"], f"{which}: search: all words")
    t.eq(b.run("return [...document.querySelectorAll('.group')].filter("
               "e => e.offsetHeight).length"), 1,
         f"{which}: groups without rows are not there")
    t.eq(b.run("location.hash = 'good'; await new Promise(f => setTimeout(f));"
               + SHOWN), ["good", "settings-push-enabled"],
         f"{which}: a row that a link leads to is there")
    fresh(b, pages["matrix"])
    both = ["settings-push-enabled", "settings-wrong-length",
            "settings-on-stream"]
    for option, want in (
            ("", every[:5] + ["only-here"] + every[5:]), ("differ", both[:2]),
            ("reactions", both[:2]),
            ("fail", [x["name"] for x in SAMPLE["cases"]
                      if x["verdict"] == "fail"])):
        t.eq(sorted(b.run(act("differ", option) + SHOWN)), sorted(want),
             f"{which}: the matrix, rows {option or 'all'}")
    t.eq(b.run(act("differ", "") + act("kind", "check") + SHOWN),
         ["preface-silent"], f"{which}: one kind")
    fresh(b, pages["catalogue"])
    t.eq(b.run(SHOWN), ["settings-push-enabled", "ping"],
         f"{which}: the catalogue")
    t.eq(b.run(act("kind", "check") + SHOWN), ["ping"],
         f"{which}: the catalogue by kind")


def matrix(which, b):
    """Cells of the matrix: their text and links."""
    fresh(b, pages["matrix"])
    t.eq(b.run("""
    return ["settings-push-enabled", "settings-wrong-length", "push",
        "tls-no-alpn", "only-here"].map(name => [...document.querySelectorAll(
            "tr[data-kind]")].find(r => r.firstChild.innerText === name))
        .map(r => [...r.querySelectorAll("td")].map(e =>
            [e.innerText.replace(/\\s+/g, " ").trim(),
             e.querySelector("a")?.getAttribute("href") ?? ""]));
    """), [[["\u2716 fail ack", "a/settings-push-enabled/trace.html"],
            ["\u2714 pass GOAWAY 1", "b%20/settings-push-enabled.html"]],
           [["~ tolerated close", "a/settings-wrong-length.html"],
            ["\u2714 pass GOAWAY 1", "b%20/settings-wrong-length.html"]],
           [["- skip", "a/report.html#push"], ["\u2013 not run", ""]],
           [["! error", "a/report.html#tls-no-alpn"], ["\u2013 not run", ""]],
           [["\u2013 not run", ""], ["\u2714 pass ack",
                                     "b%20/only-here.html"]]],
         f"{which}: cells have a verdict in words, and lead to traces")
    fresh(b, pages["standalone"])
    t.eq(b.run("""
    const links = [...document.querySelectorAll("a[href]")];
    const moved = new Promise(f => addEventListener("hashchange", f));
    links[0].click();
    await moved;
    return [links.length, links[0].textContent.trim(), document.querySelector(
        ":target").getBoundingClientRect().top < innerHeight, links.every(e =>
        document.getElementById(e.getAttribute("href").slice(1)))];
    """), [5, "\u2716 fail ack", True, True],
        f"{which}: links of a page of its own lead to traces in it")
    fresh(b, pages["matrix"])
    t.eq(b.run("return [...document.querySelectorAll('.counts tbody tr')].map("
               "r => [...r.querySelectorAll('td')].map(e => e.innerText))"),
         [["3", "2", "4", "1", "1", "1"], ["4", "0", "0", "0", "0", "0"]],
         f"{which}: counts on top")
    t.ok("score" not in b.run("return document.querySelector('main')"
                              ".innerText"), f"{which}: no score")


def catalogue(which, b):
    """The catalogue and the page of one case."""
    fresh(b, pages["catalogue"])
    text = b.run("return document.body.innerText.replace(/\\s+/g, ' ')")
    for want in ("2 cases", "Preface and SETTINGS 1 case",
                 "settings-push-enabled SETTINGS with ENABLE_PUSH 1 RFC 9113 "
                 "\u00a76.5.2 must security connection error PROTOCOL_ERROR, "
                 "or ignored", "Not built 1 case",
                 "time-travel needs <script>"):
        t.ok(want in text, f"{which}: the catalogue says: {want[:40]}", text)
    t.eq(b.run("return [document.querySelector('tbody a').getAttribute('href'),"
               " document.querySelector('form').getAttribute('action')]"),
         ["case/settings-push-enabled", "new"], f"{which}: its links")
    fresh(b, pages["case"])
    t.eq(b.run("""
    return [...document.querySelectorAll("h1, h2, main p, blockquote, dd, li")]
        .filter(e => !e.closest(".ends")).map(e => e.tagName + " " +
            e.innerText.replace(/\\s+/g, " ").trim());
    """), ["H1 SETTINGS with ENABLE_PUSH 1", "DD RFC 9113 \u00a76.5.2",
           "DD must: a MUST of the client: not to do so fails",
           "DD connection error PROTOCOL_ERROR, or ignored", "DD post:10",
           "DD 1", "DD proxy", "H2 What the server sends",
           "P ENABLE_PUSH with the value 1 in its first SETTINGS frame.",
           "H2 What a client must do",
           'BLOCKQUOTE "A client MUST treat receipt of a SETTINGS frame with '
           'SETTINGS_ENABLE_PUSH set to 1 as a connection error." (RFC 9113 '
           '\u00a76.5.2)', "P <b>No markup.</b>", "H2 Why it matters",
           "P A client may look at the range alone.", "H2 Try it",
           "LI https://x.localhost:8444/", "H2 A conforming exchange",
           "LI client: connection preface", "LI client: SETTINGS ENABLE_PUSH=0",
           "LI client: HEADERS stream 1 :method GET, :path "
           + badsample.HOSTILE[:30] + ", x \\xe9, ES",
           "LI server: PING 8 octets are expected",
           "LI server: DATA stream 1 5 octets, ES",
           "LI fence: what was sent before has been read",
           "LI client: GOAWAY PROTOCOL_ERROR, last stream 0",
           "LI the connection ends: closed by client"],
         f"{which}: a case")
    fresh(b, pages["missing"])
    t.ok("This case is not built: needs <script>" in b.run(
        "return document.body.innerText"), f"{which}: a case that is not built")


def hostile(which, b):
    """Strings of a report are shown as text, not as markup."""
    for name, url in pages.items():
        fresh(b, url)
        t.eq(b.run("""
        for (const e of document.querySelectorAll("details")) e.open = true;
        const text = document.documentElement.textContent;
        return [window.hit === undefined, document.querySelectorAll(
            "img, script, style").length, /[\\u202e\\x00\\x1b\\ufffe]/
            .test(text + document.documentElement.outerHTML)];
        """), [True, 1 if name in ("case", "missing") else 2, False],
             f"{which}: {name}: no markup, no script, no hidden text")
    fresh(b, pages["report"])
    t.ok(b.run("document.querySelectorAll('details').forEach(e => e.open = "
               "true); return document.getElementById('value-crlf-injection')"
               ".innerText").count("<script>window.hit=1</script>\"'><img "
                                   "src=x onerror=hit=2>]]>--></style>&amp;")
         == 6, f"{which}: it is shown as it is")


# ---- Chromium only: its protocol has keys and media features

def keyboard(b):
    """Every control can be reached with the keyboard."""
    b.size(*SIZES["wide"])
    fresh(b, pages["report"])
    seen = []
    for _ in range(60):
        b.key("Tab")
        seen.append(b.run(
            "const e = document.activeElement; return e.id || e.value || "
            "e.getAttribute('href') || e.textContent;"))
    for want in ("What the verdicts mean", "#settings-push-enabled", "search",
                 "tolerated", "../case/good", "Details of good"):
        t.ok(want in seen, f"keyboard: Tab reaches {want}", seen)
    b.run("document.querySelector('#settings-push-enabled summary').focus()")
    b.key("Enter", "\r")
    t.eq(b.run("return document.querySelector('#settings-push-enabled details')"
               ".open"), True, "keyboard: Enter opens details")
    fresh(b, pages["matrix"])
    seen = []
    for _ in range(12):
        b.key("Tab")
        seen.append(b.run("return document.activeElement.ariaLabel"))
    t.ok("Cases and clients" in seen, "keyboard: what scrolls can be focused",
         seen)


def fits(b):
    """No element stands out of a narrow or a wide window."""
    for size in SIZES.values():
        b.size(*size)
        for name, url in pages.items():
            fresh(b, url)
            t.eq(b.run("for (const e of document.querySelectorAll('details')) "
                       "e.open = true;" + OUTSIDE), [],
                 f"{name}, {size[0]} pixels: nothing is cut off")


def accessible(b):
    """axe-core finds no violation."""
    axe = browser.find_axe()
    if axe is None:
        t.skip("axe-core", "npm install -g axe-core, or H2RIG_AXE=axe.min.js")
        return
    with badrun.serving(badrun.PLAN[1:]) as (_, url):
        for how, size, colours in (("light", "wide", "light"),
                                   ("dark", "wide", "dark"),
                                   ("narrow", "narrow", "light")):
            b.size(*SIZES[size])
            b.media(prefers_color_scheme=colours,
                    prefers_reduced_motion="reduce")
            for name, page in dict(pages, run=url + "?auto=1").items():
                fresh(b, page)
                if name == "run":
                    tap.wait_until(lambda: b.run(STATE) == "done")
                b.call("Runtime.evaluate", expression=axe)
                t.eq(b.run("for (const e of document.querySelectorAll("
                           "'details')) e.open = true; const r = await axe.run("
                           "{resultTypes: ['violations']}); return r.violations"
                           ".map(v => v.id + ': ' + v.nodes.map(n => n.target)"
                           ".slice(0, 3));"), [], f"axe-core: {name}, {how}")


def open_browser(which, exe):
    """Opens a browser that accepts unknown certificates."""
    if which == "Chromium":
        return devtools.Chromium(exe, "--host-resolver-rules=MAP * ~NOTFOUND, "
                                 "EXCLUDE 127.0.0.1, EXCLUDE localhost")
    return devtools.Firefox(exe, insecure=True)


def both():
    """Runs the checks in each browser that is installed."""
    for which, exe in (("Chromium", browser.find()),
                       ("Firefox", devtools.find_firefox())):
        if exe is None:
            t.skip(f"{which}: the pages", f"{which} is not installed")
            continue
        with open_browser(which, exe) as b:
            for check in (says, chooses, matrix, catalogue, hostile, runs,
                          wants, serves):
                check(which, b)
            if which == "Chromium":
                stops(b)
                keyboard(b)
                fits(b)
                t.eq([e for e in b.errors if "net::ERR" not in e], [],
                     "Chromium: no error, nothing that the policy refused")
                accessible(b)


# ---- the files

def files():
    """No page needs a network."""
    for name, url in pages.items():
        with open(url[7:], encoding="utf-8") as f:
            text = f.read()
        tags = re.findall(r"<(?:script|style|img|link|iframe|meta)[^>]*>", text)
        t.ok(not [x for x in tags if "src" in x.replace("script-src", "")
                  .replace("default-src", "").replace("-src", "")
                  or x.startswith(("<img", "<link", "<iframe"))]
             and "@import" not in text and "url(" not in text,
             f"{name}: one file", tags)
        t.ok("default-src &#x27;none&#x27;" in text and "unsafe" not in
             tags[1], f"{name}: a policy that allows its own script alone",
             tags[:2])
    empty = reports.matrix([], []) + reports.catalogue_page([]) + reports.html(
        badsample.report(cases=[], summary=dict.fromkeys(
            reports.VERDICTS, 0)))
    t.ok("0 clients, 0 cases" in empty, "pages without cases")


work = tempfile.mkdtemp(prefix="h2rig-badpages-")
try:
    pages = {
        "report": write("report", reports.html(SAMPLE, "t", "../case")),
        "matrix": write("matrix", reports.matrix(
            [SAMPLE, OTHER], ["a", "b "], "case")),
        "standalone": write("standalone", reports.matrix(
            [SAMPLE, OTHER], ["", ""], None,
            lambda i, result: badsample.HOSTILE)),
        "catalogue": write("catalogue", reports.catalogue_page(
            CASES, {"preface": "Preface and SETTINGS"})),
        "case": write("case", reports.case_page(
            CASE, TRACE, ["https://x.localhost:8444/"])),
        "missing": write("missing", reports.case_page(CASES[2]))}
    files()
    both()
finally:
    shutil.rmtree(work)
t.done()
