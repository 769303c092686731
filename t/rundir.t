#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the server's own directory and programs that clean temporary files:
the directory is protected from them, and what they remove nevertheless is made
again, with one state for all connections at any time."""
import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-rundir-")
DOCROOT = os.path.join(DIR, "root")
STASH = ("stash.sqlite", "stash.sqlite-wal", "stash.sqlite-shm")

SCRIPTS = {
    "put": """
def main(request, response):
    request.server.stash.put(request.GET["key"], request.GET["value"].decode(),
                             path="/x")
    return "put"
""",
    "take": """
def main(request, response):
    return str(request.server.stash.take(request.GET["key"], path="/x"))
""",
    # Holds the lock until the stash has the key.
    "hold": """
import time

def handle_headers(frame, request, response):
    stash = request.server.stash
    with stash.lock:
        response.writer.write_headers([], 200)
        response.writer.write_data("held")
        while stash.take(request.GET["key"], path="/x") is None:
            time.sleep(0.005)
    response.writer.write_data(", free", last=True)
""",
    "lock": """
def main(request, response):
    lock = request.server.stash.lock
    got = lock.acquire(timeout=float(request.GET["wait"]))
    return "got" if got else "held"
""",
    # Releases all locks (flock) of the directories that it has open.
    "unlock": """
import fcntl
import os
import stat

def main(request, response):
    for fd in range(256):
        try:
            if stat.S_ISDIR(os.fstat(fd).st_mode):
                fcntl.flock(fd, fcntl.LOCK_UN)
        except OSError:
            pass
    return "done"
""",
    # Runs lock sections, and shows by a file whether another one
    # is in a section too.
    "sections": """
import os

def main(request, response):
    stash, path = request.server.stash, request.GET["path"]
    for i in range(int(request.GET["n"])):
        with stash.lock:
            fd = os.open(path, os.O_CREAT | os.O_EXCL)
            key = "%032x" % int(request.GET["me"])
            stash.put(key, i, path="/sections")
            stash.take(key, path="/sections")
            os.close(fd)
            os.unlink(path)
    return "alone"
""",
    "closes": """
import os
from h2rig.server.config import options

def main(request, response):
    response.write_status_headers()
    with request.server.stash.lock:
        response.writer.write_data("held")
        os.close(options.shared_file)
""",
}


def directory(tmp):
    """Returns the server's directory in tmp, or None unless
    there is exactly one."""
    found = [n for n in os.listdir(tmp) if n.startswith("h2rig-")]
    return os.path.join(tmp, found[0]) if len(found) == 1 else None


class Cleaned(Server):
    """A server with its own TMPDIR."""

    def __init__(self, *options):
        self.tmp = tempfile.mkdtemp(prefix="tmp-", dir=DIR)
        super().__init__(DOCROOT, *options, env={"TMPDIR": self.tmp})

    @property
    def own(self):
        """The path of the server's directory."""
        return directory(self.tmp)

    def told(self, text, least=0):
        """Returns how many records contain text.  Waits for so many: what is
        logged can be seen later than what it tells of."""
        tap.wait_until(lambda: self.log().count(text) >= least)
        return self.log().count(text)


def put(c, key, value):
    """Returns the status of a put."""
    return c.fetch(f"/put.py?key={key}&value={value}").status


def take(c, key):
    """Returns what a take gives."""
    return c.fetch(f"/take.py?key={key}").body.decode()


def kept():
    """The directory is protected from cleaners."""
    with Cleaned() as s, Client(s.port) as c:
        key = uuid.uuid4()
        t.eq(put(c, key, "v"), 200, "a value is put")
        t.eq(c.fetch("/unlock.py").body, b"done", "a script unlocks")
        fd = os.open(s.own, os.O_RDONLY)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            locked = False
        except BlockingIOError:
            locked = True
        os.close(fd)
        t.ok(locked, "the directory is locked all the same (flock)")
        if shutil.which("systemd-tmpfiles"):
            other = os.path.join(s.tmp, "other")
            os.mkdir(other)
            conf = os.path.join(DIR, "clean.conf")
            with open(conf, "w") as f:
                f.write(f"d {s.tmp} - - - 0\n")
            subprocess.run(["systemd-tmpfiles", "--clean", conf], check=True)
            t.ok(not os.path.exists(other), "systemd-tmpfiles cleans ...")
            t.eq(set(STASH) - set(os.listdir(s.own)), set(),
                 "... and leaves it alone")
        else:
            t.skip("systemd-tmpfiles", "is not installed")
        t.eq(take(c, key), "v", "the value is there")
        names = [s.own] + [os.path.join(s.own, n) for n in STASH]
        for name in names:
            os.utime(name, (1, 1))
        link = os.path.join(DIR, "link")
        with open(link, "w"):
            os.utime(link, (1, 1))
        os.link(link, os.path.join(s.own, "link"))
        s.process.send_signal(1)
        now = time.time()
        t.ok(tap.wait_until(lambda: all(
            os.stat(n).st_mtime > now - 100 for n in names)),
            "HUP, and every ten minutes: it looks new, and what is in it")
        t.eq(os.stat(link).st_mtime, 1, "but not what a script links there")


def removed(what, names):
    """Some files of the directory, or all (names None), are removed while
    connections use it."""
    with Cleaned() as s, Client(s.port, timeout=30) as a, \
            Client(s.port, timeout=30) as b:
        key, go = uuid.uuid4(), uuid.uuid4()
        t.eq((put(a, key, "old"), take(b, uuid.uuid4())), (200, "None"),
             f"{what}: two connections use the stash")
        x = a.request(f"/hold.py?key={go}", method="GET")
        a.wait_for(lambda: x.body)
        own = s.own
        if names is None:
            # One rename, since others may make the directory again meanwhile.
            os.rename(own, os.path.join(DIR, "gone"))
            shutil.rmtree(os.path.join(DIR, "gone"))
        else:
            for name in names:
                os.unlink(os.path.join(own, name))
        with Client(s.port, timeout=30) as c:
            t.eq((take(c, key), put(c, key, "new"), put(b, key, "newer"),
                  take(a, key), take(b, key)),
                 ("None", 200, 500, "new", "None"),
                 f"{what} removed: a new connection and old ones see the same")
            t.eq([k.fetch("/lock.py?wait=0").body for k in (b, c)],
                 [b"held"] * 2, f"{what} removed: the lock is not free")
            t.eq(put(c, go, "go"), 200, "its holder is told")
            a.wait_for(lambda: x.done)
            t.eq((x.body, c.fetch("/lock.py?wait=30").body),
                 (b"held, free", b"got"), "and then it is")
        t.eq((s.own, stat.S_IMODE(os.stat(own).st_mode)), (own, 0o700),
             f"{what} removed: the directory is there")
        t.eq((s.told(" was removed, and is another from now on: what was in "
                     "it is lost", 1),
              s.told(" was removed, and is made anew", int(names is None))),
             (1, int(names is None)), f"{what} removed: the log says so once")


def again():
    """A cleaner removes the directory all the time, while
    connections count."""
    with Cleaned() as s:
        clients = [Client(s.port, timeout=120) for _ in range(6)]
        marker = os.path.join(DIR, "marker")
        xs = [c.request(f"/sections.py?n=40&me={i}&path={marker}")
              for i, c in enumerate(clients)]
        over = threading.Event()

        def clean():
            for i in range(100000):
                own = s.own
                if over.wait(0.03) or own is None:
                    continue
                if i % 5 == 0:
                    shutil.rmtree(own, ignore_errors=True)
                else:
                    try:
                        os.unlink(os.path.join(own, STASH[i % 5 % 3]))
                    except FileNotFoundError:
                        pass
                if over.is_set():
                    return
        thread = threading.Thread(target=clean)
        thread.start()
        for c, x in zip(clients, xs):
            c.wait_for(lambda: x.done)
        over.set()
        thread.join()
        t.eq({(x.status, x.body) for x in xs}, {(200, b"alone")},
             "removed again and again: never are two in a lock section")
        for c in clients:
            c.close()


def code():
    """The compiled code of scripts is removed."""
    with Cleaned() as s, Client(s.port) as c:
        tap.wait_until(lambda: s.own)
        own = s.own
        t.eq(c.fetch("/lock.py?wait=1").status, 200, "a script runs")
        shutil.rmtree(own)
        with Client(s.port) as other:
            t.eq(other.fetch("/put.py?key=x&value=y").status, 500, "another")
            t.ok(tap.wait_until(lambda: s.own == own),
                 "a connection that compiles makes the directory anew")
        t.eq((s.told("is made anew", 1), s.told("is lost")), (1, 0),
             "the log says so once")


def others():
    """Another process puts its own directory there."""
    with Cleaned() as s, Client(s.port) as c:
        key, own = uuid.uuid4(), s.own
        t.eq(put(c, key, "v"), 200, "a value is put")
        shutil.rmtree(own)
        os.mkdir(own)
        os.chmod(own, 0o755)
        x = c.fetch(f"/take.py?key={key}")
        t.ok(x.status == 500 and b"StashError" in x.body
             and b"not ours alone" in x.body,
             "a directory that is not ours alone is not used", x.body)
        os.rmdir(own)
        t.eq((take(c, key), put(c, key, "w")), ("None", 200),
             "when it is gone there is a new one")


def closed():
    """A script closes the descriptor of the locks."""
    with Cleaned() as s, Client(s.port) as bad, Client(s.port) as c:
        x = bad.fetch("/closes.py")
        t.eq((x.body, x.reset), (b"held", 2),
             "a script that has closed the locks' descriptor learns of it")
        t.ok(s.wait_log("StashError: the descriptor of the stash's locks was "
                        "closed by a script"), "the log says so")
        key = uuid.uuid4()
        t.eq((bad.fetch(f"/take.py?key={key}").status, put(c, key, "v"),
              take(c, key)), (500, 200, "v"), "others go on")


def file():
    """--stash FILE is removed."""
    path = os.path.join(DIR, "stash")
    with Server(DOCROOT, "--stash", path) as s, Client(s.port) as a, \
            Client(s.port) as b:
        for suffix in "", "-wal", "-shm":
            key = uuid.uuid4()
            t.eq((put(a, key, "v"), take(b, uuid.uuid4())), (200, "None"),
                 "two connections use --stash FILE")
            for name in {path, path + suffix}:
                os.unlink(name)
            with Client(s.port) as c:
                t.eq((put(c, key, "new"), put(b, key, "newer"), take(a, key),
                      take(b, key)), (200, 500, "new", "None"),
                     f"FILE{suffix} removed: all see the same")
        t.eq(tap.wait_until(lambda: s.log().count("what was in it is lost")
                            == 3) or s.log(), True, "said once each time")
        x = a.request(f"/hold.py?key={key}", method="GET")
        a.wait_for(lambda: x.body)
        os.unlink(path + "-lock")
        t.ok(a.wait_for(lambda: x.done), "FILE-lock removed")
        t.eq((x.body, x.reset), (b"held", 2), "its holder learns of it")


os.mkdir(DOCROOT)
for script, text in SCRIPTS.items():
    with open(os.path.join(DOCROOT, script + ".py"), "w") as f:
        f.write(text)
try:
    kept()
    removed("all of it", None)
    removed("the stash", STASH)
    for part in STASH:
        removed(part, [part])
    again()
    code()
    others()
    closed()
    file()
finally:
    shutil.rmtree(DIR)
t.done()
