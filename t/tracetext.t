#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2rig-trace: the format of nghttp -v, options, files
that are no traces."""
import contextlib
import os
import pty
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import program                                      # noqa: E402
from traces import NAME, Traced, Work, faults_of                # noqa: E402

H2RIG_TRACE = os.path.join(os.path.dirname(os.path.abspath(program())),
                           "h2rig-trace")

t = tap.Tap()


def tool(*arguments, **more):
    """Runs h2rig-trace to its end."""
    return subprocess.run([sys.executable, "-B", H2RIG_TRACE, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=tap.scaled(60), **more)


HEAD = re.compile(r"^\[ *\d+\.\d{3}\] (send|recv) (\S+ frame <length=\d+, "
                  r"flags=0x\w\w, stream_id=\d+>)$", re.M)


def as_nghttp():
    """h2rig-trace prints the same exchange as nghttp -nv does,
    from the other side."""
    if not shutil.which("nghttp"):
        t.skip("nghttp -nv", "nghttp is not installed")
        return
    with Traced(work) as s:
        p = subprocess.run(["nghttp", "-nv", "-d", os.path.abspath(__file__),
                            s.url("/echo.py"), s.url("/fail.py")],
                           stdout=subprocess.PIPE, check=True, timeout=60)
        s.wait_log("closed by client")
        path = s.files()[0]
        s.of_port(int(NAME.search(path)[3]))
        seen = p.stdout.decode("latin-1")
        text = tool(path).stdout.decode()
    sides = {"send": [], "recv": []}
    for side, what in HEAD.findall(re.sub(r"\033\[[\d;]*m", "", seen)):
        sides["recv" if side == "send" else "send"].append(what)
    mine = {"send": [], "recv": []}
    for side, what in HEAD.findall(text):
        mine[side].append(what)
    for side in ("send", "recv"):
        t.eq(mine[side], sides[side],
             f"h2rig-trace: {side} as nghttp -nv has it")
    details = ["          [SETTINGS_INITIAL_WINDOW_SIZE(0x04):65535]",
               "          (niv=6)", "          ; END_HEADERS | PRIORITY",
               "          (padlen=0, dep_stream_id=11, weight=16, "
               "exclusive=0)", "          :path: /echo.py",
               "          (window_size_increment=196609)",
               "          (last_stream_id=0, error_code=NO_ERROR(0x00), "
               "opaque_data(0)=[])"]
    t.eq([d for d in details if d not in text.splitlines()], [],
         "h2rig-trace: details")
    t.eq([d for d in details if d.strip() not in seen], [],
         "... which nghttp prints likewise")


PAGE = """<!DOCTYPE html><pre id="result"></pre><img src="/wait.py"><script>
async function run() {
	const post = i => fetch("/echo.py?" + i, {method: "POST",
	    body: "x".repeat(20000)}).then(r => r.text());
	const sizes = (await Promise.all([...Array(100).keys()].map(post)))
	    .map(text => text.length);
	const left = new AbortController();
	const slow = fetch("/wait.py?slow", {signal: left.signal})
	    .catch(e => e.name);
	await fetch("/wait.py?begun");
	left.abort();
	const socket = new WebSocket("wss://" + location.host + "/talk");
	const said = await new Promise(done => {
		socket.onopen = () => socket.send("hello");
		socket.onmessage = e => done(e.data);
		socket.onerror = () => done("error");
	});
	socket.close();
	document.getElementById("result").textContent = JSON.stringify({
	    all: sizes.every(n => n === 20000), left: await slow, said});
	fetch("/wait.py?loaded");
}
run();
</script>
"""
WAIT = """
import shared

def main(request, response):
    # The page's image waits until all is done, "begun" until "slow" has.
    what = request.url_parts.query
    shared.seen[what].set()
    shared.seen[{"": "loaded", "begun": "slow"}.get(what, what)].wait(60)
    if what == "slow":
        shared.seen["loaded"].wait(60)
    return b""
"""
SHARED = """
import collections, threading
seen = collections.defaultdict(threading.Event)
"""
TALK = """
def web_socket_do_extra_handshake(request):
    pass

def web_socket_transfer_data(request):
    line = request.ws_stream.receive_message()
    request.ws_stream.send_message(line, binary=False)
    request.ws_stream.receive_message()
"""


def page():
    """Chromium loads a page: streams, uploads, a reset, a WebSocket."""
    exe = browser.find()
    if exe is None:
        t.skip("a page load", "no Chromium")
        return
    with open(os.path.join(work.docroot, "page.html"), "w",
              encoding="ascii") as f:
        f.write(PAGE)
    with Traced(work) as s:
        results, detail = browser.run(exe, s.url("/page.html"))
        t.eq(results, {"all": True, "left": "AbortError", "said": "hello"},
             "Chromium: the page ran")
        s.wait_log("ended: ")
        paths = s.files()
        text = tool(*paths).stdout.decode()
    t.eq(faults_of(paths)[0], [], "Chromium: the schema")
    for what, least in (
            (r"recv HEADERS frame <.*>\n.*\n.*\n +:method: POST", 100),
            (r"recv DATA frame <.*>\n +; END_STREAM", 100),
            (r"call handle_data in /echo.py <stream_id=\d+>", 200),
            (r"recv RST_STREAM frame <length=4, .*>\n"
             r" +\(error_code=CANCEL\(0x08\)\)", 1),
            (r" +:protocol: websocket", 1),
            (r"send DATA frame <length=\d+, .*>\n +\"\\x[8c]1", 1)):
        n = len(re.findall(what, text))
        t.ok(n >= least, f"Chromium: {n} of {least}: {what}",
             detail if not n else "")


def text():
    """--stream, escapes, bad input, colours on a terminal."""
    with Traced(work, "--cleartext") as s:
        with Client(s.port, tls=False) as c:
            c.local = c.sock.getsockname()[1]
            c.fetch("/echo.py", body=b"\x1b[31mred\x07",
                    headers=[("x", "\x9b31m")])
            c.fetch("/fail.py")
            c.sock.sendall(bytes((0, 0, 8, 7, 0)) + bytes(12))  # GOAWAY
            c.leave()
        s.of_port(c.local)
        path = s.files()[0]
        p = tool(path)
        t.ok(p.returncode == 0 and b"\x1b" not in p.stdout
             and b"\x9b" not in p.stdout and b"\\x1b[31mred" in p.stdout,
             "h2rig-trace: control characters are escaped", p)
        p = tool("--stream", "3", path)
        ids = set(re.findall(rb"[ <]stream_id=(\d+)", re.sub(
            rb".* GOAWAY frame .*", b"", p.stdout)))
        t.ok(ids == {b"3"} and b"Connected" in p.stdout
             and b"LookupError from main" in p.stdout,
             "h2rig-trace --stream", p.stdout)
        whole = tool(path).stdout
        t.ok(b" GOAWAY frame " in whole and p.stdout.count(b" GOAWAY frame ")
             == whole.count(b" GOAWAY frame "),
             "h2rig-trace --stream: GOAWAY belongs to each", p.stdout)
        p = tool("--str", "99", path)
        t.ok(p.returncode == 1 and p.stderr ==
             b"h2rig-trace: --stream 99: no such stream; expected one of 1, 3"
             b"\n", "h2rig-trace --stream: there is none", p)
        p = tool(path, path)
        t.eq(p.stdout.count(b"==> "), 2,
             "h2rig-trace: several files have headings")
        pid, fd = pty.fork()
        if pid == 0:
            os.environ.pop("NO_COLOR", None)
            os.environ["TERM"] = "xterm"
            os.execv(sys.executable, [sys.executable, "-B", H2RIG_TRACE,
                                      path])
        shown = b""
        with contextlib.suppress(OSError):      # EIO: the other end closed
            while True:
                shown += os.read(fd, 65536)
        os.waitpid(pid, 0)
        os.close(fd)
        t.ok(b"\x1b[1;36mrecv HEADERS frame\x1b[0m" in shown,
             "h2rig-trace: colour on a terminal", shown[:300])
    junk = work.path("junk")
    for name, content in (("empty", b""), ("text", b"hello\n"),
                          ("json", b'{"t":1}\n'), ("half", b"hello"),
                          ("lacks", b'{"t":0,"type":"connection","version":1,'
                           b'"pid":1}\n'),
                          ("other", b'{"t":0,"type":"connection","version":2,'
                           b'"pid":1}\n')):
        with open(junk, "wb") as f:
            f.write(content)
        p = tool(junk)
        t.ok(p.returncode == (0 if name == "empty" else 65)
             and (not content or junk.encode() in p.stderr)
             and b"Traceback" not in p.stderr, f"h2rig-trace: {name}", p)
    bad_files(junk)
    with open("/dev/full", "wb") as full:
        p = subprocess.run([sys.executable, "-B", H2RIG_TRACE, path],
                           stdout=full, stderr=subprocess.PIPE, check=False)
    t.ok(p.returncode == 74 and b"standard output" in p.stderr
         and b"Traceback" not in p.stderr, "h2rig-trace: a full disk", p)
    for argv, status, said in (
            ((), 64, b"FILE"), (("--stream", "x", path), 64, b"'x'"),
            (("/no/such",), 66, b"/no/such: No such file"),
            (("--help",), 0, b"")):
        p = tool(*argv)
        t.ok(p.returncode == status and said in p.stderr
             and b"Traceback" not in p.stderr,
             f"h2rig-trace {' '.join(argv)[:20]}: {status}", p)


def bad_files(junk):
    """Values that no trace has; characters that the output cannot show."""
    first = ('{"t":0,"type":"connection","version":1,"time":"x","server":"s",'
             '"client":"c","pid":%s}\n')
    frame = ('{"t":1,"dir":"in","flags":[],"length":1,"stream":%s,"type":%s,'
             '%s}\n')
    for name, content in (
            ("nested", "[" * 100000 + "\n"), ("pid", first % "1e400"),
            ("long", first % 1 + "x" * (1 << 24)),
            ("stream", first % 1 + frame % ("1e400", '"DATA"', '"x":1'))):
        with open(junk, "w", encoding="ascii") as f:
            f.write(content)
        p = tool(junk)
        t.ok(p.returncode == 65 and junk.encode() in p.stderr
             and b"Traceback" not in p.stderr, f"h2rig-trace: {name}",
             p.stderr[-500:])
    with open(junk, "w", encoding="utf-8") as f:
        f.write(first % 1 + frame % (1, '"0x1f\\u001b[m"', '"data":"\xe9"')
                + frame % (1, '"RST_STREAM"', '"code":"\\u001b[m"'))
    p = tool(junk, env=dict(os.environ, PYTHONIOENCODING="ascii"))
    t.ok(p.returncode == 0 and b"\x1b" not in p.stdout
         and b'"\\xe9"' in p.stdout,
         "h2rig-trace: what neither h2rig nor the output has is escaped", p)


def follow():
    """--follow prints a trace as it grows, until it ends."""
    with Traced(work, "--cleartext") as s:
        with Client(s.port, tls=False) as c:
            c.ping()
            path = s.files()[0]
            out = work.path("follow")
            with open(out, "wb") as f:
                p = subprocess.Popen([sys.executable, "-B", H2RIG_TRACE,
                                      "--follow", path], stdout=f)

            def shown(what):
                with open(out, "rb") as f:
                    return what in f.read()
            t.ok(tap.wait_until(lambda: shown(b"PING")),
                 "--follow: what was there")
            c.fetch("/echo.py", body=b"more")
            t.ok(tap.wait_until(lambda: shown(b'"more"')),
                 "--follow: what comes")
            t.eq(p.poll(), None, "--follow: it goes on")
            c.leave()
            t.eq(p.wait(tap.scaled(60)), 0, "--follow: it ends with the trace")
            t.ok(shown(b"Closed"), "--follow: the last line")
        with Client(s.port, tls=False) as c:
            c.request("/crash.py")
            c.wait_end()
            s.wait_log("SIGSEGV")
        t.eq(tool("--follow", s.files()[-1]).returncode, 0,
             "--follow ends when the process has gone")


with Work({"wait": WAIT, "shared": SHARED, "talk_wsh": TALK}) as work:
    as_nghttp()
    page()
    text()
    follow()
t.done()
