#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests WebSockets over HTTP/2 (RFC 8441): the handshake, flow control,
where handlers are found, stopping, python3-wsproto and Chromium.
wsmessages.t tests messages."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client, INITIAL_WINDOW_SIZE               # noqa: E402
from server import SCRIPTS, Server, program                     # noqa: E402
from wsclient import (BINARY, CANCEL, DEFLATE,                  # noqa: E402
                      ENABLE_CONNECT_PROTOCOL, TEXT, VERSION, WS, Socket,
                      close_frame, frame)

t = tap.Tap()


# ---- the handshake

# (path, fields or None for no version, status, response fields).
REFUSED = [
    ("/none", [], 404, []),
    ("/echo/", [], 404, []),
    ("/echo_wsh", [], 404, []),
    ("/echo_wsh.py", [], 404, []),
    ("/../ws-scripts/echo", [], 404, []),
    ("/%2e%2e/ws-scripts/echo", [], 404, []),
    ("/echo%00", [], 404, []),
    ("/note", [], 404, []),
    ("/half", [], 500, []),
    ("/syntax", [], 500, []),
    ("/echo", None, 400, []),
    ("/echo", [("sec-websocket-version", "8")], 400,
     [("sec-websocket-version", "13")]),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a;=")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a;")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a=1")], 400, []),
    ("/echo", [VERSION, ("sec-websocket-extensions", "a b")], 400, []),
    ("/handshake?status", [], 401, []),
    ("/handshake?default", [], 400, []),
    ("/handshake?version", [], 400, [("sec-websocket-version", "8, 13")]),
    ("/handshake?error", [], 403, []),
    ("/handshake?header", [], 500, []),
    ("/handshake?literal", [], 401, [("www-authenticate",
                                      'Basic realm="x"')]),
    ("/handshake?none", [VERSION, ("sec-websocket-protocol", "p")], 400, []),
    ("/handshake?unasked", [], 400, []),
    ("/handshake?begun", [], 404, [("x-a", "1")]),
    ("/handshake?switch", [], 200, [("sec-websocket-protocol", "by hand")]),
]

# (offers, response).
OFFERS = [
    (None, None),
    ("permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits", "permessage-deflate"),
    ("x-unknown, permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits=10; "
     "server_max_window_bits=9",
     "permessage-deflate; server_max_window_bits=9; "
     "client_max_window_bits=10"),
    ("permessage-deflate; server_no_context_takeover; "
     "client_no_context_takeover",
     "permessage-deflate; server_no_context_takeover; "
     "client_no_context_takeover"),
    ('permessage-deflate; server_max_window_bits="10"',
     "permessage-deflate; server_max_window_bits=10"),
    ("permessage-deflate; client_max_window_bits=8", "permessage-deflate"),
    ("permessage-deflate; server_max_window_bits=8", None),
    ("permessage-deflate; server_max_window_bits", None),
    ("permessage-deflate; server_max_window_bits=16", None),
    ("permessage-deflate; server_max_window_bits=+9", None),
    ("permessage-deflate; client_no_context_takeover=1", None),
    ("permessage-deflate; x=1, permessage-deflate", "permessage-deflate"),
    ("permessage-deflate; client_max_window_bits=9; "
     "client_max_window_bits=9", None),
    ("x-webkit-deflate-frame", None),
]


def handshake(s):
    """The responses to CONNECT."""
    with Client(s.port) as c:
        w = Socket(c, "/echo", ("sec-websocket-protocol", "chat, echo"))
        t.eq(c.settings.get(ENABLE_CONNECT_PROTOCOL), 1,
             "SETTINGS_ENABLE_CONNECT_PROTOCOL is 1")
        t.eq((w.x.status, w.x.headers, w.x.ended),
             (200, [("sec-websocket-protocol", "echo")], False),
             "200 with the protocol chosen, and no more")
        w = Socket(c, "/echo", ("sec-websocket-protocol", "chat"))
        t.eq(w.x.status, 400, "of those offered the handler has to choose one")
        t.eq(Socket(c, "/echo").x.headers, [], "none offered, none chosen")
        t.eq(Socket(c, "/handshake?other").x.status, 202,
             "the status that the handler sets")
        for path, fields, status, want in REFUSED:
            version, *more = fields or [VERSION]
            w = Socket(c, path, *more,
                       version=None if fields is None else version)
            c.wait_for(lambda: w.x.done)
            got = [f for f in w.x.headers
                   if f[0] not in ("content-type", "content-length")]
            t.eq((w.x.status, got, w.x.ended), (status, want, True),
                 f"refused: {path} {fields}")
        for how in "abort", "garbage":
            w = Socket(c, "/handshake?" + how)
            c.wait_for(lambda: w.x.done)
            t.eq((w.x.status, w.x.reset), (None, CANCEL),
                 f"{how} before the handshake: RST_STREAM with CANCEL")
        w = Socket(c, "/handshake?literal")
        c.wait_for(lambda: w.x.done)
        t.eq(w.x.body, b"who?", "the content of an answer by hand")
        x = c.request("/echo", method="CONNECT", body=b"", headers=[
            (":protocol", "websockets"), VERSION])
        c.wait_for(lambda: x.done)
        t.eq(x.status, 404, "another :protocol is none")
        x = c.request("/quick.py", method="CONNECT", body=b"",
                      headers=[(":protocol", "connect-udp")])
        c.wait_for(lambda: x.done)
        t.eq(x.status, 200, "another :protocol is like any method to a route")
        t.eq(c.fetch("/quick.py", body=b"beside").body, b"beside",
             "requests on the same connection go on")
    t.ok(s.wait_log("ValueError: Unacceptable origin: 'https://example.test'"),
         "the log has the traceback of a refusal by exception")
    t.ok(re.search(r"stream \d+, /half, .*no web_socket_transfer_data",
                   s.log()), "and what a script lacks")


def negotiate(s):
    """The parameters of permessage-deflate (RFC 7692 §7)."""
    with Client(s.port) as c:
        for offer, want in OFFERS:
            w = Socket(c, "/echo", *(
                [("sec-websocket-extensions", offer)] if offer else []))
            t.eq((w.x.status, w.x.header("sec-websocket-extensions")),
                 (200, want), f"offer: {offer}")
        offer = ("sec-websocket-extensions",
                 "permessage-deflate; client_max_window_bits")
        for how, want in (
                ("none", None), ("window", "permessage-deflate; "
                                 "client_no_context_takeover; "
                                 "client_max_window_bits=10")):
            w = Socket(c, "/handshake?" + how, offer)
            t.eq(w.x.header("sec-websocket-extensions"), want,
                 f"a handler's say: {how}")
        w = Socket(c, "/handshake?window",
                   ("sec-websocket-extensions", DEFLATE))
        t.eq(w.x.header("sec-websocket-extensions"),
             "permessage-deflate; client_no_context_takeover",
             "no window is asked of a client that has not offered it")
        w = Socket(c, "/handshake?protocol",
                   ("sec-websocket-protocol", "a , b"),
                   ("sec-websocket-protocol", "c"))
        t.eq(w.x.header("sec-websocket-protocol"), "c",
             "protocols in several fields")


# ---- flow control, and where handlers are

def flow(s):
    """Flow-control credit, and handlers that run at the same time."""
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1000},
                auto_window=False) as c:
        a, b = Socket(c, "/echo"), Socket(c, "/echo")
        a.send(frame(BINARY, bytes(5000)))
        c.wait_for(lambda: len(a.x.body) == 1000)
        b.send(frame(TEXT, b"beside"))
        t.eq(b.get(1), [(0x81, b"beside")],
             "one that waits for window keeps no other")
        c.window_update(a.x.sid, 10000)
        t.eq(a.get(1), [(0x82, bytes(5000))], "and goes on when it comes")
        c.window_update(0, 1 << 20)
        for w in b, Socket(c, "/ends?writes"):
            left = w.x.credit - 80000
            w.send(frame(BINARY, bytes(81000))[:16000], *[bytes(16000)] * 4)
            c.ping()
            if w is b:
                t.ok(c.wait_for(lambda: w.x.credit > left),
                     "the credit of what is read is given back", left)
        t.eq(w.x.credit, left, "that of what nobody reads is not")
        c.reset(w.x.sid)
        c.fetch("/note.py?set=client+has+left")
    with Server(SCRIPTS, "--ws-docroot", WS, "--max-message", "100000",
                "--run-limit", "1") as small:
        with Client(small.port) as c:
            big = bytes(200000)
            out = zlib.compressobj(wbits=-15)
            bomb = out.compress(big) + out.flush(zlib.Z_SYNC_FLUSH)[:-4]
            w = Socket(c, "/echo", ("sec-websocket-extensions", DEFLATE))
            w.send(frame(BINARY, bomb, rsv=4))
            t.eq(w.finish(1), ([close_frame(1009)], True),
                 "a message above --max-message: 1009")
            # Each character is two octets.
            w = Socket(c, "/echo").send(frame(TEXT, b"\xc3\xa9" * 50000))
            t.eq(len(w.get(1)[0][1]), 100000, "as many octets of text pass")
            w.send(frame(TEXT, b"\xc3\xa9" * 50001))
            t.eq(w.finish(2)[0][1:], [close_frame(1009)],
                 "octets of text are counted, not characters")
            w = Socket(c, "/echo")
            w.send(frame(BINARY, b"", False),
                   *[frame(0, b"", False) * 2000] * 33)
            t.eq(w.finish(1), ([close_frame(1009)], True),
                 "fragments are counted too")
            c.fetch("/quick.py")
            w = Socket(c, "/echo")
            x = c.fetch("/limit.py?how=loop")     # until its time limit
            w.send(frame(TEXT, b"still here"))
            t.eq(w.get(1), [(0x81, b"still here")],
                 "no run-time limit for a WebSocket")
            t.ok(x.status or x.reset is not None, "while there is for others",
                 x)
    with Client(s.port) as c, Client(s.port) as d:
        key = "7d3e1c52-9c07-4bd3-8d0c-7f8b8e0d4c11"
        w = Socket(c, "/stash").send(frame(TEXT, b"put %s there"
                                           % key.encode()))
        w.get(1)
        w = Socket(d, "/stash").send(frame(TEXT, b"take " + key.encode()))
        t.eq(w.get(1), [(0x81, b"there")], "request.server.stash")


def default_root(s_dir):
    """Without --ws-docroot, handlers are in the document
    root, and may change."""
    root = os.path.join(s_dir, "root")
    shutil.copytree(WS, root)
    os.symlink("/etc", os.path.join(root, "out"))
    shutil.copy(os.path.join(WS, "echo_wsh.py"),
                os.path.join(s_dir, "outside_wsh.py"))
    os.symlink(os.path.join(s_dir, "outside_wsh.py"),
               os.path.join(root, "link_wsh.py"))
    with Server(root, "--cleartext") as s, Client(s.port, tls=False) as c:
        w = Socket(c, "/echo").send(frame(TEXT, b"here"))
        t.eq(w.get(1), [(0x81, b"here")], "handlers in the document root")
        t.eq(Socket(c, "/link").x.status, 404, "a link that leaves it: 404")
        with open(os.path.join(root, "echo_wsh.py"), "w") as f:
            f.write("def web_socket_do_extra_handshake(request):\n    pass\n"
                    "def web_socket_transfer_data(request):\n"
                    "    request.ws_stream.send_message('new')\n")
        t.eq(Socket(c, "/echo").get(1)[0], (0x81, b"new"),
             "a script that has changed is read again")
        with open(os.path.join(root, "echo_wsh.py"), "a") as f:
            f.write("def web_socket_passive_closing_handshak(request):\n"
                    "    pass\n")
        for _ in range(2):
            t.eq(Socket(c, "/echo").get(1)[0], (0x81, b"new"), "it goes on")
        s.wait_log("passive_closing_handshak ")
        t.eq(s.log().count("line 5: web_socket_passive_closing_handshak is "
                           "never called; did you mean web_socket_passive_"
                           "closing_handshake?"), 1, "a misspelt name")
        x = c.fetch("/echo_wsh.py")
        t.ok(x.status == 500 and b"/echo_wsh.py; it is a WebSocket script, "
             b"for an extended CONNECT of /echo\"" in x.body,
             "a request for a WebSocket script", x.body)
        t.ok(Socket(c, "/echo_wsh.py").x.status == 404 and s.wait_log(
            "warn: .*CONNECT /echo_wsh.py: Not Found: the URL of a WebSocket "
            "script is that of its file without _wsh.py, /echo$"),
            "a handshake for the file's name")
    namesakes(root)


def namesakes(root):
    """The document root has modules with the names of modules that h2rig
    imports: h2rig does not import those."""
    mark = os.path.join(root, "mark")
    for name in ("wsproto.py", "h11.py"):
        with open(os.path.join(root, name), "w") as f:
            f.write("open(%r, 'w').close()\n" % mark)
    def look(c, label):
        t.eq((Socket(c, "/echo").get(1)[:1], os.path.exists(mark)),
             ([(0x81, b"new")], False), label)

    with Server(root, "--cleartext") as s, Client(s.port, tls=False) as c:
        look(c, "namesakes of wsproto are not taken")
    # With --inetd, h2rig imports nothing ahead of the first WebSocket.
    with socket.create_server(("127.0.0.1", 0)) as listener, \
            Client(listener.getsockname()[1], tls=False) as c:
        with listener.accept()[0] as conn:
            p = subprocess.Popen([program(), "--inetd", "--cleartext", root],
                                 stdin=conn, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        look(c, "nor with --inetd")
        c.leave()
        t.eq(p.wait(tap.scaled(60)), 0, "which ends as usual")


NO_WSPROTO = """
import sys
sys.modules["wsproto"] = None
sys.path.insert(0, %r)
import fake
fake.configure()
s = fake.serve(fake.headers("CONNECT", "/echo", [
    (b":protocol", b"websocket"), (b"sec-websocket-version", b"13")], False))
print(s.sent[0][:2], fake.logged("error"))
fake.shutdown()
"""


def absent():
    """wsproto is not installed."""
    p = subprocess.run([sys.executable, "-c", NO_WSPROTO % os.path.join(
        HERE, "python")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out = p.stdout.decode()
    t.ok("(b':status', b'501')" in out and "python3-wsproto" in out,
         "without wsproto: 501 and an error in the log that names it", out)


def stopping():
    """Handlers wait for their client when the server stops."""
    with Server(SCRIPTS, "--ws-docroot", WS, "--grace", "600") as s, \
            Client(s.port) as c:
        waits, reads = Socket(c, "/ends?waits"), Socket(c, "/ends?reads")
        t.eq((waits.get(1), reads.get(1)),
             ([(0x81, b"I wait")], [(0x81, b"I read")]), "they wait")
        os.kill(s.pid, signal.SIGTERM)
        t.eq(waits.finish(2), ([(0x81, b"I wait"), close_frame(1001)], True),
             "TERM: the client is told 1001")
        t.eq(reads.finish(1), ([(0x81, b"I read")], True),
             "... and one that reads octets by itself ends")
        t.ok(s.wait_log("told: stream 1: the server is stopping"),
             "the handler is told")
        t.ok(tap.wait_until(lambda: not s.alive()),
             "and the server waits for no grace time")


# ---- peers

def peer(s):
    """python3-h2 with the frames of python3-wsproto."""
    try:
        import wspeer
    except ImportError as e:
        return t.skip("python3-h2 and python3-wsproto", e)
    return t.eq(wspeer.talk(s.port), [
        DEFLATE, "h\u00e9llo", True, ["PONG", b"are you there"],
        ["CLOSE", (1000, "")]], "python3-h2 and python3-wsproto talk to it")


WANT = [
    ("first", "h2"),
    ("text", "h\u00e9llo"),
    ("protocol", ["echo", "chat"]),
    ("deflate", DEFLATE),
    ("binary", [70000, True]),
    ("fragments", ["one two three", 2]),
    ("close", [3001, "by the server", True]),
    ("passive", [3002, "r\u00e9", True]),
    ("refused", [1006, False]),
    ("connection", True),
    ("upload", "olleh\nEnd of File"),
]


def chromium(s):
    """Chromium uses WebSockets and fetch() on one connection."""
    exe = browser.find()
    if exe is None:
        return t.skip("Chromium", "no Chromium")
    results, detail = browser.run(exe, s.url("/websocket.html"))
    if not t.ok(results, "Chromium: the page's script ran",
                detail + s.log()[-2000:]):
        return None
    for name, want in WANT:
        t.eq(results.get(name), want, f"Chromium: {name}")
    t.eq(sorted(results), sorted(n for n, _ in WANT), "all are looked at")
    return None


if subprocess.run([sys.executable, "-c", "import wsproto"],
                  stderr=subprocess.DEVNULL).returncode:
    absent()
    t.skip("WebSockets", "no python3-wsproto")
    t.done()
with Server(SCRIPTS, "--ws-docroot", WS, "--log-level", "debug") as server:
    for part in (handshake, negotiate, flow, peer, chromium):
        part(server)
    stopping()
    default_root(server.dir)
absent()
t.done()
