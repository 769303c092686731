# SPDX-License-Identifier: MIT
"""A client that times one connection and does little else meanwhile.

t/lib/rawclient.py would take as long as some of the things that are timed.
This client blocks, makes its requests with little work, and looks only at the
types and flags of frames.
"""
import socket
import ssl
import struct
import time
from typing import List, Tuple

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM = 1
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
WINDOW = (1 << 31) - 1
TIMEOUT = 30


def frame(kind: int, flags: int, sid: int, payload: bytes = b"") -> bytes:
    """Returns the octets of a frame."""
    return (struct.pack(">I", len(payload))[1:] + bytes([kind, flags])
            + struct.pack(">I", sid) + payload)


def get(sid: int, path: str, tls: bool) -> bytes:
    """Returns the HEADERS of a GET: indexed fields, and literals without
    Huffman coding."""
    block = bytes([0x82, 0x87 if tls else 0x86])
    for index, value in ((1, b"localhost"), (4, path.encode())):
        block += bytes([index, len(value)]) + value
    return frame(HEADERS, 0x5, sid, block)


START = (PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", 4, WINDOW))
         + frame(8, 0, 0, struct.pack(">I", WINDOW - 65535)))


def tls_context() -> ssl.SSLContext:
    """Returns the TLS context of a client that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context


CONTEXT = tls_context()


class Probe:
    """One connection; `first` is sent together with the preface."""

    def __init__(self, port: int, tls: bool = True, first: bytes = b"",
                 host: str = "127.0.0.1") -> None:
        self.tls, self.buffer, self.sid = tls, b"", -1
        self.began = time.perf_counter()
        self.sock = socket.create_connection((host, port), TIMEOUT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connected()
        if first:
            self.sid = 1
        if tls:
            self.sock = CONTEXT.wrap_socket(self.sock,
                                            server_hostname="localhost")
        self.sock.sendall(START + first)

    def connected(self) -> None:
        """Called when TCP is connected and nothing has been sent.  Subclasses
        may override it."""

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self.sock.close()

    def read(self) -> Tuple[int, int, int, bytes]:
        """Waits for the next frame.  Returns type, flags, stream id, payload.
        Raises ConnectionError at the end of the connection."""
        while (len(self.buffer) < 9 or len(self.buffer)
               < 9 + int.from_bytes(self.buffer[:3], "big")):
            octets = self.sock.recv(65536)
            if not octets:
                raise ConnectionError("the server has closed the connection")
            self.buffer += octets
        end = 9 + int.from_bytes(self.buffer[:3], "big")
        whole, self.buffer = self.buffer[:end], self.buffer[end:]
        return (whole[3], whole[4], int.from_bytes(whole[5:9], "big"),
                whole[9:])

    def until(self, kind: int, flags: int = 0) -> bytes:
        """Reads up to a frame of this type with all of these flags, and
        returns its payload.  Acknowledges SETTINGS on the way.  Raises
        ConnectionError for RST_STREAM and GOAWAY."""
        while True:
            got, has, _, payload = self.read()
            if got in (RST_STREAM, GOAWAY):
                raise ConnectionError(f"frame of type {got}: {payload!r}")
            if got == SETTINGS and not has & 1:
                self.sock.sendall(frame(SETTINGS, 1, 0))
            if got == kind and has & flags == flags:
                return payload

    def send(self, path: str) -> None:
        """Sends a request."""
        self.sid += 2
        self.sock.sendall(get(self.sid, path, self.tls))

    def finish(self) -> None:
        """Reads the rest of the answer, which must have a body."""
        self.until(DATA, END_STREAM)

    def fetch(self, path: str) -> float:
        """Makes a request, and returns the seconds until its HEADERS have
        come."""
        start = time.perf_counter()
        self.send(path)
        self.until(HEADERS)
        spent = time.perf_counter() - start
        self.finish()
        return spent


def together(probes: List[Probe], path: str) -> float:
    """Makes a request on each connection, and returns the seconds until all
    are answered."""
    start = time.perf_counter()
    for probe in probes:
        probe.send(path)
    for probe in probes:
        probe.finish()
    return time.perf_counter() - start
