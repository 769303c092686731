#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests --connections-per-process: a process serves several connections, one
after the other.  Each of them finds what a new process has; a connection that
leaves a trace is the last of its process."""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server, program, sanitized, write_scripts

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-reuse-")
N = 5

#: {name: (code of a script that leaves a trace, what the log says about it)}.
TRACES = {
    # Traces in the system.
    "thread": ("import threading, time; threading.Thread(target=time.sleep, "
               "args=(1000,), daemon=True).start()", "a thread"),
    "fork": ("import time\nif os.fork() == 0:\n  time.sleep(1000)\n  "
             "os._exit(0)", "a process|os.fork"),
    "orphan": ("import time\nif os.fork() == 0:\n  if os.fork() == 0:\n    "
               "time.sleep(1000)\n  os._exit(0)\nos.wait()", "os.fork"),
    "program": ("import subprocess; subprocess.run(['true'])",
                r"subprocess.Popen|\S+ was imported"),
    "system": ("os.system('true')", "os.system"),
    "spawn": ("os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
              "os.posix_spawn"),
    "opened": ("os.open('/dev/null', os.O_RDONLY)", "a descriptor"),
    "closed": ("os.dup2(1, 2)", "a descriptor"),
    "nonblocking": ("os.set_blocking(1, False)", "a descriptor"),
    "inheritable": ("os.set_inheritable(0, not os.get_inheritable(0))\n"
                    "os.dup2(2, 9)", "a descriptor"),
    "handler": ("import faulthandler, signal; "
                "faulthandler.register(signal.SIGUSR2, file=2)",
                "faulthandler.register"),
    "alarm": ("import signal; signal.setitimer(signal.ITIMER_REAL, 1000)",
              "a timer"),
    "limit": ("import resource; resource.setrlimit(resource.RLIMIT_CORE, "
              "(0, 0))", r"a resource limit|resource was imported"),
    "umask": ("os.umask(0o77)", "the umask"),
    "directory": ("os.chdir('/tmp')", "the working directory"),
    "environment": ("os.environ['H2RIG_X'] = '1'",
                    r"the environment|\S+environ\S* was changed"),
    "putenv": ("os.putenv('H2RIG_X', '1')", "the environment"),
    "locale": ("import locale; locale.setlocale(locale.LC_ALL, 'C.UTF-8')",
               r"the locale|\S+ was imported"),
    "memory": ("x = b'1' * (128 << 20); import json; json.x = x",
               "json.x was changed"),
    # Traces in Python.
    "json": ("import json; json.loads = 5", "json.loads was changed"),
    "deleted": ("import json; del json.JSONDecodeError", "json.* was changed"),
    "class": ("import json; json.JSONEncoder.item_separator = ':'",
              "json.*JSONEncoder.* was changed"),
    "own": ("import h2rig.response; h2rig.response.Response.foo = 1",
            r"h2rig\.\S*Response\S* was changed"),
    "types": ("from h2rig.constants import content_types as c; c['x'] = 'y'",
              r"h2rig\.constants\.content_types\S* was changed"),
    "builtins": ("import builtins; builtins.foo = 1",
                 "builtins.foo was changed"),
    "path": ("import sys; sys.path.append('/x')", "sys.path was changed"),
    "hook": ("import sys; sys.excepthook = print",
             "sys.excepthook was changed"),
    "stdout": ("import io, sys; sys.stdout = io.StringIO()",
               "sys.stdout was changed"),
    "recursion": ("import sys; sys.setrecursionlimit(5000)",
                  "sys.setrecursionlimit"),
    "codec": ("import codecs; codecs.register_error('x', print)",
              "codecs.register_error"),
    "atexit": ("import atexit; atexit.register(print)", "atexit"),
    "gc": ("import gc; gc.disable()", "gc"),
    "logger": ("import logging; logging.getLogger('x')",
               r"logging\.\S* was changed"),
    "warnings": ("import warnings; warnings.simplefilter('error')",
                 r"_?warnings\.\S* was changed"),
    "timeout": ("import socket; socket.setdefaulttimeout(5)",
                "socket.setdefaulttimeout"),
    "options": ("from h2rig.server.config import options; "
                "options.doc_root = '/etc'", "h2rig.server.config.options"),
    "tzset": ("import time; os.environ['TZ'] = 'Asia/Tokyo'; time.tzset(); "
              "del os.environ['TZ']", "time.*"),
    "ctypes": ("import ctypes; ctypes.CDLL(None)",
               r"_?ctypes was imported|ctypes\.\S+"),
    "default": ("import json; json._default_decoder.decode = print",
                "json._default_decoder.decode was changed"),
    "config": ("request.server.config['x'] = 1",
               r"request\.server\.config\S* was changed"),
    "closedout": ("import sys; sys.stdout.close()",
                  "sys.stdin, sys.stdout or sys.stderr"),
    "filter": ("response.logger.addFilter(lambda r: False)",
               r"logger h2rig\.script\S* was changed"),
    "digits": ("import sys; getattr(sys, 'set_int_max_str_digits', "
               "sys.setrecursionlimit)(5000)",
               r"sys\.set(_int_max_str_digits|recursionlimit)"),
    "abc": ("import collections.abc; "
            "collections.abc.Mapping.register(int)", "abc"),
    "surrogate": ("import json; setattr(json, '\\udc80', 1)",
                  r"json.\\+udc80 was changed"),
    "finalforks": ("class A:\n  def __del__(self):\n    if os.fork() == 0: "
                   "os._exit(0)\nx = A(); x.x = x", "os.fork"),
    "decoded": ("b'\\xe4'.decode('cp500')",
                "the module encodings.cp500 was imported"),
    "module": ("import this", "the module this was imported"),
    "made": ("import sys, types; sys.modules['m'] = types.ModuleType('m')",
             "the module m was imported"),
    "memoryerror": ("raise MemoryError", "MemoryError"),
    "systemerror": ("raise SystemError", "SystemError"),
    "stash": ("import uuid; request.server.stash.put(str(uuid.uuid4()), 1)",
              "the stash is open"),
    "kept": ("import json; json.request = request",
             "json.request was changed"),
}

#: {name: code of a script that leaves no trace}; all run one after the other.
CLEAN = {
    "nothing": "pass",
    "imports": "import json, re, time, base64, hashlib, urllib.parse",
    "pattern": "import re; re.compile('a{3}|%s' % request.url)",
    "beside": "import other; other.n += 1; assert other.n == 1",
    "raises": "raise ValueError('x')",
    "prints": "print('out'); print('no end', end='')",
    "joined": ("import threading; x = threading.Thread(target=print); "
               "x.start(); x.join()"),
    "file": "open(__file__).read()",
    "local": "import threading; threading.local().x = 1",
    "data": ("assert not request.connection.data; "
             "request.connection.data['x'] = 1"),
    "nice": "os.nice(1)",       # of this thread only
    "mask": "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, "
            "[signal.SIGUSR2])",
    "cycle": "x = []; x.append(x)",
    "writes": "response.write_status_headers(); "
              "response.writer.write_data('x')",
    "large": "return open('%s', 'rb')" % os.path.join(DIR, "large.txt"),
    "part": "return open('%s', 'rb').read(5)" % os.path.join(
        DIR, "large.txt"),
    "automatic": "request.connection.automatic.discard('ping_ack')",
    "dataclass": "import dataclasses\n@dataclasses.dataclass\nclass A:\n"
                 "  x: int",
    "namespace": "import room.inner; room.inner.n += 1; "
                 "assert room.inner.n == 1",
    "mime": "import mimetypes; mimetypes.guess_type('x.html')",
    "random": "import random; random.seed(1); random.gauss(0, 1)",
    "umask": "os.umask(os.umask(0o77))",
}

SCRIPT = """
import contextlib
import os
def main(request, response):
%s
    return "%%d" %% os.getpid()
"""


KEEPS = """
import json
class A: pass
def main(request, response):
    json.dumps.__dict__['kept'] = request
"""

FORGES = """
import fcntl, os, stat, struct, time
def main(request, response):
    # struct logline of src/base/logline.h, of kind LOGLINE_OVER
    message = struct.pack("=IIIIqq", 101, 0, 0, 0, int(time.time()), 0)
    for fd in range(1000, 1100):
        try:
            if (stat.S_ISFIFO(os.fstat(fd).st_mode) and
                    fcntl.fcntl(fd, fcntl.F_GETFL) & os.O_WRONLY):
                os.write(fd, message)
        except OSError:
            pass
"""

FINALIZER = """
class A:
    def __del__(self):
        print('of a finalizer', end='')
def main(request, response):
    x = A()
    x.x = x
"""

ROUTES = """
import contextlib
import os
class Handler:
    n = 0
    def __call__(self, request, response):
        self.n += 1
        return "%d %d" % (self.n, os.getpid())
routes = [("GET", "/routed", Handler())]
"""


def indented(code):
    """Returns code as lines of main."""
    return "\n".join("    " + line for line in code.split("\n"))


def fetch(s, path):
    """Makes a request on a new connection.  Waits until its end is logged."""
    before = s.log().count(" ended: ")
    with Client(s.port) as c:
        x = c.fetch(path)
    tap.wait_until(lambda: s.log().count(" ended: ") > before)
    return x


def pid_of(s):
    """Returns the process id that a plain request gets."""
    return fetch(s, "/pid.py").body


def last_end(s):
    """Returns the record of the last end."""
    return [line for line in s.log().splitlines() if " ended: " in line][-1]


def numbers(s):
    """A process ends with its last connection, and the log numbers them."""
    pids = [pid_of(s) for _ in range(2 * N)]
    t.eq([len(set(pids[:N])), len(set(pids[N:]))], [1, 1],
         f"{N} connections are one process's")
    t.ok(pids[0] != pids[N], "the next ones another's")
    ends = re.findall(r"connection (\d+) of its process", s.log())
    t.eq(ends, [str(i + 1) for i in range(N)] * 2, "the log numbers them")


def clean(s):
    """After a script that leaves no trace, the process is used again."""
    for name in CLEAN:
        pid = pid_of(s)
        while int(re.findall(r"connection (\d+) of", s.log())[-1]) > N - 2:
            pid = pid_of(s)
        x = fetch(s, f"/{name}.py")
        t.ok(x.status == 200 or name == "raises", f"{name}: as it should be",
             x.body)
        end = last_end(s)
        t.ok(pid_of(s) == pid,
             f"{name}: another connection in the same process", end)


def traces(s):
    """After a script that leaves a trace, the process is not used again."""
    for name, (_, said) in TRACES.items():
        before = pid_of(s)
        while int(re.findall(r"connection (\d+) of", s.log())[-1]) > N - 2:
            before = pid_of(s)
        x = fetch(s, f"/{name}.py")
        t.ok(x.status is not None, f"{name}: is answered", x)
        end = last_end(s)
        t.ok(re.search(f"not used again: (the module )?({said})", end),
             f"{name}: the log says what", end)
        t.ok(pid_of(s) != before, f"{name}: none in that process")


def crashes(s):
    """A crash ends its connection, which was not the first of its process."""
    with Client(s.port) as c:
        c.request("/abort.py")
        c.wait_for(lambda: c.end)
    ended = s.wait_log(r"child (\d+) of .* ended: killed by SIGABRT, .*; "
                       r"connection \d+ of its process")
    t.ok(ended, "a crash is that process's end", s.log()[-1000:])
    t.ok(pid_of(s) not in (b"", ended and ended.group(1).encode()),
         "others are served")


def waits(s):
    """A process without a connection is shown as a spare child, and
    ends with the server."""
    pid = int(pid_of(s))
    s.process.send_signal(signal.SIGUSR1)
    t.ok(s.wait_log(rf"child {pid} of nobody: spare; 0\.\d+ s, 0 streams"),
         "it waits as a spare child does", s.log()[-500:])
    t.ok(pid in s.children(), "the process is there")
    s.process.send_signal(signal.SIGHUP)
    t.ok(tap.wait_until(lambda: not s.children()),
         "after HUP it is out of date, and leaves")
    t.ok(tap.wait_until(lambda: int(pid_of(s)) in s.children()),
         "the next ones wait again")
    pid = int(pid_of(s))
    s.process.send_signal(signal.SIGTERM)
    t.eq(s.process.wait(tap.scaled(20)), 0, "it does not keep the server")
    t.ok(f"child {pid} of nobody" not in s.log(), "and its end is no news")


def parallel(s):
    """Connections at the same time have separate processes, which can
    all be used again."""
    clients = [Client(s.port) for _ in range(4)]
    pids = {c.fetch("/pid.py").body for c in clients}
    t.eq(len(pids), 4, "four at a time: four processes")
    before = s.log().count(" ended: ")
    for c in clients:
        c.close()
    tap.wait_until(lambda: s.log().count(" ended: ") == before + 4)
    clients = [Client(s.port) for _ in range(4)]
    t.eq({c.fetch("/pid.py").body for c in clients}, pids,
         "four more: the same ones")
    for c in clients:
        c.close()


def idle(s):
    """A connection without a request, and one that breaks a rule."""
    for octets in b"", b"\0\0\0\0\0\0\0\0\0":
        before = s.log().count(" ended: ")
        with Client(s.port) as c:
            c.wait_for(lambda: c.settings)
            c.sock.sendall(octets)
        tap.wait_until(lambda: s.log().count(" ended: ") > before)
        t.ok(re.search(r"connection \d+ of its process$", last_end(s)),
             f"after {octets!r}: the process goes on", last_end(s))


def limits(s):
    """A process is not used again after a function passed its limit."""
    pid = pid_of(s)
    fetch(s, "/spin.py")
    t.ok("not used again: a function that passed its limit" in last_end(s),
         "a function past its limit: the process ends", last_end(s))
    t.ok(pid_of(s) != pid, "none after it")


def files(s):
    """Requests for files leave no trace."""
    s.children()
    for method, headers in (("GET", []), ("HEAD", []),
                            ("GET", [("range", "bytes=5-90000")])):
        before = s.log().count(" ended: ")
        with Client(s.port) as c:
            x = c.request("/large.txt", method, headers)
            c.wait_for(lambda: x.done)
        tap.wait_until(lambda: s.log().count(" ended: ") > before)
        t.ok(re.search(r"connection \d+ of its process$", last_end(s)),
             f"{method} {headers}: the process goes on", last_end(s))


def kept(s):
    """An object that one connection keeps cannot write to
    another connection."""
    fetch(s, "/keeps.py")
    t.ok("not used again: an object of a request" in last_end(s),
         "an object that is kept: the process ends", last_end(s))


def finalized(s):
    """A finalizer's output is the connection's own."""
    fetch(s, "/prints.py")
    text = s.log()
    t.ok(0 < text.find("of a finalizer") < text.rfind(" ended: "),
         "what a finalizer prints comes before the end", text[-800:])


def routed(s):
    """Routes are made anew for each connection."""
    got = [fetch(s, "/routed").body for _ in range(3)]
    t.eq([b.split()[0] for b in got], [b"1"] * 3, "routes are made anew")
    t.eq(len({b.split()[1] for b in got}), 1, "in the same process")


def forged():
    """By default, the parent does not believe a process that says it can
    take another client."""
    with Server(DIR) as s, Client(s.port) as c:
        c.fetch("/forges.py")
        before = s.log().count(" ended: ")
        t.ok(fetch(s, "/pid.py").body, "another client is served")
        t.eq([s.log().count(" ended: ") - before, before], [1, 0],
             "and only its connection has ended")
        t.ok(c.ping(), "the other one goes on")


def crowd():
    """More clients at once than the processors can serve: each is served, also
    where none of those before it leaves."""
    n = min(4 * (os.cpu_count() or 1), 100) + 3
    with Server(DIR, "--connections-per-process", "100") as s, \
            contextlib.ExitStack() as stack:
        staying = [stack.enter_context(Client(s.port)) for _ in range(n)]
        t.eq([c.fetch("/pid.py").status for c in staying], [200] * n,
             "clients that stay are served")
        for _ in range(5):
            coming = [Client(s.port) for _ in range(n)]
            t.eq([c.fetch("/pid.py").status for c in coming], [200] * n,
                 "... and others that come and go beside them")
            for c in coming:
                c.leave()


WITHOUT_PROC = ["unshare", "-m", "sh", "-c",
                'mount -t tmpfs none /proc && exec "$@"', "sh"]


def without_proc():
    """If the system does not show what a connection left, a
    process serves one."""
    if sanitized():  # AddressSanitizer reads its options there.
        t.skip("without /proc", "needs a build without sanitizers")
        return
    if not shutil.which("unshare") or subprocess.run(
            [*WITHOUT_PROC, "true"], stderr=subprocess.DEVNULL,
            check=False).returncode:
        t.skip("without /proc", "it cannot be hidden here")
        return
    s = Server(DIR, "--connections-per-process", "5")
    s.argv = WITHOUT_PROC + s.argv
    with s:
        pids = [fetch(s, "/pid.py").body for _ in range(2)]
        t.ok(all(pids) and len(set(pids)) == 2,
             "without /proc each connection has a process of its own", pids)


def refused():
    """Values that are no number from 1 on."""
    for number in "0", "-1", "many":
        done = subprocess.run(
            [program(), "--connections-per-process", number, DIR],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        t.ok(done.returncode == 64 and b"expected a number from 1 to" in
             done.stdout, f"{number}: refused", done.stdout)


def main():
    """Runs all tests, with several servers."""
    write_scripts(DIR, {"pid": SCRIPT % "    pass"})
    write_scripts(DIR, {name: SCRIPT % indented(code)
                        for name, code in CLEAN.items()})
    with open(os.path.join(DIR, "other.py"), "w", encoding="ascii") as f:
        f.write("n = 0\n")
    os.mkdir(os.path.join(DIR, "room"))
    shutil.copy(os.path.join(DIR, "other.py"),
                os.path.join(DIR, "room", "inner.py"))
    with open(os.path.join(DIR, "large.txt"), "w", encoding="ascii") as f:
        f.write("0123456789" * 20000)
    with Server(DIR, "--connections-per-process", str(N)) as s:
        numbers(s)
        clean(s)
    write_scripts(DIR, {"abort": SCRIPT % "    os.abort()",
                        "spin": SCRIPT % "    while True: pass",
                        "forges": FORGES, "keeps": KEEPS, "prints": FINALIZER})
    routes = os.path.join(DIR, "routes.file")
    with open(routes, "w", encoding="ascii") as f:
        f.write(ROUTES)
    for parts, options in (
            ([parallel, idle, files, kept, finalized, crashes, waits], []),
            ([limits], ["--run-limit", "500ms"]),
            ([routed], ["--routes", routes])):
        with Server(DIR, "--connections-per-process", "100", *options) as s:
            for part in parts:
                part(s)
    forged()
    crowd()
    without_proc()
    refused()
    write_scripts(DIR, {name: SCRIPT % indented(code)
                        for name, (code, _) in TRACES.items()})
    with Server(DIR, "--connections-per-process", str(N)) as s:
        traces(s)


try:
    main()
finally:
    shutil.rmtree(DIR)
t.done()
