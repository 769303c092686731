#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests connection scripts (--connection): their functions, what the server
tells them and what they can wait for.  Each case is a sentence of
h2rig-connection(7): a script, and what a client at the level of frames sees of
it, over TLS and in cleartext."""
import contextlib
import os
import socket
import ssl
import struct
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from connscript import (REQUESTS, Scripted, at_first, kinds,    # noqa: E402
                        run, word)
from rawclient import (ACK, Client, CONTINUATION, DATA,         # noqa: E402
                       END_HEADERS, END_STREAM, GOAWAY, HEADERS,
                       INITIAL_WINDOW_SIZE, PING, PRIORITY, SETTINGS,
                       WINDOW_UPDATE)
from server import Server, write_scripts                        # noqa: E402
from tlsclient import context, start_handshake                  # noqa: E402

t = tap.Tap()

PRIORITY_UPDATE, UNKNOWN = 16, 0xbb
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11
REQUEST = [(":method", "GET"), (":scheme", "https"), (":path", "/quick.py"),
           (":authority", "localhost")]


def u32(n):
    """Returns a number as four octets."""
    return struct.pack(">I", n)


# ---- functions ----

STEPS = "\n".join(f'''
def {name}(connection):
    note("{name}")
''' for name in ("handle_accept", "handle_client_hello", "handle_connect"))


def steps(s):
    """Each function runs once for each connection, in order."""
    for i in range(2):
        with s.client("note('(load)')\n" + STEPS + '''
def main(connection):
    note("main")
def handle_close(connection):
    note("handle_close")
''') as c:
            want = ["(load)", "handle_accept", "handle_client_hello",
                    "handle_connect", "main", "handle_close"]
            if not s.tls:
                del want[2]
            t.eq(s.notes(c, len(want) - 1), want[:-1],
                 f"{word(s)} {i}: steps, in their order")
            t.eq(c.fetch("/quick.py", body=b"x").body, b"x",
                 f"{word(s)} {i}: requests are served")
            port = c.sock.getsockname()[1]
            c.leave()
        t.eq(s.notes(port, len(want)), want,
             f"{word(s)} {i}: handle_close comes last")


def order(s):
    """handle_connect sends before SETTINGS, main sends after them."""
    with s.client('''
def handle_accept(connection):
    note(len(connection.frames), connection.alpn_protocol,
         connection.tls_version)
def handle_connect(connection):
    connection.writer.write_raw_frame("PING", payload=b"connect.")
def main(connection):
    connection.writer.write_raw_frame("PING", payload=b"in main.")
''') as c:
        c.wait_for(lambda: len([f for f in c.frames if f.type == PING]) == 2)
        sent = [f.payload if f.type == PING else f.type for f in c.frames
                if f.type in (PING, SETTINGS) and not f.flags & ACK]
        t.eq(sent, [b"connect.", SETTINGS, b"in main."],
             f"{word(s)}: before SETTINGS in handle_connect, after in main")
        t.eq(s.notes(c)[:1], [[0, None, None]],
             f"{word(s)}: nothing has come in handle_accept")


EACH = '''
def seen(name, frame):
    return [name, frame.type, frame.stream_id, frame.flags, frame.length] + [
        getattr(frame, key) for key in (
            "increment", "error_code", "error_name", "data", "settings",
            "last_stream_id", "debug_data", "prioritized_stream_id",
            "flow_controlled_length") if hasattr(frame, key)]
'''


def every_type(s):
    """handle_NAME gets frames of its type, handle_frame all others."""
    names = ("data", "headers", "priority", "rst_stream", "settings", "ping",
             "goaway", "window_update", "priority_update", "unknown")
    each = EACH + "".join(f'''
def handle_{name}(frame, connection):
    note(*seen("{name}", frame))
''' for name in names)
    rest = EACH + '''
def handle_frame(frame, connection):
    note(*seen("frame", frame))
def handle_headers(frame, connection):
    note(*seen("headers", frame))
'''
    for text, name in ((each, None), (rest, "frame")):
        with s.client(text) as c:
            x = c.open("/quick.py", "POST")
            c.send_data(x.sid, b"content")
            c.send_frame(PRIORITY, 0, x.sid, u32(0) + b"\x0f")
            c.window_update(x.sid, 7)
            c.send_frame(PRIORITY_UPDATE, 0, 0, u32(x.sid) + b"u=1")
            c.send_frame(UNKNOWN, 0x81, x.sid, b"new")
            c.send_frame(PING, 0, 0, b"12345678")
            c.reset(x.sid)
            c.send_frame(GOAWAY, 0, 0, u32(0) + u32(0) + b"bye")
            want = [["settings", "SETTINGS", 0, [], 0, []],
                    ["headers", "HEADERS", 1, ["END_HEADERS"]],
                    ["data", "DATA", 1, [], 7, "content", 7],
                    ["priority", "PRIORITY", 1, [], 5],
                    ["window_update", "WINDOW_UPDATE", 1, [], 4, 7],
                    ["priority_update", "PRIORITY_UPDATE", 0, [], 7, 1],
                    ["unknown", UNKNOWN, 1, ["1", "128"], 3, "new"],
                    ["ping", "PING", 0, [], 8, "12345678"],
                    ["rst_stream", "RST_STREAM", 1, [], 4, 8, "CANCEL"],
                    ["goaway", "GOAWAY", 0, [], 11, 0, "NO_ERROR", 0, "bye"]]
            for row in want:
                if name and row[0] != "headers":
                    row[0] = name
            # The client's acknowledgement may come at any place in the order.
            s.notes(c, len(want))
            got = [n for n in s.noted(c.sock.getsockname()[1])
                   if n[3] != ["ACK"]]
            got = [n[:4] if n[1] == "HEADERS" else n for n in got]
            t.eq(got, want, f"{word(s)}: a call for each frame, "
                 f"{name or 'by name'}")


def headers_in_parts(s):
    """handle_headers runs at END_HEADERS, with priority and END_STREAM."""
    with s.client('''
def handle_headers(frame, connection):
    note(frame.headers, frame.payload, frame.length, frame.stream_ended,
         sorted(frame.flags), frame.priority)
''') as c:
        block = c.encoder.encode(REQUEST)
        c.send_frame(HEADERS, END_STREAM | 0x20, 1,
                     u32(0) + b"\x0f" + block[:5])
        c.send_frame(CONTINUATION, 0, 1, block[5:9])
        c.send_frame(CONTINUATION, END_HEADERS, 1, block[9:])
        c.ping()
        t.eq([n[1:] for n in s.notes(c)],
             [[block.decode("latin-1"), len(block) + 5, True,
               ["END_HEADERS", "END_STREAM", "PRIORITY"], [0, 16, False]]],
             f"{word(s)}: a block in three frames is one call")


def waits_for_its_function(s):
    """Nothing more is read until a function returns; then the engine acts.
    Frames without a function pass, even while a function sleeps."""
    with s.client('''
def handle_headers(frame, connection):
    note("begins")
    gate("waits%d" % N)
    connection.writer.write_raw_frame("PING", payload=b"at last.")
'''.replace("% N", "% " + str(int(s.tls)))) as c:
        x = c.open("/quick.py", end_stream=True)
        s.notes(c)
        c.send_frame(PING, 0, 0, b"12345678")
        s.open(f"waits{int(s.tls)}")
        c.wait_for(lambda: x.done and c.pongs)
        own = next(i for i, f in enumerate(c.frames)
                   if f.payload == b"at last.")
        t.ok(x.status == 200 and own < at_first(c, PING, ACK)
             and own < at_first(c, HEADERS),
             f"{word(s)}: what comes later waits, and the frame too",
             c.frames)
    with s.client('''
def handle_violation(error, connection):
    note("begins")
    gate("violation%d" % N)
'''.replace("% N", "% " + str(int(s.tls)))) as c:
        x = c.open("/quick.py", "POST")
        c.window_update(x.sid, 0)           # a stream error
        s.notes(c)
        t.ok(c.ping() and c.fetch("/quick.py").status == 200,
             f"{word(s)}: types without a function pass meanwhile")
        s.open(f"violation{int(s.tls)}")


def taken(s):
    """If a function returns True, the engine does not act on the frame."""
    with s.client('''
def handle_headers(frame, connection):
    note(frame.stream_id)
    return frame.stream_id == 1
''') as c:
        x = c.open("/quick.py", "POST", headers={"x-a": "b"})
        y = c.fetch("/quick.py", headers={"x-a": "b"}, body=b"second")
        t.ok((y.status, y.body) == (200, b"second") and x.status is None
             and not x.done, f"{word(s)}: HEADERS: no request, HPACK in step",
             (x, y))
        t.ok("stream 1, closed" not in s.log() and c.ping(),
             f"{word(s)}: HEADERS: the stream counts as open")
    with s.client('''
def handle_data(frame, connection):
    note(len(frame.data))
    return True
''') as c:
        x = c.open("/quick.py", "POST")
        c.wait_for(lambda: c.settings and c.credit > 65535)
        before = x.credit, c.credit
        c.send_data(x.sid, b"x" * 10000)
        c.ping()
        t.eq((before[0] - x.credit, before[1] - c.credit), (10000, 10000),
             f"{word(s)}: DATA: no credit comes back")
        t.eq(s.notes(c), [10000], f"{word(s)}: DATA: it was called")
    with s.client('''
def handle_settings(frame, connection):
    note(frame.settings)
    return True
def handle_ping(frame, connection):
    return frame.data == b"for you."
def handle_window_update(frame, connection):
    return True
def handle_rst_stream(frame, connection):
    return True
''', settings={INITIAL_WINDOW_SIZE: 5}) as c:
        x = c.request("/quick.py", body=b"content")
        c.wait_for(lambda: x.done)
        t.ok(x.body == b"content" and c.settings_acks == 0,
             f"{word(s)}: SETTINGS: no effect, no acknowledgement",
             (x, c.settings_acks))
        c.send_frame(PING, 0, 0, b"for you.")
        c.ping(b"for all.")
        t.eq(c.pongs, [b"for all."], f"{word(s)}: PING: no acknowledgement")
    with s.client('''
def handle_window_update(frame, connection):
    return True
def handle_rst_stream(frame, connection):
    return True
''', settings={INITIAL_WINDOW_SIZE: 5}, auto_window=False) as c:
        x = c.request("/quick.py", body=b"content")
        c.wait_for(lambda: len(x.body) == 5)
        c.window_update(x.sid, 100)
        c.reset(x.sid)
        c.ping()
        t.eq((x.body, x.done), (b"conte", False),
             f"{word(s)}: WINDOW_UPDATE: no effect")
        c.send_frame(WINDOW_UPDATE, 0, 0, u32(1))
        t.ok(c.ping(), f"{word(s)}: RST_STREAM: no effect, it goes on")


def waiting_in_a_function(s):
    """If a handle_NAME calls wait or fence, the engine acts on its frame
    first; later frames are queued."""
    with s.client('''
def handle_ping(frame, connection):
    if "ACK" not in frame.flags:
        note(frame.data)
        if frame.data == b"first...":
            connection.fence()
            note("fence")
            gate("queued%d" % N)
            note(connection.wait("PING", timeout=30).flags)
            return True     # comes too late
'''.replace("% N", "% " + str(int(s.tls)))) as c:
        c.send_frame(PING, 0, 0, b"first...")
        s.notes(c, 2)
        pings = [f for f in c.frames if f.type == PING] or c.wait_for(
            lambda: [f for f in c.frames if f.type == PING])
        t.eq((pings[0].flags, pings[0].payload), (ACK, b"first..."),
             f"{word(s)}: the frame in hand first, then the wait's PING")
        c.send_frame(PING, 0, 0, b"second..")
        c.send_frame(PING, 0, 0, b"third...")
        x = c.fetch("/quick.py", body=b"x")
        t.eq(x.body, b"x", f"{word(s)}: reading goes on")
        t.ok(b"second.." not in c.pongs,
             f"{word(s)}: frames with a function are queued", c.pongs)
        s.open(f"queued{int(s.tls)}")
        c.wait_for(lambda: b"third..." in c.pongs)
        got = s.notes(c, 5)
        t.eq(got[:2] + got[3:], ["first...", "fence", "second..", "third..."],
             f"{word(s)}: and then called in their order")
    with s.client('''
def handle_settings(frame, connection):
    if not frame.settings and "ACK" not in frame.flags:
        note("begins")
        connection.wait("GOAWAY", timeout=60)
def handle_ping(frame, connection):
    pass
''') as c:
        s.notes(c)
        with contextlib.suppress(OSError):
            c.send(b"".join(
                b"\0\0\x08\x06\0\0\0\0\0" + b"%08d" % i for i in range(1100)))
        c.wait_for(lambda: c.goaway)
        t.eq(c.goaway and c.goaway[1], ENHANCE_YOUR_CALM,
             f"{word(s)}: more than 1,000 in the queue: ENHANCE_YOUR_CALM")
    with s.client('''
def handle_connect(connection):
    note(connection.wait("HEADERS", timeout=30).stream_id)
    connection.writer.write_raw_frame("PING", payload=b"at first")
''') as c:
        x = c.fetch("/quick.py")
        pings = c.wait_for(
            lambda: [f.payload for f in c.frames if f.type == PING])
        t.ok(s.notes(c) == [1] and x.status == 200 and pings == [b"at first"],
             f"{word(s)}: wait in handle_connect has it read",
             (x, kinds(c)))
    with s.client('''
def handle_accept(connection):
    note(error(connection.wait, timeout=0))
    note(error(connection.fence))
def handle_client_hello(connection):
    note(error(connection.reaction))
''') as c:
        got = s.notes(c, 3 if s.tls else 2)
        t.ok(len(got) >= 2 and all(n.startswith("ProtocolError") for n in got),
             f"{word(s)}: they are an error before anything can be read", got)


def violations(s):
    """handle_violation gets both levels of error, goaway or
    rst_stream on or off."""
    text = '''
def handle_violation(error, connection):
    note(error.level, error.code, error.name, error.section, bool(error.text),
         error.frame and error.frame.type)
'''
    stream = ["stream", PROTOCOL_ERROR, "PROTOCOL_ERROR", "RFC 9113 §6.9",
              True, "WINDOW_UPDATE"]
    whole = ["connection", PROTOCOL_ERROR, "PROTOCOL_ERROR"]
    with s.client(text) as c:
        x = c.open("/quick.py", "POST")
        c.window_update(x.sid, 0)
        c.wait_for(lambda: x.done)
        t.eq((x.reset, s.notes(c)), (PROTOCOL_ERROR, [stream]),
             f"{word(s)}: a stream error")
        c.send_frame(DATA, 0, 0, b"on stream 0")
        c.wait_end()
        t.ok(c.goaway and c.goaway[1] == PROTOCOL_ERROR,
             f"{word(s)}: a connection error", c.goaway)
        got = s.notes(c, 2)[1:]
        t.ok([n[:3] for n in got] == [whole] and got[0][3].startswith(
            "RFC 9113 §6.1"), f"{word(s)}: and its violation", got)
    with s.client(text) as c:
        c.send_frame(SETTINGS, 0, 0, b"\x77\x77\0\0\0\0" * 40)
        c.wait_end()
        t.eq([n[:3] for n in s.notes(c)],
             [["connection", ENHANCE_YOUR_CALM, "ENHANCE_YOUR_CALM"]],
             f"{word(s)}: a bound that is passed")


# ---- what is known ----

def known(s):
    """Attributes of the connection; requests' scripts have the same object."""
    with s.client('''
def handle_client_hello(connection):
    connection.data["hello"] = [connection.sni, connection.alpn_offered,
        "TLSv1.3" in connection.tls_versions_offered]
def main(connection):
    note(connection.data.get("hello"), connection.server_port,
         connection.client_address, connection.alpn_protocol,
         connection.tls_version is not None, connection.sni)
    KEY = "11111111-1111-4111-8111-11111111111%d" % N
    connection.server.stash.put(KEY, "x")
    note(connection.server.stash.take(KEY, "/connection"), connection.id)
'''.replace("% N", "% " + str(int(s.tls)))) as c:
        got = s.notes(c, 2)
        port = c.sock.getsockname()[1]
        want = ([["localhost", ["h2"], True], s.port, ["127.0.0.1", port],
                 "h2", True, "localhost"] if s.tls else
                [None, s.port, ["127.0.0.1", port], None, False, None])
        t.eq(got[0], want, f"{word(s)}: what is known of a connection")
        t.eq(got[1][0], "x", f"{word(s)}: the stash's path is /connection")
        t.eq(c.fetch("/quick.py").header("x-connection"), str(got[1][1]),
             f"{word(s)}: request.connection is the same object")


# ---- reading ----

def frames_and_wait(s):
    """connection.frames; wait() from the first frame on,
    with its arguments."""
    with s.client('''
def main(connection):
    gate("wait%d" % N)
    note([f.type for f in connection.frames][:3])
    note(connection.wait().type, connection.wait("PING").data,
         connection.wait("DATA", 3).data, connection.wait(timeout=0.01))
    note(connection.wait(timeout=0) is None, error(connection.wait, "NO"),
         error(connection.wait, stream_id=-1))
    note(error(connection.wait, timeout=30))
'''.replace("% N", "% " + str(int(s.tls))), ack=False) as c:
        c.send_frame(PING, 0, 0, b"12345678")
        for _ in range(2):
            x = c.open("/quick.py", "POST")
            c.wait_for(lambda: c.settings)
            c.send_data(x.sid, b"on %d" % x.sid)
        c.ping()
        s.open(f"wait{int(s.tls)}")
        got = s.notes(c, 3)
        t.eq(got[0], ["SETTINGS", "PING", "HEADERS"], f"{word(s)}: frames")
        t.eq(got[1][:3], ["SETTINGS", "12345678", "on 3"],
             f"{word(s)}: wait, from the first frame on")
        t.ok(got[2][1].startswith("ValueError")
             and got[2][2].startswith("ValueError"),
             f"{word(s)}: wait for nonsense", got[2])
        port = c.sock.getsockname()[1]
        c.leave()
        t.ok(s.notes(port, 4)[-1].startswith("ConnectionEnded")
             or s.notes(port, 4)[-1] is None,
             f"{word(s)}: wait at the end", s.noted(port))
    with s.client('''
def handle_ping(frame, connection):
    if frame.data == b"99999999":
        note(len(connection.frames))
''') as c:
        c.send(b"".join(b"\0\0\x08\x06\0\0\0\0\0" + b"%08d" % i
                        for i in [*range(1200), 99999999]))
        t.eq(s.notes(c), [1000], f"{word(s)}: frames: the newest 1,000")


def fence(s):
    """fence() returns seconds, or raises TimeoutError or ConnectionEnded; a
    stream's writer has it too."""
    with s.client('''
def main(connection):
    connection.writer.write_raw_frame(0xee, payload=b"before")
    note(connection.fence() > 0, connection.writer.fence(10) > 0)
''') as c:
        t.eq(s.notes(c), [[True, True]], f"{word(s)}: fence")
        pings = [f.payload for f in c.frames if f.type == PING]
        t.ok(len(set(pings)) == 2 and kinds(c).index(0xee) < kinds(c).index(
            PING), f"{word(s)}: fence: a PING of its own, after the rest",
             pings)
        x = c.fetch("/fence.py")
        t.eq(x.body, b"True", f"{word(s)}: fence of a stream's writer")
    with s.client('''
def main(connection):
    note(error(connection.fence, 0.05))
    note(error(connection.fence, 30))
''', ack=False) as c:
        t.ok(s.notes(c)[0].startswith("TimeoutError"),
             f"{word(s)}: fence: TimeoutError", s.noted(c.port))
        port = c.sock.getsockname()[1]
        c.close()
        t.ok(s.notes(port, 2)[1].startswith("ConnectionEnded"),
             f"{word(s)}: fence: ConnectionEnded", s.noted(port))


REACTS = '''
def main(connection):
    if FIRST:
        connection.wait("HEADERS", timeout=30)
    r = connection.reaction(STREAM, TIMEOUT)
    note("main", r.kind, r.code, r.name, r.frame and r.frame.type, r.then,
         0 <= r.seconds < 60)
def handle_close(connection):
    end = connection.end
    note("close", end.kind, end.by, end.order, end.code)
'''


def reacts(s, does, timeout=20, stream="None", first=False, **options):
    """Runs a client that does only `does` at the script's first PING.  Returns
    what connection.reaction() and connection.end say."""
    text = REACTS.replace("TIMEOUT", str(timeout)).replace(
        "STREAM", stream).replace("FIRST", str(first))
    c = s.client(text, ack=False, **options)
    with c:
        c.send_frame(SETTINGS, ACK, 0)
        if first:
            c.open("/quick.py", "POST")
        c.wait_for(lambda: [f for f in c.frames if f.type == PING])
        ping = [f for f in c.frames if f.type == PING][0]
        port = c.sock.getsockname()[1]
        does(c, ping)
        tap.wait_until(lambda: "main" in [n[0] for n in s.noted(port)], 20)
        c.close()
    noted = {n[0]: n[1:] for n in s.notes(port, 2)}
    return [noted.get("main"), noted.get("close")]


def pong(c, ping):
    """Acknowledges this PING and the next one."""
    c.send_frame(PING, ACK, 0, ping.payload)
    two = c.wait_for(lambda: [f for f in c.frames if f.type == PING][1:])
    if two:
        c.send_frame(PING, ACK, 0, two[0].payload)


def reset_tcp(c, *_):
    """Resets the TCP connection."""
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    c.close()


def with_goaway(then):
    """Returns a deed that sends GOAWAY and then does `then`."""
    def does(c, ping):
        c.send_frame(GOAWAY, 0, 0, u32(0) + u32(PROTOCOL_ERROR) + b"no")
        then(c, ping)
    return does


def close_notify(c, *_):
    """Sends close_notify and FIN."""
    with contextlib.suppress(ssl.SSLError):
        c.tls.unwrap()
    c._flush()
    c.sock.shutdown(socket.SHUT_WR)


def alert(c, *_):
    """Sends a fatal TLS alert: OpenSSL's response to a bad record."""
    c._bio_in.write(b"\x17\x03\x03\0\x05hello")
    with contextlib.suppress(ssl.SSLError):
        c.tls.read(1)
    c._flush()


def fin(c, *_):
    """Sends FIN and nothing else."""
    c.sock.shutdown(socket.SHUT_WR)


def reactions(s):
    """Each kind of reaction, by a client that shows only that one."""
    none = [None, None, None]
    gone = [PROTOCOL_ERROR, "PROTOCOL_ERROR", "GOAWAY"]

    def rst(c, ping):
        c.reset(1)
        pong(c, ping)

    rows = [
        ("alive", pong, {}, ["alive", *none, None]),
        ("silent", lambda c, p: None, {"timeout": 0.3},
         ["silent", *none, None]),
        ("rst_stream", rst, {"first": True},
         ["rst_stream", 8, "CANCEL", "RST_STREAM", None]),
        ("rst_stream on another", rst, {"first": True, "stream": "3"},
         ["alive", *none, None]),
        ("goaway, open", with_goaway(lambda *_: None), {"timeout": 0.3},
         ["goaway", *gone, None]),
        ("goaway, fin", with_goaway(fin), {}, ["goaway", *gone, "closed"]),
        ("goaway, reset", with_goaway(reset_tcp), {},
         ["goaway", *gone, "reset"]),
        ("reset", reset_tcp, {}, ["reset", *none, None]),
        ("closed", fin, {}, ["closed", *none, None])]
    if s.tls:
        rows += [("close_notify", close_notify, {}, ["closed", *none, None])]
    for name, does, options, want in rows:
        got = reacts(s, does, **options)
        t.eq(got[:1], [want + [True]], f"{word(s)}: reaction: {name}")
    if s.tls:
        got = reacts(s, alert)
        t.ok(got and got[0][0] == "tls_alert" and got[0][1] == 20
             and got[0][2] == "bad_record_mac", f"{word(s)}: reaction: "
             "tls_alert", got)


def ends(s):
    """connection.end, for each kind of end."""
    rows = [("FIN", fin, ["closed", "client", ["FIN"], None]),
            ("RST", reset_tcp, ["reset", "client", ["RST"], None])]
    if s.tls:
        rows.append(("close_notify", close_notify,
                     ["closed", "client", ["close_notify", "FIN"], None]))
    for name, does, want in rows:
        got = reacts(s, does)
        t.eq(got[1:], [want], f"{word(s)}: end: {name}")
    text = '''
def handle_unknown(frame, connection):
    connection.writer.close("%s")
def handle_close(connection):
    note(connection.end.by)
'''
    for how in ("goaway", "tls", "fin", "rst"):
        with s.client(text % how) as c:
            c.send_frame(UNKNOWN, 0, 0)
            c.wait_end()
            port = c.sock.getsockname()[1]
            c.close()
            t.eq(s.notes(port), ["server"], f"{word(s)}: end: by {how}")
    with s.client(text % "close_notify") as c:
        c.send_frame(UNKNOWN, 0, 0)
        if s.tls:
            c.wait_for(lambda: c.end)
            t.eq((c.end, c.fin), ("close_notify", False),
                 "TLS: close_notify without FIN")
        port = c.sock.getsockname()[1]
        c.sock.close()
        t.eq(len(s.notes(port)), 1, f"{word(s)}: ... the client ends it")


def by_limit():
    """connection.end.by is "limit" after a timeout."""
    with Scripted("--idle-timeout", "1", tls=False) as s:
        with s.client('''
def handle_close(connection):
    note(connection.end.by, connection.end.kind)
''') as c:
            c.wait_end()
            port = c.sock.getsockname()[1]
            c.close()
            t.eq(s.notes(port)[0][0], "limit", "end: by a limit")
        with s.client('''
def main(connection):
    time.sleep(2.5)
    connection.writer.write_raw_frame("PING", payload=b"awake...")
''') as c:
            c.wait_for(lambda: PING in kinds(c) or c.end)
            t.ok(PING in kinds(c), "one whose main runs is not idle", c.end)


def hello_waits(s):
    """Nothing is sent while handle_client_hello runs; the limit on the
    handshake does not count that time."""
    s.set('''
def handle_client_hello(connection):
    note(connection.sni)
    gate("hello")
''')
    with start_handshake(s.port, context("h2")) as sock:
        s.notes(sock.getsockname()[1])
        sock.setblocking(False)
        try:
            got = sock.recv(1)
        except BlockingIOError:
            got = None
        t.eq(got, None, "handle_client_hello: nothing has been sent")
        s.open("hello")
        sock.settimeout(tap.scaled(30))
        t.ok(sock.recv(1), "... and then the ServerHello")


def handshake_limit():
    """--handshake-timeout counts only while the client has to act."""
    with Scripted("--handshake-timeout", "1") as s:
        with s.client('''
def handle_client_hello(connection):
    time.sleep(2)
''') as c:
            t.ok(c.ping(), "a function that sleeps costs the client no time")
        with socket.create_connection(("127.0.0.1", s.port)) as sock:
            sock.settimeout(tap.scaled(30))
            t.ok(sock.recv(100) is not None, "a client that waits is ended")


def without_option():
    """Runs `without` over TLS and in cleartext."""
    for tls in (True, False):
        without(tls)


def without(tls):
    """Requests' scripts can use fence, wait and reaction
    without --connection."""
    directory = tempfile.mkdtemp(prefix="h2rig-connection-none-")
    os.chmod(directory, 0o755)
    write_scripts(directory, {**REQUESTS, "reacts": '''
def main(request, response):
    c = request.connection
    return "%s %s %s" % (c.reaction().kind, len(c.settings) > 0,
                         sorted(c.automatic)[0])
'''})
    with Server(directory, *(() if tls else ("--cleartext",))) as s:
        with Client(s.port, tls=tls) as c:
            t.eq(c.fetch("/fence.py").body, b"True",
                 f"no --connection, TLS {tls}: fence")
            x = c.request("/waits.py")
            c.wait_for(lambda: x.done)
            t.ok(x.status == 200, f"no --connection, TLS {tls}: wait", x)
            t.eq(c.fetch("/reacts.py").body, b"alive True checks",
                 f"no --connection, TLS {tls}: reaction, settings, automatic")
        with Client(s.port, tls=tls, ack=False) as c:
            x = c.fetch("/fence.py?timeout=0.05")
            t.ok(x.body.startswith(b"TimeoutError"),
                 f"no --connection, TLS {tls}: TimeoutError", x)


run((steps, order, every_type, headers_in_parts, waits_for_its_function, taken,
     waiting_in_a_function, violations, known, frames_and_wait, fence,
     reactions, ends), (hello_waits,),
    (by_limit, handshake_limit, without_option))
t.done()
