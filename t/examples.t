#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scripts of doc/examples do what their comments say a client sees."""
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap                                                      # noqa: E402
from rawclient import (Client, CONTINUATION, DATA, Exchange,    # noqa: E402
                       GOAWAY, HEADERS, PING, SETTINGS)
from server import Server                                       # noqa: E402
from tlsclient import context                                   # noqa: E402

EXAMPLES = os.path.join(os.path.dirname(HERE), "doc", "examples")
t = tap.Tap()

# (path, status, body or None for any, end of the stream, end of the
# connection).  A stream ends with "end", an error code, or None with its
# connection.  A connection with None goes on.
SEEN = [
    ("abort.py", 200, b"x", None, "any"),
    ("close_fin.py", 200, None, "end", "fin"),
    ("close_goaway.py", 200, None, "end", "close_notify"),
    ("close_rst.py", 200, None, None, "rst"),
    ("close_tls.py", 200, None, "end", "close_notify"),
    ("early_hints_go.py?key=UUID", 204, b"", "end", None),
    ("end_stream.py", 200, b"before", "end", None),
    ("fence.py", 200, None, "end", None),
    ("flush.py", 200, b"x" * 299999 + b"\n300000 octets are out", "end", None),
    ("goaway.py", 200, b"after GOAWAY", "end", None),
    ("hello.py", 200, b"hello, world\n", "end", None),
    ("http1_calls.py", 201, b"first second", "end", None),
    ("http1_literal.py", 202, b"literal", "end", None),
    ("index.html", 200, None, "end", None),
    ("ping.py", 200, None, "end", None),
    ("reset_stream.py", 200, b"partial", 8, None),
    ("reset_stream.py?code=11", 200, b"partial", 11, None),
    ("settings.py", 200, b"after SETTINGS", "end", None),
    ("sleep.py?seconds=0", 200, b"slept", "end", None),
    ("upload.py", 200, None, "end", None),
    ("write_data.py", 200, None, "end", None),
    ("write_data_frame.py", 200, b"one frame each", "end", None),
    ("write_headers.py", None, None, "end", None),
    ("write_informational.py", 200, None, "end", None),
    ("write_push.py", 200, None, "end", None),
    ("write_raw.py", 200, None, "end", None),
    ("write_raw_continuation_frame.py", 200, b"three frames", "end", None),
    ("write_raw_data_frame.py", None, None, "end", None),
    ("write_raw_frame.py", None, None, "end", None),
    ("write_raw_header_frame.py", None, None, "end", None),
    ("write_trailers.py", 200, None, "end", None),
]
ELSEWHERE = {"early_hints.py", "reverse.py", "routes.py", "stash_wait.py",
             "echo_wsh.py", "websocket_client.py"} | {
    f"handle_{name}.py" for name in (
        "trailers", "window_update", "rst_stream", "priority",
        "priority_update", "unknown")}


def kinds(c):
    """Returns the types of all frames that came."""
    return [f.type for f in c.frames]


# Further tests of some examples.
FURTHER = {
    "goaway.py": lambda c, x: c.goaway == (x.sid, 0, b"see you"),
    "close_goaway.py": lambda c, x: GOAWAY in kinds(c),
    "ping.py": lambda c, x: PING in kinds(c),
    "settings.py": lambda c, x: (c.settings[4], c.settings[5]) == (1000, 32768),
    "write_push.py": lambda c, x: x.pushes,
    "write_trailers.py": lambda c, x: x.trailers,
    "write_informational.py": lambda c, x: x.informational,
    "write_data_frame.py": lambda c, x: len(x.data) == 4,
    "write_raw.py": lambda c, x: PING in kinds(c),
    "write_raw_continuation_frame.py": lambda c, x: [
        f.type for f in x.frames] == [HEADERS, CONTINUATION, CONTINUATION,
                                      DATA],
}


def each(s):
    """Requests each example on its own connection."""
    for path, status, body, ends, connection in SEEN:
        path = path.replace("UUID", str(uuid.uuid4()))
        with Client(s.port) as c:
            x = c.fetch("/" + path)
            if connection:
                c.wait_end()
            if connection == "any":     # a reset, if we sent something
                t.ok(c.end and not x.ended, f"{path}: how it ends", (c.end, x))
            elif connection == "rst":   # may come before the end of the stream
                t.eq(c.end, "rst", f"{path}: how it ends")
            else:
                t.eq(("end" if x.ended else x.reset, c.end),
                     (ends, connection), f"{path}: how it ends")
            # A TCP reset discards what the client has not read.
            if connection != "rst":
                t.ok((x.status == status if status else x.status != 500)
                     and body in (None, x.body), f"{path}: the response", x)
            name = path.split("?")[0]
            if name in FURTHER:
                t.ok(c.wait_for(lambda: FURTHER[name](c, x)),
                     f"{path}: what it is about", (x, kinds(c)))
            t.eq(c.bad_blocks, [], f"{path}: header blocks decode")
    names = {n for n in os.listdir(EXAMPLES)
             if n.endswith((".py", ".html"))}
    seen = {row[0].split("?")[0] for row in SEEN} | ELSEWHERE
    t.eq(sorted(names ^ seen), [], "every example is in the table")


def together(s):
    """The two examples that belong together, and those that take a body."""
    key = str(uuid.uuid4())
    with Client(s.port) as c:
        x = c.request(f"/early_hints.py?key={key}")
        c.wait_for(lambda: x.informational)
        t.eq(([i for i, _ in x.informational], x.status), ([103], None),
             "early_hints.py: 103 first")
        c.fetch(f"/early_hints_go.py?key={key}&value=gone")
        c.wait_for(lambda: x.done)
        t.eq((x.status, x.body, x.ended), (200, b"gone", True),
             "early_hints.py: then 200")
        x = c.request(f"/stash_wait.py?key={key}")
        y = c.fetch(f"/stash_wait.py?key={key}&value=come")
        c.wait_for(lambda: x.done)
        t.eq((y.status, x.status, x.body), (204, 200, b"come"),
             "stash_wait.py: two requests meet")
        x = c.fetch("/reverse.py", headers={"test": "pass"}, body=[b"ab", b"c"])
        t.eq((x.status, x.data), (200, [b"ba", b"c", b"\nEnd of File"]),
             "reverse.py: each frame reversed")
        x = c.fetch("/reverse.py", headers={"test": "no"}, body=b"a")
        t.eq((x.status, x.body), (403, b""), "reverse.py: 403")
        x = c.fetch("/reverse.py", body=b"a")
        t.ok(x.status == 500 and b"KeyError" in x.body, "reverse.py: 500", x)
        body = os.urandom(300000)
        x = c.fetch("/upload.py", body=body)
        t.eq(json.loads(x.body or b"0"), {
            "length": len(body), "sha256": hashlib.sha256(body).hexdigest()},
            "upload.py: length and digest")


def frames(s):
    """The examples with a function for a client's frame."""
    with Client(s.port) as c:
        for name, frame, want in (
                ("priority", (2, 0, b"\0\0\0\7\x0f"), b"stream 7, weight 16\n"),
                ("priority_update", (16, 0, b"u=1, i"), b"u=1, i: (1, True)\n"),
                ("unknown", (0xee, 0x81, b"payload"), b"")):
            x = c.open(f"/handle_{name}.py", "POST")
            kind, flags, payload = frame
            if kind == 16:
                c.send_frame(kind, flags, 0, x.sid.to_bytes(4, "big") + payload)
            else:
                c.send_frame(kind, flags, x.sid, payload)
            c.send_data(x.sid, b"", end_stream=True)
            c.wait_for(lambda: x.done)      # pylint: disable=W0640
            t.eq((x.status, x.body, x.ended), (200, want, True),
                 f"handle_{name}.py: the response")
        t.eq(x.frames[0][:], (0xee, 0x81, x.sid, b"payload"),
             "handle_unknown.py: the frame comes back")
        x = c.fetch("/handle_trailers.py", body=b"x",
                    trailers=[("x-a", "1"), ("x-b", "2")])
        t.eq((x.status, x.body), (200, b"x-a: 1\nx-b: 2\n"),
             "handle_trailers.py: they come back")
        x = c.request("/handle_window_update.py")
        for n in 1 << 16, 5, 1:
            c.window_update(x.sid, n)
        c.wait_for(lambda: x.done)
        t.eq((x.data, x.ended), ([b"65536\n", b"5\n", b"1\n"], True),
             "handle_window_update.py: a frame for each")
        x = c.request("/handle_rst_stream.py")
        c.wait_for(lambda: x.status)
        c.reset(x.sid, 8)
        t.eq(tap.wait_until(lambda: (
            lambda body: body != b"none\n" and body)(
                c.fetch("/handle_rst_stream.py?last").body)),
             b"stream %d: CANCEL\n" % x.sid, "handle_rst_stream.py: it runs")


def routes(s):
    """The example for --routes."""
    with Client(s.port) as c:
        x = c.request("*", "OPTIONS")
        c.wait_for(lambda: x.done)
        t.eq((x.status, x.header("allow")), (204, "CONNECT, GET, OPTIONS"),
             "routes.py: OPTIONS *")
        c._next += 2
        x = c.streams[3] = Exchange(c, 3)
        x.credit = 65535
        c.send_headers(3, [(":method", "CONNECT"), (":authority", "a:1")])
        c.wait_for(lambda: x.status)
        for text in b"to", b"and fro":
            c.send_data(3, text)
        c.wait_for(lambda: len(x.data) == 2)
        c.send_data(3, b"", end_stream=True)
        c.wait_for(lambda: x.done)
        t.eq((x.status, x.header("x-authority"), x.data[:2], x.ended),
             (200, "a:1", [b"to", b"and fro"], True), "routes.py: CONNECT")


def websocket(s):
    """websocket_client.py talks to echo_wsh.py."""
    lines = ["hello", "", "x" * 200, "y" * 100000]
    p = subprocess.run(
        [sys.executable, os.path.join(EXAMPLES, "websocket_client.py"),
         "127.0.0.1", str(s.port), "/echo"], input="\n".join(lines),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=tap.scaled(120))
    if "/echo: status 501" in p.stdout:
        return t.skip("websocket_client.py", "wsproto is not installed")
    t.eq((p.returncode, p.stdout.split("\n")), (0, lines + [
        "closed: 1000", ""]), "websocket_client.py: each message comes back")
    p = subprocess.run(
        [sys.executable, os.path.join(EXAMPLES, "websocket_client.py"),
         "127.0.0.1", str(s.port), "/none"], input="",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, timeout=tap.scaled(120))
    t.ok(p.returncode == 1 and "ConnectionError: /none: status 404" in
         p.stdout, "websocket_client.py: refused", p.stdout)
    return None


def quick(s, c):
    """Returns whether the connection serves a request."""
    x = c.fetch("/hello.py")
    return x.status == 200 and x.ended


def read_until(c, condition):
    """Reads until condition() is true, which is not about the octets read.
    Returns its value."""
    return tap.wait_until(lambda: c.pump(0.005) * 0 or condition())


def settings_of(c):
    """Returns the SETTINGS frames that came, without acknowledgements."""
    return [f.payload for f in c.frames if f.type == SETTINGS and not f.flags]


def no_settings(s, c):
    """The server sends no SETTINGS."""
    t.ok(quick(s, c) and settings_of(c) == [], "no_settings.py: none",
         c.frames)
    t.ok(read_until(c, lambda: "without SETTINGS: <Reaction alive" in s.log()),
         "no_settings.py: how the client takes it is in the log")


def settings_twice(s, c):
    """The server sends SETTINGS twice."""
    c.wait_for(lambda: len(settings_of(c)) == 2)
    t.eq(settings_of(c), [b"\0\4\0\0\x03\xe8", b"\0\4\0\x01\x86\xa0"],
         "settings_twice.py: 1,000, then 100,000")
    t.ok(quick(s, c), "settings_twice.py: it goes on")


def ping_unanswered(s, c):
    """The server does not acknowledge PING."""
    c.send_frame(PING, 0, 0, b"12345678")
    t.ok(quick(s, c) and not c.pongs, "ping_unanswered.py: none", c.pongs)


def credit(s, c):
    """The server gives credit one octet at a time."""
    c.wait_for(lambda: c.settings)
    x = c.request("/upload.py", body=[b"h", b"e", b"l", b"l", b"o"])
    c.wait_for(lambda: x.done)
    t.eq(json.loads(x.body or b"{}").get("length"), 5,
         "credit.py: the upload arrives")
    t.ok(c.credit <= 65536, "credit.py: an octet of credit for each",
         c.credit)


def goaway_retry(s, c):
    """The first connection gets GOAWAY; the retry on a
    second one is served."""
    c.open("/hello.py", end_stream=True)
    c.wait_for(lambda: c.goaway)
    t.eq(c.goaway and c.goaway[:2], (0, 0),
         "goaway_retry.py: GOAWAY, last stream 0")
    with Client(s.port) as again:
        t.ok(quick(s, again), "goaway_retry.py: the retry is answered")
    t.ok(s.wait_log(r"connection \d+ retries what connection \d+ was not"),
         "goaway_retry.py: the log says who belongs together")


def reaction(s, c):
    """The server sends DATA on stream 0."""
    t.ok(read_until(c, lambda: "DATA on stream 0: alive None, then None"
                    in s.log())
         and [f for f in c.frames if (f.type, f.sid) == (DATA, 0)],
         "reaction.py: DATA on stream 0, which this client does not mind")


def flood(s, c):
    """The server sends 10,000 PING frames."""
    def sent():
        said = re.search(r"(\d+) octets of PING went out: <Reaction", s.log())
        return said and int(said[1]) // 17

    # On a busy machine, fewer are sent in 10 s.  The fences of the script are
    # one or two more.
    t.ok(read_until(c, lambda: sent() and kinds(c).count(PING) > sent())
         and 0 < sent() <= 10000 and kinds(c).count(PING) - sent() in (1, 2),
         "flood.py: 10,000 PING frames", f"{sent()} {kinds(c).count(PING)}")


def transport(s, c):
    """The server sends octets that are no TLS record."""
    c.wait_end()
    t.ok(c.end.startswith("TLS error"), "transport.py: no TLS record", c.end)


def pause(s, c):
    """The server pauses, and serves the request later."""
    t.ok(quick(s, c), "pause.py: served in the end")


def watch(s, c):
    """The log has all frames, errors and ends."""
    t.ok(quick(s, c), "watch.py: requests are served")
    c.window_update(0, 0)
    c.wait_end()
    c.close()
    for line in ("<HEADERS stream_id=1", "<SETTINGS stream_id=0",
                 "connection error PROTOCOL_ERROR, RFC 9113 §6.9",
                 "ended by the "):
        t.ok(s.wait_log(line), f"watch.py: {line}", s.log()[-3000:])


def shake(s, *alpn, name="localhost", **options):
    """Makes a TLS handshake.  Returns the socket, or the exception."""
    try:
        return context(*alpn, **options).wrap_socket(
            socket.create_connection(("127.0.0.1", s.port)),
            server_hostname=name)
    except OSError as e:
        return e


def alpn_not_chosen(s):
    """The server selects no protocol by ALPN."""
    with shake(s, "h2") as c:
        t.eq(c.selected_alpn_protocol(), None, "alpn_not_chosen.py: none")


def appendix_a(s):
    """The server selects a prohibited cipher suite, or refuses a
    client without it."""
    with shake(s, "h2", ciphers="ALL:@SECLEVEL=0") as c:
        t.eq((c.version(), c.cipher()[0]),
             ("TLSv1.2", "ECDHE-ECDSA-AES128-SHA"), "appendix_a.py: the suite")
    e = shake(s, "h2", ciphers="ECDHE+AESGCM")
    t.ok(isinstance(e, ssl.SSLError) and "HANDSHAKE_FAILURE" in str(e).upper(),
         "appendix_a.py: a client without it", e)


def alert(s):
    """The server sends an alert for another name."""
    with shake(s, "h2") as c:
        t.eq(c.selected_alpn_protocol(), "h2", "alert.py: localhost is served")
    e = shake(s, "h2", name="other.test")
    t.ok(isinstance(e, ssl.SSLError) and "UNRECOGNIZED_NAME" in str(
        e).upper().replace(" ", "_"), "alert.py: another is refused", e)


def leaf(s):
    """The certificate has expired."""
    with shake(s, "h2") as c:
        der = c.getpeercert(True)
    p = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout",
                        "-checkend", "0"], input=der, check=False,
                       stdout=subprocess.DEVNULL)
    t.eq(p.returncode, 1, "leaf.py: it has expired")


def delay(s):
    """The handshake is delayed for a second."""
    begin = time.monotonic()
    with shake(s, "h2"):
        t.ok(time.monotonic() - begin >= 1, "delay.py: a second at least")


def key_update(s, c):
    """The server requests a key update; the client goes on."""
    t.eq(c.fetch("/index.html").status, 200, "key_update.py: it goes on")


def violation(s, c):
    """A violation is logged, and has no other consequence."""
    c.window_update(0, 0)
    t.ok(c.ping() and not c.goaway, "violation.py: it goes on", c.goaway)
    t.ok(s.wait_log("an increment of 0"), "violation.py: the log says which")


def close_notify(s, c):
    """The server ends TLS, but not TCP."""
    c.open("/index.html", end_stream=True)
    c.wait_end()
    t.eq(c.end, "close_notify", "close_notify.py: TLS ends")


def reset_at_client_hello(s):
    """The server resets TCP at the ClientHello."""
    e = shake(s, "h2")
    t.ok(isinstance(e, ConnectionResetError), "reset_at_client_hello.py", e)


def http1(s):
    """The server speaks HTTP/1.1 or HTTP/2, by ALPN."""
    with shake(s, "http/1.1") as c:
        c.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while True:
            octets = c.recv(1000)
            if not octets:
                break
            answer += octets
        t.ok(answer.startswith(b"HTTP/1.1 200 OK\r\n")
             and answer.endswith(b"HTTP/1.1 it is\n"),
             "http1.py: HTTP/1.1", answer)
    with Client(s.port) as c:
        t.ok(quick(s, c), "http1.py: HTTP/2 for those who offer that")


def connections():
    """The examples for --connection, each on its own server."""
    by_hand = (alert, alpn_not_chosen, appendix_a, delay, http1, leaf,
               reset_at_client_hello)
    cases = (close_notify, credit, flood, goaway_retry, key_update,
             no_settings, pause, ping_unanswered, reaction, settings_twice,
             transport, violation, watch, *by_hand)
    directory = os.path.join(EXAMPLES, "connection")
    for case in cases:
        with Server(EXAMPLES, "--log-level", "debug", "--connection",
                    os.path.join(directory, case.__name__ + ".py")) as s:
            if case in by_hand:
                case(s)
            else:
                with Client(s.port) as c:
                    case(s, c)
            t.ok("Traceback" not in s.log(),
                 f"connection/{case.__name__}.py raises nothing", s.log())
    t.eq(sorted(case.__name__ + ".py" for case in cases),
         sorted(n for n in os.listdir(directory) if n.endswith(".py")),
         "every example of a connection script is tried")


connections()
with Server(EXAMPLES, "--routes",
            os.path.join(EXAMPLES, "routes.py")) as server:
    routes(server)
with Server(EXAMPLES) as server:
    each(server)
    raised = re.findall(r"^\S+ h2rig\S+ \w+: script: .*", server.log(), re.M)
    t.eq(raised, [], "no example raises what it does not catch")
    together(server)
    frames(server)
    websocket(server)
t.done()
