#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests SETTINGS in mid-connection, by each call that can send them.  A value
that allows the client more holds from the moment it is sent; one that allows
less holds from the client's acknowledgement.  Also tests uploads of real
clients while the window changes."""
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import ACK, Client, DATA, SETTINGS               # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
OPTIONS = ("--initial-window-size", "65535", "--max-concurrent-streams", "5",
           "--max-header-list-size", "2000", "--no-connect-protocol",
           "--log-level", "debug")
FLOW_CONTROL, FRAME_SIZE, REFUSED, COMPRESSION = 3, 6, 7, 9
TEN_MIB = 10 << 20


def acknowledge(c, n=1):
    """Acknowledges n SETTINGS, and waits until the server has seen that."""
    for _ in range(n):
        c.send_frame(SETTINGS, ACK, 0)
    return c.ping()


def data(c, x, n):
    """Sends n octets of DATA on a stream, whatever its window is.  Returns
    None, or the code of a reset that came."""
    c.send_frame(DATA, 0, x.sid, bytes(n))
    c.ping()
    return x.reset


def larger_window(c, send):
    x = c.open("/unread.py", "POST")
    send("INITIAL_WINDOW_SIZE:100000")
    for size in [16384] * 6 + [1696]:
        c.send_data(x.sid, bytes(size))
    t.eq((c.ping(), x.reset), (True, None), "a larger window: all of it, "
         "before the acknowledgement")
    t.eq(data(c, x, 1), FLOW_CONTROL, "... and an octet more")


def smaller_window(c, send):
    x, y = c.open("/unread.py", "POST"), c.open("/unread.py", "POST")
    c.send_data(x.sid, bytes(1000))
    send("INITIAL_WINDOW_SIZE:500")
    t.eq(data(c, x, 2000), None, "a smaller window: the old one holds before "
         "the acknowledgement")
    acknowledge(c)
    t.eq((data(c, y, 500), data(c, x, 1), data(c, y, 1)),
         (None, FLOW_CONTROL, FLOW_CONTROL), "... the new one after it, also "
         "for open streams, whose window is below 0")


def several(c, send):
    x, y = c.open("/unread.py", "POST"), c.open("/unread.py", "POST")
    send("INITIAL_WINDOW_SIZE:1000/INITIAL_WINDOW_SIZE:500"
         "/INITIAL_WINDOW_SIZE:200")
    acknowledge(c)
    t.eq((data(c, x, 1000), data(c, x, 1)), (None, FLOW_CONTROL),
         "three SETTINGS, one acknowledged: the first holds")
    acknowledge(c)
    t.eq((data(c, y, 500), data(c, y, 1)), (None, FLOW_CONTROL),
         "... the second acknowledged: it holds")
    send("INITIAL_WINDOW_SIZE:0/INITIAL_WINDOW_SIZE:300")
    z = c.open("/unread.py", "POST")
    t.eq(data(c, z, 300), None, "a larger one behind a smaller one holds")
    acknowledge(c, 2)
    t.eq(data(c, z, 1), FLOW_CONTROL, "... to the octet")


def late(c, send):
    """More SETTINGS are sent than the server tells apart; all are
    acknowledged at the end."""
    x = c.open("/unread.py", "POST")
    for i in range(4):
        send("/".join(f"INITIAL_WINDOW_SIZE:{10000 - 100 * (8 * i + j)}"
                      for j in range(8)))
    t.eq(data(c, x, 16384), None, "32 SETTINGS: the oldest holds")
    acknowledge(c, 32)
    y = c.open("/unread.py", "POST")
    t.eq((data(c, y, 6900), data(c, y, 1)), (None, FLOW_CONTROL),
         "... all acknowledged: the last one holds")
    acknowledge(c, 5)
    t.eq(c.fetch("/quick.py").status, 200,
         "acknowledgements of nothing change nothing")


def credit(c, send):
    x = c.open("/body.py", "POST")
    c.send_data(x.sid, bytes(10000))
    send("INITIAL_WINDOW_SIZE:1024")
    acknowledge(c)
    t.eq(c.wait_for(lambda: x.credit == 1024), True, "a smaller window: what "
         "was too little to be returned is returned")
    for i in range(40):
        c.send_data(x.sid, bytes(1024), end_stream=i == 39)
    c.wait_for(lambda: x.done)
    t.eq(json.loads(x.body or b"{}").get("length"), 10000 + 40 * 1024,
         "... and credit is given by the new size")


def frame_size(c, send):
    send("MAX_FRAME_SIZE:32768")
    x = c.open("/body.py", "POST")
    t.eq((data(c, x, 20000), acknowledge(c)), (None, True),
         "a frame up to a larger MAX_FRAME_SIZE, before the acknowledgement")
    send("MAX_FRAME_SIZE:16384")
    t.eq((data(c, x, 20000), c.goaway), (None, None),
         "... and after a smaller one, before the acknowledgement")
    acknowledge(c)
    c.wait_for(lambda: x.credit >= 16385)
    data(c, x, 16385)
    t.eq((c.goaway or [0, 0])[1], FRAME_SIZE, "... but not after it")


def table(c, send):
    send("HEADER_TABLE_SIZE:8192")
    c.encoder.header_table_size = 8192
    t.eq(c.fetch("/quick.py").status, 200,
         "a larger HEADER_TABLE_SIZE, before the acknowledgement")
    acknowledge(c)
    send("HEADER_TABLE_SIZE:0")
    t.eq(c.fetch("/quick.py").status, 200,
         "a smaller one needs no size update before the acknowledgement")
    acknowledge(c)
    c.encoder.header_table_size = 0
    t.eq(c.fetch("/quick.py").status, 200, "... but one after it")
    send("HEADER_TABLE_SIZE:100")
    acknowledge(c)
    send("HEADER_TABLE_SIZE:0")
    c.encoder.header_table_size = 100
    t.eq(c.fetch("/quick.py").status, 200, "... of the size that holds")
    acknowledge(c)
    c.request("/quick.py")
    c.wait_end()
    t.eq((c.goaway or [0, 0])[1], COMPRESSION,
         "without a size update the block is an error")


def table_late(c, send):
    send("HEADER_TABLE_SIZE:0/HEADER_TABLE_SIZE:8192")
    c.encoder.header_table_size = 0
    first = c.fetch("/quick.py")
    c.encoder.header_table_size = 8192
    t.eq([first.status, c.fetch("/quick.py").status, acknowledge(c, 2),
          c.fetch("/quick.py").status], [200, 200, True, 200],
         "a client that has resized its table twice before it acknowledges")


def opened(c, n):
    """Opens n requests that stay open.  Returns how many are refused."""
    streams = [c.open("/unread.py", "POST") for _ in range(n)]
    c.ping()
    for x in streams:
        if x.reset is None:
            c.reset(x.sid)
    # This request may be refused while a stream is still open.
    tap.wait_until(lambda: c.fetch("/note.py?set=go").status == 200)
    return [x.reset for x in streams].count(REFUSED)


def streams(c, send):
    send("MAX_CONCURRENT_STREAMS:1")
    t.eq(opened(c, 3), 0, "a smaller MAX_CONCURRENT_STREAMS does not hold "
         "before the acknowledgement")
    acknowledge(c)
    t.eq(opened(c, 3), 2, "... and holds after it")
    send("MAX_CONCURRENT_STREAMS:3")
    t.eq(opened(c, 3), 0, "a larger one before the acknowledgement")
    send("MAX_CONCURRENT_STREAMS:1000")
    t.eq(opened(c, 8), 3, "... but not above --max-concurrent-streams")


def list_size(c, send):
    large = {"x": "a" * 400}
    send("MAX_HEADER_LIST_SIZE:400")
    t.eq(c.fetch("/quick.py", headers=large).status, 200,
         "a smaller MAX_HEADER_LIST_SIZE does not hold before the "
         "acknowledgement")
    acknowledge(c)
    t.eq(c.fetch("/quick.py", headers=large).status, 431,
         "... and holds after it")
    send("MAX_HEADER_LIST_SIZE:24000")
    t.eq(c.fetch("/quick.py", headers={"x": "a" * 20000}).status, 200,
         "a larger one before the acknowledgement")


def connect_protocol(c, send):
    def ask():
        x = c.open("/quick.py", "CONNECT", [(":protocol", "x")], True)
        c.ping()
        return x.reset

    t.eq(ask(), 1, "no extended CONNECT")
    send("ENABLE_CONNECT_PROTOCOL:1")
    t.eq(ask(), None, "ENABLE_CONNECT_PROTOCOL, before the acknowledgement")


CASES = (larger_window, smaller_window, several, late, credit, frame_size,
         table, table_late, streams, list_size, connect_protocol)


def each_call(s, tls):
    """Runs every case with every call."""
    for by in ("settings", "frame", "octets"):
        for case in CASES:
            with Client(s.port, tls=tls, ack=False) as c:
                c.wait_for(lambda: c.settings)
                acknowledge(c)

                def send(frames):
                    x = c.fetch(f"/settings.py?by={by}&send={frames}")
                    if x.body != b"sent":
                        t.ok(False, f"{case.__name__}: {frames} is sent", x)

                t.diag(f"{case.__name__} by {by}")
                case(c, send)


def illegal(s, tls):
    """Values that are not legal have no effect, but their
    acknowledgement is awaited."""
    for case in ("value", "push", "length", "stream", "size"):
        with Client(s.port, tls=tls, ack=False) as c:
            c.wait_for(lambda: c.settings)
            acknowledge(c)
            x = c.open("/unread.py", "POST")
            c.fetch(f"/settings_illegal.py?case={case}")
            acknowledge(c)
            before = data(c, x, 200), data(c, c.open("/unread.py", "POST"), 200)
            acknowledge(c)
            y = c.open("/unread.py", "POST")
            t.eq((before, data(c, y, 100), data(c, y, 1)),
                 ((None, None), None, FLOW_CONTROL),
                 f"not legal ({case}): acknowledged, and no more")
    with Client(s.port, tls=tls, ack=False) as c:
        c.wait_for(lambda: c.settings)
        acknowledge(c)
        c.fetch("/settings.py?by=frame&send=MAX_FRAME_SIZE:9,"
                "INITIAL_WINDOW_SIZE:100,ENABLE_PUSH:1")
        acknowledge(c)
        x = c.open("/unread.py", "POST")
        t.eq((data(c, x, 100), data(c, x, 1)), (None, FLOW_CONTROL),
             "legal values beside others are followed")


ERRORS = [
    ("MAX_FRAME_SIZE:16383", r"ProtocolError: settings\(\[\('MAX_FRAME_SIZE', "
     r"16383\)\]\): .*MAX_FRAME_SIZE is from 16384 to 16777215 "
     r"\(RFC 9113 6\.5\.2\)"),
    ("9:0,INITIAL_WINDOW_SIZE:2147483648", "ProtocolError: .*2147483648.*: "
     r".*INITIAL_WINDOW_SIZE is at most 2147483647 \(RFC 9113 6\.5\.2\)"),
    ("ENABLE_PUSH:1", "ProtocolError: .* a server's ENABLE_PUSH is 0"),
    ("8:1,8:0", "ProtocolError: .* ENABLE_CONNECT_PROTOCOL stays 1"),
    ("9:1", "ProtocolError: .* NO_RFC7540_PRIORITIES does not change"),
    ("WINDOW:1", "ValueError: unknown setting 'WINDOW'; known: "
     "HEADER_TABLE_SIZE, .*"),
    ("65536:1", "ValueError: setting must be 0 to 65535, not 65536"),
    ("4:4294967296", "ValueError: value of 4 must be 0 to 4294967295, not "
     "4294967296"),
]


def refused(s, tls):
    """writer.settings sends legal values, or nothing."""
    with Client(s.port, tls=tls) as c:
        for frames, error in ERRORS:
            got = c.fetch("/settings.py?send=" + frames).body.decode()
            t.ok(re.match(error, got), f"refused: {frames}", got)
        c.fetch("/settings.py?send=77:5,4:70000,INITIAL_WINDOW_SIZE:80000,2:0")
        t.eq([f.payload.hex() for f in c.frames
              if f.type == SETTINGS and not f.flags & ACK][1:],
             ["004d00000005" "000400011170" "000400013880" "000200000000"],
             "names, numbers, and any number that no RFC here names; nothing "
             "was sent of the others")


def many(s, tls):
    """Acknowledgements that a script caused do not count as a flood."""
    with Client(s.port, tls=tls, timeout=60) as c:
        x = c.fetch("/settings_many.py?n=12000")
        t.eq((x.body, c.ping(), c.goaway), (b"sent", True, None),
             "12,000 acknowledgements of SETTINGS and of PING")


# ---- Uploads of 10 MiB while the window changes.

NODE = """
const c = require('http2').connect(process.argv[1],
                                   { rejectUnauthorized: false });
const s = c.request({ ':path': '/settings_upload.py', ':method': 'POST' });
s.on('data', d => process.stdout.write(d));
s.on('end', () => c.close());
require('fs').createReadStream(process.argv[2]).pipe(s);
"""


def by_program(name, *argv):
    """Returns (name, program, function that uploads with that program)."""
    def upload(s, body, path):
        words = [a.format(path=path, origin=s.url(""),
                          url=s.url("/settings_upload.py")) for a in argv]
        p = subprocess.run(words, stdout=subprocess.PIPE, check=False,
                           stderr=subprocess.PIPE, timeout=tap.scaled(120))
        return p.stdout
    return name, argv[0], upload


def by_h2(s, body, path):
    """Uploads with python3-h2."""
    import h2.connection
    import h2.events
    sock = socket.create_connection((s.host, s.port), tap.scaled(60))
    if s.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        sock = context.wrap_socket(sock, server_hostname="localhost")
    c = h2.connection.H2Connection()
    c.initiate_connection()
    c.send_headers(1, [(":method", "POST"), (":scheme", "https"),
                       (":path", "/settings_upload.py"),
                       (":authority", "localhost")])
    at, answer, ended = 0, b"", False
    with sock:
        while not ended:
            room = min(c.local_flow_control_window(1),
                       c.max_outbound_frame_size, len(body) - at)
            if room > 0:
                c.send_data(1, body[at:at + room], at + room == len(body))
                at += room
                sock.sendall(c.data_to_send())
                continue
            sock.sendall(c.data_to_send())
            for e in c.receive_data(sock.recv(65536)):
                answer += getattr(e, "data", b"") if isinstance(
                    e, h2.events.DataReceived) else b""
                ended |= isinstance(e, (h2.events.StreamEnded,
                                        h2.events.ConnectionTerminated))
    return answer


def by_raw(s, body, path):
    """Uploads with rawclient."""
    with Client(s.port, tls=s.tls, timeout=60) as c:
        x = c.open("/settings_upload.py", "POST")
        at = 0
        while at < len(body):
            c.wait_for(lambda: min(x.credit, c.credit) > 0)
            n = min(x.credit, c.credit, 16384, len(body) - at)
            c.send_data(x.sid, body[at:at + n], at + n == len(body))
            at += n
            c.pump()
        c.wait_for(lambda: x.done)
        return x.body


def uploads(s, tls):
    """Each client's upload arrives whole, and stops at a window of 0."""
    s.tls = tls
    body = os.urandom(TEN_MIB)
    with tempfile.NamedTemporaryFile() as f:
        f.write(body)
        f.flush()
        for name, exe, upload in (
                by_program("curl", "curl", "-k", "-s", "--http2" if tls else
                           "--http2-prior-knowledge", "-T", "{path}", "{url}"),
                by_program("nghttp", "nghttp", "-H", ":method: POST", "-d",
                           "{path}", "{url}"),
                by_program("Node", "node", "-e", NODE.replace(
                    "{", "{{").replace("}", "}}"), "{origin}", "{path}"),
                ("python3-h2", "h2", by_h2), ("raw client", None, by_raw)):
            if not shutil.which(exe or "sh") and exe != "h2":
                t.skip(f"{name}: upload", f"no {exe}")
                continue
            try:
                got = json.loads(upload(s, body, f.name) or b"{}")
            except ImportError:
                t.skip(f"{name}: upload", "not installed")
                continue
            stopped = got.pop("stopped", TEN_MIB)
            t.ok(got == {"length": TEN_MIB,
                         "sha256": hashlib.sha256(body).hexdigest()}
                 and 5 << 18 <= stopped < 2 << 20,
                 f"{name}: 10 MiB while the window goes 65,535, 1,024, 0, "
                 "1 MiB", f"{got}, stopped at {stopped}")


for over in (True, False):
    t.diag("TLS" if over else "cleartext")
    with Server(SCRIPTS, *OPTIONS,
                *([] if over else ["--cleartext"])) as server:
        each_call(server, over)
        illegal(server, over)
        refused(server, over)
        many(server, over)
        uploads(server, over)
t.done()
