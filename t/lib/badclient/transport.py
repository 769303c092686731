# SPDX-License-Identifier: MIT
"""TCP, and TLS over memory buffers; nothing blocks."""
import contextlib
import os
import socket
import ssl
import warnings
from typing import Any, Dict, List, Optional, Tuple

from badclient.rules import Rules

RECORD_HEAD, HANDSHAKE, CERTIFICATE_REQUEST = 5, 22, 13

Context = ssl.SSLContext


class Contexts:
    """A TLS context for each list of protocols, and the sessions to resume."""

    def __init__(self, rules: Rules, ca: Optional[str]) -> None:
        self.rules, self.ca = rules, ca
        self.made: Dict[Tuple[str, ...], Context] = {}
        self.sessions: Dict[Tuple[Context, str, int], Any] = {}

    def get(self, alpn: Tuple[str, ...]) -> Context:
        """Returns the context that offers these protocols."""
        if alpn not in self.made:
            self.made[alpn] = self._make(alpn)
        return self.made[alpn]

    def _make(self, alpn: Tuple[str, ...]) -> Context:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # With this option a FIN would pass for close_notify.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        context.post_handshake_auth = True
        context.set_alpn_protocols(list(alpn))
        if self.rules.keeps("certificate"):
            context.load_verify_locations(self.ca)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.rules.keeps("tls-version"):
            context.minimum_version = ssl.TLSVersion.TLSv1_2
        else:
            context.set_ciphers("ALL:@SECLEVEL=0")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = ssl.TLSVersion.TLSv1
        context._msg_callback = _seen  # type: ignore[attr-defined]
        return context


def _seen(tls: Any, direction: str, version: int, content_type: int,
          message: int, octets: bytes) -> None:
    """Notes a CertificateRequest that comes after the handshake, which RFC
    9113 §9.2.3 forbids.  OpenSSL reports it only by this callback."""
    if (direction == "read" and content_type == HANDSHAKE
            and message == CERTIFICATE_REQUEST
            and getattr(tls, "handshaken", False)):
        tls.unwanted = "CertificateRequest"


class Transport:
    """One connection.  end: how the server's octets ended, "" before that.
    unwanted: the handshake message that came but must not, or ""."""

    def __init__(self, address: Tuple[str, int], host: str,
                 contexts: Optional[Contexts], alpn: Tuple[str, ...]) -> None:
        self.end, self.connected = "", False
        self.alpn: Optional[str] = None
        self.finishing = self.shut = False
        self.out, self.plain, self.raw = (bytearray() for _ in range(3))
        self.sock = socket.socket()
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.connect_ex(address)
        self.tls: Any = None
        self.contexts, self.ready = contexts, False
        if contexts is None:
            return
        self.rules = contexts.rules
        context = contexts.get(alpn)
        self.key = (context, host, address[1])
        self.bio_in, self.bio_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(
            self.bio_in, self.bio_out, server_hostname=host,
            session=contexts.sessions.get(self.key))

    @property
    def unwanted(self) -> str:
        return getattr(self.tls, "unwanted", "")

    @property
    def backlog(self) -> int:
        """Octets queued but not yet written to the socket."""
        return len(self.out) + len(self.plain)

    def start(self) -> bool:
        """Continues the TLS handshake.  Returns true once
        octets can be sent."""
        self.ready = self.ready or self.tls is None
        if self.ready or not self.connected or self.end or self.finishing:
            return self.ready
        try:
            self.tls.do_handshake()
            self.alpn = self.tls.selected_alpn_protocol()
            self.tls.handshaken = self.ready = True
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, ssl.CertificateError) as e:
            self.end = f"TLS handshake: {e}"
        self._take_output()
        return self.ready

    def send(self, octets: bytes) -> None:
        """Queues octets; flush() sends them."""
        if self.tls is None:
            self.out += octets
            return
        self.plain += octets
        try:
            while self.plain:
                del self.plain[:self.tls.write(bytes(self.plain[:16384]))]
        except ssl.SSLWantReadError:    # a renegotiation comes first
            pass
        except ssl.SSLError as e:
            self.end = self.end or f"TLS: {e}"
        self._take_output()

    def _take_output(self) -> None:
        if self.tls is not None:
            self.out += self.bio_out.read()

    def flush(self) -> None:
        """Writes to the socket what it takes, then FIN if
        finish() was called."""
        if not self.connected:
            return
        try:
            while self.out:
                del self.out[:self.sock.send(self.out)]
            if self.finishing and not self.shut:
                self.shut = True
                self.sock.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError as e:
            self._lost(e)

    def _lost(self, error: OSError) -> None:
        self.out.clear()
        self.end = self.end or error.strerror or "connection lost"

    def writable(self) -> None:
        """Goes on after select() found the socket writable: it is connected,
        or connecting has failed."""
        if not self.connected:
            error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error:
                return self._lost(OSError(error, os.strerror(error)))
            self.connected = True
        return self.flush()

    def receive(self) -> bytes:
        """Returns the octets that have come, decrypted.  Sets `end` if
        no more can come."""
        if not self.connected:
            return b""
        octets, lost = b"", ""
        try:
            octets = self.sock.recv(1 << 17)
            lost = "" if octets else "FIN"
        except BlockingIOError:
            pass
        except OSError as e:
            self._lost(e)
        if self.tls is None:
            self.end = self.end or lost
            return octets
        if octets:
            self.bio_in.write(self._records(octets))
        if not self.start():
            self.end = self.end or lost
            return b""
        plain = self._decrypt()
        self.end = self.end or lost
        self.send(b"")
        return plain

    def _records(self, octets: bytes) -> bytes:
        """Returns the TLS records to pass to OpenSSL.  A TLS 1.2 handshake
        message after the handshake, and all records behind it, are kept from
        OpenSSL, since it would answer."""
        if not self.ready or self.tls.version() != "TLSv1.2" \
                or not self.rules.keeps("renegotiation"):
            return octets
        self.raw += octets
        out = bytearray()
        while len(self.raw) >= RECORD_HEAD and not self.unwanted:
            end = RECORD_HEAD + int.from_bytes(self.raw[3:5], "big")
            if len(self.raw) < end:
                break
            if self.raw[0] == HANDSHAKE:
                self.tls.unwanted = "renegotiation"
                break
            out += self.raw[:end]
            del self.raw[:end]
        return bytes(out)

    def _decrypt(self) -> bytes:
        out: List[bytes] = []
        try:
            while True:
                octets = self.tls.read(1 << 16)
                if not octets:
                    self.end = self.end or "close_notify"
                    break
                out.append(octets)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.end = self.end or "close_notify"
        except ssl.SSLError as e:
            self.end = self.end or f"TLS: {e}"
        self._take_output()
        return b"".join(out)

    def finish(self) -> None:
        """Ends our direction: close_notify, and FIN once all is written."""
        if self.finishing:
            return
        self.finishing = True
        if self.ready and self.tls is not None:
            if self.contexts is not None and self.tls.session is not None:
                self.contexts.sessions[self.key] = self.tls.session
            with contextlib.suppress(ssl.SSLError):
                self.tls.unwrap()
            self._take_output()
        self.flush()

    def close(self) -> None:
        """Closes the socket; drops what has not been written."""
        self.sock.close()
