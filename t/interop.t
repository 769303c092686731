#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests interoperation with other HTTP/2 implementations: nghttp, h2load,
curl, python3-h2 and Node.  It goes on where clients.t ends: pages, uploads,
100 streams, trailers in both directions, 103, over TLS and in cleartext.
Clients that are not installed show as # SKIP."""
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
from typing import Any, Dict, List, Optional, Tuple

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "lib"))
import tap                                                      # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
SIZE = 1 << 20
EARLY = "/later.py?case=informational"
TRAILERS = "/later.py?case=trailers"
ECHO = "/later.py?case=echo_trailers"

NODE = """
const http2 = require('http2');
const c = http2.connect(process.argv[1], { rejectUnauthorized: false });
const get = (headers, body, trailers) => new Promise((done, fail) => {
  const s = c.request(headers,
                      { endStream: false, waitForTrailers: trailers });
  const got = { status: 0, early: [], length: 0, body: '', trailers: null };
  s.on('wantTrailers', () => s.sendTrailers(trailers));
  s.on('headers', h => { got.early.push(h[':status']); });
  s.on('response', h => { got.status = h[':status']; });
  s.on('trailers', h => { got.trailers = h['x-sum']; });
  s.on('data', d => {
    got.length += d.length;
    if (got.length < 100) got.body += d;
  });
  s.on('end', () => done(got));
  s.on('error', fail);
  s.end(body);
});
const pushed = [];
c.on('stream', s => { s.on('data', d => pushed.push(String(d))); });
const all = (n, f) => Promise.all(Array.from({ length: n }, (_, i) => f(i)));
(async () => {
  await new Promise(done => c.once('remoteSettings', done));
  const out = { settings: c.remoteSettings.enableConnectProtocol };
  out.page = await get({ ':path': '/page.html' });
  out.early = await get({ ':path': '%EARLY%' });
  out.trailers = await get({ ':path': '%TRAILERS%' });
  out.echo = await get({ ':path': '%ECHO%', ':method': 'POST' }, 'x',
                       { 'x-sum': 'sent' });
  out.many = await all(100, i => get(
      { ':path': '/quick.py', ':method': 'POST' }, 'y'.repeat(1000 + i)));
  out.large = await get({ ':path': '/big.py?size=3000000' });
  out.ping = await new Promise(done => c.ping(e => done(e)));
  await get({ ':path': '/checked.py?case=push' });
  out.pushed = pushed;
  c.destroy();
  console.log(JSON.stringify(out));
})().catch(e => { console.log(JSON.stringify(String(e))); process.exit(1); });
"""


def run(*argv: str) -> Tuple[int, bytes]:
    """Returns the exit status and output of a command."""
    p = subprocess.run(argv, stdout=subprocess.PIPE, check=False,
                       stderr=subprocess.DEVNULL, timeout=tap.scaled(120))
    return p.returncode, p.stdout


def found(name: str) -> Optional[str]:
    """Returns the path of a program, or None after a skipped test."""
    path = shutil.which(name)
    if path is None:
        t.skip(name, f"no {name}")
    return path


def transport(s: Server) -> str:
    """Returns the name of a server's transport, for names of tests."""
    return "TLS" if s.scheme == "https" else "cleartext"


def page() -> bytes:
    """Returns the octets of the test page."""
    with open(os.path.join(SCRIPTS, "page.html"), "rb") as f:
        return f.read()


# ---- programs

def nghttp(s: Server, upload: str) -> None:
    """nghttp: each change of a request that its options allow."""
    exe = found("nghttp")
    if exe is None:
        return
    name = f"nghttp, {transport(s)}"
    t.eq(run(exe, s.url("/page.html")), (0, page()), f"{name}: a page")
    with open(upload, "rb") as f:
        content = f.read()
    t.ok(run(exe, "-d", upload, s.url("/quick.py")) == (0, content),
         f"{name}: 1 MiB comes back")
    out = run(exe, "-nv", s.url(EARLY))[1].decode()
    t.eq(re.findall(r":status: (\d+)", out), ["103", "102", "200"],
         f"{name}: 103")
    out = run(exe, "-nv", s.url(TRAILERS))[1].decode()
    t.ok("x-sum: 42" in out and "Trailer" not in out, f"{name}: trailers", out)
    t.eq(run(exe, "-d", upload, "--trailer", "x-sum: sent", s.url(ECHO)),
         (0, b"sent"), f"{name}: trailers of a request")
    out = run(exe, "-nv", "-m", "100", s.url("/quick.py"))[1].decode()
    t.eq((out.count(":status: 200"), out.count("recv RST_STREAM"),
          out.count("recv GOAWAY")), (100, 0, 0), f"{name}: 100 streams")
    t.eq(run(exe, "--continuation", "-b", "255", "-w", "1", "-W", "1",
             "--no-dep", s.url("/quick.py")), (0, b"quick"),
         f"{name}: CONTINUATION, padding, windows of an octet")
    t.ok(len(run(exe, "--max-concurrent-streams=1", "-c", "0",
                 s.url("/big.py?size=100000"))[1]) == 100000,
         f"{name}: without a dynamic table")


def h2load(s: Server, upload: str) -> None:
    """h2load: many requests, each of which must get the right response."""
    exe = found("h2load")
    if exe is None:
        return

    def load(what: str, want: int, *argv: str) -> None:
        out = run(exe, *argv)[1].decode()
        counts = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored",
                           out)
        t.eq(counts and [int(n) for n in counts.groups()], [want, 0, 0],
             f"h2load, {transport(s)}: {what}")
    load("2000 requests, 100 streams on each of 4 connections", 2000,
         "-n", "2000", "-c", "4", "-m", "100", s.url("/quick.py"))
    load("100 uploads of 1 MiB", 100, "-n", "100", "-c", "2", "-m", "10",
         "-d", upload, s.url("/body.py"))
    load("windows of 1 KiB", 100, "-n", "100", "-c", "1", "-m", "100",
         "-w", "10", "-W", "10", s.url("/big.py?size=20000"))


def curl(s: Server, upload: str) -> None:
    """curl: 103, a form, many transfers at the same time."""
    exe = found("curl")
    if exe is None:
        return
    if b"HTTP2" not in run(exe, "--version")[1]:
        return t.skip("curl", "no curl with HTTP/2")
    name = f"curl, {transport(s)}"
    how = ["--http2", "-k"] if s.scheme == "https" else [
        "--http2-prior-knowledge"]
    base = [exe, *how, "-s", "--max-time", str(tap.scaled(100))]
    t.eq(run(*base, s.url("/page.html")), (0, page()), f"{name}: a page")
    out = run(*base, "-i", s.url(EARLY))[1].decode()
    t.eq(re.findall(r"^HTTP/2 (\d+)", out, re.M), ["103", "102", "200"],
         f"{name}: 103")
    out = run(*base, "-F", f"file=@{upload}", s.url("/body.py"))[1]
    got = json.loads(out)
    t.ok(got["length"] > SIZE and str(got["length"]) ==
         got["content-length"], f"{name}: a form with a file", got)
    if s.scheme == "http":                  # curl 7.88 loses some of them
        return
    urls = [s.url(f"/big.py?size={10000 + i}") for i in range(100)]
    status, out = run(*base, "-Z", "--parallel-max", "100", "-o", "/dev/null",
                      *(["-o", "/dev/null"] * 99), "-w",
                      "%{http_code} %{size_download}\\n", *urls)
    t.eq((status, sorted(out.decode().split("\n"))[1:]),
         (0, sorted(f"200 {10000 + i}" for i in range(100))),
         f"{name}: 100 at a time")


def node(s: Server) -> None:
    """Node's http2 module."""
    exe = found("node")
    if exe is None:
        return
    name = f"node, {transport(s)}"
    program = (NODE.replace("%EARLY%", EARLY).replace("%ECHO%", ECHO)
               .replace("%TRAILERS%", TRAILERS))
    status, out = run(exe, "-e", program, s.url(""))
    try:
        got = json.loads(out)
    except ValueError:
        got = out.decode("latin-1")
    if not t.ok(status == 0 and isinstance(got, dict),
                f"{name}: runs to its end", got):
        return
    t.eq(got["settings"], True, f"{name}: extended CONNECT")
    t.eq(got["page"]["length"], len(page()), f"{name}: a page")
    t.eq(got["early"]["early"], [103, 102], f"{name}: 103")
    t.eq(got["trailers"]["trailers"], "42", f"{name}: trailers")
    t.eq(got["echo"]["body"], "sent", f"{name}: trailers of a request")
    t.eq([(x["status"], x["length"]) for x in got["many"]],
         [(200, 1000 + i) for i in range(100)], f"{name}: 100 uploads at once")
    t.eq(got["large"]["length"], 3000000, f"{name}: 3 MB")
    t.eq(got["ping"], None, f"{name}: ping")
    t.eq(got["pushed"], ["pushed"], f"{name}: push")


# ---- python3-h2

class Peer:
    """A client on python3-h2, which checks each frame against its own state.
    It knows only what the protocol tells it."""

    def __init__(self, s: Server) -> None:
        import h2.config
        import h2.connection
        import h2.events
        self.events = h2.events
        self.server = s
        self.sock = socket.create_connection((s.host, s.port), tap.scaled(60))
        if s.scheme == "https":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            self.sock = context.wrap_socket(self.sock,
                                            server_hostname="localhost")
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(
            client_side=True, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.streams: Dict[int, Dict[str, Any]] = {}
        self.reset: List[str] = []

    def request(self, path: str, body: bytes = b"",
                trailers: Optional[List[Tuple[str, str]]] = None) -> int:
        """Opens a stream.  send() sends its content as windows allow."""
        sid = self.h2.get_next_available_stream_id()
        self.h2.send_headers(sid, [
            (":method", "POST" if body else "GET"),
            (":scheme", self.server.scheme), (":path", path),
            (":authority", "localhost")], end_stream=not body)
        self.streams[sid] = {
            "left": body, "trailers": trailers, "sha": hashlib.sha256(),
            "status": [], "length": 0, "got": {}, "ended": False}
        return sid

    def send(self) -> None:
        """Sends content as far as windows allow."""
        for sid, x in self.streams.items():
            while x["left"]:
                room = min(self.h2.local_flow_control_window(sid),
                           self.h2.max_outbound_frame_size)
                if room == 0:
                    break
                piece, x["left"] = x["left"][:room], x["left"][room:]
                self.h2.send_data(sid, piece, end_stream=not (
                    x["left"] or x["trailers"]))
                if not x["left"] and x["trailers"]:
                    self.h2.send_headers(sid, x["trailers"], end_stream=True)
        self.sock.sendall(self.h2.data_to_send())

    def take(self, e: Any) -> None:
        """Stores what an event tells."""
        x = self.streams.get(getattr(e, "stream_id", 0), {})
        if isinstance(e, (self.events.InformationalResponseReceived,
                          self.events.ResponseReceived)):
            x["status"].append(dict(e.headers)[":status"])
        elif isinstance(e, self.events.DataReceived):
            x["sha"].update(e.data)
            x["length"] += len(e.data)
            self.h2.acknowledge_received_data(e.flow_controlled_length,
                                              e.stream_id)
        elif isinstance(e, self.events.TrailersReceived):
            x["got"] = dict(e.headers)
        elif isinstance(e, self.events.StreamEnded):
            x["ended"] = True
        elif isinstance(e, (self.events.StreamReset,
                            self.events.ConnectionTerminated)):
            self.reset.append(repr(e))

    def finish(self) -> None:
        """Runs until all streams have ended."""
        while not all(x["ended"] for x in self.streams.values()):
            self.send()
            octets = self.sock.recv(65536)
            if not octets or self.reset:
                return
            for e in self.h2.receive_data(octets):
                self.take(e)
        self.send()


def python_h2(s: Server) -> None:
    """python3-h2: 100 streams at the same time, half of them
    uploads; 103, trailers."""
    try:
        peer = Peer(s)
    except ImportError:
        return t.skip("python3-h2", "not installed")
    name = f"python3-h2, {transport(s)}"
    early, trailers = peer.request(EARLY), peer.request(TRAILERS)
    echo = peer.request(ECHO, b"x" * 70000, [("x-sum", "sent")])
    peer.finish()
    x = peer.streams
    t.eq(x[early]["status"], ["103", "102", "200"], f"{name}: 103")
    t.eq(x[trailers]["got"], {"x-sum": "42"}, f"{name}: trailers")
    t.eq(x[echo]["sha"].digest(), hashlib.sha256(b"sent").digest(),
         f"{name}: trailers of a request")
    bodies = {peer.request("/quick.py", body): body for body in
              (os.urandom(20000 + i) for i in range(50))}
    pages = [peer.request("/page.html") for _ in range(50)]
    peer.finish()
    t.ok(all(x[sid]["sha"].digest() == hashlib.sha256(body).digest()
             for sid, body in bodies.items())
         and all(x[sid]["length"] == len(page()) for sid in pages),
         f"{name}: 100 streams at once, half of them uploads", peer.reset)
    t.eq(peer.reset, [], f"{name}: no stream was reset")
    peer.sock.close()


def main() -> None:
    """Runs all clients, over both transports."""
    with tempfile.TemporaryDirectory() as tmp:
        upload = os.path.join(tmp, "upload")
        with open(upload, "wb") as f:
            f.write(os.urandom(SIZE))
        for options in ([], ["--cleartext"]):
            with Server(SCRIPTS, *options) as s:
                nghttp(s, upload)
                h2load(s, upload)
                curl(s, upload)
                node(s)
                python_h2(s)
    t.done()


main()
