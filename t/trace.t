#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests traces (--trace): each line against doc/trace.schema.json, the
contents against what a client saw, their bounds and ends."""
import glob
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import rawclient as rc                                          # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import NOBODY, others_can_run, program, sanitized   # noqa: E402
from traces import (NAME, SCHEMA, Traced, Work, faults_of,      # noqa: E402
                    of_type, read, schema)

t = tap.Tap()

FILES = {
    "raw": """
CASES = {
    "unknown": lambda w: w.write_raw_frame(0xbe, 0x41, 1, b"what"),
    "hex": lambda w: w.write_raw_data_frame(b"\\xff\\x00\\xfe"),
    "goaway": lambda w: w.goaway(0x1234, 7, b"so long\\n\\xff"),
    "settings": lambda w: w.write_raw_frame(
        "SETTINGS", 0, 0, bytes.fromhex("000400000400" "0fff00000001")),
    "update": lambda w: w.write_raw_frame("WINDOW_UPDATE", 0, 1,
                                          b"\\0\\0\\1\\0"),
    "zero": lambda w: w.write_raw_frame("WINDOW_UPDATE", 0, 1, b"\\0\\0\\0\\0"),
    "ping": lambda w: w.ping(b"12345678"),
    "short": lambda w: w.write_raw_frame("PING", 0, 0, b"1234"),
    "rst": lambda w: w.write_raw_frame("RST_STREAM", 0, 1, b"\\0\\0\\0\\x08"),
    "priority": lambda w: w.write_raw_frame("PRIORITY", 0, 1,
                                            b"\\x80\\0\\0\\3\\x0f"),
    "update2": lambda w: w.write_raw_frame(0x10, 0, 0, b"\\0\\0\\0\\1u=3"),
    "padded": lambda w: w.write_raw_frame("DATA", 0x8, 1, b"\\3abc\\0\\0\\0"),
    "push": lambda w: w.write_raw_frame("PUSH_PROMISE", 0x4, 1,
                                        b"\\0\\0\\0\\x02\\x82\\x84"),
    "lone": lambda w: w.write_raw_frame("CONTINUATION", 0x4, 1, b"\\x82"),
    "block": lambda w: w.write_raw_frame("HEADERS", 0x4, 1, b"\\xff\\xff\\xff"),
    "after": lambda w: w.write_raw_frame("HEADERS", 0x4, 1, b"\\x88"),
    "split": lambda w: (w.write_raw_frame("HEADERS", 0, 1, b"\\x88\\0\\1"),
                        w.write_raw_frame("CONTINUATION", 0x4, 1,
                                          b"a\\2b\\xff")),
    "open": lambda w: (w.write_raw_frame("HEADERS", 0, 1, b"\\x88"),
                       w.write_raw_frame("DATA", 0, 1, b"between")),
    "lost": lambda w: (w.write_raw_frame("HEADERS", 0, 1, b"\\x88"),
                       w.write_raw(b"HTTP/1.1 200 OK\\r\\n\\r\\n")),
    "http1": lambda w: w.write_raw(b"HTTP/1.1 200 OK\\r\\n\\r\\nhello"),
    "large": lambda w: w.write_raw_frame(0xbe, 0, 1, b"x" * 20000),
    "odd": lambda w: (
        w.write_raw_frame("HEADERS", 0x4, 1, b"\\x40\\1a\\1b"),
        w.write_raw_frame("PUSH_PROMISE", 0x4, 1, b"\\0\\0\\0\\3\\x40\\1c\\1d"),
        w.write_raw_frame("HEADERS", 0x4, 1, b"\\xbe")),
    "part": lambda w: w.write_raw(b"\\0\\0\\x09\\0\\0\\0\\0\\0\\1part"),
}

def main(request, response):
    for name in request.GET.first(b"do").decode().split(","):
        CASES[name](response.writer)
    response.writer.content_written = response.writer.stream_ended = True
    response.writer.close("tls")
""",
    "leave": """
def main(request, response):
    response.writer.goaway()
    response.writer.ping()
""",
    "forks": """
import os, subprocess
LIST = ("import os\\nfor f in os.listdir('/proc/self/fd'):\\n"
        " try: print(os.readlink('/proc/self/fd/' + f))\\n"
        " except OSError: pass\\n")

def main(request, response):
    r, w = os.pipe()
    if os.fork() == 0:
        os.dup2(w, 1)
        exec(LIST, {"print": lambda s: os.write(w, s.encode() + b"\\n")})
        os._exit(0)
    os.close(w)
    with open(r, "rb") as f:
        forked = f.read()
    os.wait()
    run = subprocess.run(["/usr/bin/env", "python3", "-c", LIST],
                         stdout=subprocess.PIPE, close_fds=False)
    own = "\\n".join(os.readlink("/proc/self/fd/" + f)
                    for f in os.listdir("/proc/self/fd")
                    if os.path.exists("/proc/self/fd/" + f))
    return "%d %d %d" % (own.count(".jsonl"), forked.count(b".jsonl"),
                         run.stdout.count(b".jsonl"))
""",
    "size": """
def main(request, response):
    return b"x" * int(request.GET.first(b"n"))
""",
    "peek": """
def main(request, response):
    try:
        return open(request.GET.first(b"path")).read()
    except OSError as e:
        return type(e).__name__
"""}


NUMBERS = {name: number for number, name in enumerate((
    "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE",
    "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"))}


def shape(line):
    """Returns type, stream and length of a frame, as numbers."""
    kind = line["type"]
    return (NUMBERS[kind] if kind in NUMBERS else
            16 if kind == "PRIORITY_UPDATE" else int(kind, 16),
            line["stream"], line["length"])


# ---- what a trace says

def exchange(tls, options):
    """A trace has the frames in both directions as the client had them,
    fields, functions and the end."""
    how = "TLS" if tls else "cleartext"
    with Traced(work, *options) as s:
        x, lines, c = s.ran(tls, body=[b"hello", b"\xff\x00", b"\xc3\xa9" * 40],
                            headers=[("cookie", "a=b"), ("y", "z")])
        path = s.files()[0]
        pid, port = NAME.search(path)[1], NAME.search(path)[3]
        t.eq(x.body, b"hello\xff\x00" + b"\xc3\xa9" * 40, f"{how}: an answer")
        first = lines[0]
        t.eq((first["type"], first["client"], first["pid"],
              first.get("cleartext"), first.get("alpn"), first.get("sni"),
              first["server"].split()[0]),
             ("connection", f"127.0.0.1:{port}", int(pid),
              *((None, "h2", "localhost") if tls else (True, None, None)),
              "h2rig"), f"{how}: the first line: client, TLS, ALPN, SNI")
        t.ok(s.wait_log(f"child {pid} of 127.0.0.1:{port} ended"),
             f"{how}: the file's name tells process and connection", path)
        t.ok(not tls or first["tls"].startswith("TLSv1")
             and first["cipher"], f"{how}: version and cipher", first)
        t.eq([shape(line) for line in lines if line.get("dir") == "out"],
             [(f.type, f.sid, len(f.payload)) for f in c.frames],
             f"{how}: what was sent is what the client received, in order")
        t.eq([line["type"] for line in lines if line.get("dir") == "in"][:3],
             ["preface", "SETTINGS", "HEADERS"], f"{how}: what the client sent")
        fields = of_type(lines, "HEADERS", "in")[0]["fields"]
        t.eq(fields, [[":method", "POST"], [":scheme", "https" if tls else
                                            "http"], [":path", "/echo.py"],
                      [":authority", f"localhost:{s.port}"],
                      ["cookie", "a=b"], ["y", "z"]], f"{how}: fields")
        t.eq(of_type(lines, "HEADERS", "out")[0]["fields"],
             [[":status", "200"], ["x", {"hex": "e9"}]],
             f"{how}: fields that are no text")
        t.eq([line["data"] for line in of_type(lines, "DATA", "in")],
             ["hello", {"hex": "ff00"}, "\xe9" * 32],
             f"{how}: the first 64 octets of DATA as text or hex")
        t.eq([(line["type"], line["function"], line["script"], line["stream"])
              for line in lines if line["type"] in ("begin", "end")
              and line["function"] != "(load)"],
             [(kind, name, "/echo.py", 1) for name in (
                 "handle_headers", "handle_data", "handle_data", "handle_data",
                 "main") for kind in ("begin", "end")],
             f"{how}: begin and end of functions")
        settings = of_type(lines, "SETTINGS", "out")[0]["settings"]
        t.eq(settings[0], ["HEADER_TABLE_SIZE", 4096],
             f"{how}: settings by name")
        t.eq(lines[-1], {"t": lines[-1]["t"], "type": "close",
                         "end": "closed by client"}, f"{how}: the end")
        t.ok(0 < lines[-1]["t"] < 3600, f"{how}: seconds since the accept")


def stripped(lines, which):
    """Returns the lines of one case: those sent, after the
    server's own frames."""
    own = {"SETTINGS", "WINDOW_UPDATE"}
    found = []
    for line in lines:
        if line.get("dir") != "out" or (not found and line["type"] in own):
            continue
        found.append({k: v for k, v in line.items() if k not in ("t", "dir")})
    return found[:len(which.split(","))
                 + {"open": 1, "split": 1, "lost": 2}.get(which, 0)]


def frame(kind, flags, stream, length, **more):
    """Returns the line of a frame, without t and dir."""
    return {"type": kind, "flags": flags, "stream": stream, "length": length,
            **more}


EH = "END_HEADERS"
DOES_NOT = "the field block does not decode (RFC 9113 4.3)"
RAW = [
    ("hex", [frame("DATA", [], 1, 3, data={"hex": "ff00fe"})]),
    ("unknown", [frame("0xbe", ["0x01", "0x40"], 1, 4, data="what")]),
    ("goaway", [frame("GOAWAY", [], 0, 17, last_stream=7, code="0x1234",
                      debug={"hex": b"so long\n\xff".hex()})]),
    ("hex,settings", [frame("DATA", [], 1, 3, data={"hex": "ff00fe"}),
                      frame("SETTINGS", [], 0, 12, settings=[
                          ["INITIAL_WINDOW_SIZE", 1024], ["0xfff", 1]])]),
    ("hex,update,zero", [
        frame("DATA", [], 1, 3, data={"hex": "ff00fe"}),
        frame("WINDOW_UPDATE", [], 1, 4, increment=256),
        frame("WINDOW_UPDATE", [], 1, 4, raw={"hex": "00000000"},
              error="an increment of 0 (RFC 9113 6.9)")]),
    ("ping,short", [
        frame("PING", [], 0, 8, data="12345678"),
        frame("PING", [], 0, 4, raw="1234",
              error="the payload is 8 octets long (RFC 9113 6.7)")]),
    ("rst", [frame("RST_STREAM", [], 1, 4, code="CANCEL")]),
    ("priority", [frame("PRIORITY", [], 1, 5, priority={
        "dependency": 3, "weight": 16, "exclusive": True})]),
    ("update2", [frame("PRIORITY_UPDATE", [], 0, 7, prioritized=1,
                       value="u=3")]),
    ("padded", [frame("DATA", ["PADDED"], 1, 7, padding=3, data="abc")]),
    ("push", [frame("PUSH_PROMISE", [EH], 1, 6, promised=2, fields=[
        [":method", "GET"], [":path", "/"]])]),
    ("lone", [frame("CONTINUATION", [EH], 1, 1, raw={"hex": "82"},
                    error="no field block is open on that stream "
                          "(RFC 9113 6.10)")]),
    ("block,after", [
        frame("HEADERS", [EH], 1, 3, raw={"hex": "ffffff"}, error=DOES_NOT),
        frame("HEADERS", [EH], 1, 1, fields=[[":status", "200"]])]),
    ("split", [frame("HEADERS", [], 1, 3),
               frame("CONTINUATION", [EH], 1, 4, fields=[
                   [":status", "200"], ["a", {"hex": "62ff"}]])]),
    ("open", [frame("HEADERS", [], 1, 1),
              {"type": "raw", "length": 1, "raw": {"hex": "88"},
               "error": "a field block without its end (RFC 9113 4.3)"}]),
    ("lost", [frame("HEADERS", [], 1, 1),
              {"type": "raw", "length": 1, "raw": {"hex": "88"},
               "error": "a field block without its end (RFC 9113 4.3)"},
              {"type": "raw", "length": 19, "raw": "HTTP/1.1 200 OK\r\n\r\n",
               "error": "no frame: an unknown type, and longer than "
                        "MAX_FRAME_SIZE"}]),
    ("http1", [{"type": "raw", "length": 24,
                "raw": "HTTP/1.1 200 OK\r\n\r\nhello",
                "error": "no frame: an unknown type, and longer than "
                         "MAX_FRAME_SIZE"}]),
    ("part", [{"type": "raw", "length": 13,
               "raw": {"hex": "000009000000000001" + b"part".hex()},
               "error": "DATA on stream 1: 5 octets of its payload are "
                        "missing"}]),
]


def raw():
    """What scripts send, legal or not, appears as lines."""
    with Traced(work, "--cleartext") as s:
        for name, want in RAW:
            _, lines, _ = s.ran(False, f"/raw.py?do={name}")
            t.eq(stripped(lines, name), want, f"raw: {name}")
        _, lines, _ = s.ran(False, "/raw.py?do=odd")
        t.eq([x.get("fields", x.get("error")) for x in lines
              if x.get("dir") == "out" and "END_HEADERS" in x.get("flags", ())],
             [[["a", "b"]], "promised streams have even numbers above 0 "
              "(RFC 9113 5.1.1)", DOES_NOT],
             "no field is guessed after a block that was not decoded")
        with Client(s.port, tls=False) as c:
            c.local = c.sock.getsockname()[1]
            c.send_frame(rc.SETTINGS, 0, 0, bytes.fromhex("000500008000"))
            c.request("/raw.py?do=large,unknown")
            c.wait_end()
        t.eq([x["length"] for x in of_type(s.of_port(c.local), "0xbe")],
             [20000, 4], "a frame as long as MAX_FRAME_SIZE allows is one")


def from_client():
    """What clients send: frames that break a rule, and octets
    that are no frame."""
    with Traced(work, "--cleartext", "--max-header-list-size", "4K") as s:
        with Client(s.port, tls=False) as c:
            c.open("/echo.py", "POST")
            c.send_frame(rc.WINDOW_UPDATE, 0, 1, b"\0\0\0\0")
            c.send_frame(0xbe, 0, 0, b"x" * 100)
            c.ping()
            c.send_frame(rc.PING, 0, 0, b"seven..")
            c.wait_end()
            lines = s.of(c)
        t.eq([(v["level"], v.get("stream"), v["code"]) for v in
              of_type(lines, "violation")],
             [("stream", 1, "PROTOCOL_ERROR"),
              ("connection", None, "FRAME_SIZE_ERROR")],
             "violations of a stream and of the connection")
        t.ok("PING" in of_type(lines, "violation")[1]["text"]
             and "6.7" in of_type(lines, "violation")[1]["text"],
             "a violation's text names frame and rule")
        t.eq(len(of_type(lines, "0xbe")[0]["data"]), 64,
             "of a frame of unknown type the first octets")
        t.eq(of_type(lines, "PING", "in")[-1]["error"],
             "the payload is 8 octets long (RFC 9113 6.7)",
             "a malformed frame has the error")
        t.ok(s.wait_log(re.escape(
            f": {lines[-1]['end']}: {lines[-1]['why']}; ")), "the end is that of "
             "the log", lines[-1])
        with Client(s.port, tls=False) as c:
            c.fetch("/echo.py", headers=[("x", "y" * 5000)])
            c.fetch("/leave.py")
            c.ping()
            c.request("/echo.py")
            c.request("/echo.py")
            c.wait_end()
            lines = s.of(c)
        t.eq([(v["level"], v["stream"], v.get("code"), v["text"]) for v in
              of_type(lines, "violation")], [
                  ("stream", 1, None, "answered with 431: larger than the "
                   "bound max-header-list-size (RFC 9113 10.5.1)")] + [
                  ("stream", stream, None, "opened although what was sent "
                   "behind GOAWAY was acknowledged (RFC 9113 6.8)")
                  for stream in (5, 7)],
             "431, and streams after GOAWAY was read")
        with Client(s.port, tls=False, preface=False) as c:
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            c.wait_end()
            lines = s.of(c)
        t.eq([(x["raw"], x["error"]) for x in of_type(lines, "raw", "in")],
             [("GET / HTTP/1.1\r\nHost: x\r\n\r\n",
               "no HTTP/2 preface (RFC 9113 3.4)")], "HTTP/1 is raw octets")
        with Client(s.port, tls=False) as c:
            c.send_frame(rc.HEADERS, rc.END_HEADERS, 1, b"\xff\xff\xff")
            c.wait_end()
            lines = s.of(c)
        x = of_type(lines, "HEADERS", "in")[0]
        t.eq((x["raw"], x["error"]), ({"hex": "ffffff"}, DOES_NOT),
             "a block that does not decode is raw, with the error")
        with Client(s.port, tls=False) as c:
            for n in 100, 101:
                c.send_frame(rc.SETTINGS, 0, 0,
                             bytes.fromhex("0004000fffff") * n)
            c.ping()
            port = c.sock.getsockname()[1]
            c.leave()
        lines = s.of_port(port)
        t.eq([(x["length"], len(x["settings"]), x.get("cut")) for x in
              of_type(lines, "SETTINGS", "in") if x["length"] >= 600],
             [(600, 100, None), (606, 100, True)],
             "of SETTINGS the first 100 entries")
        with Client(s.port, tls=False) as c:
            c.send(b"\0\0\x08\6\0\0\0\0\0half")
            c.local = c.sock.getsockname()[1]
            c.leave()
        lines = s.of_port(c.local)
        t.eq(of_type(lines, "raw", "in")[0]["error"],
             "PING: 4 octets of its payload are missing",
             "a frame that was cut off by the end")
        _, lines, _ = s.ran(False, "/fail.py")
        t.eq([x.get("raised") for x in of_type(lines, "end")
              if x["function"] == "main"], ["LookupError"],
             "an exception's class")


def pieces():
    """Frames come in single octets, or the kernel takes only part of them."""
    frames = (rc.PREFACE + rc.Frame(rc.SETTINGS, 0, 0, bytes(6)).raw()
              + rc.Frame(rc.HEADERS, rc.END_HEADERS | rc.PADDED, 1,
                         b"\2\x83\x86\x44\x08/echo.py\x41\1a\0\0").raw()
              + rc.Frame(rc.DATA, rc.PADDED, 1, b"\3hello\0\0\0").raw()
              + rc.Frame(0xbe, 0, 0, b"x" * 90).raw()
              + rc.Frame(rc.PING, 0, 0, b"12345678").raw())
    seen = []
    with Traced(work, "--cleartext") as s:
        for size in (len(frames), 1):
            with Client(s.port, tls=False, preface=False) as c:
                c.local = c.sock.getsockname()[1]
                for i in range(0, len(frames), size):
                    c.send(frames[i:i + size])
                c.wait_for(lambda: c.pongs)
                c.leave()
            seen.append([{k: v for k, v in line.items() if k != "t"}
                         for line in s.of_port(c.local)
                         if line.get("dir") == "in"
                         and line.get("flags") != ["ACK"]])
        t.eq(seen[1], seen[0], "a frame in single octets is one line")
        t.eq([x.get("padding") for x in seen[0][2:4]], [2, 3], "padding")
        with Client(s.port, tls=False, receive_buffer=4096,
                    settings={rc.INITIAL_WINDOW_SIZE: 1 << 30},
                    connection_window=1 << 30) as c:
            x = c.fetch("/size.py?n=4000000")
            frames = [(f.type, f.sid, len(f.payload)) for f in c.frames]
            c.local = c.sock.getsockname()[1]
            c.leave()
        lines = s.of_port(c.local)
        t.eq(len(x.body), 4000000, "a slow client")
        t.eq([shape(line) for line in lines if line.get("dir") == "out"]
             [:len(frames)], frames, "what a slow client gets, frame by frame")


def data():
    """--trace-data."""
    for n, want in ((0, [None]), (3, ["\xe9"]), (100, ["\xe9" * 20])):
        with Traced(work, "--cleartext", "--trace-data", str(n)) as s:
            _, lines, _ = s.ran(False, body=b"\xc3\xa9" * 20)
            t.eq([x.get("data") for x in of_type(lines, "DATA", "in")], want,
                 f"--trace-data {n}")


# ---- ends and bounds

def crash():
    """A process that crashes leaves complete lines; the last
    one is the function."""
    with Traced(work, "--cleartext") as s:
        with Client(s.port, tls=False) as c:
            c.local = c.sock.getsockname()[1]
            c.request("/crash.py")
            c.wait_end()
        s.wait_log("SIGSEGV")
        lines = s.now(c.local)
        t.eq((lines[-1]["type"], lines[-1]["function"]), ("begin", "main"),
             "crash: the function that crashed is the last line")
        t.eq(faults_of(s.files())[0], [], "crash: whole lines")


def limit():
    """--max-trace ends a trace with a line that says so."""
    for options, most in ((("--max-trace", "8K"), 8192),
                          (("--max-file-size", "6K"), 6144)):
        with Traced(work, "--cleartext", *options) as s:
            with Client(s.port, tls=False) as c:
                done = [c.fetch("/echo.py", body=b"hello").body
                        for _ in range(40)]
                c.local = c.sock.getsockname()[1]
                c.leave()
            lines = s.of_port(c.local)
            t.eq(lines[-1], {"t": lines[-1]["t"], "type": "limit",
                             "octets": most}, f"{options[0]}: the last line")
            size = os.path.getsize(s.files()[0])
            t.ok(most - 1024 < size <= most, f"{options[0]}: octets", size)
            t.eq(done, [b"hello"] * 40,
                 f"{options[0]}: the connection goes on")
    with Traced(work, "--cleartext", "--max-file-size", "100") as s:
        with Client(s.port, tls=False) as c:
            t.eq(c.fetch("/echo.py", body=b"x").body, b"x",
                 "no room for the first line: the connection goes on")
        t.ok(s.wait_log("ends early: File too large"), "... the log says why")
        t.eq([os.path.getsize(p) for p in s.files()], [0], "... no trace")


def oldest():
    """--max-traces removes the oldest traces that have ended,
    and nothing else."""
    with Traced(work, "--cleartext", "--max-traces", "64K") as s:
        own = os.path.join(s.traces, "mine.jsonl")
        with open(own, "w", encoding="ascii") as f:
            f.write("x" * 100000)
        with Client(s.port, tls=False) as open_one:
            open_one.ping()
            first = s.files()[0]
            names = []
            for _ in range(40):
                s.ran(False)
                names += [p for p in s.files() if p not in names]
            gone = tap.wait_until(lambda: len(s.files()) <= 17)
            left = s.files()
            t.ok(gone, "--max-traces: old ones go", len(left))
            t.ok(first in left, "--max-traces: one that is written stays")
            t.eq([p for p in left if p != first],
                 names[-len(left) + 1:], "--max-traces: the newest stay")
            t.ok(os.path.exists(own), "--max-traces: other files stay")
            t.ok(open_one.ping(), "--max-traces: it is still written")
    old = s.files()[0]
    running, folder = (os.path.join(
        s.traces, f"20200101T000000.000000Z-{pid}-127.0.0.1-1.jsonl")
        for pid in (os.getpid(), NAME.search(old)[1]))
    shutil.copy(old, running)
    os.mkdir(folder)
    with Traced(work, "--cleartext", "--max-traces", "4K",
                traces=s.traces) as s:
        t.ok(tap.wait_until(lambda: len(s.files()) <= 3),
             "those of an earlier server count too", s.files())
        t.eq(s.files()[:2], sorted((running, folder)),
             "one whose process runs stays, whichever server's it is")
        t.ok("cannot remove" not in s.log(), "a directory is no trace")
    os.unlink(running)
    os.rmdir(folder)
    t.ok(not os.path.exists(old), "and go")


def full_disk():
    """A full disk ends traces but no connection; the log says it once."""
    disk = work.path("disk")
    os.mkdir(disk)
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
            stderr=subprocess.DEVNULL, check=False).returncode != 0:
        t.skip("a full disk", "needs root, who may mount a tmpfs")
        return
    try:
        with Traced(work, "--cleartext", traces=disk) as s:
            with Client(s.port, tls=False) as c, \
                    Client(s.port, tls=False) as d:
                done = [x.fetch("/echo.py", body=b"hello").body
                        for _ in range(100) for x in (c, d)]
                t.eq(done, [b"hello"] * 200, "full disk: connections go on")
                said = s.wait_log("ends early: No space left on device")
                t.ok(said, "full disk: a record says so")
                e = Client(s.port, tls=False)
                t.eq(e.fetch("/echo.py", body=b"x").body, b"x",
                     "full disk: new connections too")
                e.leave()
                s.wait_log("ended: closed by client")
            t.eq(len(re.findall("ends early", s.log())), 1,
                 "full disk: once")
            t.eq(faults_of([p for p in s.files() if os.path.getsize(p)])[0],
                 [], "full disk: whole lines")
    finally:
        subprocess.run(["umount", disk], check=True)


def starts():
    """Directories with which the server does not start; a later fault
    ends no connection."""
    plain = work.path("plain")
    with open(plain, "w", encoding="ascii"):
        pass
    for path in (work.path("no"), plain, "/proc/sys/kernel"):
        p = subprocess.run([program(), "--port", "0", "--cleartext",
                            "--trace", path, work.docroot], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False, timeout=60)
        t.ok(p.returncode == 78 and b"--trace" in p.stderr
             and path.encode() in p.stderr and b"expected a" in p.stderr,
             f"--trace {os.path.basename(path)}: 78, and what was expected", p)
    with Traced(work, "--cleartext") as s:
        s.process.send_signal(signal.SIGHUP)
        s.wait_log("load")
        x, lines, _ = s.ran(False, body=b"x")
        t.eq((x.body, lines[-1]["type"]), (b"x", "close"), "after SIGHUP")
        shutil.rmtree(s.traces)
        with Client(s.port, tls=False) as c:
            t.eq(c.fetch("/echo.py", body=b"x").body, b"x",
                 "without the directory connections are served")
            c.leave()
        t.ok(s.wait_log("trace of .* ends early: No such file"),
             "and the log says it")


def processes():
    """Only the connection's process has the file, not those
    that scripts start."""
    with Traced(work, "--cleartext") as s:
        x, _, _ = s.ran(False, "/forks.py")
        t.eq(x.body, b"1 0 0", "the connection's process has its trace, what "
             "a script forks or starts has not")
        mode = stat.S_IMODE(os.stat(s.files()[0]).st_mode)
        t.eq(mode, 0o600, "only the server's user may read it")
    with Traced(work, "--cleartext", "--spare", "2") as s:
        for _ in range(3):
            x, lines, _ = s.ran(False, body=b"x")
            t.eq((x.body, lines[0]["type"], lines[-1]["type"]),
                 (b"x", "connection", "close"), "--spare")
    if os.geteuid() != 0 or not others_can_run():
        t.skip("--user", "needs root")
    else:
        with Traced(work, "--cleartext", "--user", str(NOBODY)) as s:
            x, lines, _ = s.ran(False, body=b"x")
            t.eq((x.body, lines[-1]["type"]), (b"x", "close"), "--user")
            x, _, _ = s.ran(False, f"/peek.py?path={s.files()[0]}")
            t.eq(x.body, b"PermissionError",
                 "--user: scripts cannot read others' traces")
    traces = work.path("inetd")
    os.mkdir(traces)
    ours, theirs = socket.socketpair()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours.close()
        theirs.close()
        with Client(listener.getsockname()[1], tls=False) as c:
            conn, _ = listener.accept()
            p = subprocess.Popen([program(), "--inetd", "--cleartext",
                                  "--trace", traces, work.docroot], stdin=conn,
                                 stdout=conn, stderr=subprocess.DEVNULL)
            conn.close()
            x = c.fetch("/echo.py", body=b"x")
            c.leave()
            p.wait(tap.scaled(60))
    files = glob.glob(os.path.join(traces, "*.jsonl"))
    t.eq((x.body, len(files), read(files[0])[-1]["type"] if files else None),
         (b"x", 1, "close"), "--inetd")


# ---- every trace

def suite():
    """The traces of other tests are valid."""
    if sanitized():
        t.skip("the schema: traces of other tests", "they would take too long")
        return
    traces = work.path("suite")
    os.mkdir(traces, 0o700)
    env = dict(os.environ, H2RIG_TEST_TRACES=traces)
    running = [(name, subprocess.Popen(
        [sys.executable, "-B", os.path.join(HERE, name)], env=env,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        for name in ("conformance.t", "raw.t", "handlers.t")]
    for name, p in running:
        output = p.communicate()[0].decode("utf-8", "replace")
        t.ok(p.returncode == 0, f"{name} with --trace", "\n".join(
            re.findall(r"^not ok.*", output, re.M)) or output[-2000:])
    files = glob.glob(os.path.join(traces, "2*.jsonl"))
    found, n = faults_of(files)
    t.eq(found, [], f"the schema: {len(files)} traces of other tests, "
         f"{n} lines")
    t.ok(n > 1000, "... which are many", n)


def by_the_book():
    """An independent validator accepts the schema, and the traces by it."""
    try:
        import jsonschema
    except ImportError:
        t.skip("doc/trace.schema.json", "needs python3-jsonschema")
        return
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft7Validator(SCHEMA)
    lines = [line for path in work.files()
             for line in read(path)]
    t.eq([str(e) for line in lines for e in validator.iter_errors(line)], [],
         f"python3-jsonschema: {len(lines)} lines")
    t.ok(list(validator.iter_errors({"t": 1, "type": "PING"})),
         "python3-jsonschema: a line that lacks something is wrong")
    t.ok(list(schema.faults({"t": 1, "type": "PING"})), "for lib/schema.py too")


with Work(FILES) as work:
    exchange(True, ())
    exchange(False, ("--cleartext",))
    raw()
    from_client()
    pieces()
    data()
    crash()
    limit()
    oldest()
    full_disk()
    starts()
    processes()
    found, count = faults_of(work.files())
    t.eq(found, [], f"the schema: {count} lines of these tests")
    by_the_book()
    suite()
t.done()
