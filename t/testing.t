#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2rig.testing, its pytest fixture, and the programs
of doc/testing.md."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
PYTHON = os.path.join(TOP, "python")
sys.path[:0] = [os.path.join(HERE, "lib"), PYTHON]
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import program                                      # noqa: E402
from h2rig.testing import Server, ServerError                   # noqa: E402

os.environ["H2RIG"] = program()
WAIT = tap.scaled(60)
DIR = tempfile.mkdtemp(prefix="h2rig-test-")
os.environ["TMPDIR"] = tempfile.tempdir = DIR
HELLO = 'def main(request, response):\n    return b"hello"\n'
HANGS = """import time

def main(request, response):
    time.sleep(100)
"""


def raised(kind, function, *args, **options):
    """Returns the text of the exception, or the function's result."""
    try:
        return function(*args, **options)
    except kind as e:
        return str(e)


def has(text, *words):
    """Returns whether text is a string that contains all words."""
    return isinstance(text, str) and all(word in text for word in words)


def serves():
    """A server has a URL, a certificate, records and a trace,
    and leaves nothing."""
    with Server({"hello.py": HELLO, "a/b.txt": b"\xff"}, timeout=WAIT) as s:
        with Client(s.port) as c:
            t.eq(c.fetch("/hello.py").body, b"hello", "a script that is text")
            t.eq(c.fetch("/a/b.txt").body, b"\xff", "a file of octets")
            line = s.trace("/a/b.txt", "HEADERS", timeout=WAIT)[0]
            t.eq(line["type"], "connection", "a trace that goes on")
            t.ok(has(raised(AssertionError, s.trace, "/a/b.txt", timeout=0.1),
                     "no close", "HEADERS"), "... whose end does not come")
        t.eq((s.url("/x?y"), s.url(host="a.test"), s.scheme),
             (f"https://{s.host}:{s.port}/x?y", f"https://a.test:{s.port}/",
              "https"), "URLs")
        for name in "localhost", "a.test", s.host:
            context = ssl.create_default_context(cafile=s.ca)
            context.set_alpn_protocols(["h2"])
            with socket.create_connection((s.host, s.port)) as plain, \
                    context.wrap_socket(plain, server_hostname=name) as c:
                t.eq(c.selected_alpn_protocol(), "h2", f"{name} is trusted")
        record = s.log.wait(text="request", path="/hello.py", timeout=WAIT)
        t.eq((record["status"], record["octets"]), (200, 5), "a record")
        t.eq(s.log.wait(lambda r: r.get("octets") == 1, WAIT)["path"],
             "/a/b.txt", "a record by a function")
        t.ok(record in list(s.log) and len(s.log) > 2 and s.log[0]["time"]
             and "path=/hello.py status=200" in str(s.log),
             "records as a list and as text", s.log)
        t.ok(has(raised(AssertionError, s.log.wait, path="/no", timeout=0.1),
                 "/no", "/hello.py"), "a record that does not come")
        lines = s.trace("/hello.py", timeout=WAIT)
        t.eq((lines[0]["type"], lines[-1]["type"]), ("connection", "close"),
             "a trace, to its end")
        t.eq(os.path.dirname(s.ca), os.path.dirname(s.traces), "its files")
    t.eq((s.status, os.listdir(DIR)), (0, []), "it has ended; nothing is left")
    t.eq(s.stop(), 0, "stopping again does nothing")
    t.ok(has(raised(AssertionError, s.log.wait, path="/no"),
             "before the server ended"), "nor is there anything to wait for")
    t.ok("started already" in raised(ServerError, s.start), "nor to start")


def options():
    """Options that replace those of the class."""
    traces = os.path.join(DIR, "mine")
    os.mkdir(traces)
    with Server(os.path.join(TOP, "doc", "examples"), "--cleartext",
                f"--trace={traces}", "--grace", "1", env={"LANG": "C"},
                timeout=WAIT) as s:
        t.eq((s.ca, s.scheme, s.traces), (None, "http", traces),
             "--cleartext, and traces to keep")
        with Client(s.port, tls=False) as c:
            c.fetch("/hello.py")
        t.eq(s.trace(timeout=WAIT)[0]["cleartext"], True, "the trace of it")
    t.eq(len(os.listdir(traces)), 1, "they are kept")
    shutil.rmtree(traces)


def fails():
    """Errors say what happened, and nothing is left."""
    for argv, words, more in (
            (("/nowhere/at/all",), ("exit status 78", "/nowhere/at/all"), {}),
            (({}, "--latency", "soon"), ("exit status 64", "soon"), {}),
            (({},), ("/no/h2rig: No such file",), {"program": "/no/h2rig"}),
            (({},), ("not ready after 0.3 s", "asleep"), {
                "program": os.path.join(DIR, "asleep"), "timeout": 0.3})):
        if "timeout" in more:
            with open(more["program"], "w", encoding="ascii") as f:
                f.write("#!/bin/sh\necho asleep >&2\nexec sleep 1000\n")
            os.chmod(more["program"], 0o755)
        s = Server(*argv, **more)
        t.ok(has(raised(ServerError, s.start), *words), f"{words[0]}: the error",
             raised(ServerError, s.start))
        t.ok(not s.pid or s.status is not None, f"{words[0]}: it has ended")
    os.unlink(os.path.join(DIR, "asleep"))
    t.ok("'../x.py'" in raised(ValueError, Server({"../x.py": ""}).start),
         "a name that leads out")
    t.ok("not been started" in raised(ServerError, lambda: Server({}).log),
         "no log before the start")
    t.eq(Server({}).stop(), None, "nothing to stop")
    t.eq(os.listdir(DIR), [], "nothing is left of them")


def dies():
    """A killed server raises an error, unless another
    exception is on its way."""
    def block(error):
        with Server({}, timeout=WAIT) as s:
            os.kill(s.pid, signal.SIGKILL)
            tap.wait_until(lambda: s.status is not None)
            if error:
                raise error

    t.ok(has(raised(ServerError, block, None), "by itself, with status -9",
             "serving"), "it has ended by itself: the error has the log")
    t.eq(raised(KeyError, block, KeyError("mine")), "'mine'",
         "the test's own error stays")


def ends():
    """Stopping ends even with a script that sleeps or a
    parent that is stopped."""
    with Server({"hangs.py": HANGS}, timeout=WAIT) as s, Client(s.port) as c:
        c.open("/hangs.py", end_stream=True)
        s.trace("/hangs.py", lambda line: line.get("function") == "main", WAIT)
        t.eq(s.stop(), 0, "a script that sleeps does not keep it")
    s = Server({}, timeout=WAIT).start()
    os.kill(s.pid, signal.SIGSTOP)
    begin = time.monotonic()
    t.ok(s.stop() == -9 and time.monotonic() - begin < tap.scaled(60),
         "nor does a process that is stopped", s.status)
    t.eq(os.listdir(DIR), [], "nothing is left of them")


def run(*argv, **more):
    """Runs a command.  Returns (exit status, output)."""
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=False, text=True,
                          stderr=subprocess.STDOUT, timeout=tap.scaled(300),
                          **more)
    return done.returncode, done.stdout


def imports():
    """Another Python can import h2rig.testing without the
    rest of the package."""
    code = "import sys, h2rig.testing, h2rig.testing.plugin\n" \
        "print([m for m in sys.modules if m.startswith('h2rig.')])"
    status, said = run(sys.executable, "-B", "-S", "-c", code,
                       env={"PYTHONPATH": PYTHON})
    t.ok(status == 0 and "h2rig.request" not in said,
         "import h2rig.testing, without pytest and without the rest", said)


HELD = """import time
from h2rig.testing import Server

with Server({}, timeout=%r) as s:
    print(s.port, flush=True)
    time.sleep(%r)
""" % (WAIT, WAIT)


def connects(port):
    """Returns whether a process listens on the port."""
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def killed():
    """If a program is killed, its server ends too."""
    p = subprocess.Popen([sys.executable, "-B", "-c", HELD],
                         stdout=subprocess.PIPE,
                         env=dict(os.environ, PYTHONPATH=PYTHON))
    with p.stdout as out:
        port = int(out.readline())
    p.kill()
    p.wait()
    end = time.monotonic() + WAIT
    while connects(port) and time.monotonic() < end:
        time.sleep(0.01)
    t.ok(time.monotonic() < end, "a program that is killed takes its server "
         "along")
    for name in os.listdir(DIR):
        shutil.rmtree(os.path.join(DIR, name))


FIXTURE = '''
def test_passes(h2rig_server):
    a, b = (h2rig_server({"a.txt": name}, timeout=%r) for name in "ab")
    assert a.port != b.port and a.status is b.status is None

def test_fails(h2rig_server):
    assert h2rig_server({"a.txt": ""}, timeout=%r).pid < 0
''' % (WAIT, WAIT)


def fixture():
    """The pytest fixture h2rig_server."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    if run(python, "-c", "import pytest")[0]:
        t.skip("the fixture of pytest", "no pytest")
        return
    with open(os.path.join(DIR, "test_it.py"), "w", encoding="ascii") as f:
        f.write(FIXTURE)
    status, said = run(python, "-B", "-m", "pytest", "-p", "no:cacheprovider",
                       "-p", "h2rig.testing.plugin", "test_it.py", cwd=DIR,
                       env=dict(os.environ, PYTHONPATH=PYTHON))
    t.ok(status == 1 and "1 failed, 1 passed" in said, "the fixture of pytest",
         said)
    t.ok("serving" in said, "the log of the one that failed", said)
    os.unlink(os.path.join(DIR, "test_it.py"))
    t.eq(os.listdir(DIR), [], "all servers have ended")


#: {language: (program that runs it, file name)}.
RUN = {"sh": ("sh", "hello.sh"), "js": ("node", "hello.js"),
       "go": ("go", "hello.go"), "java": ("java", "Hello.java")}


def page():
    """Each program of doc/testing.md prints the record of its request."""
    with open(os.path.join(TOP, "doc", "testing.md"), encoding="utf-8") as f:
        found = dict(re.findall(r"^```(\w+)\n(.*?)^```$", f.read(),
                                re.M | re.S))
    t.eq(set(found), set(RUN), "languages of doc/testing.md")
    path = f"{os.path.dirname(program())}:{os.environ['PATH']}"
    for language, text in found.items():
        tool, name = RUN[language]
        if not shutil.which(tool):
            t.skip(f"doc/testing.md: {language}", f"no {tool}")
            continue
        where = os.path.join(DIR, language)
        os.makedirs(where + "/tests")
        for file, content in (name, text), ("tests/hello.py", HELLO):
            with open(os.path.join(where, file), "w", encoding="utf-8") as f:
                f.write(content)
        argv = [tool, *["run"] * (tool == "go"), name]
        status, said = run(*argv, cwd=where, env=dict(os.environ, PATH=path))
        t.ok(status == 0 and re.search(
            r'"?path"?: ?["\']/hello.py["\'],\s*"?status"?: ?200', said),
            f"doc/testing.md: {language}", f"{status} {said}")
        # The programs fail without a document root.
        shutil.rmtree(where + "/tests")
        status, said = run(*argv, cwd=where, env=dict(os.environ, PATH=path))
        t.ok(status and "tests" in said,
             f"doc/testing.md: {language}: h2rig does not start", said)


t = tap.Tap()
try:
    imports()
    serves()
    options()
    fails()
    dies()
    ends()
    killed()
    fixture()
    page()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
