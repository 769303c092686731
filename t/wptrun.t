#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2rig-wpt in a tree that looks like a checkout (wpt-tree/)."""
import base64
import json
import multiprocessing.managers
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import program                                      # noqa: E402

H2RIG_WPT = os.path.join(os.path.dirname(os.path.abspath(program())),
                         "h2rig-wpt")

t = tap.Tap()


def free_port():
    """Returns a port that no process uses now."""
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


class Checkout:
    """A copy of the tree, in which h2rig-wpt serve runs."""

    def __init__(self, *options, **env):
        self.dir = tempfile.mkdtemp(prefix="h2rig-test-")
        self.top = os.path.join(self.dir, "tree")
        shutil.copytree(os.path.join(HERE, "wpt-tree"), self.top)
        self.tmp = os.path.join(self.dir, "tmp")
        os.mkdir(self.tmp)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
             "/CN=localhost", "-keyout", os.path.join(self.dir, "key"),
             "-out", os.path.join(self.dir, "cert")],
            check=True, stderr=subprocess.DEVNULL)
        self.port = free_port()
        self.argv = [sys.executable, H2RIG_WPT, "serve", "--port",
                     str(self.port), "--cert", os.path.join(self.dir, "cert"),
                     "--key", os.path.join(self.dir, "key"), *options]
        self.env = dict(os.environ, TMPDIR=self.tmp,
                        PYTHONDONTWRITEBYTECODE="1",
                        **dict(dict(H2RIG=os.path.abspath(program())), **env))

    def __enter__(self):
        self.out = open(os.path.join(self.dir, "log"), "wb")
        self.process = subprocess.Popen(
            self.argv, cwd=self.top, env=self.env, stdin=subprocess.PIPE,
            stdout=self.out, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.left():
            os.kill(pid, signal.SIGKILL)
        self.out.close()
        shutil.rmtree(self.dir)

    def log(self):
        """Returns what the checkout's logger has written."""
        with open(os.path.join(self.dir, "log"), "rb") as f:
            return f.read().decode("utf-8", "replace")

    def says(self, text):
        """Waits until the log contains text."""
        return tap.wait_until(lambda: text in self.log(), 60)

    def left(self):
        """Returns processes whose command lines name the tree or its
        temporary directory."""
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=", "-o", "args="],
            stdout=subprocess.PIPE, check=True).stdout.decode("latin-1")
        return [int(line.split()[0]) for line in listing.splitlines()
                if self.dir in line and int(line.split()[0]) not in (
                    os.getpid(), self.process.pid)]

    def end(self):
        """Stops h2rig-wpt.  Returns its exit status."""
        self.process.stdin.close()
        return self.process.wait(tap.scaled(60))


# (path, status, content, fields).
SERVED = [
    ("/script.py", 200, b"script", {"x-host": "web-platform.test"}),
    ("/resources/testharnessreport.js", 200, b"report(1);\n",
     {"content-type": "text/javascript;charset=utf8",
      "cache-control": "max-age=3600"}),
    ("/resources/testdriver.js", 200, b"driver('\xff')",
     {"content-type": "text/javascript"}),
    ("/two.js", 200, b"beside\nsingle\n",
     {"content-type": "text/javascript"}),
    ("/single.txt", 200, b"single\n", {}),
    ("/beside/file.txt", 200, b"beside\n", {}),
    ("/file.txt", 404, None, {}),
    ("/gone", 410, None, {}),
    ("/_certs/key", 404, None, {}),
    ("/a.any.html", 200, None, {"content-type": "text/html"}),
]


def served(method):
    """Everything that a checkout needs is served, with processes that are
    forked or spawned."""
    with Checkout("--method", method) as w:
        if not t.ok(w.says("started"), f"{method}: it is started", w.log()):
            return
        with Client(w.port) as c:
            for path, status, content, fields in SERVED:
                x = c.fetch(path)
                t.ok(x.status == status and content in (None, x.body)
                     and all(x.header(n) == v for n, v in fields.items()),
                     f"{method}: {path}", f"{x} {x.headers} {x.body!r}")
        t.ok(w.says("DEBUG: request method=GET path=/script.py"),
             f"{method}: the checkout's logger has the log", w.log())
        t.eq(w.end(), 0, f"{method}: it stops")
        t.ok(w.says("stopped"), f"{method}: ... having been told", w.log())
        t.eq((w.left(), os.listdir(w.tmp)), ([], []),
             f"{method}: nothing is left behind")


def killed():
    """The checkout's process for HTTP/2 is killed."""
    with Checkout() as w:
        w.says("started")
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=", "-o", "ppid="],
            stdout=subprocess.PIPE, check=True).stdout.decode()
        for line in listing.splitlines():
            pid, ppid = map(int, line.split())
            if ppid == w.process.pid:
                os.kill(pid, signal.SIGKILL)
        t.ok(tap.wait_until(lambda: not w.left(), 60),
             "h2rig ends with the process that has started it", w.left())
        t.ok(tap.wait_until(lambda: not os.listdir(w.tmp), 60),
             "its directory is removed", os.listdir(w.tmp))


def not_started():
    """If h2rig cannot be started, the checkout's log says why."""
    def fails(label, says, prepare=lambda w: None, **env):
        w = Checkout(**env)
        held = prepare(w)
        with w:
            t.ok(w.says("CRITICAL: h2rig, HTTP/2 on port") and says(w)
                 in w.log(), f"{label}: an error that says so", w.log())
            t.eq((w.end(), "started" in w.log(), w.left(),
                  os.listdir(w.tmp)), (0, False, [], []),
                 f"{label}: no hang, nothing left")
        if held is not None:
            held.close()

    fails("port in use", lambda w: str(w.port),
          lambda w: socket.create_server(("127.0.0.1", w.port)))
    fails("no certificate", lambda w: os.path.join(w.dir, "cert"),
          lambda w: os.unlink(os.path.join(w.dir, "cert")))
    fails("a wrong option", lambda w: "--nonsense", H2RIG_FLAGS="--nonsense")
    fails("a program that says nothing", lambda w: "exit status 0",
          H2RIG=shutil.which("true"))


def untranslated():
    """The user has a handler that h2rig cannot use."""
    with Checkout("--function") as w:
        w.says("started")
        t.ok("ERROR: h2rig cannot have the handler" in w.log()
             and "POST /report" in w.log(), "it is named", w.log())
        with Client(w.port) as c:
            t.eq((c.fetch("/report", body=b"x").status,
                  c.fetch("/script.py").status), (501, 200),
                 "its route answers 501, the others as ever")
        w.end()


def injecting():
    """Options of the checkout that an HTTP/2 server does not need, and the one
    that h2rig does not support."""
    with Checkout("--verbose", "--inject-script", "/x.js") as w:
        t.ok(w.says("started"), "--inject-script: it is started", w.log())
        errors = [line for line in w.log().splitlines() if "ERROR" in line]
        t.ok(len(errors) == 1 and "cannot inject /x.js" in errors[0],
             "the log names the script, and nothing else", errors)
        with Client(w.port) as c:
            for path, status, *_ in SERVED:
                t.eq(c.fetch(path).status, status, f"not injected: {path}")
        w.end()


def elsewhere():
    """h2rig-wpt runs outside of a checkout, or without arguments."""
    for argv, where, status, says in (
            (["serve"], "/", 78, "no wpt in /: expected"),
            ([], HERE, 64, "usage: h2rig-wpt"),
            (["--help"], HERE, 0, "usage: h2rig-wpt")):
        p = subprocess.run([sys.executable, H2RIG_WPT, *argv], cwd=where,
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False)
        t.ok(p.returncode == status and says in p.stdout.decode(),
             f"h2rig-wpt {' '.join(argv)} in {where}", p)


if not shutil.which("openssl"):
    t.skip("h2rig-wpt", "needs the program openssl")
    t.done()
def shared():
    """h2rig uses the checkout's stash."""
    class Manager(multiprocessing.managers.BaseManager):
        """The manager of the Python server."""

    Manager.register("get_dict", callable=lambda values={}: values,
                     proxytype=multiprocessing.managers.DictProxy)
    lock = threading.Lock()
    Manager.register("Lock", callable=lambda: lock,
                     proxytype=multiprocessing.managers.AcquirerProxy)
    manager = Manager(("127.0.0.1", 0), b"key")
    manager.start()
    config = json.dumps([list(manager.address),
                         base64.b64encode(b"key").decode()])
    key = uuid.uuid4()
    with Checkout(WPT_STASH_CONFIG=config) as w:
        t.ok(w.says("started"), "with a stash: started", w.log())
        with Client(w.port) as c:
            t.eq(c.fetch(f"/script.py?key={key}", body=b"result").status, 200,
                 "a result is posted")
        t.eq(manager.get_dict().pop((b"/shared", key.bytes), None),
             b"result", "and is in the checkout's stash")
        w.end()
    manager.shutdown()


def examples():
    """The examples of h2rig-wpt(1), in a checkout whose ./wpt prints its
    arguments and the module of the function that starts the HTTP/2 server."""
    with tempfile.TemporaryDirectory(prefix="h2rig-test-") as work:
        top = os.path.join(work, "web-platform-tests")
        shutil.copytree(os.path.join(HERE, "wpt-tree"), top)
        with open(os.path.join(top, "wpt"), "w", encoding="utf-8") as f:
            f.write("import os, sys\nfrom tools.serve import serve\n"
                    "print(*sys.argv[1:], os.environ.get('H2RIG_FLAGS'),\n"
                    "      serve.start_http2_server.__module__)\n")
        p = subprocess.run(
            ["sh", "-ec", "".join(e.text for e in manpages.examples(
                "h2rig-wpt.1"))], cwd=work, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, check=False, env={
                **os.environ, "PATH": os.path.dirname(H2RIG_WPT) + os.pathsep
                + os.environ["PATH"]})
        t.eq((p.returncode, p.stdout.decode()), (0, """\
serve None h2rig_wpt
run chrome fetch/api/basic None h2rig_wpt
run firefox websockets --log-level debug h2rig_wpt
"""), "the manual's examples run ./wpt with what it asks for, and with h2rig")


for how in ("fork", "spawn"):
    served(how)
shared()
killed()
not_started()
untranslated()
injecting()
elsewhere()
examples()
t.done()
