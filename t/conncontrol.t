#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what connection scripts control: the server's automatic actions,
SETTINGS, reading and writing, TLS.  Like connection.t, it has a case for each
sentence of h2rig-connection(7)."""
import contextlib
import os
import socket
import ssl
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from connscript import Scripted, at_first, kinds, run, word     # noqa: E402
from rawclient import (ACK, CONTINUATION, DATA, HEADERS,        # noqa: E402
                       INITIAL_WINDOW_SIZE, PING, PREFACE, SETTINGS)
from server import make_pair                                    # noqa: E402
from tlsclient import context                                   # noqa: E402

t = tap.Tap()

UNKNOWN = 0xbb
PROTOCOL_ERROR, ENHANCE_YOUR_CALM = 1, 11
REQUEST = [(":method", "GET"), (":scheme", "https"), (":path", "/quick.py"),
           (":authority", "localhost")]


# ---- automatic ----

def automatic_set(s):
    """The names of connection.automatic, and wrong names."""
    with s.client('''
def handle_accept(connection):
    note(list(connection.automatic))
    note(error(connection.automatic.remove, "pings"))
    connection.automatic -= {"hold"}
    note("hold" in connection.automatic, len(connection.automatic))
''') as c:
        names = ["settings_ack", "ping_ack", "window_update", "goaway",
                 "rst_stream", "checks", "requests", "hold"]
        got = s.notes(c, 3)
        t.ok(got[0] == names and "ValueError" in got[1] and all(
            n in got[1] for n in names + ["'pings'"]) and got[2] == [False, 7],
             f"{word(s)}: names; others are a ValueError that lists them", got)


def without(name):
    """Returns a script that removes this name from connection.automatic."""
    return f'''
def handle_accept(connection):
    connection.automatic.remove("{name}")
def handle_violation(error, connection):
    note("violation", error.level, error.code)
def handle_unknown(frame, connection):
    connection.automatic.add("{name}")
    note("back")
'''


def back(s, c, n=1):
    """Makes the script of `without` add its name again."""
    c.send_frame(UNKNOWN, 0, 0, b"")
    s.notes(c, n)


def automatic_acks(s):
    """settings_ack and ping_ack off: nothing is acknowledged."""
    with s.client(without("settings_ack"),
                  settings={INITIAL_WINDOW_SIZE: 3}, auto_window=False) as c:
        x = c.request("/quick.py", body=b"content")
        c.ping()
        c.wait_for(lambda: x.body)
        t.eq((c.settings_acks, x.body), (0, b"con"),
             f"{word(s)}: settings_ack off: none, but they apply")
        back(s, c)
        c.send_frame(SETTINGS, 0, 0)
        t.ok(c.wait_for(lambda: c.settings_acks), f"{word(s)}: ... and on")
    with s.client(without("ping_ack")) as c:
        c.send_frame(PING, 0, 0, b"12345678")
        t.eq((c.fetch("/quick.py").status, c.pongs), (200, []),
             f"{word(s)}: ping_ack off: none")
        back(s, c)
        t.ok(c.ping(b"87654321") and c.pongs == [b"87654321"],
             f"{word(s)}: ... and on")


def automatic_window_update(s):
    """window_update off: no credit is given, not even after SETTINGS; it is
    given once the name is back."""
    with s.client(without("window_update")) as c:
        x = c.request("/quick.py", body=b"x" * 20000)
        c.wait_for(lambda: x.done)
        t.eq((len(x.body), c.credit), (20000, 45535),
             f"{word(s)}: window_update off: no credit")
        back(s, c)
        t.ok(c.wait_for(lambda: c.credit >= 65535),
             f"{word(s)}: ... and on: what gathered comes back", c.credit)
    with s.client('''
def handle_connect(connection):
    connection.settings = [("INITIAL_WINDOW_SIZE", 0)]
    connection.automatic.remove("window_update")
def main(connection):
    head = connection.wait("HEADERS", timeout=30)
    for _ in range(5):
        connection.writer.window_update(1, head.stream_id)
        note(connection.wait("DATA", 1, timeout=30).data)
    note(error(connection.writer.window_update, 0, 1))
    note(error(connection.writer.window_update, 0x7fffffff))
    note(error(connection.writer.window_update, 1, 99))
''') as c:
        c.wait_for(lambda: c.settings)
        x = c.request("/quick.py", body=[b"h", b"e", b"l", b"l", b"o"])
        c.wait_for(lambda: x.done)
        got = s.notes(c, 8)
        t.ok(got[:5] == list("hello") and x.body == b"hello",
             f"{word(s)}: credit octet by octet", (got, x))
        t.ok([n.split(":")[0] for n in got[5:]] == [
            "ProtocolError", "FlowControlError", "NoSuchStreamError"],
             f"{word(s)}: window_update is checked", got[5:])


def automatic_goaway(s):
    """goaway off: the server sends no GOAWAY on a connection error."""
    with s.client(without("goaway")) as c:
        c.send_frame(DATA, 0, 0, b"on stream 0")
        c.wait_end()
        t.ok(c.end and c.goaway is None and s.notes(c) == [
            ["violation", "connection", PROTOCOL_ERROR]],
             f"{word(s)}: goaway off: closed without", (c.end, c.goaway))
    with s.client(without("goaway").replace(
            "    note(", '    connection.writer.goaway("ENHANCE_YOUR_CALM")\n'
            "    note(", 1)) as c:
        c.send_frame(DATA, 0, 0, b"on stream 0")
        c.wait_end()
        t.eq(c.goaway and c.goaway[1], ENHANCE_YOUR_CALM,
             f"{word(s)}: goaway off: the script's own is sent")


def automatic_rst_stream(s):
    """rst_stream off: the server does not reset a stream that broke a rule."""
    with s.client(without("rst_stream")) as c:
        x = c.open("/quick.py", "POST")
        c.window_update(x.sid, 0)
        c.ping()
        t.ok(not x.done and s.notes(c) == [["violation", "stream", 1]],
             f"{word(s)}: rst_stream off: none", (x, s.notes(c)))
        back(s, c, 2)
        y = c.open("/quick.py", "POST")
        c.window_update(y.sid, 0)
        c.wait_for(lambda: y.done)
        t.eq(y.reset, PROTOCOL_ERROR, f"{word(s)}: ... and on")


def automatic_checks(s):
    """checks off: breaking rules of stream states, flow control and fields has
    no consequence; a frame that cannot be parsed still has one."""
    with s.client(without("checks")) as c:
        x = c.open("/quick.py", "POST")
        c.window_update(x.sid, 0)                       # state of the window
        c.send_frame(DATA, 0, 99, b"idle stream")       # of streams
        c.send_headers(5, REQUEST + [("Upper", "case")], True)  # fields
        t.ok(c.ping() and c.goaway is None and not x.done,
             f"{word(s)}: checks off: no consequence", (c.goaway, x))
        t.eq(sorted(n[1] for n in s.notes(c, 3)),
             ["connection", "stream", "stream"],
             f"{word(s)}: ... but the violations")
        t.ok(s.wait_log(rf":{c.sock.getsockname()[1]}, stream {x.sid}, let "
                        "pass: PROTOCOL_ERROR"), f"{word(s)}: ... in the log")
        c.send_frame(PING, 0, 0, b"short")
        c.wait_end()
        t.ok(c.goaway and c.goaway[1] == 6,
             f"{word(s)}: ... a frame's length keeps its own", c.goaway)


def automatic_requests(s):
    """requests off: streams stay open, content is dropped,
    credit is given back."""
    with s.client(without("requests")) as c:
        x = c.request("/quick.py", body=b"x" * 60000)
        y = c.request("/quick.py", body=b"y" * 60000)
        t.ok(c.ping() and c.wait_for(lambda: c.credit > 120000)
             and not x.done and not y.done and x.status is None,
             f"{word(s)}: requests off: open, content dropped, credit given",
             (x, y, c.credit))
        back(s, c)
        t.eq(c.fetch("/quick.py").status, 200, f"{word(s)}: ... and on")


def automatic_hold(s):
    """hold: whether other frames may go between a raw header frame and its
    CONTINUATION."""
    for off in (False, True):
        with s.client(('''
def handle_accept(connection):
    connection.automatic.remove("hold")
''' if off else "") + '''
def handle_headers(frame, connection):
    if frame.stream_id == 1:
        connection.writer.write_raw_header_frame([(":status", "200")], 1)
def handle_unknown(frame, connection):
    connection.writer.write_raw_continuation_frame([("a", "b")], 1,
                                                   end_headers=True)
''') as c:
            c.open("/quick.py", "POST")
            c.send_frame(PING, 0, 0, b"12345678")
            c.send_frame(UNKNOWN, 0, 0, b"")
            c.wait_for(lambda: CONTINUATION in kinds(c) and c.pongs)
            between = kinds(c)[at_first(c, HEADERS):
                               at_first(c, CONTINUATION)]
            t.eq(PING in between, off, f"{word(s)}: hold "
                 f"{'off' if off else 'on'}: what comes between")


# ---- settings ----

def settings(s):
    """connection.settings are sent at the start."""
    for value, want in (
            ("None", None), ("[]", b""),
            ("[(0x7777, 5), ('INITIAL_WINDOW_SIZE', 0xffffffff), (4, 1),"
             " (4, 2)]", b"\x77\x77\0\0\0\5\0\4\xff\xff\xff\xff"
             b"\0\4\0\0\0\1\0\4\0\0\0\2"),
            ("{'ENABLE_PUSH': 7}", b"\0\2\0\0\0\7")):
        for where in ("accept", "connect"):
            with s.client(f'''
def handle_{where}(connection):
    connection.settings = {value}
''') as c:
                c.ping()
                first = [f.payload for f in c.frames
                         if f.type == SETTINGS and not f.flags & ACK]
                t.eq(first, [] if want is None else [want],
                     f"{word(s)}: settings {value} in handle_{where}")
    with s.client('''
def handle_connect(connection):
    note(connection.settings)
    note(error(setattr, connection, "settings", [("NONE", 1)]))
    note(error(setattr, connection, "settings", [(4, 1 << 32)]))
    note(error(setattr, connection, "settings", [(4, "1")]))
    for wrong in (5, "x", [1], [("ENABLE_PUSH", 0, 0)]):
        note(error(setattr, connection, "settings", wrong))
def main(connection):
    note(error(setattr, connection, "settings", None))
''') as c:
        c.wait_for(lambda: c.settings)
        got = s.notes(c, 9)
        t.eq(dict(map(tuple, got[0])), c.settings,
             f"{word(s)}: settings reads as what is sent")
        t.eq([n.split(":")[0] for n in got[1:]],
             ["ValueError"] * 2 + ["TypeError"] * 5 + ["ProtocolError"],
             f"{word(s)}: wrong ones, and too late")
        t.ok(all("must be pairs" in text and text.endswith(wrong)
                 for text, wrong in zip(got[4:], (
                     "not 5", "not 'x'", "not [1]",
                     "not [('ENABLE_PUSH', 0, 0)]"))),
             f"{word(s)}: the texts name the value", got)


def pause(s):
    """After pause_reading nothing is read until resume_reading."""
    with s.client('''
def main(connection):
    connection.wait("HEADERS", timeout=30)
    connection.pause_reading()
    note("paused")
    gate("pause%d" % N)
    connection.writer.write_raw_frame("PING", payload=b"resumes.")
    connection.resume_reading()
'''.replace("% N", "% " + str(int(s.tls)))) as c:
        c.fetch("/quick.py")
        s.notes(c)
        c.send_frame(PING, 0, 0, b"12345678")
        s.open(f"pause{int(s.tls)}")
        c.wait_for(lambda: c.pongs)
        seen = [f.payload for f in c.frames if f.type == PING]
        t.eq(seen, [b"resumes.", b"12345678"],
             f"{word(s)}: pause_reading, resume_reading")


def engine_off(s):
    """HTTP/1.1 after engine_off, from the first octet on and
    later within HTTP/2."""
    text = '''
def handle_client_hello(connection):
    connection.tls.alpn = "http/1.1"
def handle_connect(connection):
    connection.engine_off()
def main(connection):
    request = b""
    while b"\\r\\n\\r\\n" not in request:
        request += connection.read(10)
    note(request, connection.read(10, 0.01))
    connection.writer.write_raw(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n"
                                b"\\r\\nok")
    note(connection.read(10, 30))
'''
    s.set(text)
    with socket.create_connection(("127.0.0.1", s.port)) as sock:
        sock.settimeout(tap.scaled(30))
        port = sock.getsockname()[1]
        if s.tls:
            sock = context("http/1.1").wrap_socket(sock)
            t.eq(sock.selected_alpn_protocol(), "http/1.1",
                 "TLS: ALPN http/1.1 is chosen")
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        answer = b""
        while not answer.endswith(b"ok"):
            octets = sock.recv(1000)
            if not octets:
                break
            answer += octets
        t.eq(answer, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
             f"{word(s)}: an HTTP/1.1 answer, and nothing else")
        with contextlib.suppress(OSError, ValueError):
            (sock.unwrap() if s.tls else sock).shutdown(socket.SHUT_WR)
    t.eq(s.notes(port, 2), [["GET / HTTP/1.1\r\nHost: a\r\n\r\n", None], ""],
         f"{word(s)}: read: octets, time over, the end")


def floods(s):
    """flood() sends what it says, and its acknowledgements do not count
    against bounds; octets below TLS."""
    with s.client('''
from h2rig.frames import PingFrame
def main(connection):
    ping = PingFrame(0, b"12345678").serialize()
    note(connection.writer.flood(ping, None, 12000, 30),
         connection.writer.flood(ping, 100, None, 30),
         connection.writer.flood(ping * 3, None, 10, 30),
         error(connection.writer.flood, b"", None, None, 1),
         error(connection.writer.flood, ping, -1, None, 1))
    connection.fence()
    note("alive")
''') as c:
        c.wait_for(lambda: kinds(c).count(PING) >= 12015)
        got = s.notes(c, 2)
        t.ok(all(n % 17 == 0 and n <= most for n, most in zip(
            got[0], (12000 * 17, 5 * 17, 9 * 17))) and all(
            n.startswith("ValueError") for n in got[0][3:])
             and got[1] == "alive" and c.goaway is None,
             f"{word(s)}: flood", (got, c.goaway))
    with s.client('''
from h2rig.frames import PingFrame
def main(connection):
    ping = PingFrame(0, b"12345678").serialize()
    began = time.monotonic()
    n = connection.writer.flood(ping, None, None, 0.2, False)
    note(n % 17 == 0, 0.1 < time.monotonic() - began < 10)
''', ack=False) as c:
        t.eq(s.notes(c), [[True, True]], f"{word(s)}: flood: by time")
    with s.client('''
def main(connection):
    connection.writer.write_raw_frame("PING", payload=b"12345678")
    connection.writer.write_transport(b"\\x15 no record")
''') as c:
        c.wait_for(lambda: c.end or c.leftover())
        t.ok(PING in kinds(c), f"{word(s)}: write_transport comes after")
        t.ok(c.end and c.end.startswith("TLS error") if s.tls
             else c.leftover() == b"\x15 no record"[:9] or c.leftover(),
             f"{word(s)}: write_transport is below TLS", (c.end, c.leftover()))


# ---- TLS ----

def shake(s, hello, client=None):
    """Makes a TLS handshake with this text of handle_client_hello.  Returns
    the client's socket, or its exception."""
    s.set("def handle_client_hello(connection):\n    "
          + hello.replace("\n", "\n    ") + "\n")
    sock = socket.create_connection(("127.0.0.1", s.port))
    sock.settimeout(tap.scaled(30))
    try:
        return (client or context("h2")).wrap_socket(
            sock, server_hostname="localhost")
    except OSError as e:
        sock.close()
        return e


def tls_members(s):
    """Each member of connection.tls has its effect."""
    for hello, look, want in (
            ("pass", lambda c: c.selected_alpn_protocol(), "h2"),
            ("connection.tls.alpn = None",
             lambda c: c.selected_alpn_protocol(), None),
            ("connection.tls.alpn = 'h2'",
             lambda c: c.selected_alpn_protocol(), "h2"),
            ("connection.tls.max_version = 'TLSv1.2'",
             lambda c: c.version(), "TLSv1.2"),
            ("connection.tls.min_version = 'TLSv1.3'",
             lambda c: c.version(), "TLSv1.3"),
            ("connection.tls.max_version = 'TLSv1.2'\n"
             "connection.tls.ciphers = 'ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0'",
             lambda c: c.cipher()[0], "ECDHE-ECDSA-AES128-SHA")):
        with contextlib.closing(shake(s, hello, context(
                "h2", ciphers="ALL:@SECLEVEL=0"))) as c:
            t.eq(look(c) if isinstance(c, ssl.SSLSocket) else c, want,
                 f"tls: {hello}")
    c = shake(s, "connection.tls.alpn = 'other'", context("h2", "other"))
    with contextlib.closing(c):
        t.eq(c.selected_alpn_protocol(), "other", "tls: alpn, another")
    e = shake(s, "connection.tls.min_version = 'TLSv1.3'",
              context("h2", version=ssl.TLSVersion.TLSv1_2))
    t.ok("protocol_version" in str(e).lower() or "PROTOCOL_VERSION" in str(e),
         "tls: min_version refuses older ones", e)
    for given, name in (("'unrecognized_name'", "UNRECOGNIZED_NAME"),
                        ("40", "HANDSHAKE_FAILURE")):
        e = shake(s, f"connection.tls.alert = {given}")
        t.ok(isinstance(e, ssl.SSLError) and name.replace("_", " ").lower()
             in str(e).replace("_", " ").lower(), f"tls: alert {given}", e)
    for does, by in (("tls.alert = 40", "server"), ("tls.delay = 0", "client")):
        s.set(f'''
def handle_client_hello(connection):
    connection.{does}
def handle_close(connection):
    note(connection.end.by)
''')
        with socket.create_connection(("127.0.0.1", s.port)) as sock:
            port = sock.getsockname()[1]
            sock.settimeout(tap.scaled(30))
            with contextlib.suppress(OSError):      # it trusts no one
                ssl.create_default_context().wrap_socket(
                    sock, server_hostname="localhost").close()
        t.eq(s.notes(port), [by], f"tls: {does}: who ended the handshake")
    began = time.monotonic()
    with contextlib.closing(shake(s, "connection.tls.delay = 0.3")):
        t.ok(time.monotonic() - began >= 0.3, "tls: delay")
    s.set('''
def handle_client_hello(connection):
    tls = connection.tls
    note(error(setattr, tls, "ciphers", "NO-SUCH-SUITE"))
    note(error(setattr, tls, "alert", 300))
    note(error(setattr, tls, "alert", "no_such_alert"))
    note(error(setattr, tls, "min_version", "TLSv9"))
    note(error(setattr, tls, "delay", "1"))
    note(error(setattr, tls, "alpn", 5))
    note(error(setattr, tls, "cipher", "x"))
    note(error(setattr, tls, "certificate", "/no/such.pem"))
def main(connection):
    note(error(setattr, connection.tls, "alpn", None))
    note(error(connection.tls.request, "renegotiation"))
    note(error(connection.tls.request, "nonsense"))
''')
    with s.client() as c:
        got = s.notes(c, 11)
        t.eq([n.split(":")[0] for n in got],
             ["ValueError", "ValueError", "ValueError", "ValueError",
              "TypeError", "TypeError", "AttributeError", "ValueError",
              "NotPossible", "NotPossible", "ValueError"],
             "tls: wrong values, and too late")
        t.ok("NO-SUCH-SUITE" in got[0] and "300" in got[1]
             and "no_such_alert" in got[2] and "TLSv9" in got[3]
             and "/no/such.pem" in got[7], "tls: the texts name the value",
             got)


def tls_certificates(s):
    """connection.tls.certificate and key; leaf()."""
    directory = tempfile.mkdtemp(prefix="h2rig-connection-cert-")
    cert, key = make_pair(directory, "other.test")
    hello = (f"connection.tls.certificate = {cert!r}\n"
             f"connection.tls.key = {key!r}")
    with contextlib.closing(shake(s, hello)) as c:
        with open(cert, encoding="ascii") as f:
            want = ssl.PEM_cert_to_DER_cert(f.read())
        t.eq(c.getpeercert(True), want, "tls: certificate and key")
    hello = (f"connection.tls.certificate = {os.fsencode(cert)!r}\n"
             f"connection.tls.key = {os.fsencode(key)!r}")
    with contextlib.closing(shake(s, hello)) as c:
        t.eq(c.getpeercert(True), want, "tls: their paths as bytes")
    with contextlib.closing(shake(s, "connection.tls.certificate = "
                                     "connection.tls.key = None")) as c:
        t.ok(isinstance(c, ssl.SSLSocket) and c.getpeercert(True) != want,
             "tls: None leaves the server's", c)
    for key in ("ec", "rsa"):
        with contextlib.closing(shake(
                s, f"connection.tls.leaf(['leaf.test'], 5, {key!r}, 'self')"
                )) as c:
            t.ok(isinstance(c, ssl.SSLSocket)
                 and b"leaf.test" in c.getpeercert(True),
                 f"tls: leaf, {key}, self-signed", c)
    s.set("def handle_client_hello(connection):\n"
          "    note(error(connection.tls.leaf, ['a.test'], 5))\n"
          "    note(error(connection.tls.leaf, ['a.test'], 5, 'dsa'))\n"
          "    note(error(connection.tls.leaf, ['a.test'], 'x'))\n"
          "    note(error(connection.tls.leaf, [1], 5))\n"
          "    note(error(connection.tls.leaf, [], 5, 'ec', 'me'))\n"
          "    note(error(connection.tls.leaf, [], 36501))\n")
    with s.client() as c:
        got = s.notes(c, 6)
        t.eq([n.split(":")[0] for n in got[1:]],
             ["ValueError", "TypeError", "TypeError", "ValueError",
              "ValueError"], "tls: leaf, wrong arguments")
        t.ok('key: "dsa": expected ec or rsa' in got[1]
             and "not 'x'" in got[2] and "not [1]" in got[3]
             and 'signed_by: "me": expected ca or self' in got[4]
             and "days: 36501: expected days from -36500 to 36500" in got[5],
             "tls: leaf, the texts name the value", got)


def tls_sessions(s):
    """tickets, and what a script can request from the client later."""
    for n in (0, 2):
        with s.client("def handle_client_hello(connection):\n"
                      f"    connection.tls.tickets = {n}\n") as c:
            c.ping()
            t.eq(c.tls.session is not None and c.tls.session.has_ticket,
                 n > 0, f"tls: tickets {n}")
    with s.client('''
def main(connection):
    note(connection.tls_version, error(connection.tls.request, "key_update"))
    connection.fence()
    note("alive")
''') as c:
        t.eq(s.notes(c, 2), [["TLSv1.3", None], "alive"], "tls: key_update")


REQUESTS = '''
def main(connection):
    request = connection.tls.request
    note(connection.tls_version, *[error(request, name) for name in (
        "key_update", "renegotiation", "client_certificate")])
    connection.wait("PING", timeout=30)
    note("alive")
'''


def tls_requests(s):
    """What a script can request from the client, for each TLS version."""
    s.set(REQUESTS)
    for version, asks_later, want in (
            (ssl.TLSVersion.TLSv1_2, False, (False, True, False)),
            (ssl.TLSVersion.TLSv1_3, False, (True, False, False)),
            (ssl.TLSVersion.TLSv1_3, True, (True, False, True))):
        client = context("h2", version=version)
        client.post_handshake_auth = asks_later
        sock = socket.create_connection(("127.0.0.1", s.port))
        port = sock.getsockname()[1]
        with client.wrap_socket(sock) as c:
            c.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
            got = s.notes(port)
            name = f"tls: requests, {version.name}, later {asks_later}"
            t.ok(got and tuple(n is None for n in got[0][1:]) == want and all(
                n is None or n.startswith("NotPossible")
                for n in got[0][1:]), name, got)
            # OpenSSL answers the server's requests when the client reads.
            c.settimeout(0.1)
            c.sendall(b"\0\0\x08\6\0\0\0\0\0" + b"12345678")

            def alive():
                with contextlib.suppress(OSError):
                    c.recv(1000)
                return len(s.noted(port)) > 1
            t.ok(tap.wait_until(alive), f"{name}: it goes on", s.noted(port))


def tls_ca():
    """leaf() makes a certificate that the server's CA signs."""
    directory = tempfile.mkdtemp(prefix="h2rig-connection-ca-")
    ca = os.path.join(directory, "ca.pem")
    with Scripted("--ca-out", ca) as s:
        for days, right in ((5, True), (-1, False)):
            client = ssl.create_default_context(cafile=ca)
            client.set_alpn_protocols(["h2"])
            s.set("def handle_client_hello(connection):\n"
                  f"    connection.tls.leaf(['leaf.test'], {days})\n")
            sock = socket.create_connection(("127.0.0.1", s.port))
            sock.settimeout(tap.scaled(30))
            try:
                with client.wrap_socket(sock, server_hostname="leaf.test"):
                    seen = "verified"
            except ssl.SSLCertVerificationError as e:
                seen = e.verify_message
            t.ok(seen == "verified" if right else "expired" in seen,
                 f"tls: leaf by the CA, {days} days", seen)


run((automatic_set, automatic_acks, automatic_window_update, automatic_goaway,
     automatic_rst_stream, automatic_checks, automatic_requests,
     automatic_hold, settings, pause, engine_off, floods),
    (tls_members, tls_certificates, tls_sessions, tls_requests),
    (tls_ca,))
t.done()
