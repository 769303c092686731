#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the compiled code of scripts that the processes of connections share:
which code is stored and where, and that stored files never do harm.

To see whether stored code is used, a script of the server (forge.py)
puts other code in its place, under the right name; a response then
shows which one ran.
"""
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import NOBODY, Server, others_can_run, program

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-codecache-")
os.chmod(DIR, 0o755)
DOCROOT = os.path.join(DIR, "root")
ROOT = os.getuid() == 0

ANSWER = """
def main(request, response):
    return {!r}
"""
WEB_SOCKET = """
def web_socket_do_extra_handshake(request):
    request.extra_headers.append(("answer", {!r}))

def web_socket_transfer_data(request):
    pass
"""
# Routes that put a symbolic link in the place of the server's directory.
LINK = """
import os
from h2rig.server.config import options

if os.geteuid() == {} and not os.path.islink(options.run_directory):
    os.rmdir(options.run_directory)
    os.symlink({!r}, options.run_directory)
routes = []
"""
# Returns the path of a script's stored code, or replaces the code by what the
# request says: another script, or something that is no code.
FORGE = """
import marshal, os
from h2rig.server import codecache, config

def main(request, response):
    name, what = request.GET["name"], request.GET["what"].decode()
    with open(name, "rb") as f:
        file = codecache._place(config.options.run_directory,
                                os.fsdecode(name), f.read())
    if what == "where":
        return file if os.path.exists(file) else ""
    content = marshal.dumps("text")
    if what == "no marshal":
        content = b"?" + content
    if "text" in request.GET:
        content = marshal.dumps(compile(request.GET["text"], name, "exec"))
    with open(file, "wb") as f:
        f.write(codecache._checksum(content) + content)
    return "forged"
"""
ODD = os.fsdecode(b"odd\xff\xc3\xa4.py")
ODD_PATH = "/odd%FF%C3%A4.py"


def write(name, text):
    """Writes a file below the document root."""
    with open(os.path.join(DOCROOT, name), "w", encoding="utf-8") as f:
        f.write(text)


class Rig:
    """A server that has its own directory for temporary files."""

    def __init__(self, *options):
        self.tmp = tempfile.mkdtemp(dir=DIR)
        os.chmod(self.tmp, 0o1777)
        self.server = Server(DOCROOT, "--log-level", "debug", *options,
                             env={"TMPDIR": self.tmp})

    def __enter__(self):
        self.server.__enter__()
        return self

    def __exit__(self, *exc):
        self.server.__exit__(*exc)

    def get(self, path):
        """Requests path on a new connection.  Returns the content, or the
        status if it is not 200."""
        with Client(self.server.port) as c:
            x = c.fetch(path)
            return x.body if x.status == 200 else x.status

    def directory(self):
        """Returns the server's directory of compiled code, or None."""
        found = directories(self.tmp)
        return os.path.join(self.tmp, *found) if found else None

    def files(self):
        """Returns the names of the files of compiled code."""
        return [entry for entry in os.listdir(self.directory() or self.tmp)
                if entry.endswith(".code")]

    def ask(self, name, what, text=None):
        """Returns the response of forge.py."""
        query = {"what": what, "name": os.path.join(DOCROOT, name)}
        if text is not None:
            query["text"] = text
        with Client(self.server.port) as c:
            return c.fetch("/forge.py?" + "&".join(
                f"{k}={quoted(v)}" for k, v in query.items())).body

    def file(self, name):
        """Returns the path of a script's stored code, or ""."""
        return os.fsdecode(self.ask(name, "where"))

    def kept(self, name="a.py", path=None):
        """Requests a script, so that its code is stored.  Returns the
        path of the code."""
        self.get(path or "/" + name)
        return self.file(name)

    def forge(self, name, text=None, what=""):
        """Replaces a script's stored code by that of text, or by no code."""
        answer = self.ask(name, what, text)
        if answer != b"forged":
            raise RuntimeError(f"forge.py: {answer!r}")


def quoted(text):
    """Returns text with each octet percent-encoded."""
    return "".join("%%%02x" % c for c in os.fsencode(text))


def octets(path):
    """Returns a file's content."""
    with open(path, "rb") as f:
        return f.read()


def directories(path):
    """Returns the directories in path; files without a name show a directory
    for a moment."""
    return [entry for entry in os.listdir(path)
            if os.path.isdir(os.path.join(path, entry))]


def state(path):
    """Returns the properties of a file that change when it is
    written or replaced."""
    s = os.stat(path)
    return s.st_ino, s.st_size, s.st_mtime_ns


def shares(*options):
    """One connection compiles a script, and others use the code."""
    name = " ".join(o.replace(DIR, "DIR") for o in options) or "no options"
    with Rig(*options) as r:
        file = r.kept()
        t.ok(file, f"{name}: a script's code is kept", r.server.log()[-2000:])
        if not file:
            return
        before = state(file)
        t.eq(r.get("/a.py"), b"a", f"{name}: another connection")
        t.eq(state(file), before, f"{name}: does not write it again")
        r.forge("a.py", ANSWER.format("forged"))
        t.eq(r.get("/a.py"), b"forged", f"{name}: and uses what is there")
        t.eq((stat.S_IMODE(os.stat(r.directory()).st_mode),
              stat.S_IMODE(os.stat(file).st_mode)), (0o700, 0o600),
             f"{name}: modes")
        r.server.process.send_signal(signal.SIGHUP)
        r.server.wait_log("info: reloaded")
        t.eq(r.get("/a.py"), b"forged", f"{name}: after HUP too")
        t.eq(r.server.stop(), 0, f"{name}: TERM")
        t.eq(os.listdir(r.tmp), [], f"{name}: then the directory is gone")


def edited():
    """After a script is edited, all connections get the new one at once."""
    write("edited.py", ANSWER.format("old"))
    with Rig() as r, Client(r.server.port) as c:
        old = r.kept("edited.py")
        t.ok(old, "a script that was just written is kept")
        t.eq(c.fetch("/edited.py").body, b"old", "a connection has it")
        r.forge("edited.py", ANSWER.format("forged"))
        write("edited.py", ANSWER.format("new"))    # the same size as before
        t.eq((r.get("/edited.py"), c.fetch("/edited.py").body),
             (b"new", b"new"), "edited: seen at once, by all")
        new = r.file("edited.py")
        t.ok(new not in ("", old), "it has a file of its own", (old, new))
        times = os.stat(os.path.join(DOCROOT, "edited.py"))
        write("edited.py", ANSWER.format("cur"))
        os.utime(os.path.join(DOCROOT, "edited.py"),
                 ns=(times.st_atime_ns, times.st_mtime_ns))
        t.eq(r.get("/edited.py"), b"cur",
             "also if it was edited and its time set back")
        write("edited.py", ANSWER.format("old"))
        t.eq(r.get("/edited.py"), b"forged", "as it was before: what was kept "
             "of that is used again")
        os.utime(os.path.join(DOCROOT, "edited.py"), (1, 1))
        t.eq(r.get("/edited.py"), b"forged", "whatever its time is")
        os.unlink(os.path.join(DOCROOT, "edited.py"))
        t.eq(r.get("/edited.py"), 404, "not if it is gone")


def damages():
    """Returns (name of a damage, function that does it to a
    file's octets) pairs."""
    return (
        ("empty", lambda d: b""),
        ("of 5 octets", lambda d: d[:5]),
        ("of a checksum only", lambda d: d[:8]),
        ("cut in the middle", lambda d: d[:len(d) // 2]),
        ("without its last octet", lambda d: d[:-1]),
        ("with one octet more", lambda d: d + b"\0"),
        ("with another checksum", lambda d: bytes([d[0] ^ 1]) + d[1:]),
        ("with another last octet", lambda d: d[:-1] + bytes([d[-1] ^ 1])),
        ("with another name in it", lambda d: d.replace(b"main", b"mean")),
        ("all zeros", lambda d: b"\0" * len(d)),
        ("text", lambda d: b"this is no code\n" * 10),
    )


def damaged():
    """A damaged file is not used."""
    with Rig() as r:
        file = r.kept()
        good = octets(file)
        for what, change in damages():
            with open(file, "wb") as f:
                f.write(change(good))
            t.eq((r.get("/a.py"), octets(file) == good), (b"a", True),
                 f"a file {what}: compiled, and written anew")
        for what in "no code", "no marshal":
            r.forge("a.py", what=what)
            t.eq((octets(file) != good, r.get("/a.py"), octets(file) == good),
                 (True, b"a", True), f"{what} with a right checksum: as if "
                 "it were not there")
        os.unlink(file)
        os.mkdir(file)
        t.eq((r.get("/a.py"), r.get("/b.py")), (b"a", b"b"),
             "a directory with its name: served")
        t.ok("killed" not in r.server.log(), "nothing has crashed")


def failing():
    """The code of a script that does not compile is not stored; each request
    compiles it again."""
    with Rig() as r:
        t.eq([r.get("/bad.py") for _ in range(2)], [500, 500],
             "a script that cannot be compiled: 500 each time")
        r.kept()
        t.eq(len(r.files()), 2, "only what compiles is kept: a.py, forge.py")
        t.eq(len(os.listdir(r.directory())), 3, "and there is nothing else but "
             "the stash's reserve")


def names():
    """Scripts whose names have odd octets; WebSocket handlers."""
    with Rig() as r:
        t.ok(r.kept(ODD, ODD_PATH), "a name with odd octets: kept")
        r.forge(ODD, ANSWER.format("forged"))
        t.eq(r.get(ODD_PATH), b"forged", "and used")
        handshake(r)
        t.ok(r.file("x_wsh.py"), "a WebSocket handler: kept")
        r.forge("x_wsh.py", WEB_SOCKET.format("forged"))
        t.eq(handshake(r), "forged", "and used")
        t.eq(r.get("/a.py?a=b"), b"a", "with a query")
        r.forge("a.py", ANSWER.format("forged"))
        there = os.listdir(r.directory())
        t.eq((r.get("/.//a.py"), os.listdir(r.directory())), (b"a", there),
             "of another spelling of a path nothing is kept")


def handshake(r):
    """Returns the `answer` field of a WebSocket handler's response."""
    with Client(r.server.port) as c:
        c.wait_for(lambda: c.settings)
        x = c.open("/x", "CONNECT", [(":protocol", "websocket"),
                                     ("sec-websocket-version", "13")])
        c.wait_for(lambda: x.status)
        return x.header("answer")


def unwritable():
    """Directories that cannot be used, or that are not the server's own."""
    with Rig() as r:
        r.kept()
        r.forge("a.py", ANSWER.format("forged"))
        os.chmod(r.directory(), 0o755)
        t.eq((r.get("/a.py"), r.get("/b.py")), (b"a", b"b"),
             "others may read the directory: not used")
        t.ok(r.server.wait_log("debug: .*compiled scripts are not shared: "),
             "which a record says")
        os.chmod(r.directory(), 0o700)
        t.eq((r.get("/a.py"), r.file("b.py")), (b"forged", ""),
             "not written to either")
        os.chmod(r.directory(), 0o2700)
        t.eq(r.get("/a.py"), b"forged", "set-group-ID, as in a directory of "
             "temporary files that is: used")
        for i in range(2000):
            with open(os.path.join(r.directory(), str(i)), "wb"):
                pass
        t.eq((r.get("/b.py"), r.file("b.py")), (b"b", ""),
             "as many files as there may be: no more are kept")
        t.eq(r.get("/a.py"), b"forged", "those that are are used")
        aside = r.directory() + "-aside"
        directory = r.directory()
        os.rename(directory, aside)
        t.eq(r.get("/a.py"), b"a", "no directory: served")
        t.eq(sorted(directories(r.tmp)),
             [os.path.basename(d) for d in (directory, aside)],
             "and one is made")
        shutil.rmtree(directory)
        foreign(r, directory, aside)
        os.rename(aside, directory)


def foreign(r, directory, aside):
    """Another user has replaced the server's directory by a link or a copy."""
    os.symlink(aside, directory)
    t.eq(r.get("/a.py"), b"a", "a link to a directory: not used")
    os.unlink(directory)
    if not ROOT:
        t.skip("another user's directory", "needs root")
        return
    shutil.copytree(aside, directory)
    t.eq(r.get("/a.py"), b"forged", "a copy")
    os.chown(directory, NOBODY, -1)
    t.eq(r.get("/a.py"), b"a", "another user's directory: not used")
    shutil.rmtree(directory)


def users():
    """With --user, the directory belongs to that user."""
    if not ROOT or not others_can_run():
        t.skip("--user", "needs root, and a program that others can run")
        return
    theirs = os.path.join(DIR, "theirs")
    os.mkdir(theirs)
    os.chown(theirs, NOBODY, -1)
    for more in [], ["--stash", os.path.join(theirs, "user.sqlite")], \
            ["--spare", "2"]:
        options = ["--user", "nobody"] + more
        shares(*options)
        with Rig(*options) as r:
            file = r.kept()
            t.eq((os.stat(r.directory()).st_uid, file and os.stat(file).st_uid),
                 (NOBODY, NOBODY), f"{' '.join(options[:3])}: its owner")


def link():
    """With --user, routes are loaded as that user, who owns the
    directory by then.  Routes that put a symbolic link there do not get
    a file of root changed."""
    if not ROOT or not others_can_run():
        t.skip("--user, --routes", "needs root, and a program that others "
               "can run")
        return
    target = os.path.join(DIR, "target")
    routes = os.path.join(DIR, "routes.py")
    with open(target, "wb"), open(routes, "w", encoding="ascii") as f:
        f.write(LINK.format(NOBODY, target))
    with Rig("--user", "nobody", "--routes", routes) as r:
        t.eq(r.get("/a.py"), b"a", "a link of the user's: served")
        t.eq([os.path.islink(os.path.join(r.tmp, name))
              for name in os.listdir(r.tmp)], [True], "it is there")
        t.eq(os.stat(target).st_uid, 0, "root's file stays root's")


def inetd(*options):
    """With --inetd, no code is stored, since there is no other connection."""
    tmp = tempfile.mkdtemp(dir=DIR)
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client(listener.getsockname()[1], tls=False, preface=False)
        conn = listener.accept()[0]
        process = subprocess.Popen(
            [program(), "--inetd", "--cleartext", *options, DOCROOT],
            stdin=conn, stdout=conn, stderr=subprocess.DEVNULL,
            env=dict(os.environ, TMPDIR=tmp))
        conn.close()
        with client as c:
            c.send_preface({}, None)
            t.eq(c.fetch("/a.py").body, b"a", "--inetd: served")
            for _, _, files in os.walk(tmp):
                seen += files
            made = directories(tmp)
        t.eq(process.wait(tap.scaled(60)), 0, "--inetd: ends")
    t.ok(not [f for f in seen if f.endswith(".code")] and
         bool(made) == (not options), f"--inetd {len(options)}: no code, and a "
         "directory for the stash only", (made, seen))
    t.eq(os.listdir(tmp), [], "--inetd: then the directory is gone")


os.mkdir(DOCROOT)
try:
    for letter in "a", "b":
        write(letter + ".py", ANSWER.format(letter))
    write(ODD, ANSWER.format("odd"))
    write("bad.py", "def main(request, response:\n")
    write("forge.py", FORGE)
    write("x_wsh.py", WEB_SOCKET.format("real"))
    shares()
    shares("--stash", os.path.join(DIR, "stash.sqlite"))
    shares("--spare", "2")
    damaged()
    failing()
    names()
    unwritable()
    users()
    link()
    inetd()
    inetd("--stash", os.path.join(DIR, "inetd.sqlite"))
    edited()
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
