#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what clients may have stored in TMPDIR: bounds for a connection and
for the server, which client the log names, and that other connections and the
stash go on.  Root has a file system of 48 MiB for it."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server

t = tap.Tap()
MIB = 1 << 20
DOCROOT = tempfile.mkdtemp(prefix="h2rig-stored-")

SCRIPTS = {
    "length": """
def main(request, response):
    return str(len(request.body))
""",
    # Asks for the content before it has come.
    "early": """
def handle_headers(frame, request, response):
    response.content = str(len(request.body))
""",
    "frames": """
from h2rig.errors import HTTPException

n = 0
def handle_data(frame, request, response):
    global n
    n += len(frame.data)
def main(request, response):
    told = [n]
    for read in (lambda: request.body, lambda: request.raw_input.read(1),
                 lambda: request.frames[1].data):
        try:
            told.append(len(read()))
        except HTTPException as e:
            told.append(e.code)
    return str(told)
""",
    "stash": """
def main(request, response):
    key = request.GET["key"]
    request.server.stash.put(key, "x" * int(request.GET["size"]))
    return str(len(request.server.stash.take(key)))
""",
}


def upload(c, size, path="/length.py", end=False):
    """Begins an upload, and ends it if `end` is true.
    Returns its Exchange."""
    x = c.open(path, "POST")
    while size > 0 and not x.done:
        c.send_data(x.sid, b"x" * min(size, 16384), end and size <= 16384)
        size -= 16384
    return x


def whole(c, size=2 * MIB, path="/length.py"):
    """Returns the status of one whole upload."""
    x = upload(c, size, path, end=True)
    c.wait_for(lambda: x.done)
    return x.status


def finish(c, *exchanges):
    """Ends uploads.  Returns (status, content) of each response."""
    for x in exchanges:
        c.send_data(x.sid, b"", end_stream=True)
    c.wait_for(lambda: all(x.done for x in exchanges))
    return [(x.status, x.body) for x in exchanges]


def stash(c, size=10):
    """Returns the status of a put and a take."""
    return c.fetch(f"/stash.py?key={uuid.uuid4()}&size={size}").status


def address(c):
    """Returns a regex for a client's address in the log."""
    return r"127\.0\.0\.1:%d" % c.sock.getsockname()[1]


def has(s, c, octets):
    """Waits until the record for USR1 says that the client has this many
    octets stored.  Returns whether it did."""
    def told():
        s.process.send_signal(signal.SIGUSR1)
        line = s.log().rpartition(f"{address(c)}: ".replace("\\", ""))[2]
        told = re.search(r" out(?:, (\d+) octets of content stored)?$", line,
                         re.M)
        return told and int(told.group(1) or 0) == octets
    return tap.wait_until(told)


def logged(s, regex, name):
    """Tests that a line of the log matches."""
    t.ok(s.wait_log(regex), name, s.log()[-3000:])


def connection():
    """--max-stored bounds a connection."""
    with Server(DOCROOT, "--max-stored", "4M") as s, Client(s.port) as c, \
            Client(s.port) as other:
        other.ping()
        kept = upload(c, 2 * MIB), upload(c, 2 * MIB)
        t.ok(has(s, c, 4 * MIB), "USR1 tells how much a client has stored",
             s.log()[-2000:])
        x = upload(c, 2 * MIB)
        c.wait_for(lambda: x.done)
        t.eq((x.status, b"(--max-stored)" in x.body), (413, True),
             "--max-stored 4M: a third of 2 MiB has 413, which names it")
        logged(s, rf"warn: script: content of {address(c)} is not stored, "
               r"status 413: .*\(--max-stored\); it has 4194304 octets stored",
               "the log says whose it is, and how much that has")
        t.eq((whole(c, MIB - 1), whole(other)), (200, 200),
             "what fits into memory is taken, and another connection's")
        t.eq(finish(c, *kept), [(200, b"2097152")] * 2,
             "those that were begun come to their end")
        t.eq([whole(c) for _ in range(4)], [200] * 4,
             "what is over gives its room back")
        for _ in range(2):
            kept = upload(c, 2 * MIB), upload(c, 2 * MIB)
            t.ok(has(s, c, 4 * MIB), "two again")
            for x in kept:
                c.reset(x.sid)
            t.ok(has(s, c, 0), "so does what is reset")
        t.eq([whole(c), whole(c, path="/early.py")], [200] * 2,
             "there is room then")
        t.eq((whole(c, 5 * MIB), whole(c, 5 * MIB, "/early.py")), (413, 413),
             "one request is bounded too, also where a function waits for it")
        x = upload(c, 5 * MIB, "/frames.py", end=True)
        c.wait_for(lambda: x.done)
        t.eq((x.status, x.body), (200, b"[5242880, 413, 413, 413]"),
             "handle_data has each frame; only reading it again is refused")


def server():
    """--max-stored-total bounds the server."""
    with Server(DOCROOT, "--max-stored-total", "6M", "--max-stored", "4M"
                ) as s, Client(s.port) as c, Client(s.port) as other:
        upload(c, 2 * MIB), upload(c, 2 * MIB), upload(other, 2 * MIB)
        t.ok(has(s, c, 4 * MIB) and has(s, other, 2 * MIB),
             "4 MiB of one connection and 2 MiB of another")
        x = upload(other, 2 * MIB)
        other.wait_for(lambda: x.done)
        t.eq((x.status, b"(--max-stored-total)" in x.body), (503, True),
             "--max-stored-total 6M: status 503, which names it")
        logged(s, rf"warn: script: content of {address(other)} is not stored, "
               r"status 503: .*; it has \d+ octets stored; child \d+ of "
               rf"{address(c)} with 4194304 octets has most",
               "the log names who has most")
        t.eq(stash(other), 200, "the stash has room")
        pid = int(s.wait_log(rf"child (\d+) of {address(c)}: ").group(1))
        os.kill(pid, signal.SIGKILL)
        logged(s, rf"child {pid} .* ended: ", "its process is killed")
        t.eq(whole(other), 200, "what it had does not count any more")


def small():
    """Thirty uploads of 2 MiB are unfinished, and TMPDIR has 48 MiB."""
    tmp = tempfile.mkdtemp(prefix="h2rig-small-")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=1777",
                       "h2rig-test", tmp], stderr=subprocess.DEVNULL,
                      check=False).returncode:
        os.rmdir(tmp)
        t.skip("a TMPDIR of 48 MiB", "needs root, who may mount a tmpfs")
        return
    try:
        with Server(DOCROOT, env={"TMPDIR": tmp}) as s, \
                Client(s.port, timeout=30) as c, Client(s.port) as other:
            other.ping()
            fill(s, c, other)
        with Server(DOCROOT, "--max-stored", "1G", "--max-stored-total", "1G",
                    env={"TMPDIR": tmp}) as s, Client(s.port) as c, \
                Client(s.port) as other:
            other.ping()
            overfill(s, tmp, c, other)
    finally:
        subprocess.run(["umount", tmp], check=True)
        os.rmdir(tmp)


def fill(s, c, other):
    """One connection stores as much as it may; another goes on."""
    kept = [upload(c, 2 * MIB) for _ in range(30)]
    c.wait_for(lambda: any(x.done for x in kept))
    t.eq({x.status for x in kept}, {None, 413},
         "thirty uploads of one connection: some have status 413")
    logged(s, rf"warn: script: content of {address(c)} is not stored, .* "
           r"\(--max-stored\); it has \d{8} octets stored",
           "the log says whose")
    t.eq([whole(other) for _ in range(4)] + [stash(other), stash(other, MIB)],
         [200] * 6, "another connection uploads, and uses the stash")
    with Client(s.port) as third:
        t.eq(stash(third), 200, "so does one that comes now")
        upload(third, 8 * MIB)
        t.eq([whole(other), stash(third)], [200] * 2,
             "also when two take what they get")
    t.ok(has(s, c, 18 * MIB), "half of what clients may have is one's")
    answers = finish(c, *[x for x in kept if not x.done])
    t.eq(set(answers), {(200, b"2097152")}, "what was taken is all there")


def overfill(s, tmp, c, other):
    """The bounds allow more than TMPDIR has room for; another
    program fills TMPDIR."""
    t.eq(stash(c), 200, "the stash is used")
    kept = [upload(c, 2 * MIB) for _ in range(30)]
    c.wait_for(lambda: any(x.done for x in kept))
    t.eq({x.status for x in kept}, {None, 503},
         "more is allowed than there is: some have status 503")
    logged(s, rf"warn: script: content of {address(c)} is not stored, .*"
           rf"{address(c)} with \d{{8}} octets has most", "the log says whose")
    with open(os.path.join(tmp, "other"), "wb") as f:
        f.truncate(64 * MIB)
        fd, at, n = f.fileno(), 0, 1
        while n:
            try:
                n = os.pwrite(fd, bytes(65536), at)
            except OSError:
                n = 0
            at += n
        t.eq([stash(other, MIB), stash(c, MIB), whole(other)], [200, 200, 503],
             "nothing is left: the stash has room of its own")
        t.eq(stash(other, 30 * MIB), 500, "but not for everything")
        logged(s, r"StashError: the stash in .*: database or disk is full",
               "an error of the stash")
        t.eq(stash(other, MIB), 200, "it goes on")
    os.unlink(os.path.join(tmp, "other"))


for name, text in SCRIPTS.items():
    with open(os.path.join(DOCROOT, name + ".py"), "w") as f:
        f.write(text)
try:
    connection()
    server()
    small()
finally:
    shutil.rmtree(DOCROOT, ignore_errors=True)
t.done()
