#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2rig-trace --pcapng: what tshark sees in a capture, the packets, the
comments, and input that is refused."""
import collections
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from datetime import datetime, timezone

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import hpack                                                    # noqa: E402
import rawclient as rc                                          # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import program                                      # noqa: E402
from traces import Traced, Work                           # noqa: E402

H2RIG_TRACE = os.path.join(os.path.dirname(os.path.abspath(program())),
                           "h2rig-trace")
PORT = 8080

t = tap.Tap()


def tool(*arguments, **more):
    """Runs h2rig-trace to its end."""
    return subprocess.run([sys.executable, "-B", H2RIG_TRACE, *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, timeout=tap.scaled(60), **more)


def captured(*paths):
    """Makes a capture of these traces.  Returns its path."""
    out = work.path("out.pcapng")
    p = tool("--pcapng", out, *paths)
    t.ok(p.returncode == 0 and not p.stdout + p.stderr,
         f"--pcapng: {len(paths)} traces", p)
    return out


# ---- packets

Packet = collections.namedtuple("Packet", "time interface way seq ack flags "
                                "data comments source target")


def blocks(path):
    """Yields (type, body) of each block.  Raises ValueError
    for a wrong length."""
    with open(path, "rb") as f:
        octets = f.read()
    while octets:
        kind, size = struct.unpack_from("<LL", octets)
        yield kind, octets[8:size - 4]
        if octets[size - 4:size] != octets[4:8] or size % 4:
            raise ValueError(f"a block of {size}")
        octets = octets[size:]


def options(octets):
    """Yields (code, value) of each option."""
    while octets:
        code, size = struct.unpack_from("<HH", octets)
        if code == 0:
            break
        yield code, octets[4:4 + size]
        octets = octets[4 + size + -size % 4:]


def comments(octets):
    return [value.decode() for code, value in options(octets) if code == 1]


def folded(octets):
    """Returns the sum of RFC 1071; 0xffff for octets with their
    correct checksum."""
    octets += bytes(len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total > 0xffff:
        total = (total >> 16) + (total & 0xffff)
    return total


def packet(body):
    """Returns the packet of a block.  Raises ValueError for a wrong
    checksum or length."""
    interface, high, low, size, whole = struct.unpack_from("<LLLLL", body)
    octets = body[20:20 + size]
    rest = list(options(body[20 + size + -size % 4:]))
    if octets[0] >> 4 == 4:
        head, addresses, length = octets[:20], octets[12:20], octets[2:4]
        wrong = folded(head) != 0xffff
        tcp = octets[20:]
        wrong |= int.from_bytes(length, "big") != size
    else:
        addresses, tcp = octets[8:40], octets[40:]
        wrong = int.from_bytes(octets[4:6], "big") != len(tcp)
    if wrong or size != whole or folded(
            addresses + struct.pack(">LL", len(tcp), 6) + tcp) != 0xffff:
        raise ValueError(f"a packet of {size}")
    port, to, seq, ack, offset, flags = struct.unpack_from(">HHLLBB", tcp)
    half = len(addresses) // 2
    return Packet((high << 32) + low, interface,
                  {1: "in", 2: "out"}[rest[0][1][0]], seq, ack, flags,
                  tcp[offset >> 4 << 2:], [v.decode() for k, v in rest
                                           if k == 1],
                  (addresses[:half], port), (addresses[half:], to))


def packets(path):
    return [packet(body) for kind, body in blocks(path) if kind == 6]


def streams(path):
    """Returns the octets of one connection in both directions.  Raises
    ValueError if TCP sequence numbers are wrong."""
    got, seq = {"in": b"", "out": b""}, {"in": 0, "out": 0}
    for p in packets(path):
        other = "out" if p.way == "in" else "in"
        if p.seq != seq[p.way] or (p.ack != seq[other] and p.flags != 2):
            raise ValueError(f"sequence {p.seq}, not {seq}")
        seq[p.way] += len(p.data) + (p.flags & 3 != 0)
        got[p.way] += p.data
    return got["in"], got["out"]


# ---- what tshark sees

FIELDS = ["tcp.srcport", "http2.type", "http2.streamid", "http2.flags",
          "http2.length", "http2.header.name", "http2.header.value",
          "http2.rst_stream.error", "http2.goaway.last_stream_id",
          "http2.goaway.error", "http2.goaway.addata",
          "http2.window_update.window_size_increment", "http2.settings.id",
          "http2.settings.header_table_size", "http2.settings.max_frame_size",
          "http2.settings.unknown", "http2.ping", "http2.pong",
          "http2.push_promise.promised_stream_id", "http2.exclusive",
          "http2.stream_dependency", "http2.headers.weight_real",
          "http2.pad_length", "http2.data.data", "http2.unknown"]
has = []


def tshark(path, *more):
    """Runs tshark.  Returns its lines, with fields separated by |."""
    p = subprocess.run(
        ["tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o",
         "ip.check_checksum:TRUE", "-T", "fields", "-E", "separator=|",
         "-E", "aggregator=~", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=tap.scaled(60))
    if p.returncode != 0:
        t.ok(False, "tshark reads the capture", p)
    return p.stdout.decode().splitlines()


def rows(path, *more):
    """Returns a dict for each frame, with those of FIELDS
    that this tshark has."""
    if not has:
        p = subprocess.run(["tshark", "-G", "fields"], check=True,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        names = p.stdout.decode("utf-8", "replace").split("\t")
        has.extend(sorted({*names} & {*FIELDS}))
    fields = [word for name in has for word in ("-e", name)]
    return [dict(zip(has, line.split("|"))) for line in
            tshark(path, "-Y", "http2.type", *fields, *more)]


NUMBERS = {name: number for number, name in enumerate((
    "DATA", "HEADERS", "PRIORITY", "RST_STREAM", "SETTINGS", "PUSH_PROMISE",
    "PING", "GOAWAY", "WINDOW_UPDATE", "CONTINUATION"))}
NUMBERS["PRIORITY_UPDATE"] = 16
FLAGS = {"END_STREAM": 1, "ACK": 1, "END_HEADERS": 4, "PADDED": 8,
         "PRIORITY": 32}
CODES = {"NO_ERROR": 0, "CANCEL": 8}
SETTINGS = {"HEADER_TABLE_SIZE": 1, "ENABLE_PUSH": 2,
            "MAX_CONCURRENT_STREAMS": 3, "INITIAL_WINDOW_SIZE": 4,
            "MAX_FRAME_SIZE": 5, "MAX_HEADER_LIST_SIZE": 6,
            "ENABLE_CONNECT_PROTOCOL": 8, "NO_RFC7540_PRIORITIES": 9}
PING = {"": "http2.ping", "ACK": "http2.pong"}


def octets_of(value):
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) \
        else value.encode()


def expected(line):
    """Returns what tshark must see of a frame: some of FIELDS."""
    kind, flags = line["type"], line["flags"]
    row = {"http2.type": NUMBERS[kind] if kind in NUMBERS else int(kind, 16),
           "http2.streamid": line["stream"],
           "http2.flags": "0x%02x" % sum(
               FLAGS[f] if f in FLAGS else int(f, 16) for f in flags)}
    if kind not in ("HEADERS", "CONTINUATION", "PUSH_PROMISE"):
        row["http2.length"] = line["length"]
    if "padding" in line:
        row["http2.pad_length"] = line["padding"]
    if "priority" in line:
        p = line["priority"]
        row["http2.exclusive"] = int(p["exclusive"])
        row["http2.stream_dependency"] = p["dependency"]
        row["http2.headers.weight_real"] = p["weight"]
    if kind == "DATA" and "END_STREAM" not in flags:
        row["http2.data.data"] = octets_of(line.get("data", "")).ljust(
            line["length"] - ("padding" in line) - line.get("padding", 0),
            b"\0").hex()
    row.update({
        "RST_STREAM": lambda: {"http2.rst_stream.error": CODES[line["code"]]},
        "GOAWAY": lambda: {
            "http2.goaway.last_stream_id": line["last_stream"],
            "http2.goaway.error": CODES[line["code"]],
            "http2.goaway.addata": octets_of(line["debug"]).hex()},
        "PING": lambda: {PING["".join(flags)]: octets_of(line["data"]).hex()},
        "WINDOW_UPDATE": lambda: {
            "http2.window_update.window_size_increment": line["increment"]},
        "PUSH_PROMISE": lambda: {
            "http2.push_promise.promised_stream_id": line["promised"]},
        "0xbe": lambda: {
            "http2.unknown": octets_of(line.get("data", "")).hex()},
        "SETTINGS": lambda: {"http2.settings.id": "~".join(
            str(SETTINGS[name] if name in SETTINGS else int(name, 16))
            for name, _ in line.get("settings", ()))},
    }.get(kind, dict)())
    for name, value in line.get("settings", ()):
        if name in ("HEADER_TABLE_SIZE", "MAX_FRAME_SIZE"):
            row["http2.settings." + name.lower()] = value
        elif name not in SETTINGS:
            row["http2.settings.unknown"] = value
    return {"dir": line["dir"], **{k: str(v) for k, v in row.items()}}


def compare(path, lines, name):
    """Compares frames and fields that tshark sees with those of a trace."""
    seen = rows(path, "-d", f"tcp.port=={PORT},http2")
    wanted = [line for line in lines if "dir" in line and "stream" in line]
    t.eq(len(seen), len(wanted), f"{name}: tshark sees as many frames")
    early = [line["dir"] for line in wanted].index("in")
    t.eq(rows(path), seen[early:],
         f"{name}: after the preface it need not be told that this is HTTP/2")
    fields = {"in": [], "out": []}
    for row, line in zip(seen, wanted):
        row["dir"] = "out" if row["tcp.srcport"] == str(PORT) else "in"
        fields[row["dir"]] += [list(x) for x in zip(
            row["http2.header.name"].split("~"),
            row["http2.header.value"].split("~"))
            if row["http2.header.name"]]
    wants = [{k: v for k, v in expected(line).items()
              if k in has or k == "dir"} for line in wanted]
    t.eq([{k: row[k] for k in want} for row, want in zip(seen, wants)], wants,
         f"{name}: they are those of the trace, with what their type has")
    t.eq([row["http2.header.name"] for row in seen if row["http2.type"] == "1"
          and row["http2.flags"] == "0x28"], [":method~:scheme"],
         f"{name}: the first frame of a block has about as much as it had")
    for way in ("in", "out"):
        t.eq(fields[way], [field for line in wanted if line["dir"] == way
                           for field in line.get("fields", ())],
             f"{name}: fields of all blocks, {way}")
    t.eq(tshark(path, "-Y", "_ws.malformed || tcp.analysis.flags || "
                "tcp.checksum.status == Bad || ip.checksum.status == Bad",
                "-e", "frame.number"), [], f"{name}: nothing is odd")
    return {line["type"] for line in wanted}


def kinds(client):
    """Makes a legal exchange with frames of each type, in both directions."""
    c = client
    c.streams[1] = rc.Exchange(c, 1)
    c._next = 3
    block = c.encoder.encode([
        (":method", "POST"), (":scheme", "http"), (":path", "/kinds.py"),
        (":authority", "localhost"), ("x", "y" * 200), ("te", "trailers")])
    c.send_frame(rc.PRIORITY, 0, 3, b"\x80\0\0\1\x07")
    c.send_frame(rc.HEADERS, rc.PADDED | rc.PRIORITY_FLAG, 1,
                 b"\2\0\0\0\3\x63" + block[:20] + b"\0\0")
    c.send_frame(rc.CONTINUATION, rc.END_HEADERS, 1, block[20:])
    c.send_frame(rc.DATA, rc.PADDED, 1, b"\3hello\0\0\0")
    c.send_frame(16, 0, 0, b"\0\0\0\1u=3")
    c.send_frame(0xbe, 0x40, 1, b"unknown")
    c.send_frame(rc.PING, 0, 0, b"12345678")
    c.send_headers(1, [("trailer", "v")], end_stream=True)
    c.wait_for(lambda: c.goaway)
    c.reset(c.open("/echo.py", "POST").sid)
    c.send_frame(rc.GOAWAY, 0, 0, b"\0\0\0\2\0\0\0\0so \xff")
    c.leave()


KINDS = """
def main(request, response):
    w = response.writer
    w.ping(b"pingping")
    w.write_raw_frame(0xbe, 0x41, 1, b"what")
    w.write_raw_frame("PRIORITY", 0, 1, b"\\x80\\0\\0\\3\\x0f")
    w.write_raw_frame("WINDOW_UPDATE", 0, 1, b"\\0\\0\\1\\0")
    w.write_push([(":method", "GET"), (":path", "/pushed"),
                  (":scheme", "https"), (":authority", "localhost")], None,
                 200, [("b", "")], "pushed")
    w.write_raw_frame("HEADERS", 0, 1, b"\\x88\\0\\1")
    w.write_raw_frame("CONTINUATION", 0, 1, b"")
    w.write_raw_frame("CONTINUATION", 4, 1, b"a\\2bc")
    w.write_raw_frame("DATA", 8, 1, b"\\3abc\\0\\0\\0")
    w.write_raw_frame("DATA", 0, 1, b"x" * 200000)
    w.write_raw_frame("HEADERS", 5, 1, b"\\0\\1t\\1v")
    w.content_written = w.stream_ended = True
    w.settings([("MAX_FRAME_SIZE", 20000), (0xffe, 5)])
    w.goaway("NO_ERROR", 1, b"bye\\xff")
"""


def decoded(octets):
    """Returns all fields of a stream, which must begin with a
    table size update."""
    decoder, block, found = hpack.Decoder(), b"", []
    decoder.max_allowed_table_size = 0
    while octets:
        size, kind, flags = int.from_bytes(octets[:3], "big"), *octets[3:5]
        if kind in (1, 5, 9):
            block += octets[9 + 4 * (kind == 5):9 + size]
            if flags & 4:
                found += [list(x) for x in decoder.decode(block)]
                block = b""
        octets = octets[9 + size:]
    return found


def legal():
    """Frames of each type, with and without TLS, over IPv4 and IPv6."""
    if not shutil.which("tshark"):
        t.skip("what tshark sees", "tshark is not installed")
        return
    types = set()
    for tls, host, table in ((False, "127.0.0.1", 0), (True, "::1", 65536)):
        with Traced(work, "--bind", host,
                    *(() if tls else ("--cleartext",))) as s:
            with Client(s.port, host, tls=tls, connection_window=1 << 20,
                        settings={rc.HEADER_TABLE_SIZE: table,
                                  rc.MAX_FRAME_SIZE: 1 << 20, 0xfff: 7}) as c:
                port = c.sock.getsockname()[1]
                kinds(c)
            lines = s.of_port(port)
            path = captured(*s.files())
            types |= compare(path, lines, "TLS, IPv6" if tls else "cleartext")
        if table == 0:
            t.eq(decoded(streams(path)[1]), [
                field for line in lines if line.get("dir") == "out"
                for field in line.get("fields", ())],
                "for a decoder that wants its table to shrink")
    t.eq(types, {*NUMBERS, "0xbe"}, "frames of each kind were there")


# ---- packets and comments

def whole():
    """TCP is complete: handshake, times, addresses, the end; and comments."""
    with Traced(work) as s:
        with Client(s.port) as c:
            port = c.sock.getsockname()[1]
            c.fetch("/echo.py", body=b"x" * 100)
            c.fetch("/fail.py")
            c.send_frame(rc.PING, 0, 0, b"seven..")
            c.wait_end()
        lines = s.of_port(port)
        path = captured(*s.files())
        seen = packets(path)
        t.eq([(p.way, p.flags) for p in seen[:3]],
             [("in", 2), ("out", 18), ("in", 16)], "the handshake")
        start = datetime.strptime(lines[0]["time"], "%Y-%m-%dT%H:%M:%S.%fZ"
                                  ).replace(tzinfo=timezone.utc)
        wanted = [round(start.timestamp() * 1000000)] * 3 + [
            round(start.timestamp() * 1000000) + round(line["t"] * 1000000)
            for line in lines if "dir" in line or line["type"] == "close"]
        t.eq([p.time for p in seen], wanted, "times are those of the trace")
        home = bytes((127, 0, 0, 1))
        t.eq({(p.way, p.source, p.target) for p in seen},
             {("in", (home, port), (home, PORT)),
              ("out", (home, PORT), (home, port))},
             "addresses: the client's, and 8080 for the server")
        t.eq([(p.way, p.flags & 5) for p in seen[-2:]][-1], ("out", 1),
             "the server's FIN is the last packet")
        t.ok(streams(path)[0].startswith(rc.PREFACE),
             "no octet of TCP is missing; the client's begin with the preface")
        about = [(kind, comments(body[16 if kind == 0x0a0d0d0a else 8:]))
                 for kind, body in blocks(path) if kind != 6]
        t.ok([kind for kind, _ in about] == [0x0a0d0d0a, 1]
             and "as h2rig traced them" in about[0][1][0]
             and f"client 127.0.0.1:{port}" in about[1][1][0]
             and "TLSv1" in about[1][1][0], "what the file has says what it is",
             about)
        t.eq(seen[0].comments, about[1][1],
             "the first packet has the connection's facts")
        said = [(p, text) for p in seen for text in p.comments]
        for what in ("call main in /fail.py <stream_id=3>",
                     "LookupError from main in /fail.py <stream_id=3>",
                     "violation <error_code=FRAME_SIZE_ERROR(0x06)>\n",
                     "zeros stand for 36 octets that the trace does not have",
                     "the payload is 8 octets long (RFC 9113 6.7)"):
            t.ok([p for p, text in said if what in text],
                 f"a comment: {what.strip()}", said)
        bad = [p for p, text in said if "8 octets long (RFC 9113 6.7)" in text]
        t.ok(bad and bad[0].data.endswith(b"seven.."),
             "it is on the packet that it is about")
        t.ok(any("Closed\nprotocol violation" in text
                 for text in seen[-1].comments), "the last one says the end")
        both = work.path("two")
        os.mkdir(both)
        copies = [os.path.join(both, name) for name in ("a", "b")]
        for copy in copies:
            shutil.copy(s.files()[0], copy)
        several = packets(captured(*copies))
        t.eq([p.time for p in several], sorted(p.time for p in several),
             "several traces: by time")
        t.eq((len(several), len({(p.source, p.target) for p in several})),
             (2 * len(seen), 4),
             "the same client twice is two connections")


RAW = {
    "hex": "w.write_raw_frame('DATA', 0, 1, b'\\xff\\0\\xfe')",
    "short": "w.write_raw_frame('PING', 0, 0, b'1234')",
    "zero": "w.write_raw_frame('WINDOW_UPDATE', 0, 1, b'\\0\\0\\0\\0')",
    "lone": "w.write_raw_frame('CONTINUATION', 4, 1, b'\\x82')",
    "block": "w.write_raw_frame('HEADERS', 0xc, 1, b'\\2\\xff\\xff\\0\\0')",
    "split": "w.write_raw_frame('HEADERS', 0x8, 1, b'\\1\\x88\\0')\n"
             "    w.write_raw_frame('CONTINUATION', 0, 1, b'')\n"
             "    w.write_raw_frame('CONTINUATION', 4, 1, b'\\xff\\xff')",
    "open": "w.write_raw_frame('HEADERS', 0, 1, b'\\x88')\n"
            "    w.write_raw_frame('CONTINUATION', 0, 1, b'\\x89')\n"
            "    w.write_raw_frame('DATA', 0, 1, b'between')",
    "cut": "w.write_raw_frame('HEADERS', 0, 1, b'\\x88')\n"
           "    w.write_raw(b'HTTP/1.1 200 OK\\r\\n\\r\\nhello')",
    "padding": "w.write_raw_frame('DATA', 8, 1, b'\\x09abc')",
    "push": "w.write_raw_frame('PUSH_PROMISE', 4, 1, b'\\0\\0\\0\\3\\x82')",
    "http1": "w.write_raw(b'HTTP/1.1 200 OK\\r\\n\\r\\nhello')",
    "part": "w.write_raw(b'\\0\\0\\x09\\0\\0\\0\\0\\0\\1part')",
}


def raw():
    """Frames that broke rules are in the capture as they were sent."""
    with Traced(work, "--cleartext") as s:
        for name in RAW:
            with Client(s.port, tls=False) as c:
                port = c.sock.getsockname()[1]
                c.request(f"/raw_{name}.py")
                c.wait_end()
                got = b"".join(f.raw() for f in c.frames) + c.leftover()
            s.of_port(port)
            path = [p for p in s.files() if p.endswith(f"-{port}.jsonl")]
            t.eq(streams(captured(*path))[1], got, f"raw: {name}")
        with Client(s.port, tls=False, preface=False) as c:
            port = c.sock.getsockname()[1]
            c.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            c.wait_end()
        s.of_port(port)
        path = [p for p in s.files() if p.endswith(f"-{port}.jsonl")]
        t.eq(streams(captured(*path))[0], b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
             "raw: HTTP/1 from a client")
        with Client(s.port, tls=False) as c:
            c.request("/crash.py")
            c.wait_end()
            s.wait_log("SIGSEGV")
        last = packets(captured(s.files()[-1]))[-1]
        t.ok("call main in /crash.py" in last.comments[-2]
             and "has no end" in last.comments[-1] and not last.flags & 5,
             "a crash: the function, and that there is no end", last)
    if shutil.which("tshark"):
        seen = rows(captured(*s.files()))
        t.ok(len(seen) > 50, "tshark reads all of it", len(seen))


def ends():
    """The last packets are FIN or RST, as the trace says."""
    with Traced(work, "--cleartext") as s:
        with Client(s.port, tls=False) as c:
            c.ping()
            port = c.sock.getsockname()[1]
            c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        line = s.of_port(port)[-1]
        seen = packets(captured(*s.files()))
        t.eq((seen[-1].way, seen[-1].flags), ("in", 20),
             f"RST of a client: {line}")
    path = work.path("ends")
    for end, why, last in (
            ("closed by client", "", [("in", 17), ("out", 17)]),
            ("closed by client", "client sent GOAWAY NO_ERROR, then reset the "
             "connection", [("in", 16), ("in", 20)]),
            ("closed by a script", "", [("in", 16), ("out", 17)]),
            ("timeout", "idle", [("in", 16), ("out", 17)])):
        with open(path, "w", encoding="ascii") as f:
            f.write(FIRST % '"127.0.0.1:1"' + json.dumps(
                {"t": 1, "type": "close", "end": end, "why": why}) + "\n")
        t.eq([(p.way, p.flags) for p in packets(captured(path))[-2:]], last,
             f"the end: {end}, {why}")


# ---- what it does not take

FIRST = ('{"t":0,"type":"connection","version":1,"time":'
         '"2026-01-02T03:04:05.678901Z","server":"s","client":%s,"pid":1}\n')
FRAME = '{"t":%s,"dir":"in","flags":[],"length":%s,"stream":1,"type":%s}\n'


def bad():
    """Arguments, files and values that are refused."""
    path = work.files()[0]
    size = os.path.getsize(path)
    out, junk = work.path("bad.pcapng"), work.path("junk")
    for argv, status, said in (
            (("--pcapng", out), 64, "FILE"),
            (("--pcapng",), 64, "--pcapng"),
            (("--pcapng", path, path), 64, f"--pcapng {path}: expected a file "
             "to be written, and this is a trace"),
            (("--pcapng", out, "--pcapng", junk, path), 64,
             "expected one of --pcapng and --pcapng, and once"),
            (("--pcapng", out, "--follow", path), 64, "--follow"),
            (("--pcapng", out, "--stream", "1", path), 64, "--stream"),
            (("--pcapng", out, "/no/such"), 66, "/no/such: No such file"),
            (("--pcapng", out, work.dir), 66, f"{work.dir}: Is a directory"),
            (("--pcapng", "/no/such/x", path), 74, "/no/such/x: No such file"),
            (("--pcapng", work.dir, path), 74, f"{work.dir}: Is a directory"),
            (("--pcapng", "/dev/full", path), 74, "/dev/full: No space left"),
            (("--pcapng", out, __file__), 65, __file__)):
        p = tool(*argv)
        t.ok(p.returncode == status and said.encode() in p.stderr
             and b"Traceback" not in p.stderr and not p.stdout,
             f"{' '.join(argv)[:50]}: {status}", p)
    t.eq(os.path.getsize(path), size, "no trace was written over")
    first = FIRST % '"127.0.0.1:1"'
    for name, content in (
            ("cut", first + '{"t":1,'), ("empty", ""),
            ("client", FIRST % '"?:0"'), ("scope", FIRST % '"[fe80::1%lo]:1"'),
            ("open", first + FRAME % (1, 9, '"HEADERS"')),
            ("many", first + '{"t":1,"type":"begin","stream":1,"script":"x",'
             '"function":"f"}\n' * 3000),
            ("wide", first + '{"t":1,"type":"violation","code":"CANCEL",'
             '"text":"%s"}\n' % ("\u20ac" * 60000)),
            ("pipe", None)):
        with open(junk, "w", encoding="utf-8") as f:
            f.write(content or "")
        p = tool("--pcapng", out, junk) if content is not None else tool(
            "--pcapng", out, "/dev/stdin", input=first.encode())
        t.ok(p.returncode == 0 and not p.stderr
             and len(packets(out)) >= (3 if name != "empty" else 0),
             f"--pcapng takes it: {name}", p)
        if shutil.which("tshark"):
            t.eq(len(tshark(out, "-e", "frame.number")), len(packets(out)),
                 f"... and tshark: {name}")
    for name, content in (
            ("lacks", first + FRAME % (1, 4, '"RST_STREAM"')),
            ("length", first + FRAME % (1, 1 << 40, '"DATA"')),
            ("negative", first + FRAME % (-1e10, 1, '"DATA"')),
            ("huge", first + FRAME % (1e30, 1, '"DATA"')),
            ("nan", first + FRAME % ("NaN", 1, '"DATA"')),
            ("type", first + FRAME % (1, 1, '"0x100"')),
            ("list", first + FRAME % (1, 1, "[]")),
            ("open", first + FRAME % (1, '"x"', '"HEADERS"')),
            ("wide", first + FRAME % (1, 1 << 40, '"HEADERS"')),
            ("port", FIRST % '"127.0.0.1:70000"'),
            ("time", first.replace("01-02T", "01-40T"))):
        with open(junk, "w", encoding="ascii") as f:
            f.write(content)
        p = tool("--pcapng", out, junk)
        t.ok(p.returncode == 65 and junk.encode() in p.stderr
             and b"Traceback" not in p.stderr, f"--pcapng does not: {name}",
             p.stderr[-500:])
    p = tool("--pcapng", "-", path)
    with open(out, "wb") as f:
        f.write(p.stdout)
    t.ok(p.returncode == 0 and packets(out), "OUT may be the standard output")


with Work({"kinds": KINDS, **{
        f"raw_{name}": f"""
def main(request, response):
    w = response.writer
    {code}
    w.content_written = w.stream_ended = True
    w.close("tls")
""" for name, code in RAW.items()}}) as work:
    legal()
    whole()
    raw()
    ends()
    bad()
t.done()
