#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests lib/badclient, the clients with which the catalogue of h2bad is
tested.  What a server does wrong, *good* notices and *naive* does not; what is
legal, both accept; rules for clients, *good* keeps and *naive* does not."""
import json
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from badclient import http2                                     # noqa: E402
from badclient.exchange import Exchange                         # noqa: E402
from badclient.rules import NAIVE, RULES, Rules                 # noqa: E402
from connscript import Scripted                                 # noqa: E402
from server import Server                                       # noqa: E402

t = tap.Tap()
HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient")]

# The connection script for the rows below.  A client that goes on gets a
# response, and another one for its next request.
SCRIPT = '''
def handle_accept(connection):
    connection.automatic.discard("requests")
    connection.automatic.discard("checks")
    connection.automatic.discard("rst_stream")
def main(connection):
    raw, wait = connection.writer.write_raw_frame, connection.wait
    first = wait("HEADERS", timeout=30)
    s = first.stream_id
    def head(block, flags=4):
        raw("HEADERS", flags, s, block)
    host = bytes(dict(first.headers)[":authority"])
    def promise(sid, block=b"\\x82\\x87\\x84", authority=host, on=s):
        raw("PUSH_PROMISE", 4, on, sid.to_bytes(4, "big") + b"\\1"
            + bytes([len(authority)]) + authority + block)
    if "next" not in dict(first.headers)[":path"]:
        {wrong}
        r = connection.reaction(timeout=20)
        note(r.kind, r.name)
        if r.kind == "alive" or r.kind == "rst_stream" \\
                and r.frame.stream_id != s:
            head(b"\\x88", 5)
        s = wait("HEADERS", timeout=30).stream_id
    head(b"\\x88", 5)
    wait("GOAWAY", timeout=30)
'''

# (what the server sends, code that sends it, good's reaction, its error code,
# rules that are broken).
WRONG = [
    ("SETTINGS with ENABLE_PUSH 1",
     "raw('SETTINGS', 0, 0, b'\\0\\2\\0\\0\\0\\1')",
     "goaway", "PROTOCOL_ERROR",
     "settings-value"),
    ("SETTINGS with INITIAL_WINDOW_SIZE 2^31",
     "raw('SETTINGS', 0, 0, b'\\0\\4\\x80\\0\\0\\0')",
     "goaway", "FLOW_CONTROL_ERROR",
     "settings-window,window-overflow-by-settings"),
    ("DATA on an idle stream", "raw('DATA', 0, s + 100, b'hello')",
     "goaway", "PROTOCOL_ERROR",
     "idle-stream"),
    ("HEADERS on an idle stream", "raw('HEADERS', 4, 2, b'\\x88')",
     "goaway", "PROTOCOL_ERROR",
     "idle-stream"),
    ("PING of 7 octets", "raw('PING', 0, 0, b'seven..')",
     "goaway", "FRAME_SIZE_ERROR",
     "frame-length"),
    ("padding longer than the frame", "raw('DATA', 8, s, b'\\x05abcd')",
     "goaway", "PROTOCOL_ERROR",
     "padding"),
    ("a frame in a header block",
     "head(b'\\x88', 0); raw(0x42, 0, s); raw('CONTINUATION', 4, s)",
     "goaway", "PROTOCOL_ERROR",
     "block-interrupted"),
    ("CONTINUATION alone", "raw('CONTINUATION', 4, s, b'\\x88')",
     "goaway", "PROTOCOL_ERROR",
     "block-absent"),
    ("HPACK: index 0", "head(b'\\x88\\x80')",
     "goaway", "COMPRESSION_ERROR",
     "hpack-index"),
    ("HPACK: EOS", "head(b'\\x88\\0\\1a\\x84\\xff\\xff\\xff\\xff')",
     "goaway", "COMPRESSION_ERROR",
     "hpack-huffman"),
    ("HPACK: size update over the limit", "head(b'\\x3f\\xe2\\x1f\\x88')",
     "goaway", "COMPRESSION_ERROR",
     "hpack-update-limit"),
    ("PUSH_PROMISE", "raw('PUSH_PROMISE', 4, s, b'\\0\\0\\0\\2\\x82')",
     "goaway", "PROTOCOL_ERROR",
     "push-disabled"),
    ("WINDOW_UPDATE of 0", "raw('WINDOW_UPDATE', 0, 0, bytes(4))",
     "goaway", "PROTOCOL_ERROR",
     "window-increment-zero"),
    ("PRIORITY_UPDATE", "raw(0x10, 0, 0, b'\\0\\0\\0\\1u=1')",
     "goaway", "PROTOCOL_ERROR",
     "priority-update"),
    ("2,500 PING",
     "connection.writer.write_raw((b'\\0\\0\\x08\\x06' + bytes(13)) * 2500)",
     "goaway", "ENHANCE_YOUR_CALM",
     "flood"),
    ("WINDOW_UPDATE over 2^31-1",
     "raw('WINDOW_UPDATE', 0, s, b'\\x7f\\xff\\xff\\xff')",
     "rst_stream", "FLOW_CONTROL_ERROR",
     "window-overflow-stream"),
    ("PRIORITY of 4 octets", "raw('PRIORITY', 0, s, bytes(4))",
     "rst_stream", "FRAME_SIZE_ERROR",
     "frame-length-stream"),
    ("no :status", "head(b'\\0\\1a\\1b')", "rst_stream", "PROTOCOL_ERROR",
     "status"),
    ("a field name in upper case", "head(b'\\x88\\0\\1A\\1b')",
     "rst_stream", "PROTOCOL_ERROR",
     "field-name"),
    ("CR LF in a value", "head(b'\\x88\\0\\1a\\4b\\r\\nc')",
     "rst_stream", "PROTOCOL_ERROR",
     "field-value"),
    ("transfer-encoding",
     "head(b'\\x88\\0\\x11transfer-encoding\\7chunked')",
     "rst_stream", "PROTOCOL_ERROR",
     "connection-field"),
    ("more DATA than content-length",
     "head(b'\\x88\\x0f\\x0d\\x011'); raw('DATA', 0, s, b'12')",
     "rst_stream", "PROTOCOL_ERROR",
     "content-length"),
    ("DATA before HEADERS", "raw('DATA', 0, s, b'x')",
     "rst_stream", "PROTOCOL_ERROR",
     "message-order"),
    ("trailers without END_STREAM", "head(b'\\x88'); head(b'\\0\\1a\\1b')",
     "rst_stream", "PROTOCOL_ERROR",
     "message-order"),
]

# The same, for clients that allow pushes.
PUSHES = [
    ("a promise of an odd stream", "promise(s + 2)",
     "goaway", "PROTOCOL_ERROR", "push-id"),
    ("a promise of a stream twice", "promise(2); promise(2)",
     "goaway", "PROTOCOL_ERROR", "push-id"),
    ("DATA on a promised stream", "promise(2); raw('DATA', 0, 2, b'x')",
     "goaway", "PROTOCOL_ERROR", "reserved-stream"),
    ("WINDOW_UPDATE on a promised stream",
     "promise(2); raw('WINDOW_UPDATE', 0, 2, b'\\0\\0\\0\\1')",
     "goaway", "PROTOCOL_ERROR", "reserved-stream"),
    ("a promise on an idle stream",
     "promise(2, on=s + 2)",
     "goaway", "PROTOCOL_ERROR", "idle-stream,push-stream"),
    ("a promised POST", "promise(2, b'\\x83\\x87\\x84')",
     "rst_stream", "PROTOCOL_ERROR", "push-request"),
    ("a promise without :path", "promise(2, b'\\x82\\x87')",
     "rst_stream", "PROTOCOL_ERROR", "push-request"),
    ("a promise for another authority",
     "promise(2, authority=b'example.com')",
     "rst_stream", "PROTOCOL_ERROR", "push-request"),
    ("a promise with content",
     "promise(2, b'\\x82\\x87\\x84\\x0f\\x0d\\x015')",
     "rst_stream", "PROTOCOL_ERROR", "push-request"),
    ("a pushed response without :status",
     "promise(2); raw('HEADERS', 4, 2, b'\\0\\1a\\1b')",
     "rst_stream", "PROTOCOL_ERROR", "status"),
    ("more pushed responses at once than we allow",
     "[(promise(i), raw('HEADERS', 4, i, b'\\x88'))"
     " for i in range(2, 24, 2)]",
     "rst_stream", "REFUSED_STREAM", "push-concurrency"),
]

LEGAL = [
    ("frames of unknown types", "raw(0x42, 255, 0, b'x'); raw(99, 0, s)"),
    ("PRIORITY on other streams", "raw('PRIORITY', 0, 99, bytes(5))"),
    ("unknown settings", "raw('SETTINGS', 0, 0, b'\\0\\x99\\0\\0\\0\\1')"),
    ("103 before the response", "head(b'\\x48\\x03103')"),
    ("a field that the table has no room for, padding, weight",
     "head(b'\\5' + bytes(5) + b'\\x20\\x3f\\xe1\\x1f\\x48\\x03103"
     "\\x40\\1a\\x7f\\xe1\\x1f' + b'v' * 4192 + bytes(5), 4 + 8 + 32)"),
]


# (what happens in TLS, script, exit status of good, exit status of naive).
HELLO = "def handle_client_hello(c):\n    "
WAIT = '''
def handle_accept(c):
    c.automatic.discard("requests")
def main(c):
    s = c.wait("HEADERS", timeout=30).stream_id
    c.tls.request("%s")
    note(c.reaction(timeout=10).name)
    c.writer.write_raw_frame("HEADERS", 5, s, b"\\x88")
    c.wait("GOAWAY", timeout=30)
'''
HTTP1 = '''
def handle_client_hello(c):
    c.tls.alpn = "http/1.1"
def handle_connect(c):
    c.engine_off()
    if c.read(3, 10) == b"GET":
        c.writer.write_raw(b"HTTP/1.1 200\\r\\ntransfer-encoding: chunked"
                           b"\\r\\n\\r\\n5\\r\\nhello\\r\\n0\\r\\n\\r\\n")
    c.writer.close("tls")
'''
TLS = [
    ("TLS 1.1", HELLO + "c.tls.min_version = 'TLSv1'; c.tls.max_version = "
     "'TLSv1.1'; c.tls.ciphers = 'ALL:@SECLEVEL=0'", 1, 0),
    ("no ALPN", HELLO + "c.tls.alpn = None", 1, 0),
    ("another name", HELLO + "c.tls.leaf(['example.com'], 5)", 1, 0),
    ("expired", HELLO + "c.tls.leaf(['localhost'], -5)", 1, 0),
    ("self-signed", HELLO + "c.tls.leaf(['localhost'], 5, signed_by='self')",
     1, 0),
    ("alert", HELLO + "c.tls.alert = 120", 1, 1),
    ("renegotiation", HELLO + "c.tls.max_version = 'TLSv1.2'"
     + WAIT % "renegotiation", 1, 0),
    ("CertificateRequest", WAIT % "client_certificate", 1, 0),
    ("KeyUpdate", WAIT % "key_update", 0, 0),
    ("HTTP/1.1 selected", HTTP1, 0, 1),
]


def client(mode, *rest, seconds=20.0, ca=None):
    """Runs a client for a list of URLs, the last argument, with the options
    before it.  Returns its exit status and standard error."""
    *options, urls = rest
    run = subprocess.run(
        [*PROGRAM, "--mode", mode, *options], stderr=subprocess.PIPE,
        env={**os.environ, "H2BAD_CA": ca or CA, "H2BAD_PLAN": json.dumps(
            {"name": "test", "urls": urls, "timeout_s": seconds})},
        check=False)
    return run.returncode, run.stderr.decode()


def taken(s, *options):
    """Runs a client.  Returns the script's note of its reaction, the client's
    exit status and its standard error."""
    before = len(noted(s))
    status, text = client(*options, [
        {"url": s.url("/quick.py")},
        {"url": s.url("/next"), "follow_up": True}], seconds=10.0)
    tap.wait_until(lambda: len(noted(s)) > before)
    return noted(s)[before:before + 1], status, text.strip()[-60:]


def rows(s):
    """Both clients meet each server of the tables."""
    for name, wrong, kind, code, rule in WRONG + PUSHES:
        s.set(SCRIPT.format(wrong=wrong))
        push = ["--push"] if "promise" in wrong else []
        said, status, text = taken(s, "good", *push)
        t.eq((said, status), ([[kind, code]], int(
            not push or kind == "goaway")), f"good: {name}: {text}")
        said, status, _ = taken(s, "naive", *push)
        t.eq([(each[0], status) for each in said], [("alive", 0)],
             f"naive: {name}")
        said, _, text = taken(s, "good", *push, "--without", rule)
        t.ok(said and said[0] != [kind, code],
             f"without {rule}: {name}: {text}", said)
    for name, legal in LEGAL:
        s.set(SCRIPT.format(wrong=legal))
        for mode in "good", "naive":
            said, status, _ = taken(s, mode)
            t.eq([(each[0], status) for each in said], [("alive", 0)],
                 f"{mode}: {name}")


def noted(s):
    """Returns all notes of the script so far."""
    return [json.loads(line.partition("NOTE ")[2].partition(" ")[2])
            for line in s.log().splitlines() if "NOTE " in line]


def handshakes(s):
    """Both clients meet each TLS server."""
    for name, script, *statuses in TLS:
        s.set(script)
        for mode, want in zip(("good", "naive"), statuses):
            before = len(noted(s))
            status, text = client(mode, [{"url": s.url("/quick.py")}],
                                  seconds=20.0 if not want else 3.0)
            if "note(" in script:
                tap.wait_until(lambda: len(noted(s)) > before)
            t.eq(status, want, f"{mode}: TLS: {name}: {text.strip()[-60:]}")
    t.ok(["PROTOCOL_ERROR", None, "PROTOCOL_ERROR", None, None, None]
         == [n for n in noted(s)[-6:]],
         "good: GOAWAY after renegotiation and CertificateRequest", noted(s))


def noise():
    """Random octets come: no client raises an exception, and naive
    accepts them all."""
    for kept in RULES, NAIVE:
        left = 0
        for seed in range(150):
            random.seed(seed)
            rules = Rules(kept)
            engine = http2.Engine(rules, allow_push=seed % 2 == 0)
            for kind in None, "websocket", "connect":
                engine.open(Exchange(rules, {
                    "url": "https://localhost/", "kind": kind,
                    "body_size": 100000}))
            engine.receive(http2.frame(http2.SETTINGS, 0, 0))
            for i in range(60):
                octets = bytes(random.randrange(256) for _ in range(12))
                engine.receive(octets if seed % 9 == 8 else http2.frame(
                    random.choice([*range(10), 0, 1, 1, 9, 16, 99]),
                    random.choice([0, 1, 4, 5, 12, 45, 255]),
                    random.choice([0, 0, 1, 1, 3, 5, 2, 4, 99]),
                    random.choice([b"\x88", b"\x88\x5c\x011", bytes(4), b"",
                                   bytes(8), b"\0\4\0\0\0\1", octets])))
                engine.produce(float(i), 0)
            left += bool(engine.dead)
            engine.closed("FIN")
        t.eq(left > 0, kept is RULES, f"noise: {left} connection errors")


def tried(s, mode, urls, least, seconds=2.0):
    """Runs a client.  Returns its exit status and the number of new
    notes.  Runs it again with more time, for a slow machine, if those are
    less than `least`."""
    for limit in seconds, 20 * seconds:
        before = len(noted(s))
        status = client(mode, urls, seconds=limit)[0]
        if tap.wait_until(lambda: len(noted(s)) - before >= least, 5):
            break
    return status, len(noted(s)) - before


def limits(s):
    """The limits of windows and streams are kept by good and not by naive."""
    s.set('''
def handle_connect(connection):
    connection.settings = [("MAX_CONCURRENT_STREAMS", 1),
                           ("INITIAL_WINDOW_SIZE", 1000)]
def handle_violation(error, connection):
    note(error.name)
''')
    # A client that has a response has the settings and has acknowledged them.
    three = [{"url": s.url("/quick.py")}] + [
        {"url": s.url(f"/quick.py?{i}"), "method": "POST", "parallel": 1,
         "body_size": 2000} for i in range(3)]
    before = len(noted(s))
    t.eq(client("good", three)[0], 0, "good: three uploads, one at a time")
    t.eq(noted(s)[before:], [], "good: no rule was broken")
    n = tried(s, "naive", three, 1)[1]
    t.ok(n > 0, "naive: a rule was broken", n)


def retries(s):
    """REFUSED_STREAM comes again and again; a POST may have been processed."""
    s.set('''
def handle_accept(connection):
    connection.automatic.discard("requests")
def main(connection):
    while True:
        s = connection.wait("HEADERS", timeout=30).stream_id
        note("request")
        connection.writer.write_raw_frame("RST_STREAM", 0, s, b"\\0\\0\\0\\7")
''')
    for mode, least, most in (("good", 2, 5), ("naive", 21, 10000)):
        status, n = tried(s, mode, [{"url": s.url("/quick.py")}], least, 4.0)
        t.ok(status == 1 and least <= n <= most,
             f"{mode}: between {least} and {most} attempts", n)
    s.set('''
def handle_accept(connection):
    connection.automatic.discard("requests")
def main(connection):
    connection.wait("HEADERS", timeout=30)
    note("POST")
    connection.writer.close("tls")
''')
    for mode, times in (("good", [1]), ("naive", range(2, 1000))):
        n = tried(s, mode, [{"url": s.url("/quick.py"), "method": "POST",
                             "body": "x"}], times[0])[1]
        t.ok(n in times,
             f"{mode}: POST that was lost", n)


def plans(s):
    """Everything that a plan can contain."""
    s.set("def handle_accept(connection): pass\n")
    url = s.url("/quick.py")
    many = [{"url": url, "method": "POST", "body_size": 300000},
            {"url": url, "method": "HEAD"},
            {"url": url, "method": "POST", "body": "x", "slow": True,
             "headers": [["expect", "100-continue"]]},
            {"url": url, "method": "POST", "body_size": 100000,
             "cancel_after": 1000},
            {"url": url, "method": "POST", "body_size": 100000,
             "pause_after": 1000, "pause_seconds": 0.1}]
    many += [{"url": url, "parallel": 7} for _ in range(4)]
    for mode in "good", "naive":
        if mode == "naive":             # no DATA over 16,384 octets
            many = [{**each, "body_size": min(each.get("body_size", 9), 60000)}
                    for each in many]
        t.eq(client(mode, many), (0, ""),
             f"{mode}: methods, bodies, parallel requests")
    other = url.replace("localhost", "other.localhost")
    t.eq(client("good", [{"url": url}, {"url": other}])[0], 0,
         "good: another name of this machine")
    t.eq(client("crash", [{"url": url, "method": "POST", "body": "x"}])[0],
         -6, "crash: SIGABRT on DATA")
    for plan, options, said in (
            ([], [], "no URL"), ([{"url": "ftp://x/"}], [], "ftp"),
            ([{"url": url}], ["--without", "x"], "named x")):
        status, text = client("good", *options, plan)
        t.ok(status == 64 and said in text, f"usage: {said}", (status, text))


def certificates(s):
    """The server's certificate is of a CA that the client does not know."""
    with tempfile.NamedTemporaryFile() as other, Server(
            s.root, "--ca-out", other.name):
        for mode, want in (("good", 1), ("naive", 0)):
            status, text = client(mode, [{"url": s.url("/quick.py")}],
                                  ca=other.name)
            t.eq(status, want, f"{mode}: unknown CA: {text.strip()[-60:]}")


def hangs(s):
    """In the mode hang, a client does nothing more until it is killed."""
    s.set('''
def main(connection):
    connection.wait("HEADERS", timeout=30)
    note(connection.reaction(timeout=0.5).kind)
''')
    before = len(noted(s))
    with subprocess.Popen(
            [*PROGRAM, "--mode", "hang", s.url("/quick.py")],
            env={**os.environ, "H2BAD_CA": CA}) as process:
        t.ok(tap.wait_until(lambda: len(noted(s)) > before)
             and noted(s)[before:] == ["silent"], "hang: is silent")
        process.terminate()
        t.eq(process.poll(), None, "hang: does not end on SIGTERM")
        process.kill()


with tempfile.TemporaryDirectory(prefix="h2rig-selfclient-") as directory:
    CA = os.path.join(directory, "ca.pem")
    with Scripted("--ca-out", CA) as server:
        server.host = "localhost"
        for each in (rows, handshakes, limits, retries, plans, certificates,
                     hangs):
            each(server)
noise()
t.done()
