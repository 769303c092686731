#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests static files that the server sends without Python: the response equals
Python's, and the next request sees each change of the file, of the files
beside it and of the path to it.

The record of a connection's end has the number of responses without Python.
The first response of a connection comes from Python, so a new connection shows
what the response must be.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import (CONTINUATION, DATA, END_HEADERS, END_STREAM,  # noqa: E402
                       HEADERS, INITIAL_WINDOW_SIZE, RST_STREAM,
                       WINDOW_UPDATE, Client, Frame)
from server import Server, extended                             # noqa: E402

WIDE = {INITIAL_WINDOW_SIZE: 1 << 20}
LOCAL = {"ext2/ext3", "xfs", "btrfs", "tmpfs", "overlayfs", "f2fs", "zfs"}

top = os.path.realpath(tempfile.mkdtemp(prefix="h2rig-quickfile-"))
kind = subprocess.run(["stat", "-f", "-c", "%T", top], check=False,
                      stdout=subprocess.PIPE).stdout.decode().strip()
if kind not in LOCAL or not extended():
    shutil.rmtree(top)
    tap.skip_all("needs a local file system for temporary files, not %r, and "
                 "extensions, to know it" % kind)

t = tap.Tap()
root = os.path.join(top, "root")
outside = os.path.join(top, "outside")
os.mkdir(root)
os.mkdir(outside)


def write(name, data, directory=root):
    """Writes a file; makes its directory if needed.  Returns the path."""
    path = os.path.join(directory, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


def settle():
    """Waits until all files below top are older than the server's bound for
    files that it keeps."""
    def settled():
        newest, coarse = 0.0, False
        for directory, _, files in os.walk(top):
            for name in [directory] + files:
                st = os.lstat(os.path.join(directory, name))
                newest = max(newest, st.st_ctime, st.st_mtime)
                coarse = coarse or st.st_ctime_ns % 10 ** 9 == 0
        return time.time() - newest > (3.5 if coarse else 0.3)

    if not tap.wait_until(settled, 20):
        raise TimeoutError("files stay new")


def shape(x):
    """Returns everything about a response: fields in
    order, content, frames."""
    return (x.status, x.headers, x.body, x.reset, [
        (f.type, f.flags & (END_STREAM | END_HEADERS),
         len(f.payload) if f.type == DATA else 0) for f in x.frames])


def fresh(s, path, **request):
    """Returns the response on a new connection, which has
    no files in memory."""
    with Client(s.port) as c:
        return shape(c.fetch(path, **request))


def quick(s, c):
    """Ends the connection.  Returns how many responses it
    sent without Python."""
    port = c.sock.getsockname()[1]
    c.close()
    end = s.wait_log(r"child \d+ of 127\.0\.0\.1:%d ended: .*" % port)
    if not end:
        raise TimeoutError("no record of the connection's end")
    found = re.search(r", (\d+) without Python$", end.group())
    return int(found.group(1)) if found else 0


def same(s):
    """Responses without Python equal the first one, octet for
    octet, for each size."""
    for size in (0, 1, 1024, 16384, 16385, 65536):
        write("size/%d.html" % size, os.urandom(size))
    write("size/65537.html", b"x" * 65537)
    write("a b%é.xyz".encode().decode(), b"unusual")
    settle()
    paths = ["/size/%d.html" % size for size in
             (0, 1, 1024, 16384, 16385, 65536)]
    paths += ["/a%20b%25%C3%A9.xyz", "/size/102%34.html"]
    for path in paths:
        with Client(s.port, settings=WIDE, connection_window=1 << 20) as c:
            got = [shape(c.fetch(path)) for _ in range(4)]
            t.eq((got[0][0], got[0][3]), (200, None), "%s is there" % path)
            t.ok(got.count(got[0]) == 4, "%s: four answers are equal" % path,
                 [g[:2] for g in got])
            t.eq(quick(s, c), 3, "%s: three are without Python" % path)
    with Client(s.port, settings=WIDE, connection_window=1 << 20) as c:
        for _ in range(3):
            c.fetch("/size/65537.html")
        t.eq(quick(s, c), 0, "above 64 KiB none is")


def too_new(s):
    """A file is not kept while its next change might not be visible."""
    with Client(s.port) as c:
        for i in range(20):
            write("new.txt", b"%d" % i)
            got = c.fetch("/new.txt").body
            if got != b"%d" % i:
                break
        t.eq(got, b"19", "each of 20 versions in a row is seen")


def change(s, name, act, path="/c/a.txt", again=1):
    """After act, the response equals that of a new connection.  again: how
    many of three later requests are served without Python."""
    shutil.rmtree(os.path.join(root, "c"), ignore_errors=True)
    file = write("c/a.txt", b"first\n")
    settle()
    with Client(s.port) as c:
        first = [shape(c.fetch(path)) for _ in range(2)]
        t.ok(first[0][0] == 200 and first[0] == first[1],
             "%s: before" % name, first)
        act(file)
        now = shape(c.fetch(path))
        t.eq(now, fresh(s, path), "%s: is seen" % name)
        settle()
        got = [shape(c.fetch(path)) for _ in range(3)]
        t.ok(got.count(now) == 3, "%s: and stays" % name, got)
        t.eq(quick(s, c), 1 + again, "%s: so many without Python" % name)


def in_place(data):
    def act(file):
        with open(file, "r+b") as f:
            f.write(data)
    return act


def replaced(file):
    # By an older file with the same size and time of modification.
    st = os.stat(file)
    os.utime(os.path.join(outside, "old.txt"),
             ns=(st.st_atime_ns, st.st_mtime_ns))
    os.replace(os.path.join(outside, "old.txt"), file)


def set_back(file):
    st = os.stat(file)
    in_place(b"FIRST\n")(file)
    os.utime(file, ns=(st.st_atime_ns, st.st_mtime_ns))


def beside(name, data=b"X-Beside: 1\n"):
    return lambda file: write("c/" + name, data)


def other_directory(file):
    os.rename(os.path.dirname(file), os.path.join(root, "c-away"))
    shutil.copytree(os.path.join(root, "c-away"), os.path.join(root, "c"))
    in_place(b"other\n")(file)


def linked(target):
    def act(file):
        os.unlink(file)
        os.symlink(target, file)
    return act


def changes(s):
    """Changes that make a kept response wrong."""
    write("old.txt", b"older\n", outside)
    write("secret.txt", b"first\n", outside)
    write("target.txt", b"target\n")
    table = [
        ("new content of the same size", in_place(b"later\n"), 2),
        ("longer content", in_place(b"longer content\n"), 2),
        ("shorter content", lambda f: os.truncate(f, 3), 2),
        ("only the time of modification", lambda f: os.utime(f), 2),
        ("content, and the time set back", set_back, 2),
        ("deletion", os.unlink, 0),
        ("replacement by rename", replaced, 2),
        ("a .headers", beside("a.txt.headers"), 0),
        ("a .sub.headers", beside("a.txt.sub.headers",
                                  b"X-Host: {{host}}\n"), 0),
        ("a __dir__.headers", beside("__dir__.headers"), 0),
        ("a __dir__.sub.headers", beside("__dir__.sub.headers"), 0),
        ("something else beside it", beside("b.txt"), 2),
        ("its directory renamed away", lambda f: os.rename(
            os.path.dirname(f), os.path.join(root, "c-moved")), 0),
        ("another directory in its place", other_directory, 2),
        ("a link to another file", linked("../target.txt"), 2),
        ("a link to outside", linked(os.path.join(outside, "secret.txt")), 0),
        ("a directory in its place", lambda f: (os.unlink(f), os.mkdir(f)),
         0),
    ]
    for name, act, again in table:
        change(s, name, act, again=again)
    if os.geteuid() == 0:
        t.skip("permission taken away", "root may read all")
    else:
        change(s, "permission taken away", lambda f: os.chmod(f, 0), again=0)


def way_to_it(s):
    """Links, and other names of the same file."""
    os.symlink("real", os.path.join(root, "link"))
    write("real/index.html", b"index\n")
    write("other/index.html", b"other\n")
    write("index.html", b"evil\n", outside)
    settle()
    for path in ("/link/", "/link/index.html"):
        for to, want in (("other", (200, b"other\n")),
                         (outside, (404, None))):
            os.unlink(os.path.join(root, "link"))
            os.symlink("real", os.path.join(root, "link"))
            settle()
            with Client(s.port) as c:
                c.fetch(path)
                t.eq(c.fetch(path).body, b"index\n", "%s by a link" % path)
                os.unlink(os.path.join(root, "link"))
                os.symlink(to, os.path.join(root, "link"))
                x = c.fetch(path)
                t.eq((x.status, want[1] and x.body), want,
                     "%s: the link leads elsewhere" % path)
                t.eq(quick(s, c), 1, "%s: one without Python" % path)
    write("listed/index.html", b"index\n")
    settle()
    with Client(s.port) as c:
        for _ in range(2):
            c.fetch("/listed/")
        os.unlink(os.path.join(root, "listed/index.html"))
        t.ok(b"Directory listing" in c.fetch("/listed/").body,
             "without its index.html a directory is listed")
        t.eq(quick(s, c), 1, "the index was kept")


def gone_headers(s):
    """.headers files that are removed, or are a link whose target appears."""
    file = write("h/a.txt.headers", b"X-Beside: 1\n")
    write("h/a.txt", b"a\n")
    write("h/b.txt", b"b\n")
    os.symlink("../later", os.path.join(root, "h/b.txt.headers"))
    settle()
    with Client(s.port) as c:
        t.eq([c.fetch("/h/a.txt").header("x-beside") for _ in range(3)],
             ["1"] * 3, "with .headers")
        os.unlink(file)
        t.eq(c.fetch("/h/a.txt").header("x-beside"), None, "without")
        settle()
        for _ in range(3):
            x = c.fetch("/h/a.txt")
        t.eq(x.header("x-beside"), None, "still without")
        t.eq(quick(s, c), 2, "two of seven without Python")
    with Client(s.port) as c:
        t.eq([c.fetch("/h/b.txt").header("x-later") for _ in range(3)],
             [None] * 3, ".headers that lead nowhere")
        write("later", b"X-Later: 1\n")
        t.eq(c.fetch("/h/b.txt").header("x-later"), "1", "and now do")
        t.eq(quick(s, c), 0, "none of that without Python")


def other_requests(s):
    """Requests for a kept file that need another response."""
    write("r.txt", b"0123456789")
    write("r.sub.txt", b"{{GET[x]}}{{host}}")
    write("s.sub.txt", b"{{headers[x]}}")
    settle()
    table = [
        ("Range", {"headers": {"range": "bytes=2-4"}}, ""),
        ("an unsatisfiable Range", {"headers": {"range": "bytes=99-"}}, ""),
        ("HEAD", {"method": "HEAD"}, ""),
        ("POST", {"body": b"x"}, ""),
        ("a GET with content", {"method": "GET", "body": b"x"}, ""),
        ("a GET with trailers", {"trailers": [("x-t", "1")]}, ""),
        ("DELETE", {"method": "DELETE"}, ""),
        ("a pipe", {}, "?pipe=slice(1,3)"),
        ("a query", {}, "?x=1"),
        ("an empty query", {}, "?"),
    ]
    with Client(s.port) as c:
        plain = [shape(c.fetch("/r.txt")) for _ in range(2)][1]
        for name, request, query in table:
            got = [shape(c.fetch("/r.txt" + query, **request))
                   for _ in range(2)]
            want = fresh(s, "/r.txt" + query, **request)
            t.eq(got, [want] * 2, "%s is answered as by Python" % name)
            t.eq(shape(c.fetch("/r.txt")), plain, "%s: then plain" % name)
        for path in ("/r.sub.txt", "/r.sub.txt?x=1", "/../r.txt",
                     "/%2e%2e/r.txt", "/nothing.txt", "/"):
            got = [shape(c.fetch(path)) for _ in range(2)]
            t.eq(got, [fresh(s, path)] * 2, "%s likewise" % path)
        for x in ("a" * 14, "b" * 14):
            t.eq(c.fetch("/s.sub.txt", headers={"x": x}).body, x.encode(),
                 "substitution that leaves the length as it is")
        t.eq(quick(s, c), 1 + len(table), "only the plain ones were quick")


def first_come(s):
    """Returns whether a stream that waits for window gets it before a stream
    whose request comes together with the WINDOW_UPDATE."""
    with Client(s.port, auto_window=False) as c:
        for _ in range(63):
            c.fetch("/w.txt")
        x = c.request("/w.txt")
        c.wait_for(lambda: len(x.body) == 1023)
        c.ping()
        y = c.streams[129] = type(x)(c, 129)
        block = c.encoder.encode([
            (":method", "GET"), (":scheme", "https"), (":path", "/w.txt"),
            (":authority", "localhost")])
        c.send(Frame(WINDOW_UPDATE, 0, 0, b"\0\0\4\0").raw() +
               Frame(HEADERS, END_HEADERS | END_STREAM, 129, block).raw())
        c.wait_for(lambda: len(x.body) + len(y.body) == 2047)
        return x.ended and not y.ended


def windows(s):
    """If a window is too small for the file, Python sends it."""
    write("w.txt", b"w" * 1024)
    settle()
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1023}) as c:
        bodies = [c.fetch("/w.txt").body for _ in range(3)]
        t.eq(bodies, [b"w" * 1024] * 3, "a window one octet too small")
        t.eq(quick(s, c), 0, "none without Python")
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1024}) as c:
        bodies = [c.fetch("/w.txt").body for _ in range(3)]
        t.eq(bodies, [b"w" * 1024] * 3, "a window just large enough")
        t.eq(quick(s, c), 2, "two without Python")
    with Client(s.port, auto_window=False) as c:
        xs = [c.fetch("/w.txt") for _ in range(63)]
        t.ok(all(x.ended for x in xs), "63 KiB of the connection's window")
        x = c.request("/w.txt")
        t.ok(c.wait_for(lambda: len(x.body) == 1023) and not x.ended,
             "which is then at its end")
        y = c.request("/w.txt")
        c.ping()
        t.ok(not y.data and not y.ended, "and lets nobody else pass")
        c.window_update(0, 4096)
        t.ok(c.wait_for(lambda: x.ended and y.ended), "until there is more")
        t.eq((x.body, y.body), (b"w" * 1024,) * 2, "content as it should be")
        t.eq(quick(s, c), 62, "those before were without Python")
    # The thread of a stream has its turn only once it waits, which
    # the test cannot see.
    t.ok(any(first_come(s) for _ in range(20)),
         "who has waited for the window gets it first")


def much(s):
    """A connection requests more files than it can keep: it discards them all
    and keeps new ones."""
    large = os.urandom(65536)
    for i in range(140):
        write("much/%d.bin" % i, large)
    settle()
    with Client(s.port, settings=WIDE, connection_window=1 << 30,
                timeout=30) as c:
        t.ok(all(c.fetch("/much/%d.bin" % i).body == large
                 for i in (*range(140), 139, 0)), "9 MiB of files")
        t.eq(quick(s, c), 1, "the last is still there, the first is not")


def many(s):
    """Many requests at the same time, some for large files
    that fill the queue."""
    for i in range(300):
        write("many/%d.txt" % i, b"%d\n" % i)
    large = os.urandom(65536)
    write("many/large.bin", large)
    settle()
    with Client(s.port, settings=WIDE, connection_window=1 << 30,
                timeout=30) as c:
        for n in range(0, 300, 50):
            xs = [c.request("/many/%d.txt" % i) for i in range(n, n + 50)]
            c.wait_for(lambda: all(x.done for x in xs))
        xs = [c.request("/many/%d.txt" % i) for i in range(200, 300)]
        c.wait_for(lambda: all(x.done for x in xs))
        t.eq([x.body for x in xs], [b"%d\n" % i for i in range(200, 300)],
             "100 at once get their own file")
        c.fetch("/many/large.bin")
        xs = [c.request("/many/large.bin") for _ in range(100)]
        c.wait_for(lambda: all(x.done for x in xs))
        t.ok(all(x.ended and x.body == large for x in xs),
             "100 at once of 64 KiB")
        n = quick(s, c)
        t.ok(n > 100, "more than 100 of them without Python", n)
    with open("/proc/sys/net/ipv4/tcp_wmem", encoding="ascii") as f:
        if int(f.read().split()[2]) > 4 << 20:
            t.skip("a client that does not read", "tcp_wmem is large")
            return
    with Client(s.port, settings=WIDE, connection_window=1 << 30,
                receive_buffer=4096, timeout=30) as c:
        c.fetch("/many/large.bin")
        xs = [c.request("/many/large.bin") for _ in range(100)]
        c.wait_for(lambda: all(x.done for x in xs))
        t.ok(all(x.ended and x.body == large for x in xs),
             "100 of 64 KiB for a client that does not read at first")
        n = quick(s, c)
        t.ok(n < 100, "as many without Python as the queue can hold", n)


def resets(s):
    """The client resets streams at once."""
    write("x.txt", b"x" * 1024)
    settle()
    with Client(s.port) as c:
        c.fetch("/x.txt")
        octets = b""
        for sid in range(3, 103, 2):
            block = c.encoder.encode([
                (":method", "GET"), (":scheme", "https"),
                (":path", "/x.txt"), (":authority", "localhost")])
            octets += Frame(HEADERS, END_HEADERS | END_STREAM, sid,
                            block).raw()
            octets += Frame(RST_STREAM, 0, sid, b"\0\0\0\x08").raw()
        c.send(octets)
        c._next = 103
        t.ok(c.ping(), "50 streams opened and reset in one go")
        t.eq(c.fetch("/x.txt").body, b"x" * 1024, "the next is answered")
        sid = 105
        block = c.encoder.encode([
            (":method", "GET"), (":scheme", "https"), (":path", "/x.txt"),
            (":authority", "localhost"), ("x-long", "y" * 200)])
        c._next = 107
        x = c.streams[sid] = type(c.streams[1])(c, sid)
        c.send_frame(HEADERS, END_STREAM, sid, block[:20])
        c.send_frame(CONTINUATION, END_HEADERS, sid, block[20:])
        c.wait_for(lambda: x.done)
        t.eq(x.body, b"x" * 1024, "HEADERS with CONTINUATION")
        t.eq(quick(s, c), 52, "all but the first without Python")


def access_log(s):
    """Each request has its record."""
    write("log.txt", b"l" * 77)
    settle()
    with Client(s.port) as c:
        port = c.sock.getsockname()[1]
        xs = [c.fetch("/log.txt") for _ in range(5)]
        xs += [c.request("/log.txt") for _ in range(20)]
        c.wait_for(lambda: all(x.done for x in xs))
        t.eq(quick(s, c), 24, "25 requests, 24 without Python")
    records = re.findall(
        r"info: request method=GET path=/log\.txt status=200 octets=77 "
        r"ms=\d+ stream=(\d+) client=127\.0\.0\.1:%d$" % port, s.log(), re.M)
    t.eq(sorted(map(int, records)), [x.sid for x in xs],
         "each of them has one record")


def slow_log(path, requests, most):
    """If nobody reads the log for a while, no record is lost and the protocol
    goes on.  most: how many responses at most are without Python, so that the
    queue of records is bounded."""
    fifo = os.path.join(top, "fifo")
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    write(path[1:], b"l" * 77)
    settle()
    lines = []

    def read_all():
        with os.fdopen(reader, "r", encoding="utf-8") as f:
            lines.extend(f)

    def logged():
        return [int(m.group(1)) for m in
                (re.search(r"info: request .* stream=(\d+) ", line)
                 for line in lines) if m]

    with Server(root, "--log-file", fifo) as s:
        with Client(s.port, timeout=20) as c:
            c.fetch(path)
            for _ in range((requests - 60) // 20):
                xs = [c.request(path) for _ in range(20)]
                c.wait_for(lambda: all(x.ended for x in xs))
            t.ok(all(x.ended for x in xs),
                 "answers, though the log takes nothing any more")
            # One request may have a Python thread, which waits for the log.
            xs = [c.request(path) for _ in range(60)]
            t.ok(c.ping(), "PING is answered")
            os.set_blocking(reader, True)
            thread = threading.Thread(target=read_all)
            thread.start()
            xs.append(c.request(path))
            t.ok(c.wait_for(lambda: all(x.ended for x in xs)), "it goes on")
            sent = len(c.streams)
            tap.wait_until(lambda: len(logged()) >= sent, 30)
    thread.join(tap.scaled(60))
    os.unlink(fifo)
    t.eq(sorted(logged()), list(range(1, 2 * sent + 1, 2)),
         "when it is read all records are there")
    found = re.search(r"(\d+) without Python$", "".join(lines), re.M)
    n = int(found.group(1)) if found else 0
    t.ok(100 < n <= most, "as many without Python as should be", n)


def ends():
    """--max-requests and a drain count responses without Python."""
    with Server(root, "--max-requests", "5") as s:
        with Client(s.port) as c:
            xs = [c.fetch("/w.txt") for _ in range(5)]
            t.ok(all(x.ended for x in xs), "five answers")
            t.eq(c.wait_end(), "close_notify", "--max-requests 5")
            t.eq(c.goaway and c.goaway[:2], (9, 0), "GOAWAY names the fifth")
            t.eq(quick(s, c), 4, "four without Python")
            t.ok(s.wait_log("served its requests"), "the log says why")
    with Server(root, "--grace", "20") as s:
        with Client(s.port) as c:
            for _ in range(3):
                c.fetch("/w.txt")
            xs = [c.request("/w.txt") for _ in range(50)]
            s.process.terminate()
            t.eq(c.wait_end(), "close_notify", "a drain ends the connection")
            last = c.goaway[0] if c.goaway else 0
            t.ok(all(x.ended and x.body == b"w" * 1024 for x in xs
                     if x.sid <= last), "all that GOAWAY names are answered",
                 [x for x in xs if x.sid <= last and not x.ended][:3])
            t.eq(s.process.wait(tap.scaled(60)), 0, "and the server")


def not_plain():
    """Options and routes with which Python must make the response."""
    routes = write("routes.py", b"""
from h2rig.handlers import FileHandler, file_handler

def wrapped(request, response):
    file_handler(request, response)
    response.headers.set("X-Count", request.h2_stream_id)

routes = [("GET", "/wrapped/*", wrapped),
          ("GET", "/base/*", FileHandler("%s", "/base/"))]
rewrites = [("GET", "/rewritten.txt", "/w.txt")]
""" % outside.encode(), top)
    write("wrapped/w.txt", b"wrapped")
    write("based.txt", b"based", outside)
    settle()
    for option in (["--validators"], ["--latency", "1"]):
        with Server(root, *option) as s, Client(s.port) as c:
            for _ in range(3):
                x = c.fetch("/w.txt")
            t.eq(x.body, b"w" * 1024, " ".join(option))
            t.eq(quick(s, c), 0, "none without Python")
    with Server(root, "--routes", routes, "--alias", "/al=" + outside) as s:
        with Client(s.port) as c:
            t.eq([c.fetch("/wrapped/w.txt").header("x-count")
                  for _ in range(3)], ["1", "3", "5"],
                 "a script's function around the file handler is called")
            t.eq(quick(s, c), 0, "none without Python")
        for path, want in (("/base/based.txt", b"based"),
                           ("/al/based.txt", b"based"),
                           ("/rewritten.txt", b"w" * 1024)):
            with Client(s.port) as c:
                t.eq([c.fetch(path).body for _ in range(3)], [want] * 3, path)
                t.eq(quick(s, c), 2, "%s: two without Python" % path)


try:
    with Server(root) as server:
        for test in (same, too_new, changes, way_to_it, gone_headers,
                     other_requests, windows, many, much, resets, access_log):
            test(server)
    slow_log("/log.txt", 900, 900)
    slow_log("/" + "d" * 200 + "/" + "f" * 200, 440, 420)
    ends()
    not_plain()
finally:
    shutil.rmtree(top, ignore_errors=True)
t.done()
