#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests TLS: sessions that another process resumes, what is negotiated or
refused, certificates of the server's own CA."""
import concurrent.futures
import contextlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import SCRIPTS, Server, make_pair, others_can_run
from tlsclient import context, start_handshake

t = tap.Tap()


def served(c):
    """Returns whether the client gets its response."""
    return c.fetch("/quick.py", body=b"quick").body == b"quick"


def connect(s, client, session=None):
    """Returns a TLS connection on which the first octets of the
    server have come."""
    sock = socket.create_connection(("127.0.0.1", s.port))
    sock.settimeout(tap.scaled(60))
    tls = client.wrap_socket(sock, session=session)
    tls.recv(9)         # of SETTINGS; TLS 1.3's tickets came before
    return tls


def handshake_error(s, client):
    """Returns the reason why a handshake fails, or None."""
    sock = socket.create_connection(("127.0.0.1", s.port))
    try:
        client.wrap_socket(sock).close()
    except ssl.SSLError as e:
        return e.reason or str(e)       # Python has no name for some errors
    finally:
        sock.close()
    return None


def reply_to_hello(s, client):
    """Returns all octets that come after a ClientHello."""
    with start_handshake(s.port, client) as sock:
        return b"".join(iter(lambda: sock.recv(100), b""))


def resumes(s):
    """A ticket of one child is valid in another."""
    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
        client = context("h2", version=version)
        with connect(s, client) as tls:
            t.eq((tls.version(), tls.session_reused),
                 (version.name.replace("_", "."), False),
                 f"{version.name}: a full handshake")
            session = tls.session
        with connect(s, client, session) as tls:
            t.ok(tls.session_reused, f"{version.name}: resumed")
            t.eq(tls.selected_alpn_protocol(), "h2",
                 f"{version.name}: ALPN again")


def negotiates(s):
    """ALPN, versions, cipher suites."""
    for offered in ["http/1.1"], ["h2c", "hh", "h2-14"]:
        t.eq(reply_to_hello(s, context(*offered)),
             bytes([21, 3, 3, 0, 2, 2, 120]),
             f"ALPN {' '.join(offered)}: alert no_application_protocol")
    with connect(s, context("http/1.1", "h2")) as tls:
        t.eq(tls.selected_alpn_protocol(), "h2", "h2 is chosen, not the first")
    with Client(s.port, alpn=[]) as c:
        t.ok(served(c), "no ALPN: served with the HTTP/2 preface")
    v12 = ssl.TLSVersion.TLSv1_2
    for suite in "ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256":
        t.eq(handshake_error(s, context("h2", version=v12,
                                               ciphers=suite)),
             "SSLV3_ALERT_HANDSHAKE_FAILURE", f"{suite}: refused")
    suite = "ECDHE-ECDSA-AES128-GCM-SHA256"
    with connect(s, context("h2", version=v12, ciphers=suite)) as tls:
        t.eq(tls.cipher()[0], suite,
             "TLS 1.2 with an ephemeral AEAD suite: accepted")
    warnings.simplefilter("ignore", DeprecationWarning)
    old = context("h2", version=ssl.TLSVersion.TLSv1_1,
                         ciphers="ALL:@SECLEVEL=0")
    t.eq(handshake_error(s, old), "TLSV1_ALERT_PROTOCOL_VERSION",
         "TLS 1.1: refused")
    t.ok(s.wait_log(r"ended: transport error: .*no application protocol: "
                    "expected the client to offer h2 by ALPN"),
         "the log says why", s.log()[-2000:])
    with socket.create_connection(("127.0.0.1", s.port)) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        t.ok(s.wait_log(r"TLS handshake: http request: expected TLS"),
             "and of a client without TLS", s.log()[-2000:])
    sock = start_handshake(s.port)
    port = sock.getsockname()[1]
    sock.close()
    t.ok(s.wait_log(rf"127\.0\.0\.1:{port} ended: "), "a client that leaves "
         "in the handshake is logged")
    with Client(s.port) as c:
        t.ok(served(c), "and the next one is served")


def trusting(pem):
    """Returns a strict client that trusts only this certificate."""
    client = ssl.create_default_context(cadata=pem)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    return client


def certified(s, client, name, address="127.0.0.1"):
    """Returns the names of the certificate that a verifying client gets for
    this name, or the error."""
    with socket.create_connection((address, s.port)) as sock:
        try:
            with client.wrap_socket(sock, server_hostname=name) as tls:
                return [x[1] for x in tls.getpeercert()["subjectAltName"]]
        except ssl.SSLError as e:
            return e.reason


def reads(name):
    """Returns a file's text."""
    with open(name, encoding="ascii") as f:
        return f.read()


def certifies(tmp):
    """--ca-out: each name gets a certificate, from a CA of
    only that server."""
    out = os.path.join(tmp, "out")
    with Server(SCRIPTS, "--ca-out", out, "--bind", "127.0.0.1", "--bind",
                "::1") as s:
        client = trusting(reads(out))
        for name in "localhost", "a.test", "x" * 63 + ".b.test":
            t.eq(certified(s, client, name), [name], f"--ca-out: {name[-9:]}")
        t.eq(certified(s, client, "127.0.0.1"), ["127.0.0.1"],
             "an address has one too")
        t.eq(certified(s, client, "::1", "::1"), ["0:0:0:0:0:0:0:1"],
             "... of the other listener too")
        t.eq(certified(s, client, "127.0.0.2"), "CERTIFICATE_VERIFY_FAILED",
             "... but that which was connected to")
        s.process.send_signal(signal.SIGHUP)
        t.ok(s.wait_log("reloaded"), "HUP", s.log())
        t.eq(certified(s, client, "c.test"), ["c.test"], "... keeps the CA")
        if shutil.which("curl"):
            t.eq(subprocess.run(
                ["curl", "-sS", "--cacert", out, "--connect-to",
                 f"d.test:{s.port}:localhost:{s.port}", "-d", "quick",
                 f"https://d.test:{s.port}/quick.py"],
                stdout=subprocess.PIPE, check=False).stdout, b"quick",
                 "curl trusts it")
    with Server(SCRIPTS, "--ca-out", out) as s:
        t.eq(certified(s, client, "localhost"), "CERTIFICATE_VERIFY_FAILED",
             "the next start has another CA")


def keeps_ca(tmp):
    """--ca: all servers that are started with the file use the same CA."""
    kept, out = os.path.join(tmp, "ca.pem"), os.path.join(tmp, "out")
    user = ["--user", "nobody"] if os.geteuid() == 0 and others_can_run() \
        else []
    with contextlib.ExitStack() as stack, \
            concurrent.futures.ThreadPoolExecutor() as pool:
        servers = [Server(SCRIPTS, "--ca", kept, *user) for _ in range(4)]
        list(pool.map(stack.enter_context, servers))
        t.eq(sorted(os.listdir(tmp)), ["ca.pem", "out"],
             "--ca: a file is made, nothing else is left")
        t.eq(os.stat(kept).st_mode & 0o777, 0o600, "only its owner can read it")
        with Server(SCRIPTS, "--ca", kept, "--ca-out", out) as s:
            client = trusting(reads(out))
            t.ok("PRIVATE" not in reads(out), "--ca-out has no key")
            t.eq([certified(x, client, "a.test") for x in servers + [s]],
                 [["a.test"]] * 5, "all servers have that CA, whoever made it")
    whole = os.path.join(tmp, "other.pem")
    with open(whole, "w", encoding="ascii") as f:
        f.writelines(reads(name) for name in make_pair(tmp, "other CA"))
    client = trusting(reads(whole))
    client.verify_flags &= ~ssl.VERIFY_X509_STRICT      # without key usage
    with Server(SCRIPTS, "--ca", whole) as s:
        t.eq(certified(s, client, "a.test"), ["a.test"],
             "a CA of another program will do")


with Server(SCRIPTS) as server:
    resumes(server)
    negotiates(server)
with tempfile.TemporaryDirectory() as scratch:
    certifies(scratch)
    if shutil.which("openssl"):
        keeps_ca(scratch)
    else:
        t.skip("--ca", "openssl is not installed")
t.done()
