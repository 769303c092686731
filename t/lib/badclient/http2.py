# SPDX-License-Identifier: MIT
"""One HTTP/2 connection, from octets to octets: it does no input or output.

It tells each exchange (exchange.py) what comes on its stream.  If the server
breaks a rule, a Violation ends the stream or the connection; a client that
does not keep the rule goes on and does what the frame says.
"""
import re
import struct
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from badclient import push
from badclient.hpack import TABLE_SIZE, Decoder, Encoder, Field
from badclient.message import Response
from badclient.rules import (CANCEL, HTTP_1_1_REQUIRED, NO_ERROR,
                             REFUSED_STREAM, STREAM, Rules, Violation)

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, \
    WINDOW_UPDATE, CONTINUATION = range(10)
PRIORITY_UPDATE = 0x10
END_STREAM = ACK = 0x1
END_HEADERS, PADDED, PRIORITY_FLAG = 0x4, 0x8, 0x20
HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, \
    MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE = range(1, 7)
ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES = 8, 9

HTTP1 = re.compile(rb"HTTP/1\.[01] [1-9][0-9][0-9]")

WINDOW, WINDOW_LIMIT = 65535, (1 << 31) - 1
FRAME_SIZE, LARGER_FRAME_SIZE = 16384, 32768
LIST_LIMIT = 65536          # octets: our SETTINGS_MAX_HEADER_LIST_SIZE
PUSHES = 10                 # our SETTINGS_MAX_CONCURRENT_STREAMS
PROMISES = 200              # most PUSH_PROMISE frames on a connection
IDLE_FRAMES = 2000          # most frames in a row without DATA or a response
CONTINUATIONS = 200         # most frames in one header block
OUT_LIMIT = 1 << 20         # most octets queued if the server does not read
BACKLOG = 65536             # DATA stops at this many queued octets, so that an
                            # acknowledgement does not wait behind more
UPLOAD_PATIENCE = 2.0       # seconds for an upload whose response is complete


class Form(NamedTuple):
    """Rules for a frame's header (RFC 9113 §6).  zero, stream: whether it may
    be on stream 0, on another stream.  least, most: octets of the payload."""
    zero: bool
    stream: bool
    least: int
    most: Optional[int]


FORMS = {
    DATA: Form(False, True, 0, None), HEADERS: Form(False, True, 0, None),
    PRIORITY: Form(False, True, 5, 5), RST_STREAM: Form(False, True, 4, 4),
    SETTINGS: Form(True, False, 0, None),
    PUSH_PROMISE: Form(False, True, 4, None), PING: Form(True, False, 8, 8),
    GOAWAY: Form(True, False, 8, None), WINDOW_UPDATE: Form(True, True, 4, 4),
    CONTINUATION: Form(False, True, 0, None),
}
VALUES = {
    ENABLE_PUSH: (0, 0), INITIAL_WINDOW_SIZE: (0, WINDOW_LIMIT),
    MAX_FRAME_SIZE: (FRAME_SIZE, (1 << 24) - 1),
    ENABLE_CONNECT_PROTOCOL: (0, 1), NO_RFC7540_PRIORITIES: (0, 1),
}


def frame(kind: int, flags: int, sid: int, payload: bytes = b"") -> bytes:
    """Returns the octets of a frame."""
    return (len(payload).to_bytes(3, "big") + bytes([kind, flags])
            + sid.to_bytes(4, "big") + payload)


def number(octets: bytes) -> int:
    """Returns the 31-bit number at the start of octets, without
    the reserved bit."""
    return int.from_bytes(octets[:4], "big") & WINDOW_LIMIT


class Stream:
    """One stream.  exchange: None for a pushed stream, and after the exchange
    has been told its end.  reserved: promised, but no HEADERS have come.
    held: octets of DATA that the application has not read.  owed: octets of
    credit not yet given back.  sent: octets of DATA sent."""

    def __init__(self, sid: int, response: Response, send_window: int,
                 exchange: Any = None) -> None:
        self.id, self.response, self.exchange = sid, response, exchange
        self.send_window, self.window = send_window, WINDOW
        self.held = self.owed = self.sent = 0
        self.sent_end = self.reset = self.reserved = False
        self.authority = b""
        self.ended_at: Optional[float] = None

    @property
    def closed(self) -> bool:
        return self.reset or self.sent_end and self.response.ended


class Block(NamedTuple):
    """An incomplete header block.  promised: 0 if it is not a PUSH_PROMISE."""
    kind: int
    flags: int
    stream_id: int
    promised: int
    octets: bytearray


class Engine:
    """One connection.  dead: why it cannot be used any more, "" while it can.
    faulted: the server broke a rule of the connection.  reused: a request has
    ended on it.  out: octets to send."""

    def __init__(self, rules: Rules, allow_push: bool = False,
                 table_size: int = TABLE_SIZE) -> None:
        self.rules, self.push = rules, allow_push
        self.dead, self.faulted, self.reused = "", False, False
        self.out, self.buffer = bytearray(), bytearray()
        self.streams: Dict[int, Stream] = {}
        self.opened = self.promised = self.promises = 0
        self.last: Optional[int] = None         # of the server's GOAWAY
        self.block: Optional[Block] = None
        self.continuations = self.idle_frames = 0
        self.settings: Dict[int, int] = {}      # that the server has sent
        self.settings_seen = self.settings_acked = False
        self.window, self.owed, self.send_window = WINDOW, 0, WINDOW
        self.table_size = table_size
        self.encoder, self.decoder = Encoder(), Decoder(rules, LIST_LIMIT)
        self.handlers: Dict[int, Callable[[int, int, bytes], None]] = {
            DATA: self._data, HEADERS: self._headers,
            RST_STREAM: self._rst_stream, SETTINGS: self._settings,
            PUSH_PROMISE: self._push_promise, PING: self._ping,
            GOAWAY: self._goaway, WINDOW_UPDATE: self._window_update,
            CONTINUATION: self._continuation,
            PRIORITY_UPDATE: self._priority_update,
        }
        pairs = {HEADER_TABLE_SIZE: table_size, ENABLE_PUSH: int(allow_push),
                 MAX_CONCURRENT_STREAMS: PUSHES,
                 MAX_HEADER_LIST_SIZE: LIST_LIMIT, NO_RFC7540_PRIORITIES: 1}
        self.out += PREFACE + frame(SETTINGS, 0, 0, b"".join(
            struct.pack(">HI", key, pairs[key]) for key in sorted(pairs)))

    # ---- what the client does

    def active(self) -> List[Stream]:
        """Returns the streams that the client opened and that
        are not closed."""
        return [s for s in self.streams.values() if s.id & 1 and not s.closed]

    def can_open(self) -> bool:
        """Returns whether a stream may be opened now."""
        if self.dead or self.last is not None and self.rules.keeps("goaway"):
            return False
        return (not self.rules.keeps("send-streams") or len(self.active())
                < self.settings.get(MAX_CONCURRENT_STREAMS, 100))

    def open(self, exchange: Any) -> None:
        """Opens a stream for the exchange and sends its HEADERS."""
        sid = self.opened + 2 if self.opened else 1
        self.opened = sid
        stream = Stream(sid, Response(self.rules, exchange.method),
                        self.settings.get(INITIAL_WINDOW_SIZE, WINDOW),
                        exchange)
        self.streams[sid] = stream
        stream.authority = exchange.authority
        stream.sent_end = exchange.upload.exhausted
        block = self.encoder.encode(exchange.fields())
        kind, flags = HEADERS, END_STREAM if stream.sent_end else 0
        while True:
            part, block = block[:FRAME_SIZE], block[FRAME_SIZE:]
            self.out += frame(kind, flags | (0 if block else END_HEADERS),
                              sid, part)
            kind, flags = CONTINUATION, 0
            if not block:
                return

    def cancel(self, exchange: Any) -> None:
        """Gives up the exchange; resets its stream."""
        for stream in self.active():
            if stream.exchange is exchange:
                stream.exchange = None
                if self.rules.keeps("reset"):
                    self._reset(stream.id, CANCEL)

    def leave(self) -> None:
        """Ends the connection, with GOAWAY, since the client
        needs no more of it."""
        if not self.dead and self.rules.keeps("say-goodbye"):
            self._say_goodbye(NO_ERROR, "")
        self.closed("left")

    def closed(self, how: str) -> None:
        """Marks the connection as ended, for the reason `how`, and fails all
        exchanges that have no whole response."""
        if self.dead:
            return
        self.dead = how or "closed"
        for stream in self.streams.values():
            self._lose(stream, self.dead)

    def produce(self, now: float, backlog: int, quiet: bool = True) -> None:
        """Adds to `out` what can be sent by now.  backlog: octets queued
        before it.  quiet: nothing came recently.  Credit is given only then:
        DATA over the window would come at once, and credit would hide it."""
        if self.dead:
            return
        for stream in self.streams.values():
            if quiet:
                self._return_credit(stream)
            self._give_up_upload(stream, now)
        if quiet and self.owed * 2 > WINDOW:
            self.out += frame(WINDOW_UPDATE, 0, 0,
                              self.owed.to_bytes(4, "big"))
            self.window += self.owed
            self.owed = 0
        if self.idle_frames and backlog + len(self.out) > OUT_LIMIT:
            self._try(lambda: self.rules.require(
                False, "flood", "acknowledgements are not read"))
        sending = self.active()
        while sending and backlog + len(self.out) < BACKLOG:
            sending = [s for s in sending if self._send_data(s, now)]

    # ---- sending

    def _send_data(self, stream: Stream, now: float) -> bool:
        """Sends a DATA frame of an upload, if that is possible now.  Returns
        whether more of the upload may follow."""
        upload = stream.exchange and stream.exchange.upload
        if not upload or stream.closed or stream.sent_end or upload.held(now):
            return False
        size = self._frame_size(stream)
        if self.rules.keeps("send-window"):
            size = min(size, self.send_window, stream.send_window)
        data = upload.take(max(size, 0))
        stream.sent_end = upload.exhausted
        if not data and not stream.sent_end:
            return False
        self.out += frame(DATA, END_STREAM if stream.sent_end else 0,
                          stream.id, data)
        self.send_window -= len(data)
        stream.send_window -= len(data)
        stream.sent += len(data)
        if stream.sent_end and stream.response.ended:
            self._complete(stream)
        return not stream.sent_end

    def _frame_size(self, stream: Stream) -> int:
        if self.rules.keeps("send-frame-size"):
            return min(self.settings.get(MAX_FRAME_SIZE, FRAME_SIZE),
                       BACKLOG)
        # The first burst, which nothing from the server can stop, has both.
        return (FRAME_SIZE if stream.sent < BACKLOG - FRAME_SIZE
                else LARGER_FRAME_SIZE)

    def _give_up_upload(self, stream: Stream, now: float) -> None:
        """Resets a stream whose upload does not end within UPLOAD_PATIENCE of
        a complete response: the server may give it no more credit."""
        if not stream.response.ended or stream.exchange is None:
            return
        stream.ended_at = stream.ended_at or now
        if (now - stream.ended_at > UPLOAD_PATIENCE
                and self.rules.keeps("reset")):
            self._reset(stream.id, CANCEL)
            self._complete(stream)

    def _reset(self, sid: int, code: int) -> None:
        self.out += frame(RST_STREAM, 0, sid, code.to_bytes(4, "big"))
        if sid in self.streams:
            self.streams[sid].reset = True
        self.idle_frames += 1

    def _say_goodbye(self, code: int, text: str) -> None:
        self.out += frame(GOAWAY, 0, 0, struct.pack(
            ">II", self.promised, code) + text.encode()[:200])

    def _return_credit(self, stream: Stream) -> None:
        """Gives back credit for DATA that the application has read."""
        if stream.exchange is None or stream.exchange.reading():
            stream.owed += stream.held
            self.owed += stream.held
            stream.held = 0
        if (stream.owed * 2 > WINDOW and not stream.response.ended
                and not stream.reset):
            self.out += frame(WINDOW_UPDATE, 0, stream.id,
                              stream.owed.to_bytes(4, "big"))
            stream.window += stream.owed
            stream.owed = 0

    # ---- ends of streams

    def _complete(self, stream: Stream) -> None:
        exchange, stream.exchange = stream.exchange, None
        self.reused = True
        if exchange is not None:
            exchange.complete()

    def _lose(self, stream: Stream, why: str, code: Optional[int] = None,
              unprocessed: bool = False) -> None:
        """Ends a stream; its exchange fails unless it has a whole response."""
        stream.reset = True
        exchange, stream.exchange = stream.exchange, None
        if exchange is None:
            return
        if stream.response.ended:       # must not be discarded, RFC 9113 §8.1
            exchange.complete()
        else:
            exchange.fail(why, code, unprocessed, self.reused)

    # ---- receiving

    def receive(self, octets: bytes) -> None:
        """Takes octets that have come."""
        self.buffer += octets
        self._try(self._parse)

    def _try(self, function: Callable[[], None]) -> None:
        """Calls function; ends the connection if it raises Violation."""
        try:
            function()
        except Violation as v:
            self.faulted = True
            self._say_goodbye(v.code, str(v))
            self.closed(f"our connection error {v.code}: {v}")

    def unwanted(self, what: str) -> None:
        """Takes a TLS message that must not come, or ""."""
        self._try(lambda: self.rules.require(not what, "renegotiation", what))

    def _parse(self) -> None:
        if not self.settings_seen and HTTP1.match(self.buffer):
            self._http1()
        while len(self.buffer) >= 9 and not self.dead:
            length = int.from_bytes(self.buffer[:3], "big")
            kind, flags, sid = (self.buffer[3], self.buffer[4],
                                number(self.buffer[5:9]))
            self.rules.require(length <= FRAME_SIZE, "frame-too-long",
                               f"frame of {length} octets")
            if len(self.buffer) < 9 + length:
                return
            payload = bytes(self.buffer[9:9 + length])
            del self.buffer[:9 + length]
            try:
                self._frame(kind, flags, sid, payload)
            except Violation as v:
                if v.scope != STREAM:
                    raise
                self._stream_error(sid, v)

    def _http1(self) -> None:
        """Takes an HTTP/1.1 response; only a client without
        rules accepts it."""
        self.rules.require(False, "preface", "HTTP/1.1 instead of SETTINGS")
        for stream in self.active():
            if stream.exchange is not None:
                stream.exchange.head(int(self.buffer[9:12]), [])
                self._complete(stream)

    def _stream_error(self, sid: int, v: Violation) -> None:
        self._reset(sid, v.code)
        if sid in self.streams:
            self._lose(self.streams[sid], f"our stream error {v.code}: {v}")
        self.reused = True

    def _frame(self, kind: int, flags: int, sid: int, payload: bytes) -> None:
        require = self.rules.require
        require(self.settings_seen or kind == SETTINGS and not flags & ACK,
                "preface", f"frame of type {kind} before SETTINGS")
        block = self.block
        require(block is None or kind == CONTINUATION
                and sid == block.stream_id, "block-interrupted",
                f"frame of type {kind} in a header block")
        form = FORMS.get(kind)
        if form:
            require(form.stream if sid else form.zero, "frame-stream",
                    f"frame of type {kind} on stream {sid}")
            right = (len(payload) >= form.least + bool(
                flags & PADDED and kind in (DATA, HEADERS, PUSH_PROMISE))
                + (5 if flags & PRIORITY_FLAG and kind == HEADERS else 0)
                and (form.most is None or len(payload) <= form.most))
            require(right, "frame-length-stream" if kind == PRIORITY
                    else "frame-length",
                    f"{len(payload)} octets in a frame of type {kind}")
            if not right:
                return
        self.idle_frames += 1
        handler = self.handlers.get(kind)   # a client ignores other types
        if handler:
            handler(flags, sid, payload)
        require(self.idle_frames <= IDLE_FRAMES, "flood",
                f"{IDLE_FRAMES} frames that bring nothing")

    def _unpadded(self, flags: int, payload: bytes) -> bytes:
        if not flags & PADDED:
            return payload
        padding, payload = payload[0], payload[1:]
        self.rules.require(padding <= len(payload), "padding",
                           f"{padding} octets of padding")
        return payload[:max(len(payload) - padding, 0)]

    def _stream(self, sid: int, reserved: bool = True) -> Optional[Stream]:
        """Returns the stream of a frame, or None if it is not known (any
        more).  reserved: whether the frame may come on a reserved stream."""
        stream = self.streams.get(sid)
        self.rules.require(
            stream or sid <= (self.opened if sid & 1 else self.promised),
            "idle-stream", f"frame on stream {sid}, which is idle")
        self.rules.require(
            stream is None or not stream.reserved or reserved,
            "reserved-stream", f"frame on stream {sid}, which is reserved")
        return stream

    # ---- DATA

    def _data(self, flags: int, sid: int, payload: bytes) -> None:
        stream = self._stream(sid, reserved=False)
        size = len(payload)
        self.window -= size
        self.rules.require(self.window >= 0, "overrun",
                           "DATA over the connection's window")
        if stream is None or stream.reset:
            self._unpadded(flags, payload)
            self.owed += size
            return
        stream.held += size
        data = self._unpadded(flags, payload)
        stream.window -= size
        self.rules.require(stream.window >= 0, "overrun-stream",
                           "DATA over the stream's window")
        self.rules.require(not stream.response.ended, "closed-stream",
                           "DATA behind END_STREAM")
        end = bool(flags & END_STREAM)
        stream.response.data(len(data), end)
        if data:
            self.idle_frames = 0
        if stream.exchange is not None and not stream.exchange.data(data):
            if self.rules.keeps("reset"):
                self._reset(sid, CANCEL)
            self._lose(stream, "given up")
        if end:
            self._remote_end(stream)

    def _remote_end(self, stream: Stream) -> None:
        if stream.exchange is not None:
            stream.exchange.remote_end()
        if stream.sent_end or not self.rules.keeps("reset"):
            self._complete(stream)

    # ---- header blocks

    def _headers(self, flags: int, sid: int, payload: bytes) -> None:
        self._stream(sid)
        payload = self._unpadded(flags, payload)
        self._open_block(Block(HEADERS, flags, sid, 0, bytearray(
            payload[5:] if flags & PRIORITY_FLAG else payload)))

    def _push_promise(self, flags: int, sid: int, payload: bytes) -> None:
        require = self.rules.require
        require(self.push, "push-disabled", "PUSH_PROMISE, push is disabled")
        stream = self._stream(sid)
        require(sid & 1 and stream and not (
            stream.response.ended and not stream.reset), "push-stream",
            f"PUSH_PROMISE on stream {sid}")
        payload = self._unpadded(flags, payload)
        require(len(payload) >= 4, "frame-length", "PUSH_PROMISE too short")
        promised = number(payload)
        require(promised and not promised & 1 and promised > self.promised,
                "push-id", f"promised stream {promised}")
        self.promised = max(self.promised, promised)
        self.promises += 1
        require(self.promises <= PROMISES, "flood", f"{PROMISES} promises")
        self._open_block(Block(PUSH_PROMISE, flags, sid, promised,
                               bytearray(payload[4:])))

    def _open_block(self, block: Block) -> None:
        self.block, self.continuations = block, 0
        if block.flags & END_HEADERS:
            self._close_block(block)

    def _continuation(self, flags: int, sid: int, payload: bytes) -> None:
        block = self.block
        self.rules.require(block, "block-absent",
                           "CONTINUATION without a header block")
        if block is None:
            return
        block.octets.extend(payload)
        self.continuations += 1
        self.rules.require(len(block.octets) <= LIST_LIMIT, "header-list",
                           "header block too large")
        self.rules.require(self.continuations <= CONTINUATIONS, "flood",
                           f"{CONTINUATIONS} CONTINUATION frames")
        if flags & END_HEADERS:
            self._close_block(block)

    def _close_block(self, block: Block) -> None:
        self.block = None
        fields = self.decoder.decode(bytes(block.octets))
        stream = self.streams.get(block.stream_id)
        if block.kind == PUSH_PROMISE:
            self._promise(block.promised, stream, fields)
        elif stream is not None and not stream.reset:
            self._section(stream, fields, bool(block.flags & END_STREAM))

    def _section(self, stream: Stream, fields: List[Field], end: bool) -> None:
        response = stream.response
        self.rules.require(not response.ended, "closed-stream",
                           "HEADERS behind END_STREAM")
        if stream.reserved:
            stream.reserved = False
            pushed = [s for s in self.streams.values() if not s.id & 1
                      and not s.reserved and not s.closed]
            self.rules.require(len(pushed) <= PUSHES, "push-concurrency",
                               f"{len(pushed)} pushed streams at once")
        status = response.section(fields, end)
        exchange = stream.exchange
        if exchange is not None:
            if status is None:
                exchange.trailers(fields)
            elif status < 200:
                exchange.informational(status)
            else:
                self.idle_frames = 0
                exchange.head(status, fields)
        if end:
            self._remote_end(stream)

    def _promise(self, promised: int, stream: Optional[Stream],
                 fields: List[Field]) -> None:
        """Takes a promised request.  A fault in it ends only the promised
        stream (RFC 9113 §8.4)."""
        new = Stream(promised, Response(self.rules, b"GET"), 0)
        new.sent_end = new.reserved = True
        self.streams[promised] = new
        try:
            new.response.method = push.check_request(
                self.rules, fields, stream.authority if stream else b"")
        except Violation as v:
            self._stream_error(promised, v)
        if stream is not None and stream.reset and not new.reset:
            self._reset(promised, CANCEL)

    # ---- the other frames

    def _rst_stream(self, flags: int, sid: int, payload: bytes) -> None:
        stream, code = self._stream(sid), int.from_bytes(payload, "big")
        if stream is not None and not stream.closed:
            self._lose(stream, f"RST_STREAM with code {code}", code,
                       code == REFUSED_STREAM)
        self.reused = True
        if not self.rules.keeps("reset-isolated"):
            self._reset(sid, code)
            self.closed("RST_STREAM")

    def _settings(self, flags: int, sid: int, payload: bytes) -> None:
        if flags & ACK:
            self.rules.require(not payload, "frame-length",
                               "SETTINGS acknowledgement with payload")
            if not self.settings_acked:
                self.decoder.acknowledged(self.table_size)
            self.settings_acked = True
            return
        self.rules.require(len(payload) % 6 == 0, "frame-length",
                           f"SETTINGS of {len(payload)} octets")
        first, self.settings_seen = not self.settings_seen, True
        self.idle_frames += len(payload) // 600     # 100 settings: one frame
        for i in range(0, len(payload) - 5, 6):
            key, value = struct.unpack(">HI", payload[i:i + 6])
            self._setting(key, value, first)
        self.out += frame(SETTINGS, ACK, 0)

    def _setting(self, key: int, value: int, first: bool) -> None:
        least, most = VALUES.get(key, (0, (1 << 32) - 1))
        self.rules.require(
            least <= value <= most, "settings-window"
            if key == INITIAL_WINDOW_SIZE else "settings-value",
            f"setting {key} is {value}")
        if key in (ENABLE_CONNECT_PROTOCOL, NO_RFC7540_PRIORITIES):
            old = self.settings.get(key, 0)
            self.rules.require(
                first or old == value or key == ENABLE_CONNECT_PROTOCOL
                and value, "settings-changed",
                f"setting {key} changes from {old} to {value}")
        if key == INITIAL_WINDOW_SIZE:
            self._move_windows(value - self.settings.get(key, WINDOW))
        if key == HEADER_TABLE_SIZE and self.rules.keeps("send-table-size"):
            self.encoder.limit(value)
        if key in VALUES or key <= MAX_HEADER_LIST_SIZE:
            self.settings[key] = value

    def _move_windows(self, difference: int) -> None:
        for stream in self.active():
            stream.send_window += difference
            self.rules.require(stream.send_window <= WINDOW_LIMIT,
                               "window-overflow-by-settings",
                               f"window of {stream.send_window} octets")

    def _ping(self, flags: int, sid: int, payload: bytes) -> None:
        if not flags & ACK:
            self.out += frame(PING, ACK, 0, payload)

    def _goaway(self, flags: int, sid: int, payload: bytes) -> None:
        last, code = number(payload), int.from_bytes(payload[4:8], "big")
        self.rules.require(self.last is None or last <= self.last,
                           "goaway-raised",
                           f"GOAWAY raises the last stream to {last}")
        self.last = last
        if not self.rules.keeps("goaway"):
            return
        for stream in self.active():
            if stream.id > last:
                self._lose(stream, f"GOAWAY with code {code}",
                           code if code == HTTP_1_1_REQUIRED else None, True)

    def _window_update(self, flags: int, sid: int, payload: bytes) -> None:
        increment, require = number(payload), self.rules.require
        if sid == 0:
            require(increment, "window-increment-zero",
                    "WINDOW_UPDATE of 0")
            self.send_window += increment
            require(self.send_window <= WINDOW_LIMIT, "window-overflow",
                    f"window of {self.send_window} octets")
            return
        stream = self._stream(sid, reserved=False)
        if stream is None or stream.closed:
            return
        require(increment, "window-increment-zero-stream",
                "WINDOW_UPDATE of 0")
        stream.send_window += increment
        require(stream.send_window <= WINDOW_LIMIT, "window-overflow-stream",
                f"window of {stream.send_window} octets")

    def _priority_update(self, flags: int, sid: int, payload: bytes) -> None:
        self.rules.require(False, "priority-update",
                           "PRIORITY_UPDATE from a server")
