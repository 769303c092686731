#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that a connection script that goes wrong ends only its own connection,
and that the log names script and function.  Also tests stopping and reloading
while a script waits, and files that are no connection script."""
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from connscript import NOTHING, Scripted                        # noqa: E402
from rawclient import Client, PING                              # noqa: E402
from server import program                                      # noqa: E402
from tlsclient import context, start_handshake                  # noqa: E402
from traces import faults_of, read                              # noqa: E402

t = tap.Tap()

#: Where a fault can be: {function: its parameters}.
PLACES = {"(load)": "", "handle_accept": "connection",
          "handle_client_hello": "connection", "handle_connect": "connection",
          "main": "connection", "handle_ping": "frame, connection",
          "handle_violation": "error, connection",
          "handle_close": "connection"}


def script(place, text):
    """Returns a script that runs text in that place."""
    if place == "(load)":
        return "def main(connection): note('main')\n" + text + "\n"
    return "def %s(%s):\n    %s\n" % (place, PLACES[place],
                                      text.replace("\n", "\n    "))


@contextlib.contextmanager
def at(s, place, text):
    """Connects a client whose frames make the script reach that place.
    Returns it, or None if its handshake fails."""
    s.set(script(place, text))
    client = None
    try:
        client = Client(s.port, timeout=30)
        if place == "handle_ping":
            client.send_frame(PING, 0, 0, b"12345678")
        elif place == "handle_violation":
            client.window_update(0, 0)
        elif place == "handle_close":
            client.leave()
    except (OSError, TimeoutError):
        pass
    yield client
    if client is not None:
        client.close()


def line_with(s, *patterns):
    """Waits for a log line that matches all patterns.  Returns it."""
    return tap.wait_until(lambda: next(
        (line for line in s.log().splitlines()
         if all(re.search(p, line) for p in patterns)), None))


def served(s, name):
    """Tests that the next connection is served."""
    s.set(NOTHING)
    with Client(s.port) as c:
        t.eq(c.fetch("/quick.py").status, 200, f"{name}: the next is served")


def goes_on(c, place):
    """Returns whether the connection goes on, if it can after that place."""
    if place in ("handle_violation", "handle_close"):
        return True
    return c is not None and c.fetch("/quick.py").status == 200


def raises(s):
    """An exception is logged with its place, and counts as
    a return of None."""
    for place in PLACES:
        with at(s, place, "raise KeyError('raised in ' + %r)" % place) as c:
            t.ok(goes_on(c, place), f"raise in {place}: it goes on", c)
            t.ok(line_with(s, r"connection script connection\.py, "
                           + re.escape(place)), f"raise in {place}: the log "
                 "names script and function", s.log()[-2000:])
            t.ok(s.wait_log(f"KeyError: .raised in {re.escape(place)}", 10),
                 f"raise in {place}: and the exception")
    for place in ("(load)", "handle_accept", "main"):
        with at(s, place, "import sys\nsys.exit(3)") as c:
            t.ok(goes_on(c, place), f"sys.exit in {place}: it goes on")
    t.ok(s.wait_log("SystemExit: 3", 10), "sys.exit: the log says so")


def forks(s):
    """A process that a function forks ends when the function returns in it."""
    for place in PLACES:
        with at(s, place, "pid = os.fork()\n"
                "if pid:\n    note(os.waitstatus_to_exitcode("
                "os.waitpid(pid, 0)[1]))"
                if hasattr(os, "waitstatus_to_exitcode") else
                "pid = os.fork()\n"
                "if pid:\n    note(os.waitpid(pid, 0)[1])") as c:
            port = c.sock.getsockname()[1] if c.sock.fileno() >= 0 else None
            t.ok(goes_on(c, place), f"fork in {place}: it goes on")
            if port is not None:
                t.eq(s.notes(port)[:1], [0],
                     f"fork in {place}: the new process has left")
    served(s, "fork")


def crashes(s):
    """The connection of the script ends, and the log names the function."""
    for place in PLACES:
        for how, end in (("os.abort()", "SIGABRT"), ("os._exit(3)", r"\b3\b")):
            with at(s, place, how) as c:
                if c is not None and place != "handle_close":
                    c.wait_end()
                t.ok(place == "handle_close" or c is None or c.end,
                     f"{how} in {place}: the connection ends")
                t.ok(line_with(s, end, r"connection\.py", re.escape(place)),
                     f"{how} in {place}: the log names script and function",
                     s.log()[-2000:])
    served(s, "crash")


def loops():
    """After the run-time limit, HandlerTimeout counts as a return of None."""
    with Scripted("--run-limit", "1") as s:
        for place in PLACES:
            with at(s, place, "while True: pass") as c:
                t.ok(goes_on(c, place), f"loop in {place}: it goes on", c)
                t.ok(s.wait_log(rf"connection\.py, {re.escape(place)}:"
                                r"(.*\n){1,30}.*HandlerTimeout"),
                     f"loop in {place}: the log names script and function",
                     s.log()[-2000:])
        served(s, "loop")


def never_returns():
    """A function that does not notice HandlerTimeout loses its process."""
    for place in PLACES:
        with Scripted("--run-limit", "1") as s:
            with at(s, place, "time.sleep(1000)") as c:
                if c is not None and place != "handle_close":
                    c.wait_end(40)
                    t.ok(c.end, f"sleep in {place}: the connection ends")
                t.ok(line_with(s, r"connection\.py", re.escape(place),
                               "limit"), f"sleep in {place}: the log names "
                     "script and function", s.log()[-2000:])
                t.ok(tap.wait_until(lambda: not s.children()),
                     f"sleep in {place}: its process is gone")
            served(s, f"sleep in {place}")


WAITS = {
    "wait": "def main(connection):\n    note('waits')\n"
            "    note(error(connection.wait, 'GOAWAY', timeout=60))\n",
    "fence": "def main(connection):\n    note('waits')\n"
             "    note(error(connection.fence, 60))\n",
    "reaction": "def main(connection):\n    note('waits')\n"
                "    note(error(lambda: connection.reaction(None, 60).kind))\n",
    "read": "def handle_connect(connection):\n    connection.engine_off()\n"
            "def main(connection):\n    note('waits')\n"
            "    note(error(connection.read, 5, 60))\n",
    "handle_client_hello": "def handle_client_hello(connection):\n"
                           "    note('waits')\n    gate('never')\n",
}


def waiting(s, what):
    """Connects a client whose script waits in this way.  Returns what to
    close, and the client's port."""
    s.set(WAITS[what])
    if what == "handle_client_hello":
        sock = start_handshake(s.port, context("h2"))
        port = sock.getsockname()[1]
        t.eq(s.notes(port), ["waits"], f"{what}: it waits")
        return sock, port
    c = Client(s.port, ack=False, preface=what != "read")
    t.eq(s.notes(c), ["waits"], f"{what}: it waits")
    return c, c.sock.getsockname()[1]


def leaves_early(s):
    """A client leaves before main has begun, when the script reads octets by
    itself: the connection ends."""
    s.set('''
def handle_connect(connection):
    connection.engine_off()
    gate("left")
    note(connection.read(5, 30), connection.read(5, 30))
def handle_close(connection):
    note(connection.end.by)
''')
    with Client(s.port, ack=False, preface=False) as c:
        c.send(b"hello")
        port = c.sock.getsockname()[1]
    s.open("left")
    t.eq(s.notes(port, 2)[1:], ["client"], "a client leaves before main: the "
         "connection ends")
    t.ok(tap.wait_until(lambda: not s.children()), "... and its process")
    s.shut("left")


def drains():
    """TERM comes while a script waits: the server ends within --grace."""
    for what in WAITS:
        with Scripted("--grace", "3") as s:
            c, _ = waiting(s, what)
            with contextlib.closing(c):
                t.eq(s.stop(), 0, f"TERM in {what}: the server ends with 0")
                t.ok("ERROR" not in s.log() and "internal" not in s.log(),
                     f"TERM in {what}: the log has no fault", s.log()[-1000:])


def drains_politely():
    """A connection whose main has returned gets GOAWAY, and ends with
    close_notify."""
    with Scripted("--grace", "30") as s:
        with s.client("def main(connection):\n    note('main')\n") as c:
            s.notes(c)
            x = c.fetch("/quick.py")
            t.eq(x.status, 200, "TERM: served before")
            s.process.send_signal(signal.SIGTERM)
            c.wait_end()
            t.ok(c.goaway and c.end == "close_notify",
                 "TERM: GOAWAY, and the end in good order", (c.goaway, c.end))
    with Scripted("--grace", "2") as s:
        with s.client("def handle_accept(connection):\n"
                      "    connection.automatic.remove('goaway')\n"
                      "    note('accept')\n") as c:
            s.notes(c)
            c.ping()
            s.process.send_signal(signal.SIGTERM)
            c.wait_end()
            t.ok(c.goaway is None, "TERM without goaway: none", c.goaway)


def reloads(s):
    """HUP comes while scripts wait: they go on, and new connections
    have the new script."""
    held = [waiting(s, what) for what in WAITS]
    with open(s.script, "a", encoding="utf-8") as f:
        f.write("\ndef handle_unknown(frame, connection):\n"
                "    note('new')\n")
    s.process.send_signal(signal.SIGHUP)
    t.ok(s.wait_log("reload"), "HUP: the log says so")
    s.set(NOTHING)

    def is_new():
        with Client(s.port) as c:
            c.send_frame(0xbb, 0, 0)
            c.ping()
            return "new" in s.noted(c.sock.getsockname()[1])
    t.ok(tap.wait_until(is_new), "HUP: new connections have the new script")
    with open(s.script, encoding="utf-8") as f:
        good = f.read()
    with open(s.script, "w", encoding="utf-8") as f:
        f.write(good + "\nthis is no Python\n")
    s.process.send_signal(signal.SIGHUP)
    t.ok(s.wait_log(r"connection\.py, line \d+: SyntaxError"),
         "HUP: a script that does not load is refused with its line")
    t.ok(tap.wait_until(is_new), "HUP: ... and the old one stays")
    with open(s.script, "w", encoding="utf-8") as f:
        f.write(good)
    for c, port in held:
        c.close()
    t.ok(all(len(s.notes(port, 2)) == 2 for c, port in held[:3]),
         "HUP: those that waited have gone on to their end")


def bad_files():
    """With a bad file the server does not start: status 78, and a message with
    file, line and reason."""
    directory = tempfile.mkdtemp(prefix="h2rig-connend-")
    os.chmod(directory, 0o755)
    path = os.path.join(directory, "script.py")
    for text, patterns in (
            ("def main(:\n", [r"script\.py, line 1: SyntaxError"]),
            ("\n\nimport no_such_module\n",
             [r"script\.py, line 3: ModuleNotFoundError.*no_such_module"]),
            ("x = 1\nraise SystemExit(0)\n", [r"line 2: SystemExit"]),
            ("from h2rig.connection import connection\n"
             "connection.settings = None\n", [r"script\.py, line 2:"]),
            ("def handle_setings(frame, connection): pass\n",
             ["defines no function of a connection", "handle_settings"]),
            ("def handle_continuation(frame, connection): pass\n",
             ["defines no function of a connection"]),
            ("\0", [r"script\.py.*(null byte|SyntaxError|ValueError)"]),
            ("import os\nos._exit(0)\n", ["--connection", r"script\.py"]),
            ("import os\nos.abort()\n", ["--connection", r"script\.py",
                                         "SIGABRT"]),
            (None, [r"script\.py", "expected a Python file"]),
            ("DIRECTORY", [r"script\.py", "expected a Python file"])):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        if text == "DIRECTORY":
            os.mkdir(path)
        elif text is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
        run = subprocess.run(
            [program(), "--port", "0", "--connection", path, directory],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            timeout=tap.scaled(60))
        text_out = run.stderr.decode("utf-8", "replace")
        t.ok(run.returncode == 78 and all(
            re.search(p, text_out) for p in patterns),
             f"--connection with {text!r}: 78, and what is wrong",
             (run.returncode, text_out))


MISSPELT = '''
def handle_goway(frame, connection): pass
def handle_ping(frame, connection): pass
'''


def misspelt():
    """At the start, the log names a function whose name is nearly right."""
    with Scripted() as s:
        with open(s.script, encoding="utf-8") as f:
            script = f.read()
        # A script that runs exec, like this one, may use its names there: no
        # warning.
        for text, what in ((MISSPELT, "did you mean handle_goaway"),
                           (script, "info: reloaded(?s:.*)info: reloaded")):
            with open(s.script, "w", encoding="utf-8") as f:
                f.write(text)
            s.process.send_signal(signal.SIGHUP)
            t.ok(s.wait_log(what), "a misspelt name: " + what[-20:])
        with s.client("def handle_ping(frame):\n    pass\n") as c:
            t.ok(c.ping(), "wrong parameters: it goes on")
            t.ok(s.wait_log(r"handle_ping is called as handle_ping\(frame, "
                            r"connection\), but defined as handle_ping\("),
                 "wrong parameters: the log says which")


def early_ends(s):
    """Clients leave while a step of the script runs."""
    for place in ("handle_accept", "handle_client_hello", "handle_connect"):
        s.set(script(place, "note('in')\ngate('leaves_%s')\n"
                     "note(error(connection.writer.ping, b'12345678'))\n"
                     "note('out')" % place)
              + "\ndef handle_close(connection):\n    note('close')\n")
        sock = socket.create_connection(("127.0.0.1", s.port))
        port = sock.getsockname()[1]
        sock.settimeout(tap.scaled(30))
        if place != "handle_accept":
            tls = context("h2")
            sock.close()
            with contextlib.suppress(OSError):
                sock = start_handshake(s.port, tls) if (
                    place == "handle_client_hello") else Client(s.port)
            port = (sock.sock if isinstance(sock, Client)
                    else sock).getsockname()[1]
        s.notes(port)
        sock.close()
        s.open("leaves_" + place)
        got = s.notes(port, 4)
        t.ok(got[0] == "in" and got[-1] == "close" and "out" in got,
             f"the client leaves in {place}: it goes on to its end, then "
             "handle_close", got)
    served(s, "clients that leave")


def cleartext_trace():
    """A trace without TLS has no handshake."""
    directory = tempfile.mkdtemp(prefix="h2rig-connend-traces-")
    with Scripted("--trace", directory, tls=False) as s:
        with s.client(NOTHING) as c:
            t.eq(c.fetch("/fence.py").status, 200,
                 "trace of a connection script, cleartext: it is served")
            c.leave()
        t.ok(tap.wait_until(lambda: not s.children()),
             "trace, cleartext: it has ended")
    path, = (os.path.join(directory, n) for n in os.listdir(directory))
    t.eq(faults_of([path])[0], [], "trace, cleartext: lines are as they may be")
    shutil.rmtree(directory)


def traces():
    """A trace shows the script's functions, fences and violations."""
    directory = tempfile.mkdtemp(prefix="h2rig-connend-traces-")
    with Scripted("--trace", directory) as s:
        with s.client("""
def handle_accept(connection):
    pass
def handle_ping(frame, connection):
    if "ACK" not in frame.flags:
        raise KeyError("in a function")
def handle_violation(error, connection):
    note("violation")
def main(connection):
    connection.note("here", name="\\x1b\\n\\"", stream=5, of=[1, None])
    note(*[error(connection.note, *arguments, **values).split(":")[0]
           for arguments, values in (
               ((5,), {}), (("set",), {"v": {1}}),
               (("long",), {"v": "a" * 65536}), (("nan",), {"v": float("nan")}))])
    connection.fence()
    note("fence")
def handle_close(connection):
    connection.note("close")
    note("close")
""") as c:
            t.eq(s.notes(c)[0], ["TypeError", "TypeError", "ValueError",
                                 "ValueError"], "note: wrong values")
            s.notes(c, 2)
            c.fetch("/fence.py")
            c.ping()
            c.window_update(0, 0)
            c.wait_end()
            port = c.sock.getsockname()[1]
            c.close()
            s.notes(port, 4)
        t.ok(tap.wait_until(lambda: not s.children()), "trace: it has ended")
    path = os.path.join(directory, next(
        n for n in os.listdir(directory) if f"-{port}." in n))
    lines = read(path)
    t.eq(faults_of([path])[0], [], "trace: each line is as it may be")
    begun = [line["function"] for line in lines if line["type"] == "begin"
             and line["script"] == "connection.py"]
    t.ok({"(load)", "handle_accept", "main", "handle_ping", "handle_violation",
          "handle_close"} <= set(begun), "trace: functions begin", begun)
    t.eq([line["raised"] for line in lines if "raised" in line], ["KeyError"],
         "trace: what a function raises")
    t.eq([(each["alpn"], each["sni"]) for each in lines
          if each["type"] == "handshake"], [("h2", "localhost")],
         "trace: TLS, which is up after the first line")
    t.eq([line["stream"] for line in lines if line["type"] == "fence"],
         [0, 1], "trace: fences, of the connection and of a stream")
    t.eq([line["level"] for line in lines if line["type"] == "violation"],
         ["connection"], "trace: the violation")
    t.eq([(line["stream"], line["name"], line["values"]) for line in lines
          if line["type"] == "note"],
         [(0, "here", {"name": "\x1b\n\"", "stream": 5, "of": [1, None]}),
          (0, "close", {})], "trace: notes of a script")


FUNCTIONS = (raises, forks, crashes, reloads, early_ends, leaves_early)
ALONE = (loops, never_returns, drains, drains_politely, bad_files, misspelt,
         traces, cleartext_trace)

only = sys.argv[1:]
for case in FUNCTIONS:
    if not only or case.__name__ in only:
        with Scripted() as server:
            case(server)
for case in ALONE:
    if not only or case.__name__ in only:
        case()
t.done()
