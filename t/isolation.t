#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what is kept from scripts, where their output goes, and that the log
says how each connection ended and who caused it."""
import json
import os
import pwd
import re
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import (NOBODY, Server, extended, others_can_run, program, sanitized,
                    write_scripts)

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-isolation-")
ROOT = os.getuid() == 0
# Only with extensions does the server know about the kernel's out-of-memory
# killer.
PERHAPS = "" if extended() else ", perhaps by the kernel for want of memory"

SCRIPTS = {
    "quick": """
def main(request, response):
    return 'quick'
""",
    "few": """
import resource
def main(request, response):
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
""",
    "blanks": """
import sys
def main(request, response):
    for name, module in list(sys.modules.items()):
        if name.startswith('h2rig'):
            vars(module).clear()
    raise ValueError('what went wrong')
""",
    "sleep": """
import time
def main(request, response):
    response.write_status_headers()
    response.writer.write_data('x')
    time.sleep(1000)
""",
    "prints": """
import os, subprocess, sys, threading
def main(request, response):
    print('one', 2)
    print('two lines', 'in one call', sep='\\n')
    print('an error', file=sys.stderr)
    sys.stdout.buffer.write(b'octets\\x01\\n')
    print('h\\u00e4 \\ud800')
    other = threading.Thread(target=print, args=('of another thread',))
    print('begun,', end=' ')
    other.start()
    other.join()
    print('ended')
    os.write(1, b'straight to descriptor 1\\n')
    os.write(2, b'straight to descriptor 2\\n')
    subprocess.run(['echo', 'of a program'])
    subprocess.run(['printf', 'two\\nno newline there'])
    print('no newline', end='')
    return os.read(0, 100) + sys.stdin.read().encode()
""",
    "descriptors": """
import json, os, resource
def main(request, response):
    most, found = resource.getrlimit(resource.RLIMIT_NOFILE)[0], []
    for fd in range(most + 1000):
        try:
            s = os.fstat(fd)
        except OSError:
            continue
        found.append([fd, s.st_mode, s.st_dev, s.st_ino])
    return json.dumps([most, found])
""",
    "harm": """
import fcntl, os, resource, socket, stat, struct, subprocess
def own():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    for fd in [1, 2, *range(most, most + 1000)]:
        try:
            yield fd, os.fstat(fd).st_mode
        except OSError:
            pass
def main(request, response):
    what = request.GET.first(b'what').decode()
    text = b'2026-01-02T03:04:05.678Z h2rig[1] error: forged\\n'
    kinds = {'garbage': bytes(range(256)) * 10, 'zeros': bytes(3000),
             'huge': struct.pack('IIII', 2, 0, 1 << 31, 1 << 31) + bytes(99),
             'kind': struct.pack('IIIIqq', 77, 0, 0, 0, 0, 0),
             'time': struct.pack('IIIIqq', 2, 0, 4, 4, -1 << 63, -1) + b'past',
             'record': struct.pack('IIIIqq', 2, 0, len(text), len(text), 1, 1)
             + text,
             'keys': struct.pack('IIIIqq', 100, 0, len(text), len(text), 1, 1)
             + text}
    for fd, mode in own():
        try:
            if what == 'nonblock':
                os.set_blocking(fd, False)
            elif what == 'truncate':
                os.ftruncate(fd, 0)
            elif fd > 2 and stat.S_ISFIFO(mode):
                os.write(fd, kinds[what])
        except OSError:
            pass
    if what == 'truncate':
        for name in 'stdout', 'stderr':
            subprocess.run(['sh', '-c', 'echo by %s > /dev/%s' % (name, name)])
    return what
""",
    "words": """
import os, signal, subprocess
def main(request, response):
    if os.fork() == 0:
        print('of a fork')
        os._exit(0)
    os.wait()
    print('printed')
    os.write(1, b'x' * 70000)
    os.write(2, b'last words')
    os.kill(os.getpid(), signal.SIGKILL)
""",
    "hooked": """
import os, sys
def main(request, response):
    pid = os.fork()
    if pid == 0:
        sys.excepthook = lambda *args: 1 / 0
        print('half a line', end='')
        raise LookupError('inner')
    return str(os.waitpid(pid, 0)[1])
""",
    "environment": """
import ctypes, json, os, socket, stat
def listens(fd):
    try:
        s = socket.socket(fileno=os.dup(fd))
        with s:
            return s.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) != 0
    except OSError:
        return False
def main(request, response):
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_char_p
    mask = os.umask(0)
    os.umask(mask)
    return json.dumps({
        'names': [n for n in os.environ if libc.getenv(n.encode())],
        'umask': mask, 'listens': any(map(listens, range(256))),
        'dumpable': libc.prctl(3, 0, 0, 0, 0)})
""",
    "rights": """
import json, os
def attempt(f, *args):
    try:
        f(*args)
        return 'done'
    except OSError as e:
        return type(e).__name__
def main(request, response):
    return json.dumps({
        'ids': [*os.getresuid(), *os.getresgid(), *os.getgroups()],
        'kill': attempt(os.kill, os.getppid(), 9),
        'memory': attempt(open, '/proc/%d/mem' % os.getppid()),
        'root': attempt(os.setuid, 0)})
""",
    "home": """
import json, os
def main(request, response):
    return json.dumps([os.environ.get(name) for name in
                       ('HOME', 'USER', 'LOGNAME')] + [os.getcwd()])
""",
    "chance": """
import json, os, random, ssl, tempfile, uuid
def forked():
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, repr(random.random()).encode())
        os._exit(0)
    os.close(writing)
    os.wait()
    with open(reading) as f:
        return f.read()
def main(request, response):
    with tempfile.NamedTemporaryFile() as f:
        name = f.name
    # Forked ones first: they begin with the state that we have.
    forks = [forked(), forked(), repr(random.random())]
    return json.dumps({
        'random': forks[2], 'getrandbits': random.getrandbits(64),
        'gauss': random.gauss(0, 1), 'uuid4': str(uuid.uuid4()),
        'ssl': ssl.RAND_bytes(16).hex(), 'tempfile': name,
        'random, in processes of one script': forks})
""",
    "kill0": """
import os
def main(request, response):
    os.kill(0, 9)
""",
    "stash": """
def main(request, response):
    key = '01234567-0123-0123-0123-0123456789ab'
    request.server.stash.put(key, 'kept')
    return request.server.stash.take(key)
""",
    "abort": """
import os
def handle_headers(frame, request, response):
    os.abort()
""",
    "leave": """
import os
def main(request, response):
    os._exit(int(request.GET.first(b'code')))
""",
    "overflow": """
import ctypes, sys
def main(request, response):
    # CPython 3.14 looks at its stack; the C library's parser does not.
    ctypes.CDLL(None).regcomp(bytes(1000), b'(' * 1000000, 1)
    sys.setrecursionlimit(10 ** 9)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    again = kind(lambda n: again(n + 1))
    again(0)
""",
    "closes": """
import os
def main(request, response):
    os.closerange(0, 1 << 16)
    return 'closed'
""",
    "execs": """
import os
def main(request, response):
    os.execv('/bin/true', ['true'])
""",
    "thread": """
import ctypes, threading
def main(request, response):
    go = threading.Event()
    def crash():
        go.wait()
        ctypes.string_at(1)
    threading.Thread(target=crash, daemon=True).start()
    threading.Timer(0.05, go.set).start()
    return 'it crashes later'
""",
    "loop": """
def main(request, response):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
""",
}


def fetch(s, path):
    """Requests path on a new connection.  Returns the content."""
    with Client(s.port) as c:
        return c.fetch(path).body


def logged(s, regex, name):
    """Tests that a line of the log matches."""
    return t.ok(s.wait_log(regex), name, s.log()[-3000:])


# ---- output

def output():
    """Output of print, descriptors 1 and 2 and programs;
    standard input is empty."""
    with Server(DOCROOT) as s:
        t.eq(fetch(s, "/prints.py"), b"", "standard input is empty")
        for level, text in (
                ("info", "one 2"), ("info", "two lines"),
                ("info", "in one call"), ("warn", "an error"),
                ("info", r"octets\\x01"), ("info", r"hä \\ud800"),
                ("info", "of another thread"), ("info", "begun, ended"),
                ("info", "no newline"), ("info", "straight to descriptor 1"),
                ("warn", "straight to descriptor 2"), ("info", "of a program"),
                ("info", "two"), ("info", "no newline there")):
            logged(s, rf"h2rig\[\d+\] {level}: script output: {text}$",
                   f"printed: {text}")
        t.eq(s.out().count("\n"), 1, "standard output has the ready line only")


def descriptors():
    """A child has its connection and the descriptors for its own records, but
    no file of the server or of the process that started the server."""
    top = tempfile.mkdtemp(prefix="h2rig-files-")
    log, keys, other = [os.path.join(top, name) for name in
                        ("log", "keys", "other")]
    user = ["--user", "nobody"] if ROOT and others_can_run() else []
    for options in [], ["--spare", "1"]:
        s = Server(DOCROOT, "--log-file", log, *user, *options,
                   env={"SSLKEYLOGFILE": keys})
        s.argv = ["sh", "-c", 'exec 9>>"$1"; shift; exec "$@"', "sh", other,
                  *s.argv]
        label = " ".join(options) or "no spare"
        with s:
            most, found = json.loads(fetch(s, "/descriptors.py"))
            secret = {(x.st_dev, x.st_ino) for x in map(
                os.stat, (log, keys, other, os.path.join(s.dir, "out"),
                          os.path.join(s.dir, "err")))}
            t.eq([f for f in found if tuple(f[2:]) in secret], [],
                 f"{label}: none leads to a file of the server's")
            low = [(f[0], stat.S_IFMT(f[1])) for f in found if f[0] < most]
            t.eq(low[:3], [(0, stat.S_IFCHR), (1, stat.S_IFIFO),
                           (2, stat.S_IFIFO)], f"{label}: 0 to 2")
            t.ok(all(stat.S_ISREG(m) for _, m in low[3:]),
                 f"{label}: no others among a script's but its files", low)
            t.ok(len(found) - len(low) < 10, f"{label}: few of its own", found)
            for what in ("nonblock", "truncate", "garbage", "zeros", "huge",
                         "kind", "time", "record", "keys"):
                with Client(s.port) as c:
                    port = c.sock.getsockname()[1]
                    c.fetch(f"/harm.py?what={what}")
                    c.leave()
                t.ok(tap.wait_until(lambda: re.search(
                    rf":{port} ended: closed by client", text_of(log))),
                    f"{label}, {what}: its end is logged",
                    text_of(log)[-1000:])
                t.eq(fetch(s, "/quick.py"), b"quick",
                     f"{label}, {what}: the next is served")
        lines = text_of(log).splitlines()
        t.eq([x for x in lines if not re.match(
            r"\d{4}-\d\d-\S+Z h2rig\[\d+\] (info|warn|debug|error): ", x)], [],
            f"{label}: records are whole")
        t.ok(not any("h2rig[1] " in x[:60] for x in lines) and any(
            r" info: 2026-01-02T03:04:05.678Z h2rig[1] error: forged\n" in x
            for x in lines), f"{label}: a forged one is its writer's", lines)
        for name, level in ("stdout", "info"), ("stderr", "warn"):
            t.ok(any(f" {level}: script output: by {name}" in x
                     for x in lines), f"{label}: /dev/{name} is output", lines)
        t.ok(lines[0].find(" info: h2rig ") > 0, f"{label}: all are kept")
        t.ok(all(re.fullmatch(r"[A-Z_0-9]+ [0-9a-f]+ [0-9a-f]+", x) for x in
                 text_of(keys).splitlines()), f"{label}: keys are keys")
        t.ok(len(text_of(keys)) > 1000, f"{label}: all of them")
        os.unlink(log)
        os.unlink(keys)
    shutil.rmtree(top)


def text_of(path):
    """Returns a file's content."""
    with open(path, encoding="utf-8", errors="backslashreplace") as f:
        return f.read()


def last_words():
    """What a script printed before it is killed comes before the
    record of its end."""
    with Server(DOCROOT) as s:
        with Client(s.port) as c:
            c.request("/words.py")
            c.wait_end()
        end = s.wait_log(r"child (\d+) of \S+ ended: killed by SIGKILL")
        t.ok(end, "a script kills its process", s.log()[-1000:])
        before, pid = s.log()[:end.start()], end.group(1)
        for text in ("info: script output: of a fork$",
                     "info: script output: printed$",
                     "info: script output: x{4000}$",
                     "info: script output: x{2000}$",
                     "warn: script output: last words$"):
            t.ok(re.search(rf"h2rig\[{pid}\] {text}", before, re.M),
                 f"it has said before: {text}", before[-1000:])


def hooked():
    """A fork whose excepthook raises still says what it has to say."""
    with Server(DOCROOT) as s:
        t.eq(fetch(s, "/hooked.py"), b"256", "a fork's exception: status 1")
        for text in ("ZeroDivisionError", "LookupError: inner",
                     "script output: half a line"):
            t.ok(s.wait_log(text), f"... and in the log: {text}",
                 s.log()[-2000:])


def environment():
    """A child does not inherit supervisors' variables, the umask or a
    listening socket; other processes cannot read its memory."""
    env = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "x",
           "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1", "TCPREMOTEIP": "1",
           "TCPREMOTEPORT": "2", "INVOCATION_ID": "3", "KEPT": "4"}
    mask = os.umask(0)
    try:
        with Server(DOCROOT, env=env) as s:
            got = json.loads(fetch(s, "/environment.py"))
    finally:
        os.umask(mask)
    t.eq(sorted(set(got["names"]) & set(env)), ["KEPT"],
         "supervisors' variables are gone, others are there")
    t.eq(got["umask"], 0o22, "umask")
    t.eq(got["listens"], False, "no listening socket")
    if sys.platform != "linux" or sanitized() or not extended():
        t.skip("memory is hidden", "needs Linux, extensions, no sanitizer")
    else:
        t.eq(got["dumpable"], 0, "memory is hidden from other processes")


def chance():
    """No two connections draw the same random numbers, though
    they have one parent."""
    for options in [], ["--spare", "3"]:
        label = " ".join(options)
        with Server(DOCROOT, *options) as s:
            # Some of these children were spare, others are forked for their
            # client.
            got = [json.loads(fetch(s, "/chance.py")) for _ in range(8)]
        for name in got[0]:
            drawn = [v for g in got for v in
                     (g[name] if isinstance(g[name], list) else [g[name]])]
            t.eq(len(set(drawn)), len(drawn), f"{label} {name}: all differ")


# ---- users

def start(*options, user=None):
    """Returns the exit status and standard error of a server
    that must not start."""
    p = subprocess.run([program(), "--port", "0", *options, DOCROOT],
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       timeout=tap.scaled(30), check=False, user=user)
    return p.returncode, p.stderr.decode()


def wrong_users():
    """Values that --user and --group refuse."""
    for option in "--user", "--group":
        name = {"user": NOBODY} if ROOT else {}
        if ROOT and not others_can_run():
            t.skip(f"{option}: for root only",
                   "other users cannot run the program here")
            continue
        status, text = start(option, "0", **name)
        t.ok(status == 78 and re.fullmatch(
            rf"h2rig: {option}: expected .*root.*\n", text),
            f"{option}: for root only", text)
        if not ROOT:
            t.skip(f"{option}: unknown", "needs root")
            continue
        for wrong in "no-such-name", "12x", "4294967295", "":
            status, text = start(option, wrong)
            t.ok(status == 78 and text.startswith(
                f'h2rig: {option}: "{wrong}": expected '),
                f"{option}: {wrong!r}", text)


WARNING = "warn: scripts will run as root"


def users():
    """--user and --group: scripts have only those rights."""
    if not ROOT:
        return t.skip("--user", "needs root")
    if not others_can_run():
        return t.skip("--user", "other users cannot run the program here")
    with Server(DOCROOT) as s:
        logged(s, WARNING, "a warning without --user")
    with Server(DOCROOT, "--group", "7") as s:
        logged(s, WARNING, "with --group alone too")
        t.eq(fetch(s, "/quick.py"), b"quick", "and it serves")
    for options, group in ((["--user", "nobody"], NOBODY),
                           (["-u", str(NOBODY)], NOBODY),
                           (["--user", "nobody", "--group", "7"], 7)):
        name = " ".join(options)
        with Server(DOCROOT, *options) as s:
            t.ok(WARNING not in s.log(), f"{name}: no warning")
            got = json.loads(fetch(s, "/rights.py"))
            if not extended():          # it may have had no groups of its own
                got["ids"] = got["ids"][:6] + [group]
            t.eq(got, {"ids": [NOBODY] * 3 + [group] * 4,
                       "kill": "PermissionError", "memory": "PermissionError",
                       "root": "PermissionError"}, f"{name}: rights")
            t.eq(fetch(s, "/stash.py"), b"kept", f"{name}: stash")
            with Client(s.port) as other:
                t.eq(other.fetch("/quick.py").body, b"quick", f"{name}: other")
                fetch(s, "/kill0.py")
                logged(s, rf"ended: killed by SIGKILL{PERHAPS}, running main "
                       r"in /kill0\.py on stream 1;", f"{name}: kill(0, 9)")
                t.ok(s.alive() and other.ping(), f"{name}: hits itself only")


def homes():
    """How --user changes HOME, USER, LOGNAME and the working directory."""
    if not ROOT or not others_can_run():
        return t.skip("--user: HOME", "needs root, and a program that others "
                      "can run")
    entry, number = pwd.getpwuid(NOBODY), "54321"
    name = entry.pw_name
    env = {"HOME": "/root", "USER": "root", "LOGNAME": "root"}
    closed, before = os.path.join(DOCROOT, "closed"), os.getcwd()
    os.mkdir(closed, 0o700)
    cases = [([], ["/root", "root", "root"]),
             (["--group", "7"], ["/root", "root", "root"]),
             (["--user", name], [entry.pw_dir, name, name]),
             (["--user", str(NOBODY)], [entry.pw_dir, name, name])]
    try:
        pwd.getpwuid(int(number))
    except KeyError:
        cases.append((["--user", number], ["/", None, None]))
    for options, want in cases:
        for start_in in DOCROOT, closed:
            server = Server(DOCROOT, *options, env=env)
            os.chdir(start_in)
            try:
                with server as s:
                    got = json.loads(fetch(s, "/home.py"))
            finally:
                os.chdir(before)
            cwd = "/" if start_in == closed and "--user" in options \
                else start_in
            t.eq(got, want + [cwd], f"{' '.join(options) or 'no --user'}: "
                 f"HOME, USER, LOGNAME, in {os.path.basename(start_in)}")
    return None


def probe():
    """The file of --routes is loaded with the rights of scripts."""
    path = os.path.join(DOCROOT, "routes.txt")
    with open(path, "w", encoding="utf-8") as f:
        f.write("import os, stat\n"
                "def is_socket(fd):\n"
                "    try:\n"
                "        return stat.S_ISSOCK(os.fstat(fd).st_mode)\n"
                "    except OSError:\n"
                "        return False\n"
                "raise RuntimeError('uid %d, sockets %d' % (os.getuid(), "
                "sum(map(is_socket, range(3, 256)))))\n")
    options = ["--routes", path] + (["--user", "nobody"] if ROOT else [])
    status, text = start(*options)
    t.ok(status == 78 and f"uid {NOBODY if ROOT else os.getuid()}, sockets 0"
         in text, "--routes: tried without rights and sockets", text)


# ---- ends

def end_of(s, path, end, last=r"running main in {} on stream 1"):
    """A script ends its connection.  Tests that a line of the log
    names end and script."""
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        c.request(path)
        c.wait_end()
        last = last.format(re.escape(path.split("?")[0]))
        logged(s, rf"warn: child \d+ of 127\.0\.0\.1:{port} ended: {end}, "
               rf"{last}; \d+\.\d+ s, 1 streams, \d+ octets in, \d+ out"
               r"(; connection \d+ of its process)?$",
               f"{path}: {end}")
    t.eq(fetch(s, "/quick.py"), b"quick", f"{path}: the next is served")


def scripts_end():
    """Ends that scripts cause."""
    last = "last ran main in {} on stream 1"
    with Server(DOCROOT, "--run-limit", "1") as s:
        end_of(s, "/abort.py", "killed by SIGABRT",
               "running handle_headers in {} on stream 1")
        for code in 7, 0, 70:
            end_of(s, f"/leave.py?code={code}", f"exit by a script, "
                   f"code {code}")
        end_of(s, "/execs.py", "exit by a script, code 0")
        end_of(s, "/closes.py", "damaged by a script: .*descriptors.*", last)
        if os.path.exists("/proc"):     # elsewhere poll may not mind
            end_of(s, "/few.py", "damaged by a script: poll: .*", last)
        with Client(s.port) as c:
            c.request("/blanks.py")
            logged(s, r"error: .*: NameError: ", "a script that damages the "
                   "package: the exception's type is in the log")
        end_of(s, "/overflow.py", "killed by SIGSEGV")
        logged(s, r"warn: script output: Fatal Python error: "
               "Segmentation fault$",
               "stack overflow: faulthandler has a stack to run on")
        logged(s, r'warn: script output:   File ".*overflow\.py", line \d+ in '
               "(main|<lambda>)$", "and says where it was")
        end_of(s, "/thread.py", "killed by SIGSEGV", last)
        end_of(s, "/loop.py", r"limit hit: main in /loop\.py on stream 1 ran "
               "for more than 1 s.*")


def clients_end():
    """Ends that clients and the server cause."""
    with Server(DOCROOT, "--handshake-timeout", "1") as s:
        def ended(end, name):
            logged(s, rf"info: child \d+ of \S+ ended: {end}; ", name)

        with Client(s.port) as c:
            c.ping()
            c.leave()
        ended("closed by client", "closed by client")
        with Client(s.port) as c:
            c.send_frame(0, 0, 0, b"DATA on stream 0")
            c.wait_end()
        ended("protocol violation by the client: .*DATA.*", "violation, rule")
        with Client(s.port) as c:
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
            c.ping()
            c.sock.close()
        ended("transport error: .*", "reset by the client")
        with Client(s.port) as c:
            c.request("/sleep.py")
            c.wait_for(lambda: c.streams[1].data)
            pid = s.children()[0]
            os.kill(pid, signal.SIGKILL)
            c.wait_end()
            logged(s, rf"warn: child {pid} of \S+ ended: killed by SIGKILL"
                   rf"{PERHAPS}, running main in /sleep\.py on stream 1;",
                   "killed")
        with Client(s.port) as c:
            c.ping()
            s.process.send_signal(signal.SIGTERM)
            c.wait_end()
            ended("drained", "drained")
            s.stop(0)


if __name__ == "__main__":
    write_scripts(DOCROOT, SCRIPTS)
    try:
        output()
        descriptors()
        last_words()
        environment()
        hooked()
        chance()
        wrong_users()
        users()
        homes()
        probe()
        scripts_end()
        clients_end()
    finally:
        shutil.rmtree(DOCROOT, ignore_errors=True)
    t.done()
