#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests bounds on what one client can make a connection's process spend: the
number of items in what it sends, and the memory for content that goes through
pipes (--max-memory would end the process if that took more)."""
import contextlib
import ctypes
import ctypes.util
import os
import platform
import re
import select
import signal
import socket
import struct
import sys
import tempfile
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client, PREFACE                           # noqa: E402
from server import Server, extended, sanitized, write_scripts             # noqa: E402

t = tap.Tap()

NUMBERS = '''
def main(request, response):
    what = getattr(request, request.url_parts.path[1:].partition(".")[0], None)
    return str(sum(map(len, dict.values(what))))
'''

ENDLESS = '''
import itertools
def main(request, response):
    return (b"%010d" % i for i in itertools.count())
'''

# Returns the pages of a body of some MiB, the page faults it caused, and how
# many of the package's objects are outside of the heap.
FAULTS = '''
import resource, sys

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def main(request, response):
    before, pages = faults(), len(request.body) // resource.getpagesize()
    with open("/proc/self/maps") as maps:
        heap = [[int(n, 16) for n in line.split()[0].split("-")]
                for line in maps if line.endswith("[heap]\\n")]
    out = [m for m in map(id, sys.modules.values())
           if not any(a <= m < b for a, b in heap)]
    return "%d %d %d" % (pages, faults() - before, len(out))
'''

SMALL = '''
def main(request, response):
    return 'x'
'''

# Returns the names of objects whose reference counts change, or "old" for a
# CPython that is too old.
COUNTS = '''
import os, sys, sysconfig

NEW = object()
OLD = {"module": os, "function": os.fspath, "code": os.walk.__code__,
       "names": os.walk.__code__.co_names, "class": os.PathLike,
       "text": os.walk.__doc__, "name": next(k for k in vars(os) if "O_" in k)}

def changes(what):
    before = sys.getrefcount(what)
    more = [what] * 9
    return sys.getrefcount(what) != before

def main(request, response):
    if (sys.version_info < (3, 12)
            or sysconfig.get_config_var("Py_GIL_DISABLED")):
        return "old"
    return " ".join([str(changes(NEW))] + [k for k in OLD if changes(OLD[k])])
'''

HANDSHAKE = '''
def web_socket_do_extra_handshake(request):
    pass
def web_socket_transfer_data(request):
    pass
'''

FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=b"}
PART = b"--b\r\nContent-Disposition: form-data; name=a%s\r\n\r\nx\r\n"

# Rows for ten items and for eleven: a name, a function that requests n items,
# the status for eleven, and the word that its text has.
TOO_MANY = [
    ("a query", lambda c, n: c.request(
        "/GET.py?" + "&".join(["a=1"] * n)), 400, "parameters"),
    ("a query of nothing", lambda c, n: c.request(
        "/GET.py?" + "&" * (n - 1)), 400, "parameters"),
    ("a form", lambda c, n: c.request("/POST.py", headers=FORM, body=b"&".join(
        [b"a=1"] * n)), 413, "parameters"),
    ("cookies", lambda c, n: c.request("/cookies.py", headers={
        "cookie": "; ".join(["a=1"] * n)}), 400, "cookies"),
    ("cookies in fields of their own", lambda c, n: c.request(
        "/cookies.py", headers=[("cookie", "a=1")] * n), 400, "cookies"),
    ("multipart fields", lambda c, n: c.request("/POST.py", headers=PARTS,
     body=PART % b"" * n + b"--b--"), 413, "parts"),
    ("multipart files", lambda c, n: c.request("/POST.py", headers=PARTS,
     body=PART % b"; filename=f" * n + b"--b--"), 413, "parts"),
    ("multipart parts without a name", lambda c, n: c.request(
        "/POST.py", headers=PARTS, body=b"--b\r\n\r\nx\r\n" * n + b"--b--"),
     413, "parts"),
    ("pipes' query", lambda c, n: c.request(
        "/ten.txt?pipe=status(200)" + "&a" * (n - 1)), 400, "parameters"),
    ("a template's query", lambda c, n: c.request(
        "/q.sub.txt?q=1" + "&a" * (n - 1)), 400, "parameters"),
    ("extensions", lambda c, n: websocket(c, ", ".join(["a"] * n)), 400,
     "extensions and parameters"),
    ("an extension's parameters", lambda c, n: websocket(
        c, "; ".join(["a"] * n)), 400, "extensions and parameters"),
]


def websocket(c, extensions):
    """Opens a WebSocket with these extensions."""
    return c.open("/ws", "CONNECT", [
        (":protocol", "websocket"), ("sec-websocket-version", "13"),
        ("sec-websocket-extensions", extensions)])


def numbers(s):
    """--max-parameters bounds the number of items."""
    with Client(s.port) as c:
        for name, ask, status, text in TOO_MANY:
            x, y = ask(c, 10), ask(c, 11)
            c.wait_for(lambda: x.status and y.done)
            t.ok(x.status == 200 and y.status == status
                 and b"more " + text.encode() in y.body
                 and b"than 10 (--max-parameters)" in y.body,
                 f"{name}: 10 are answered, 11 by {status}", (x, y))


def parsers(s):
    """Input that once took minutes of processor time, or gigabytes."""
    with Client(s.port, timeout=300) as c:
        # The client acknowledges SETTINGS here, since encoding what follows
        # takes it long.
        t.ok(c.ping(), "a connection")
        x = websocket(c, "," + " " * 60000 + ",")
        c.wait_for(lambda: x.status)
        t.eq(x.status, 200, "60,000 spaces in Sec-WebSocket-Extensions")
        x = c.fetch("/POST.py", headers=FORM, body=b"a&" * (8 << 20))
        t.ok(x.status == 413 and b"--max-parameters" in x.body,
             "16 MiB of a form, a&a&a&", x)
        x = c.fetch("/POST.py", headers=PARTS, body=(
            PART % b"; filename=f") * 200000 + b"--b--")
        t.ok(x.status == 413 and b"--max-parameters" in x.body,
             "200,000 files of a form", x)
        x = c.fetch("/POST.py", headers=FORM, body=b"a=" + b"%41" * (5 << 20))
        t.eq((x.status, x.body), (200, b"1"),
             "16 MiB of a form, one value with many escapes")
        x = c.fetch("/POST.py", headers={
            "content-type": "multipart/form-data; boundary=" + "b" * 71},
            body=b"x")
        t.ok(x.status == 400 and b"70" in x.body, "a boundary of 71 octets", x)
        x = c.fetch("/ten.txt?pipe=" + "|".join(["slice(0)"] * 101))
        t.ok(x.status == 500 and b"more than 100 pipes" in x.body,
             "101 pipes", x)


def inflated(c, path):
    """Requests path.  Returns the size of the content after gzip is decoded,
    and the response."""
    x = c.request(path)
    stream, size = zlib.decompressobj(31), 0
    while not x.done:
        c.pump(1)
        while x.data:
            size += len(stream.decompress(x.data.pop(0)))
    return size, x


def pipes(s, size):
    """Content goes through pipes piece by piece."""
    with Client(s.port, timeout=60) as c:
        got, x = inflated(c, "/large.bin?pipe=gzip")
        t.ok((x.status, got, x.header("content-length")) == (200, size, None),
             "gzip of a large file", (got, x))
        got, x = inflated(c, "/large.bin?pipe=slice(null,-1)|gzip|trickle(9)")
        t.ok((x.status, got) == (200, size - 1), "... of its slice, trickled",
             (got, x))
        x = c.fetch("/large.bin?pipe=sub")
        t.ok(x.status == 500 and b"more octets than 4194304" in x.body,
             "sub of a large file: 500 that names the bound", x)
        x = c.fetch("/large.bin?pipe=trickle(5:r1)|slice(0,7)")
        t.eq((x.status, x.body), (200, bytes(7)), "slice of a trickle")
        for pipe, body in (("slice(5,25)", b"0000000000100000"),
                           ("slice(0,5)|slice(2,4)", b"00"),
                           ("slice(3,2)", b"")):
            x = c.fetch("/endless.py?pipe=" + pipe)
            t.eq((x.status, x.body[-16:], x.ended), (200, body, True),
                 f"{pipe} of content without an end")
        for pipe in ("slice(-5)", "slice(0,-5)", "sub"):
            x = c.fetch("/endless.py?pipe=" + pipe)
            t.ok(x.status == 500 and b"more octets than 4194304" in x.body,
                 f"{pipe} of content without an end", x)
        x = c.fetch("/endless.py?pipe=gzip", method="HEAD")
        t.eq((x.status, x.ended), (200, True), "... and of HEAD none")
        x = c.request("/large.asis")
        c.wait_for(lambda: len(x.data) > 9)
        t.ok(x.header("x-a") == "b" and x.body[:1] == b"\0",
             "a large literal response", x)
    for pipe in ("gzip", "trickle(1000000:r1)", "trickle(3)", "slice(9)"):
        with Client(s.port) as c:
            x = c.request("/endless.py?pipe=" + pipe)
            t.ok(c.wait_for(lambda: len(x.data) > 9), f"{pipe} of content "
                 "without an end: it comes meanwhile", x)


def memory():
    """src/host/memory.c: the objects of CPython are in the heap,
    and so are bodies of some MiB, whose pages stay there from a
    thread's second body on."""
    if not (sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
            and extended() and not sanitized()):
        return t.skip("the heap", "needs extensions and glibc's malloc")
    with tempfile.TemporaryDirectory() as top:
        write_scripts(top, {"faults": FAULTS})
        with Server(top) as s, Client(s.port) as c:
            told = [[int(n) for n in c.fetch("/faults.py", body=bytes(
                9 << 20)).body.split()] for _ in range(8)]
            t.ok(any(faults < pages / 2 for pages, faults, _ in told),
                 "a body of 9 MiB takes no new pages", told)
            t.eq([out for _, _, out in told], [0] * 8,
                 "objects of the parent's are in the heap")
    return None


def spare(s):
    """Waits for a spare child that is ready.  Returns its process id."""
    seen = len(s.log())

    def look():
        s.process.send_signal(signal.SIGUSR1)
        return re.search(r"child (\d+) of nobody: spare", s.log()[seen:])
    return int(tap.wait_until(look).group(1))


def faults(pid):
    """Returns the page faults of a process, and of the children that it has
    reaped, so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[7]), int(fields[8])


def connections():
    """Bounds the page faults of a connection with one request: after a fork,
    parent and child copy a page when they write to it, about 20 in the parent
    and 510 in the child."""
    if not (os.path.exists("/proc/self/stat") and extended()
            and not sanitized()):
        return t.skip("page faults of a connection", "needs extensions")
    def each(n):
        """Returns page faults for each of the next n connections,
        one after the other."""
        beside, before = len(s.children()), faults(s.pid)
        for _ in range(n):
            with Client(s.port) as c:
                c.fetch("/small.py")
            tap.wait_until(lambda: len(s.children()) == beside)
        return [(now - then) / n for now, then in zip(faults(s.pid), before)]

    def warm():
        """Returns page faults of a spare child after its client has come."""
        pid = spare(s)
        before = faults(pid)[0]
        with Client(s.port) as c:
            c.fetch("/small.py")
            return faults(pid)[0] - before

    with tempfile.TemporaryDirectory() as top, \
            contextlib.ExitStack() as stay:
        write_scripts(top, {"small": SMALL})
        s = stay.enter_context(Server(top, "--max-processes", "1000"))
        each(5)
        own, child = each(30)
        pings = [stay.enter_context(Client(s.port)).ping()
                 for _ in range(300)]
        among = each(30)[0]
        s = stay.enter_context(Server(top, "--spare", "1"))
        shares = [warm() for _ in range(3)]
    t.ok(own < 60, "a connection costs the parent few pages", own)
    t.ok(min(shares) < 80, "a spare child has most of them before its client "
         "comes, also those of TLS", shares)
    t.ok(child < 800, "... and its process no more than it did", child)
    t.ok(all(pings) and among < own + 15,
         "... nor the parent more beside 300 others", (own, among))
    return None


def bound():
    """dispatch.settle: the parent looks up a symbol before it forks, because a
    lookup touches pages of each library."""
    if not (sys.platform == "linux" and platform.libc_ver()[0] == "glibc"):
        return t.skip("a bound symbol", "needs glibc")
    with tempfile.TemporaryDirectory() as top:
        write_scripts(top, {"small": SMALL})
        with Server(top, env={"LD_DEBUG": "bindings"}) as s:
            for _ in range(2):
                with Client(s.port) as c:
                    c.fetch("/small.py")
                tap.wait_until(lambda: not s.children())
            late = re.findall(r"script output: .*symbol `(\w+)'", s.log())
    t.eq(set(late) & {"geteuid"}, set(),
         "what each child calls was bound before it was forked")
    return None


def counts():
    """src/py/warm.c: no child writes to objects of the parent to
    count references."""
    with tempfile.TemporaryDirectory() as top:
        write_scripts(top, {"counts": COUNTS})
        with Server(top) as s, Client(s.port) as c:
            told = c.fetch("/counts.py").body
    if told == b"old":
        return t.skip("objects without counts", "needs CPython 3.12")
    t.eq(told, b"True", "objects of the parent's have no counts, a new one has")
    return None


class Updater:
    """A client on OpenSSL's own functions, which can send KeyUpdate messages
    (RFC 8446 4.6.3)."""

    def __init__(self, ssl, port):
        self._ssl = ssl
        for name, kinds in (("SSL_CTX_new", "p"), ("SSL_new", "p"),
                            ("SSL_set_fd", "pi"), ("SSL_connect", "p"),
                            ("SSL_set_alpn_protos", "psi"),
                            ("SSL_write", "psi"), ("SSL_read", "ppi"),
                            ("SSL_key_update", "pi"),
                            ("SSL_do_handshake", "p")):
            getattr(ssl, name).argtypes = [
                {"p": ctypes.c_void_p, "i": ctypes.c_int,
                 "s": ctypes.c_char_p}[kind] for kind in kinds]
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(ssl, name).restype = ctypes.c_void_p
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO,
                             struct.pack("ll", int(tap.scaled(60)), 0))
        self.ssl = ssl.SSL_new(ssl.SSL_CTX_new(ssl.TLS_client_method()))
        ssl.SSL_set_fd(self.ssl, self.sock.fileno())
        ssl.SSL_set_alpn_protos(self.ssl, b"\2h2", 3)
        if ssl.SSL_connect(self.ssl) != 1:
            raise OSError("TLS handshake")

    def write(self, octets):
        """Sends octets.  Returns whether that was possible."""
        return self._ssl.SSL_write(self.ssl, octets, len(octets)) > 0

    def update(self, times):
        """Sends this many KeyUpdate messages.  Returns how
        many could be sent."""
        for i in range(times):
            if (self._ssl.SSL_key_update(self.ssl, 0) != 1
                    or self._ssl.SSL_do_handshake(self.ssl) != 1):
                return i
        return times

    def answered(self):
        """Returns whether there is something to read."""
        return bool(select.select([self.sock], [], [], 0)[0])

    def read(self, text):
        """Reads until text has come, or the end.  Returns the octets."""
        got, buffer = b"", ctypes.create_string_buffer(1 << 14)
        while text not in got:
            n = self._ssl.SSL_read(self.ssl, buffer, len(buffer))
            if n <= 0:
                break
            got += buffer.raw[:n]
        return got


def key_updates(s):
    """A client does nothing but update its keys."""
    path = ctypes.util.find_library("ssl")
    if path is None:
        return t.skip("KeyUpdates", "no libssl")
    ssl = ctypes.CDLL(path)
    empty = struct.pack(">HBBBL", 0, 0, 4, 0, 0)
    ping = struct.pack(">HBBBL8s", 0, 8, 6, 0, 0, b"12345678")
    c = Updater(ssl, s.port)
    c.write(PREFACE + empty)
    for _ in range(3):
        done = c.update(300)
    c.write(ping)
    t.ok(done == 300 and b"12345678" in c.read(b"12345678"),
         "900 KeyUpdates, and the connection goes on")
    for _ in range(2000):
        if c.answered():        # OpenSSL stops reading once it cannot write
            break
        c.update(1)
    text = (b"TLS messages such as KeyUpdate: more than the bound "
            b"max-idle-frames, which is 1000")
    t.ok(text in c.read(text), "2,000: GOAWAY that names the bound")
    t.ok(s.wait_log("protocol violation by the client: "
                    + text.decode()), "... and so does the log", s.log())
    c.sock.close()
    return None


with tempfile.TemporaryDirectory() as root:
    for file, content in (
            ("GET.py", NUMBERS), ("POST.py", NUMBERS), ("cookies.py", NUMBERS),
            ("endless.py", ENDLESS), ("ws_wsh.py", HANDSHAKE),
            ("ten.txt", "0123456789"), ("q.sub.txt", "{{GET[q]}}"),
            ("large.bin", ""), ("large.asis", "HTTP/1.1 200 OK\na: b\n\n")):
        with open(os.path.join(root, file), "w") as f:
            f.write(content.replace("\na:", "\nx-a:"))
    SIZE = 400 << 20
    os.truncate(os.path.join(root, "large.bin"), SIZE)
    os.truncate(os.path.join(root, "large.asis"), SIZE)
    with Server(root, "--max-parameters", "10", "--max-idle-frames",
                "1000") as server:
        numbers(server)
        key_updates(server)
    with Server(root, "--max-memory", "0" if sanitized() else "700M",
                "--max-frame-size", "1M") as server:
        parsers(server)
        pipes(server, SIZE)
memory()
connections()
bound()
counts()
t.done()
