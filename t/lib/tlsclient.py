# SPDX-License-Identifier: MIT
"""TLS clients of Python's ssl module, and their incomplete handshakes."""
import contextlib
import socket
import ssl
from typing import Optional

import tap


def context(*alpn: str, version: Optional[ssl.TLSVersion] = None,
            ciphers: Optional[str] = None) -> ssl.SSLContext:
    """Returns the context of a TLS client that verifies nothing."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if alpn:
        made.set_alpn_protocols(list(alpn))
    if version:
        made.minimum_version = made.maximum_version = version
    if ciphers:
        made.set_ciphers(ciphers)
    return made


def start_handshake(port: int, client: Optional[ssl.SSLContext] = None
                    ) -> socket.socket:
    """Connects and sends a ClientHello, nothing else.  Returns the socket."""
    hello = ssl.MemoryBIO()
    with contextlib.suppress(ssl.SSLWantReadError):
        (client or context()).wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    sock = socket.create_connection(("127.0.0.1", port))
    sock.settimeout(tap.scaled(60))
    sock.sendall(hello.read())
    return sock
