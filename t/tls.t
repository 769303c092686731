#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""TLS: sessions that are resumed by another process, and what is negotiated or
refused."""
import os
import socket
import ssl
import sys
import warnings

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import SCRIPTS, Server
from tlsclient import context, start_handshake

t = tap.Tap()


def served(c):
    """The client is answered."""
    return c.fetch("/quick.py", body=b"quick").body == b"quick"


def connect(s, client, session=None):
    """A TLS connection that has had its first octets from the server."""
    sock = socket.create_connection(("127.0.0.1", s.port))
    sock.settimeout(tap.scaled(60))
    tls = client.wrap_socket(sock, session=session)
    tls.recv(9)         # SETTINGS: tickets of TLS 1.3 came before it
    return tls


def handshake_error(s, client):
    """Why a handshake fails; None when it does not."""
    sock = socket.create_connection(("127.0.0.1", s.port))
    try:
        client.wrap_socket(sock).close()
    except ssl.SSLError as e:
        return e.reason or str(e)       # not all have a name in Python
    finally:
        sock.close()
    return None


def reply_to_hello(s, client):
    """All octets that come for a ClientHello."""
    with start_handshake(s.port, client) as sock:
        return b"".join(iter(lambda: sock.recv(100), b""))


def resumes(s):
    """A ticket of one child is good in another."""
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
    t.ok(s.wait_log(r"ended: transport error: .*no application protocol"),
         "the log says why", s.log()[-2000:])
    sock = start_handshake(s.port)
    port = sock.getsockname()[1]
    sock.close()
    t.ok(s.wait_log(rf"127\.0\.0\.1:{port} ended: "), "a client that leaves "
         "in the handshake is logged")
    with Client(s.port) as c:
        t.ok(served(c), "and the next one is served")


with Server(SCRIPTS) as server:
    resumes(server)
    negotiates(server)
t.done()
