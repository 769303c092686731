#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests request scripts: the documented example, which functions run and in
which order, what they may return and raise, and how the stream ends."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client, DATA, HEADERS, INITIAL_WINDOW_SIZE  # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
END = b"\nEnd of File"

# (case of forms.py, status, body, header fields).
FORMS = [
    ("none", 202, b"set by hand", [("x-set", "by hand")]),
    ("nothing", 200, b"", []),
    ("text", 200, b"text", []),
    ("utf8", 200, b"caf\xc3\xa9", []),
    ("bytes", 200, b"\x00\xff", []),
    ("pair", 200, b"pair", [("x-pair", "yes")]),
    ("triple", 404, b"triple", [("x-three", "3")]),
    ("reason", 418, b"reason", []),
    ("file", 200, b"from a file", []),
    ("iterable", 200, b"abcd", []),
    ("generator", 200, b"01234", []),
    ("empty", 200, b"", []),
    ("no-content", 204, b"", []),
    ("status-pair", 203, b"(203, 'as a pair')", []),
    ("added", 200, b"added",
     [("x-a", "1"), ("x-a", "2"), ("x-b", "3"), ("x-c", "4")]),
    ("int-value", 200, b"int", [("x-int", "17")]),
    ("bytes-names", 200, b"bytes", [("x-bytes", "b")]),
]

# (case of errors.py, status or None for a reset, text in the body, functions
# that run).
ERRORS = [
    ("headers", 500, b"the missing key", []),
    ("data", 500, b"the missing key", ["data"]),
    ("main", 500, b"the missing key", ["data", "main"]),
    ("headers-http", 404, b"nothing of that sort", []),
    ("data-http", 404, b"nothing of that sort", ["data"]),
    ("main-http", 404, b"nothing of that sort", ["data", "main"]),
    ("headers-exit", 500, b"SystemExit", []),
    ("main-exit", 500, b"SystemExit", ["data", "main"]),
    ("headers-started", None, b"", []),
    ("data-started", None, b"", ["data"]),
    ("main-started", None, b"", ["data", "main"]),
]


def run(*argv):
    """Returns the output of a command."""
    return subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                          stderr=subprocess.DEVNULL,
                          timeout=tap.scaled(60)).stdout


def pieces(body, out):
    """Splits body into pieces which, each reversed, make up out.  Returns
    their lengths, or None if there are no such pieces."""
    lengths, at = [], 0
    while at < len(body):
        for n in range(16, 0, -1):          # its first octets come last
            head = body[at:at + n][::-1]
            end = out.find(head, at) + len(head)
            if (end >= at + len(head)
                    and out[at:end] == body[at:end][::-1]):
                break
        else:
            return None
        lengths.append(end - at)
        at = end
    return lengths


def documented(s, curl, nghttp):
    """The example of HANDLER-API section 2, with command line clients."""
    url = s.url("/reverse.py")
    with tempfile.TemporaryDirectory() as tmp:
        small, big = os.path.join(tmp, "small"), os.path.join(tmp, "big")
        content = os.urandom(1 << 20)
        with open(small, "wb") as f:
            f.write(b"hello")
        with open(big, "wb") as f:
            f.write(content)
        clients = {
            "curl": curl and [curl, "--http2", "-k", "-s", "--data-binary"],
            "nghttp": nghttp and [nghttp, "-d"]}
        for name, argv in clients.items():
            if not argv:
                t.skip(f"documented example with {name}", f"no {name}")
                continue
            at = "@" if name == "curl" else ""
            t.eq(run(*argv, at + small, "-H", "test: pass", url),
                 b"olleh" + END, f"{name}: each frame reversed, then the end")
            out = run(*argv, at + big, "-H", "test: pass", url)
            lengths = pieces(content, out[:-len(END)])
            t.ok(out.endswith(END) and lengths and len(lengths) >= 64,
                 f"{name}: 1 MiB, each of its DATA frames reversed by itself",
                 f"{len(out)} octets, pieces {lengths and len(lengths)}")
            t.eq(run(*argv, at + small, "-H", "test: fail", url), b"",
                 f"{name}: test: fail has no body")
            answer = json.loads(run(*argv, at + small, url) or b"{}")
            t.ok(answer.get("error", {}).get("code") == 500
                 and "KeyError" in answer["error"]["message"],
                 f"{name}: no test header: KeyError as JSON", answer)
        if curl:
            for header, code in (("pass", 200), ("fail", 403), ("", 500)):
                got = run(curl, "--http2", "-k", "-s", "-o", os.devnull, "-w",
                          "%{http_code} %{http_version}", "-H",
                          f"test: {header}" if header else "x: y",
                          "--data-binary", "hello", url)
                t.eq(got, b"%d 2" % code, f"curl: test: {header} status")


def frame_by_frame(s):
    """The same example at the level of frames: each DATA
    frame gets one back."""
    window = {INITIAL_WINDOW_SIZE: 1 << 24}
    with Client(s.port, settings=window, connection_window=1 << 24) as c:
        body = [os.urandom(n) for n in [16384] * 63 + [1, 2, 16381]]
        x = c.fetch("/reverse.py", headers={"test": "pass"}, body=body)
        t.eq(x.status, 200, "1 MiB in frames: status")
        t.eq(x.header("test"), "passed", "1 MiB in frames: header")
        t.ok(x.data == [b[::-1] for b in body] + [END] and x.ended,
             "1 MiB in frames: each frame reversed by itself", x)
        x = c.fetch("/reverse.py", headers={"test": "fail"}, body=b"hello")
        t.eq((x.status, x.headers, x.body, x.ended),
             (403, [("test", "failed")], b"", True), "403 and nothing more")
        t.eq([f.type for f in x.frames if f.type in (DATA, HEADERS)],
             [HEADERS, DATA], "403: HEADERS, then DATA with END_STREAM")


def functions(c):
    """Which functions run, in which order, with which arguments."""
    fields = [("x-one", "1"), ("x-two", "2"), ("x-one", "3")]
    body = [b"%d" % i for i in range(20)]
    x = c.fetch("/events.py?a=b", headers=fields, body=body,
                trailers=[("x-sum", "9")])
    record = json.loads(x.body or b"{}")
    calls = record.get("calls", [])
    t.eq([name for name, _ in calls],
         ["handle_headers"] + ["handle_data"] * 20 + ["main"],
         "functions run in the order of the frames; trailers call none")
    t.eq(record.get("overlaps"), [], "functions of a stream never overlap")
    head = calls[0][1]
    t.eq(head["pairs"], [
        [":method", "POST"], [":scheme", "https"], [":path", "/events.py?a=b"],
        [":authority", f"localhost:{c.port}"]] + [list(f) for f in fields],
        "handle_headers: pairs as received, in order")
    t.eq((head["type"], head["flags"], head["stream"], head["ended"]),
         ("HEADERS", ["END_HEADERS"], True, False), "handle_headers: frame")
    t.eq([f["data"] for _, f in calls[1:-1]], [b.decode() for b in body],
         "handle_data: each frame's data, in order")
    t.eq((calls[-1][1]["body"], calls[-1][1]["trailers"]),
         (b"".join(body).decode(), "9"), "main: whole body, trailers")
    x = c.open("/events.py", "POST")
    c.send_frame(DATA, 0x9, x.sid, b"\x03abc\0\0\0")
    c.wait_for(lambda: x.done)
    t.eq([(f["data"], f["length"], f["ended"], f["flags"]) for n, f in
          json.loads(x.body or b'{"calls":[]}')["calls"] if n == "handle_data"],
         [("abc", 7, True, ["END_STREAM", "PADDED"])], "padded DATA")
    x = c.fetch("/events.py")
    t.eq([n for n, _ in json.loads(x.body)["calls"]],
         ["handle_headers", "main"], "no body: no handle_data")


def forms(c):
    """Each form of return value."""
    for case, status, body, fields in FORMS:
        x = c.fetch(f"/forms.py?case={case}")
        t.eq((x.status, x.body, x.headers, x.ended),
             (status, body, fields, True), f"main returns: {case}")
        x = c.fetch(f"/forms.py?case={case}", method="HEAD")
        t.eq((x.status, x.headers, x.data, x.ended),
             (status, fields, [], True), f"HEAD: {case}")


def errors(s, c):
    """Each function raises."""
    for case, status, text, ran in ERRORS:
        x = c.fetch(f"/errors.py?case={case}", body=[b"one", b"two"])
        notes = [n for n in ("data", "main") if
                 c.fetch(f"/note.py?get={n}+{case}").body == b"true"]
        t.eq(notes, ran, f"exception {case}: functions run")
        if status is None:
            t.eq((x.status, x.body, x.reset), (200, b"", 2),
                 f"exception {case}: INTERNAL_ERROR after the headers")
            continue
        error = json.loads(x.body or b"{}").get("error", {})
        t.ok(x.status == status and error.get("code") == status
             and text.decode() in str(error.get("message")),
             f"exception {case}: {status} as JSON", x)
    t.ok(s.wait_log(r"KeyError: 'the missing key'"), "traceback in the log")
    t.ok(s.wait_log(r"errors\.py.*, line \d+, in fail"), "with its lines")
    x = c.fetch("/empty.py")
    t.ok(x.status == 500 and b"No main function or handlers in script"
         in x.body, "none of the functions defined: 500", x)
    t.eq(c.fetch("/none-such.py").status, 404, "no such script: 404")
    t.eq(c.fetch("/common/../../server.py").status, 404,
         "outside the document root: 404")


def broken(s, root):
    """A script has a syntax error, and is then repaired."""
    path = os.path.join(root, "broken.py")
    with open(path, "w") as f:
        f.write("def main(request, response):\n    return 1 +\n")
    with Client(s.port) as c:
        x = c.fetch("/broken.py")
        t.eq(x.status, 500, "syntax error: 500")
        for text in (b"broken.py", b"line 2", b"invalid syntax"):
            t.ok(text in x.body, f"syntax error: body has {text.decode()}", x)
        t.ok(s.wait_log(r"broken\.py.*line 2"), "syntax error: file and line "
             "in the log")
        t.ok(s.wait_log(r"invalid syntax"), "syntax error: message in the log")
        with open(path + ".new", "w") as f:
            f.write("def main(request, response):\n    return 'mended'\n")
        os.rename(path + ".new", path)
        t.eq(c.fetch("/broken.py").body, b"mended",
             "the server goes on, and sees that the file has changed")


# (script, text of its error).
FAULTS = [
    ("def main(request):\n    pass\n",
     "main is called as main(request, response), but defined as main(request)"
     " ({}, line 1)"),
    ("from wptserve.handlers import json_handler\n@json_handler\n"
     "def main():\n    pass\n",
     "main is called as main(request, response), but defined as main() "
     "({}, line 2)"),
    ("def handle_headers(request, response):\n    pass\n",
     "but defined as handle_headers(request, response)"),
    ("main = 1\n", "main is 1; expected a function main(request, response)"),
    ("def Main(request, response):\n    pass\n",
     "No main function or handlers in script {}; it defines Main: did you "
     "mean main?"),
    ("def handleHeaders(frame, request, response):\n    pass\n",
     "it defines handleHeaders: did you mean handle_headers?"),
    ("def main(request, response):\n    return 404, 'text'\n",
     "TypeError: main returned 404 and content; "),
    ("def main(request, response):\n    return {'a': 1, 'b': 2}\n",
     "TypeError: content is a dictionary; for JSON use "
     "h2rig.handlers.json_handler"),
    ("main = lambda request: None\ndef handle_headers(f, q, r): pass\n",
     "<lambda> is called as <lambda>(request, response), but"),
    ("def main(request, response):\n    return {}['key']\n",
     "Traceback (most recent call last):\n  File \"{}\", line 2, in main"),
    ("def main(request, response):\n    try:\n        response.writer.ping("
     "'')\n    except Exception:\n        1/0\n",
     "Traceback (most recent call last):\n  File \"{}\", line 3, in main"),
]


def faults(s, root):
    """The response and the log tell what is wrong; their tracebacks begin in
    the script and have no frame of the server's own code."""
    ours = os.path.join(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))), "python")
    for i, (script, want) in enumerate(FAULTS):
        path = os.path.join(root, f"fault{i}.py")
        with open(path, "w", encoding="utf-8") as f:
            f.write(script)
        want = want.replace("{}", path)
        with Client(s.port) as c:
            x = c.fetch(f"/fault{i}.py")
        message = json.loads(x.body or b"{}").get("error", {}).get("message")
        t.ok(x.status == 500 and want in str(message), f"fault: {want}",
             message)
        t.ok(s.wait_log(rf"error: script: .*/fault{i}\.py, .*"
                        + re.escape(want.split("\n", maxsplit=1)[0])),
             "it is in the log, as an error", s.log()[-2000:])
        t.ok(ours not in str(message), "no frame of ours", message)
    t.ok(ours not in s.log(), "nor in the log")


# (statements of main, of which the last comes too late, how the stream has
# ended).
TOO_LATE = [
    ("w.write_headers([], 200)\n    w.write_data('a', last=True)\n    "
     "w.write_data('b')", (200, b"a", True, None)),
    ("w.write_headers([], 200)\n    w.reset_stream(8)\n    "
     "w.write_data('b')", (200, b"", False, 8)),
    ("w.write_headers([], 200)\n    w.close('fin')\n    "
     "w.write_data('b')", (200, b"", False, None)),
]


def too_late(s, root):
    """If a function writes on a stream after it has ended it, the
    log has the line."""
    for i, (text, want) in enumerate(TOO_LATE):
        with open(os.path.join(root, f"late{i}.py"), "w",
                  encoding="utf-8") as f:
            f.write("def main(request, response):\n    w = response.writer\n"
                    f"    {text}\n")
        with Client(s.port) as c:
            x = c.request(f"/late{i}.py")
            c.wait_for(lambda x=x: x.done or c.end)
            t.eq((x.status, x.body, x.ended, x.reset), want, f"late: {text}")
        t.ok(s.wait_log(rf"error: .*/late{i}\.py\", line 5, in main")
             and s.wait_log(r"error: script: .*StreamClosedError: "),
             "it is an error, with the script's line", s.log()[-2000:])
    with open(os.path.join(root, "early.py"), "w", encoding="utf-8") as f:
        f.write("def handle_headers(frame, request, response):\n"
                "    response.writer.write_headers([], 200, last=True)\n"
                "    response.writer.end_stream()\n")
    with Client(s.port) as c:
        x = c.open("/early.py", "POST", end_stream=False)
        c.wait_for(lambda: x.reset is not None)
        t.ok(x.status == 200 and x.ended and x.reset == 2 and s.wait_log(
            r"error: .*/early\.py\", line 3, in handle_headers"),
            "and the stream is reset, if it is still open", x)


# (script, its warnings without those for main).
NAMES = [
    ("def handle_header(frame, request, response): pass\n",
     ["line 1: handle_header is never called; did you mean handle_headers?"]),
    ("from json import dumps as handle_rst_streem\n",
     [": handle_rst_streem is never called; did you mean handle_rst_stream?"]),
    ("def handel_data(*a): pass\ndef handle_ping(*a): pass\n",
     ["line 1: handel_data is never called; did you mean handle_data?",
      "line 2: handle_ping is never called; it is a function of the script of "
      "--connection"]),
    # Functions that the script itself uses.
    ("def handle_header(): pass\nx = [handle_header]\n", []),
    ("def handle_header(): pass\ndef other():\n    handle_header()\n", []),
    ("def handle_header(): pass\nx = globals()\n", []),
    ("def handle_header(): pass\ndef handle_headers(f, q, r): pass\n", []),
    ("".join("def handle_%s(*a): pass\n" % name for name in (
        "get", "post", "put", "head", "options", "delete", "patch", "preflight",
        "request", "response", "error", "report", "upload", "date_header"))
     + "def domain(): pass\ndef main_page(): pass\n", []),
]


def misspelt(s, root):
    """A function name that is nearly right gives a warning, once."""
    for i, (text, want) in enumerate(NAMES):
        name = f"names{i}.py"
        with open(os.path.join(root, name), "w", encoding="utf-8") as f:
            f.write(text + "def main(request, response):\n    return 'x'\n")
        with Client(s.port) as c:
            t.eq([c.fetch("/" + name).body for _ in range(3)], [b"x"] * 3,
                 f"answered: {text}")
        with Client(s.port) as c:
            c.fetch("/names_end.py")
        tap.wait_until(lambda: s.log().count("names_end.py") > i)
        found = re.findall(rf"warn: .*{name}(?:, )?(.*)", s.log())
        t.eq(found, want, f"names: {text}")
    with open(os.path.join(root, "returns.py"), "w", encoding="utf-8") as f:
        f.write("def handle_headers(frame, request, response):\n"
                "    return 'x'\ndef main(request, response):\n    pass\n")
    with Client(s.port) as c:
        c.fetch("/returns.py")
    t.ok(s.wait_log(r"warn: .*/returns\.py, handle_headers: what it returned "
                    "is dropped: main returns"), "what handle_headers returns")


def streams(s, c):
    """Scripts end streams, leave them open, and send trailers and 1xx."""
    x = c.fetch("/ended.py", body=b"late")
    t.eq((x.status, x.body), (403, b""), "ended in handle_headers")
    for name in ("data", "main"):
        t.eq(c.fetch(f"/note.py?wait={name}").body, b'"StreamClosedError"',
             f"ended: {name} is still called; sending raises")
    x = c.fetch("/ended.py?let=pass", body=b"late")
    c.fetch("/note.py?wait=data+passed")
    t.ok(s.wait_log(r"debug: .*StreamClosedError"), "ended: an error that the "
         "script lets pass is logged at debug level", s.log()[-2000:])
    t.eq((x.status, x.body, x.reset), (403, b"", None), "ended: and no more")
    x = c.fetch("/later.py?case=informational")
    t.eq((x.informational, x.status, x.headers, x.body),
         ([(103, [("link", "</a>; rel=preload")]), (102, [])], 200,
          [("x-final", "yes")], b"after 103"), "1xx, then the response")
    x = c.fetch("/later.py?case=trailers")
    t.eq((x.body, x.trailers, x.ended), (b"body", [("x-sum", "42")], True),
         "write_trailers ends the stream")
    x = c.fetch("/later.py?case=echo_trailers", body=[b"a"],
                trailers=[("x-sum", "77")])
    t.eq(x.body, b"77", "request.trailers")
    x = c.fetch("/later.py?case=unsent")
    t.eq((x.status, x.headers, x.body, x.ended),
         (201, [("x-first", "1")], b"", True),
         "what main returns after headers is not sent")
    x = c.request("/later.py?case=open_stream")
    c.wait_for(lambda: x.body)
    t.ok(c.ping() and c.fetch("/quick.py").ended and not x.done,
         "a stream that its script wants open stays open", x)


def state(s, c):
    """What lives as long as a request, and as long as a connection."""
    got = [json.loads(c.fetch("/state.py").body) for _ in range(3)]
    t.eq(got, [[1, 1, 1], [1, 2, 2], [1, 3, 3]],
         "globals for a request, modules and connection.data for a connection")
    with Client(s.port) as other:
        t.eq(json.loads(other.fetch("/state.py").body), [1, 1, 1],
             "another connection starts anew")


with Server(SCRIPTS, "--log-level", "debug") as server:
    documented(server, shutil.which("curl"), shutil.which("nghttp"))
    frame_by_frame(server)
    with Client(server.port) as client:
        functions(client)
        forms(client)
        errors(server, client)
        streams(server, client)
        state(server, client)
with tempfile.TemporaryDirectory() as folder:
    with Server(folder) as server:
        broken(server, folder)
        faults(server, folder)
        misspelt(server, folder)
        too_late(server, folder)
t.done()
