#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests with real clients: curl, nghttp, python3-h2, python3-httpx, Node.
Clients that are not installed show as skipped."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
SIZE = 1 << 20

NODE = """
const http2 = require('http2');
const c = http2.connect(process.argv[1], { rejectUnauthorized: false });
const get = (headers, body) => new Promise((done, fail) => {
  const s = c.request(headers);
  const got = { status: 0, early: 0, body: '', trailers: null };
  s.on('headers', h => { got.early = h[':status']; });
  s.on('response', h => { got.status = h[':status']; });
  s.on('trailers', h => { got.trailers = h['x-sum']; });
  s.on('data', d => { got.body += d; });
  s.on('end', () => done(got));
  s.on('error', fail);
  s.end(body);
});
Promise.all([
  get({ ':path': '/reverse.py', ':method': 'POST', test: 'pass' }, 'hello'),
  get({ ':path': '/later.py?case=informational' }),
  get({ ':path': '/later.py?case=trailers' }),
  get({ ':path': '/quick.py', ':method': 'POST' }, 'x'.repeat(1 << 20))
    .then(r => ({ ...r, body: r.body.length })),
]).then(r => { console.log(JSON.stringify(r)); c.close(); },
        e => { console.log(JSON.stringify(String(e))); process.exit(1); });
"""


def run(*argv):
    """Returns the exit status and output of a command."""
    p = subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                       stderr=subprocess.PIPE, timeout=tap.scaled(60))
    return p.returncode, p.stdout


def curl(s, tls):
    """curl: several requests on one connection."""
    exe = shutil.which("curl")
    about = run(exe, "--version")[1] if exe else b""
    if exe is None or b"HTTP2" not in about:
        return t.skip("curl", "no curl with HTTP/2")
    version = tuple(map(int, about.split()[1].split(b".")[:2]))
    how = ["--http2", "-k"] if tls else ["--http2-prior-knowledge"]
    name = "curl" if tls else "curl, cleartext"
    base = [exe, *how, "-s", "--max-time", str(tap.scaled(50))]
    t.eq(run(*base, s.url("/quick.py")), (0, b"quick"), f"{name}: GET")
    t.eq(run(*base, "-I", s.url("/forms.py?case=triple"))[1].split(),
         [b"HTTP/2", b"404", b"x-three:", b"3"], f"{name}: HEAD")
    if version < (7, 88):
        t.skip(f"{name}: trailers", "curl 7.74 loses them")
    else:
        t.eq(run(*base, "-i", s.url("/later.py?case=trailers"))[1].split(),
             [b"HTTP/2", b"200", b"x-first:", b"1", b"bodyx-sum:", b"42"],
             f"{name}: trailers")
    with tempfile.TemporaryDirectory() as tmp:
        path = os.path.join(tmp, "body")
        body = os.urandom(SIZE)
        with open(path, "wb") as f:
            f.write(body)
        t.ok(run(*base, "-T", path, s.url("/quick.py")) == (0, body),
             f"{name}: 1 MiB PUT comes back")
        t.ok(run(*base, "-T", "-", s.url("/quick.py"))[0] == 0,
             f"{name}: PUT of unknown length")
    t.eq(run(*base, s.url("/errors.py?case=main-started"))[0], 92,
         f"{name}: a reset stream is an error, not a short answer")
    if not tls:                             # curl 7.88 loses some of them
        return
    urls = [s.url(f"/forms.py?case={case}") for case in
            ("text", "pair", "iterable", "generator", "file")] * 4
    status, out = run(*base, "-w", "%{num_connects} ", "-Z",
                      "--parallel-max", "20", *urls)
    t.ok(status == 0 and out.count(b"from a file") == 4
         and out.count(b"text") == 4, f"{name}: 20 in parallel", out)


def nghttp(s):
    """nghttp, which checks strictly what it gets."""
    exe = shutil.which("nghttp")
    if exe is None:
        return t.skip("nghttp", "no nghttp")
    t.eq(run(exe, s.url("/quick.py")), (0, b"quick"), "nghttp: GET")
    out = run(exe, "-w", "14", "-W", "14", s.url(f"/big.py?size={SIZE}"))[1]
    t.eq((len(out), out[-8:]), (SIZE, b"001ffff\n"),
         "nghttp: 1 MiB into windows of 16 KiB")
    out = run(exe, "-v", "-n", "--no-dep",
              s.url("/checked.py?case=push"))[1].decode()
    t.ok("recv PUSH_PROMISE" in out and "x-pushed: 1" in out,
         "nghttp: push", out)
    out = run(exe, "-n", "-v", "--no-dep", "-m", "50",
              s.url("/quick.py"))[1].decode()
    t.eq(out.count(":status: 200"), 50, "nghttp: 50 requests")


def state_machine(s):
    """python3-h2, which checks each frame against its own state."""
    try:
        import h2.config
        import h2.connection
        import h2.events
    except ImportError:
        return t.skip("python3-h2", "not installed")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    raw = socket.create_connection((s.host, s.port), tap.scaled(30))
    sock = context.wrap_socket(raw, server_hostname="localhost")
    t.eq(sock.selected_alpn_protocol(), "h2", "h2: ALPN")
    c = h2.connection.H2Connection(h2.config.H2Configuration(
        client_side=True, header_encoding="utf-8"))
    c.initiate_connection()
    for i, path in enumerate(["/later.py?case=informational", "/quick.py",
                              "/later.py?case=trailers",
                              "/checked.py?case=push", "/big.py?size=200000"]):
        c.send_headers(2 * i + 1, [
            (":method", "GET"), (":scheme", "https"), (":path", path),
            (":authority", f"localhost:{s.port}")], end_stream=True)
    events, ended, bodies = [], set(), {}
    while len(ended) < 6:
        sock.sendall(c.data_to_send())
        octets = sock.recv(65536)
        if not octets:
            break
        for e in c.receive_data(octets):
            events.append(type(e).__name__)
            if isinstance(e, h2.events.DataReceived):
                bodies[e.stream_id] = bodies.get(e.stream_id, b"") + e.data
                c.acknowledge_received_data(e.flow_controlled_length,
                                            e.stream_id)
            elif isinstance(e, h2.events.StreamEnded):
                ended.add(e.stream_id)
    sock.close()
    t.eq(sorted(ended), [1, 2, 3, 5, 7, 9], "h2: all streams end")
    t.eq({k: len(v) if k == 9 else v for k, v in bodies.items() if v},
         {1: b"after 103", 2: b"pushed", 3: b"quick", 5: b"body", 9: 200000},
         "h2: bodies")
    t.eq([events.count(n) for n in (
        "InformationalResponseReceived", "ResponseReceived",
        "TrailersReceived", "PushedStreamReceived", "StreamReset",
        "ConnectionTerminated")], [2, 6, 1, 1, 0, 0], "h2: events")


def httpx(s):
    """python3-httpx with HTTP/2."""
    try:
        import httpx as x
        import h2                                       # noqa: F401
    except ImportError:
        return t.skip("python3-httpx", "not installed")
    with x.Client(http2=True, verify=False, timeout=tap.scaled(30),
                  trust_env=False) as c:
        r = c.get(s.url("/forms.py?case=triple"))
        t.eq((r.http_version, r.status_code, r.headers["x-three"], r.content),
             ("HTTP/2", 404, "3", b"triple"), "httpx: GET")
        body = os.urandom(SIZE)
        r = c.post(s.url("/quick.py"), content=body)
        t.ok(r.content == body, "httpx: 1 MiB POST comes back")
        r = c.post(s.url("/reverse.py"), content=b"hello",
                   headers={"test": "fail"})
        t.eq((r.status_code, r.content), (403, b""), "httpx: 403")


def node(s):
    """Node's http2 module."""
    exe = shutil.which("node")
    if exe is None:
        return t.skip("node", "no node")
    status, out = run(exe, "-e", NODE, s.url(""))
    got = json.loads(out or b"null")
    none = {"early": 0, "trailers": None}
    t.eq((status, got), (0, [
        {**none, "status": 200, "body": "olleh\nEnd of File"},
        {**none, "status": 200, "body": "after 103", "early": 102},
        {**none, "status": 200, "body": "body", "trailers": "42"},
        {**none, "status": 200, "body": SIZE}]), "node: four at once")


with Server(SCRIPTS) as server:
    curl(server, tls=True)
    nghttp(server)
    state_machine(server)
    httpx(server)
    node(server)
with Server(SCRIPTS, "--cleartext") as server:
    curl(server, tls=False)
t.done()
