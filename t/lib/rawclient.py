# SPDX-License-Identifier: MIT
"""An HTTP/2 client at the level of frames, for looking at what a server sends.

It shares no code with src/h2: it makes and reads frames itself.  python3-hpack
codes the field sections.  The ssl module works on memory buffers, so that the
client sees how the connection ended: close_notify, FIN or reset.

    with Client(s.port) as c:
        x = c.fetch("/a.py", body=b"hello")     # x.status, x.body, ...
        y = c.request("/b.py")                  # does not wait
        assert c.wait_for(lambda: y.done)

The client reads only inside a call that waits or sends; every wait has a
deadline.  c.frames has all frames received, in order, with raw octets.
"""
import contextlib
import select
import socket
import ssl
import struct
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Set, Tuple

import tap

try:
    import hpack
except ImportError:                     # the tests that need it are skipped
    tap.skip_all("needs python3-h2 (its hpack package)")

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, \
    WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITY_FLAG = 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, \
    MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
BIG_WINDOW = (1 << 31) - 1


class Frame(NamedTuple):
    """A frame; sid is its stream identifier."""
    type: int
    flags: int
    sid: int
    payload: bytes

    def raw(self) -> bytes:
        """Returns the frame's octets."""
        return (struct.pack(">I", len(self.payload))[1:]
                + bytes([self.type, self.flags])
                + struct.pack(">I", self.sid) + self.payload)


class Exchange:
    """What the client has received on one stream."""

    def __init__(self, client: "Client", sid: int) -> None:
        self.client, self.sid = client, sid
        self.status: Optional[int] = None
        self.headers: List[Tuple[str, str]] = []    # without :status
        self.informational: List[Tuple[int, List[Tuple[str, str]]]] = []
        self.trailers: Optional[List[Tuple[str, str]]] = None
        self.data: List[bytes] = []                 # one item per DATA frame
        self.pushes: List[Tuple[int, List[Tuple[str, str]]]] = []
        self.frames: List[Frame] = []
        self.reset: Optional[int] = None            # error code
        self.ended = False                          # END_STREAM has come
        self.credit = 0                             # octets that we may send

    @property
    def body(self) -> bytes:
        return b"".join(self.data)

    @property
    def done(self) -> bool:
        """Whether nothing more can come on this stream."""
        return (self.ended or self.reset is not None
                or self.client.end is not None)

    def header(self, name: str) -> Optional[str]:
        """Returns the first value of a response header field, or None."""
        return next((v for n, v in self.headers if n == name), None)

    def __repr__(self) -> str:
        return (f"<stream {self.sid} status {self.status} headers "
                f"{self.headers} 1xx {self.informational} body "
                f"{self.body[:300]!r} ({len(self.body)}) trailers "
                f"{self.trailers} ended {self.ended} reset {self.reset}>")


_ports: Set[int] = set()


def _socket(family: int) -> socket.socket:
    """Returns a socket bound to a port that no client of this process has had.
    Tests find a connection in the server's log by its port, and the kernel may
    reuse a port after a second.  Raises OSError if there is no such port."""
    for _ in range(1000):
        sock = socket.socket(family)
        sock.bind(("", 0))
        port = sock.getsockname()[1]
        if port not in _ports:
            _ports.add(port)
            return sock
        sock.close()
    raise OSError(f"{len(_ports)} clients: no port that is unused")


class Client:
    """One connection.

    settings: for the first SETTINGS frame.  connection_window: its size in
    octets, set by a WINDOW_UPDATE at the start.  auto_window: give back the
    credit of each DATA frame at once.  ack: acknowledge SETTINGS and PING.
    receive_buffer: size of the socket's, in octets.  session: a TLS session to
    resume.  timeout: default deadline, in unscaled seconds.
    """

    def __init__(self, port: int, host: str = "127.0.0.1", tls: bool = True,
                 settings: Optional[Dict[int, int]] = None,
                 connection_window: Optional[int] = None,
                 auto_window: bool = True, ack: bool = True,
                 alpn: Optional[List[str]] = None, preface: bool = True,
                 receive_buffer: Optional[int] = None,
                 session: Optional[ssl.SSLSession] = None,
                 timeout: float = 30) -> None:
        self.auto_window, self.ack, self.timeout = auto_window, ack, timeout
        self.frames: List[Frame] = []
        self.streams: Dict[int, Exchange] = {}
        self.end: Optional[str] = None      # "close_notify", "fin", "rst"
        self.fin = False                    # the TCP FIN has come
        self.goaway: Optional[Tuple[int, int, bytes]] = None
        self.pongs: List[bytes] = []
        self.settings: Dict[int, int] = {}  # that the server has sent
        self.settings_acks = 0
        self.bad_blocks: List[str] = []     # header blocks that do not decode
        self.credit = 65535                 # octets to send, whole connection
        self.encoder = hpack.Encoder()
        self.decoder = hpack.Decoder(max_header_list_size=1 << 24)
        self._block: Dict[int, Tuple[Frame, bytearray]] = {}
        self._in = bytearray()
        self._cursor = 0
        self._next = 1
        self.host, self.port, self.tls = host, port, None
        self.sock = _socket(socket.AF_INET6 if ":" in host
                            else socket.AF_INET)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                 receive_buffer)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(tap.scaled(timeout))
        self.sock.connect((host, port))
        self.sock.setblocking(False)
        if tls:
            self._handshake(["h2"] if alpn is None else alpn, session)
        if preface:
            self.send_preface(settings or {}, connection_window)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def close(self) -> None:
        """Closes the TCP connection at once."""
        self.sock.close()
        self.end = self.end or "closed by us"

    def leave(self) -> None:
        """Sends FIN, reads all that the server still sends, and closes: unread
        octets would turn the close into a reset (RFC 1122 §4.2.2.13)."""
        if not self.end:
            with contextlib.suppress(OSError):  # ENOTCONN if the server closed
                self.sock.shutdown(socket.SHUT_WR)
            self.wait_end()
        self.sock.close()

    # ---- transport

    def _handshake(self, alpn: List[str],
                   session: Optional[ssl.SSLSession]) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        # Python's default makes OpenSSL treat a bare FIN as close_notify.
        context.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
        if alpn:
            context.set_alpn_protocols(alpn)
        self._bio_in, self._bio_out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._bio_in, self._bio_out,
                                    server_hostname="localhost",
                                    session=session)
        end = time.monotonic() + tap.scaled(self.timeout)
        while True:
            try:
                self.tls.do_handshake()
                return self._flush()
            except ssl.SSLWantReadError:
                self._flush()
                if not self._fill(end - time.monotonic()):
                    raise TimeoutError("TLS handshake") from None

    def _fill(self, wait: float) -> bool:
        """Waits up to `wait` seconds for octets or end of file.  Returns False
        if neither came."""
        if self.fin or self.end in ("rst", "closed by us"):
            return False
        if not select.select([self.sock], [], [], max(wait, 0))[0]:
            return False
        try:
            octets = self.sock.recv(1 << 18)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            self.end = "rst"
            return True
        if not octets:
            self.fin = True
        if self.tls is None:
            self._in += octets
            self.end = "fin" if self.fin else None
        elif octets:
            self._bio_in.write(octets)
        else:
            self._bio_in.write_eof()
        return True

    def _flush(self, plain: bytes = b"") -> None:
        out = memoryview(plain if self.tls is None else self._bio_out.read())
        end = time.monotonic() + tap.scaled(self.timeout)
        while out:
            try:
                out = out[self.sock.send(out):]
            except ConnectionResetError:    # recv() will not report it again
                self.end = "rst"
                raise
            except BlockingIOError:
                self._fill(0)               # the server must not block either
                select.select([self.sock], [self.sock], [], 0.1)
                if time.monotonic() > end:
                    raise TimeoutError("server reads nothing") from None

    def send(self, octets: bytes) -> None:
        """Sends octets as they are."""
        if self.tls is None:
            return self._flush(octets)
        for i in range(0, len(octets), 16384):
            self.tls.write(octets[i:i + 16384])
        self._flush()

    def _decrypt(self) -> None:
        while self.tls is not None and self.end is None:
            try:
                octets = self.tls.read(1 << 16)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLZeroReturnError:
                octets = b""
            except ssl.SSLError as e:       # no close_notify before the FIN
                self.end = ("fin" if self.fin
                            and "EOF" in type(e).__name__ + str(e.reason)
                            else f"TLS error: {e}")
                return
            self._in += octets
            if not octets:
                self.end = "close_notify"

    # ---- waiting

    def pump(self, wait: float = 0) -> bool:
        """Takes what comes within `wait` seconds.  Returns
        False if nothing came."""
        if self._digest():                  # octets that a send has read
            return True
        came = self._fill(wait)
        return self._digest() or came

    def _digest(self) -> bool:
        before = len(self.frames), self.end
        self._decrypt()
        self._parse()
        return (len(self.frames), self.end) != before

    def wait_for(self, condition: Callable[[], Any],
                 timeout: Optional[float] = None) -> Any:
        """Takes frames until condition() is true, the connection has ended
        or timeout (default: the client's) has passed.  Returns the last
        value of condition()."""
        end = time.monotonic() + tap.scaled(timeout or self.timeout)
        while True:
            value = condition()
            left = end - time.monotonic()
            if value or left <= 0:
                return value
            if not self.pump(left) and (self.end or self.fin):
                return condition()

    def recv_frame(self, timeout: Optional[float] = None) -> Optional[Frame]:
        """Waits for the next frame that this method has not yet returned.
        Returns it, or None at the deadline or the end of the connection."""
        if not self.wait_for(lambda: len(self.frames) > self._cursor, timeout):
            return None
        self._cursor += 1
        return self.frames[self._cursor - 1]

    def wait_end(self, timeout: Optional[float] = None) -> Optional[str]:
        """Waits for the server to end the connection.  Returns self.end: how
        it did, or None."""
        self.wait_for(lambda: self.end, timeout)
        if self.end == "close_notify":
            self.wait_for(lambda: self.fin, timeout)
        return self.end

    # ---- frames in

    def _parse(self) -> None:
        while len(self._in) >= 9:
            length = int.from_bytes(self._in[:3], "big")
            if len(self._in) < 9 + length:
                return
            sid = int.from_bytes(self._in[5:9], "big")
            frame = Frame(self._in[3], self._in[4], sid,
                          bytes(self._in[9:9 + length]))
            del self._in[:9 + length]
            self.frames.append(frame)
            self._take(frame)

    def leftover(self) -> bytes:
        """Returns the octets of an incomplete frame that have come."""
        return bytes(self._in)

    def _take(self, f: Frame) -> None:
        x = self.streams.get(f.sid)
        if x is not None:
            x.frames.append(f)
        if f.type == SETTINGS:
            self._take_settings(f)
        elif f.type == PING and f.flags & ACK:
            self.pongs.append(f.payload)
        elif f.type == PING and self.ack:
            self.send_frame(PING, ACK, 0, f.payload)
        elif f.type == GOAWAY and len(f.payload) >= 8:
            last, code = struct.unpack(">II", f.payload[:8])
            self.goaway = (last, code, f.payload[8:])
        elif f.type == WINDOW_UPDATE and len(f.payload) == 4:
            n = int.from_bytes(f.payload, "big")
            if f.sid == 0:
                self.credit += n
            elif x is not None:
                x.credit += n
        elif f.type == RST_STREAM and x is not None:
            x.reset = int.from_bytes(f.payload, "big")
        elif f.type == DATA and x is not None:
            self._take_data(f, x)
        elif f.type in (HEADERS, CONTINUATION, PUSH_PROMISE):
            self._take_block(f)

    def _take_settings(self, f: Frame) -> None:
        if f.flags & ACK:
            self.settings_acks += 1
            return
        for i in range(0, len(f.payload) - 5, 6):
            key, value = struct.unpack(">HI", f.payload[i:i + 6])
            if key == INITIAL_WINDOW_SIZE:
                old = self.settings.get(key, 65535)
                for x in self.streams.values():
                    x.credit += value - old
            self.settings[key] = value
        if self.ack:
            self.send_frame(SETTINGS, ACK, 0)

    def _take_data(self, f: Frame, x: Exchange) -> None:
        data = f.payload
        if f.flags & PADDED:
            data = data[1:len(data) - data[0]]
        x.data.append(data)
        x.ended = x.ended or bool(f.flags & END_STREAM)
        if self.auto_window and f.payload:
            self.window_update(0, len(f.payload))
            if not x.ended:
                self.window_update(f.sid, len(f.payload))

    def _take_block(self, f: Frame) -> None:
        payload = f.payload
        if f.type != CONTINUATION:
            self._block[f.sid] = (f, bytearray())
            if f.flags & PADDED:
                payload = payload[1:len(payload) - payload[0]]
            if f.type == HEADERS and f.flags & PRIORITY_FLAG:
                payload = payload[5:]
            if f.type == PUSH_PROMISE:
                self._promised = int.from_bytes(payload[:4], "big")
                payload = payload[4:]
        start, block = self._block.setdefault(f.sid, (f, bytearray()))
        block += payload
        if not f.flags & END_HEADERS:
            return
        del self._block[f.sid]
        try:
            pairs = [(n.decode("latin-1"), v.decode("latin-1"))
                     for n, v in self.decoder.decode(bytes(block), raw=True)]
        except Exception as e:              # pylint: disable=broad-except
            self.bad_blocks.append(f"stream {f.sid}: {e!r}")
            return
        x = self.streams.get(f.sid)
        if x is None:
            return
        if start.type == PUSH_PROMISE:
            self.streams[self._promised] = Exchange(self, self._promised)
            x.pushes.append((self._promised, pairs))
        else:
            self._take_fields(x, start, pairs)

    @staticmethod
    def _take_fields(x: Exchange, start: Frame,
                     pairs: List[Tuple[str, str]]) -> None:
        status = next((v for n, v in pairs if n == ":status"), None)
        fields = [p for p in pairs if p[0] != ":status"]
        if status is not None and status.startswith("1"):
            x.informational.append((int(status), fields))
        elif x.status is None and status is not None:
            x.status, x.headers = int(status), fields
        else:
            x.trailers = pairs
        x.ended = x.ended or bool(start.flags & END_STREAM)

    # ---- frames out

    def send_preface(self, settings: Dict[int, int],
                     connection_window: Optional[int] = None) -> None:
        """Sends the connection preface with its SETTINGS (RFC 9113 §3.4)."""
        payload = b"".join(struct.pack(">HI", k, v)
                           for k, v in settings.items())
        self.send(PREFACE + Frame(SETTINGS, 0, 0, payload).raw())
        if connection_window is not None:
            self.window_update(0, connection_window - 65535)

    def send_frame(self, kind: int, flags: int, sid: int,
                   payload: bytes = b"") -> None:
        """Sends one frame of any kind, unless the connection has ended."""
        if self.end is not None or self.fin:
            return
        try:
            self.send(Frame(kind, flags, sid, payload).raw())
        except (BrokenPipeError, ConnectionResetError):
            pass                            # reading will tell how it ended

    def window_update(self, sid: int, n: int) -> None:
        """Gives n octets of credit to a stream, or to the connection (0)."""
        self.send_frame(WINDOW_UPDATE, 0, sid, struct.pack(">I", n))

    def send_headers(self, sid: int, fields: List[Tuple[str, str]],
                     end_stream: bool = False) -> None:
        """Sends the fields as one HEADERS frame with END_HEADERS."""
        flags = END_HEADERS | (END_STREAM if end_stream else 0)
        self.send_frame(HEADERS, flags, sid, self.encoder.encode(fields))

    def send_data(self, sid: int, data: bytes,
                  end_stream: bool = False) -> None:
        """Waits until the flow-control windows admit data, and sends it as one
        DATA frame.  Raises TimeoutError if they do not."""
        x = self.streams[sid]
        room = self.wait_for(
            lambda: x.done or len(data) <= min(x.credit, self.credit))
        if not room:
            raise TimeoutError(f"stream {sid}: no window for {len(data)}: "
                               f"{x.credit}, connection {self.credit}")
        if x.reset is not None or self.end:
            return
        x.credit -= len(data)
        self.credit -= len(data)
        self.send_frame(DATA, END_STREAM if end_stream else 0, sid, data)

    def reset(self, sid: int, code: int = 8) -> None:
        """Sends RST_STREAM; 8 is CANCEL."""
        self.send_frame(RST_STREAM, 0, sid, struct.pack(">I", code))

    def ping(self, data: bytes = b"01234567") -> bool:
        """Sends PING.  Returns whether its acknowledgement came."""
        before = self.pongs.count(data)
        self.send_frame(PING, 0, 0, data)
        return bool(self.wait_for(lambda: self.pongs.count(data) > before))

    # ---- requests

    def open(self, path: str, method: str = "GET",
             headers: Any = (), end_stream: bool = False,
             authority: Optional[str] = None) -> Exchange:
        """Sends a request's HEADERS.  headers: a dict or pairs."""
        sid, self._next = self._next, self._next + 2
        x = self.streams[sid] = Exchange(self, sid)
        x.credit = self.settings.get(INITIAL_WINDOW_SIZE, 65535)
        pairs = list(headers.items() if isinstance(headers, dict) else headers)
        self.send_headers(sid, [
            (":method", method), (":scheme", "http" if self.tls is None
                                  else "https"), (":path", path),
            (":authority", authority if authority is not None
             else f"localhost:{self.port}"), *pairs], end_stream)
        return x

    def request(self, path: str, method: Optional[str] = None,
                headers: Any = (), body: Any = None, frame_size: int = 16384,
                trailers: Optional[List[Tuple[str, str]]] = None) -> Exchange:
        """Sends a whole request.  body: bytes, or a list with the content of
        each DATA frame.  method: None for GET, or POST with a body."""
        method = method or ("GET" if body is None else "POST")
        x = self.open(path, method, headers,
                      end_stream=body is None and trailers is None)
        if isinstance(body, bytes):
            body = [body[i:i + frame_size]
                    for i in range(0, len(body), frame_size)] or [b""]
        for i, piece in enumerate(body or []):
            self.send_data(x.sid, piece,
                           trailers is None and i == len(body) - 1)
        if trailers is not None:
            self.send_headers(x.sid, trailers, end_stream=True)
        return x

    def fetch(self, path: str, timeout: Optional[float] = None,
              **request: Any) -> Exchange:
        """Sends a whole request and waits for the end of its stream, or the
        deadline.  Returns what came back."""
        x = self.request(path, **request)
        self.wait_for(lambda: x.done, timeout)
        return x
