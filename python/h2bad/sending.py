# SPDX-License-Identifier: MIT
"""What the functions of a case can send.

Everything is sent as it is, and nothing is checked, but `data` keeps to the
client's windows.  Calls that name no stream
send on s, the stream of the connection's first request, but `frame` and
`window_update` on 0.
"""

import contextlib
import re
from typing import (Any, Dict, Iterable, Iterator, List, Optional, Set, Tuple,
                    Union)

from h2bad import wire
from h2bad.wire import Text

__all__ = ["BODY", "FIELDS", "Sender", "TARGET"]

Fields = Iterable[Tuple[Text, Text]]
Code = Union[str, int]

#: Fields of a good response, which pages of other origins may read too (WHATWG
#: Fetch §3.2).
FIELDS = (("content-type", "text/plain;charset=utf-8"),
          ("cache-control", "no-store"),
          ("access-control-allow-origin", "*"),
          ("access-control-allow-headers", "authorization, *"),
          ("access-control-allow-methods", "*"),
          ("timing-allow-origin", "*"))
ALLOWED = FIELDS[2]

#: The beginning of a field block: size updates of the dynamic table, then
#: :status, indexed or as a literal (RFC 7541 §6.1 to 6.3, Appendix A).
_STATUS = re.compile(rb"(?:[\x20-\x3e]|\x3f[\x80-\xff]*[\x00-\x7f])*"
                     rb"(?:[\x88-\x8e]|[\x08\x18\x48]\x03[0-9]{3})")
_ALLOWED = wire.field(*ALLOWED)

BODY = b"hello, world\n"

#: The path that redirections lead to; `Sender.place` makes the location.
TARGET = "/redirected"


class Sender:
    """The sending half of an `Exchange`.

    connection: h2rig's `Connection`.  s: the stream of calls that name none.
    request: the client's first one; its get(name) returns a field's value.
    case, run: that of the connection, and the run's id; None before they are
    known.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.s = 1
        self.request: Any = None
        self.case: Any = None
        self.run: Optional[str] = None
        self._used: Dict[int, int] = {}     # octets of DATA sent, by stream
        self._begun: Dict[int, bool] = {}   # answered streams: to the end?
        self._promised: Set[int] = set()
        self._settings_sent = 1
        self._together: Optional[List[bytes]] = None
        self._piece = 0         # octets of each write inside `together`
        self._table = 4096      # dynamic table size that the client knows
        #: requests on higher streams are ignored: see `send_goaway`
        self.last_stream = (1 << 31) - 1

    @property
    def client_settings(self) -> Dict[str, int]:
        """The client's current SETTINGS by name, defaults included."""
        made: Dict[str, int] = self.connection.client_settings
        return made

    def octets(self, octets: bytes) -> None:
        """Sends these octets, whatever they are."""
        if self._together is not None:
            self._together.append(octets)
        else:
            self.connection.writer.write_raw(octets)

    @contextlib.contextmanager
    def together(self, piece: int = 0) -> Iterator[None]:
        """Sends all that the `with` block sends by one write, so in as few TLS
        records as it fits into.  piece: octets of each write; 0: one write.
        What comes before DATA for which there is no credit goes out earlier.
        """
        self._together, self._piece = [], piece
        try:
            yield
        finally:
            self._write()

    def _write(self) -> None:
        # Sends what has been gathered by `together`.
        sent, self._together = b"".join(self._together or ()), None
        piece = self._piece or max(1, len(sent))
        for i in range(0, len(sent), piece):
            self.octets(sent[i:i + piece])

    def frame(self, type: Union[str, int], flags: Any = 0, stream: int = 0,
              payload: bytes = b"", length: int = -1) -> None:
        """Sends a frame; see `wire.frame`."""
        self.octets(wire.frame(type, flags, stream, payload, length))

    def headers(self, fields: Fields = ((":status", "200"),), stream: int = 0,
                end: bool = False, end_headers: bool = True,
                block: Optional[bytes] = None, padding: int = -1,
                priority: bytes = b"", flags: int = 0) -> None:
        """Sends HEADERS.

        block: the field block fragment, in the place of fields.  padding: its
        octets; -1: no padding and no PADDED flag.  end, end_headers: the flags
        END_STREAM and END_HEADERS.  priority: the octets that the PRIORITY
        flag announces; b"": none and no flag.  flags: other flags, a number.
        """
        stream = stream or self.s
        payload = priority + self._block(fields, block)
        if priority:
            flags |= wire.FLAGS["PRIORITY"]
        self._begins(stream, end)
        self.frame("HEADERS", *_padded(flags | end | end_headers << 2,
                                       stream, payload, padding))

    def _block(self, fields: Fields, block: Optional[bytes]) -> bytes:
        # The first block after the client has lowered HEADER_TABLE_SIZE begins
        # with a size update (RFC 9113 §4.3.1).
        block = self._allowed(fields, block)
        size = self.client_settings["HEADER_TABLE_SIZE"]
        if size < self._table:
            self._table = size
            block = wire.integer(size, 5, 0x20) + block
        return block

    def _allowed(self, fields: Fields, block: Optional[bytes]) -> bytes:
        # A browser resets a response that a page of another origin may not
        # read, and that reset would not be a reaction to the case.
        foreign = self.request and self.request.get("origin") is not None
        if block is not None:
            found = _STATUS.match(block) if foreign else None
            return block if found is None or _ALLOWED in block else b"".join((
                found[0], _ALLOWED, block[found.end():]))
        fields = list(fields)
        if foreign and fields and fields[0][0] == ":status" and \
                ALLOWED not in fields:
            fields.append(ALLOWED)
        return wire.block(fields)

    def split_headers(self, block: bytes, n: int, stream: int = 0,
                      end: bool = False) -> None:
        """Sends a field block as HEADERS and n CONTINUATION frames of about
        the same length.
        """
        stream = stream or self.s
        block = self._block((), block)
        cuts = [len(block) * i // (n + 1) for i in range(n + 2)]
        self._begins(stream, end)
        self.frame("HEADERS", end | (n == 0) << 2, stream, block[:cuts[1]])
        for i in range(1, n + 1):
            self.continuation(block[cuts[i]:cuts[i + 1]], stream,
                              end_headers=i == n)

    def long_headers(self, n: int) -> None:
        """Sends HEADERS with status 200 and a payload of exactly n octets, 400
        or more, on s.
        """
        block = self._block((), b"\x88")
        while n - len(block) > 1300:
            block += wire.field("x-fill", "a" * 1000)
        # The length of a value of 255 octets or more takes 3 octets.
        self.headers(block=block + wire.field("x-fill", "a" * (
            n - len(block) - 11)))

    def large_block(self, block: bytes, stream: int = 0, end: bool = False
                     ) -> None:
        """Sends a field block as HEADERS and as many CONTINUATION frames as
        are needed, each of at most 16,384 octets.
        """
        block = self._block((), block)
        self.split_headers(block, len(block) // 16384, stream, end)

    def flood(self, octets: bytes, frames: int = 30000, reading: bool = True
              ) -> int:
        """Sends these whole frames again and again, as fast as the client
        takes them: at most 64 MiB, this many frames, or 3 seconds.  Returns
        how many octets went out.  reading: whether the client's frames are
        read meanwhile.
        """
        sent: int = self.connection.writer.flood(octets, 1 << 26, frames, 3.0,
                                                 reading)
        return sent

    def continuation(self, payload: bytes = b"", stream: int = 0,
                     end_headers: bool = True) -> None:
        """Sends CONTINUATION."""
        self.frame("CONTINUATION", end_headers << 2, stream or self.s, payload)

    def data(self, content: Text = b"", stream: int = 0, end: bool = False,
             padding: int = -1, beyond: bool = False) -> bool:
        """Sends DATA by one frame.  If the client's windows do not allow that,
        a frame with padding waits for credit, and content is sent in frames
        that they allow.  If no credit comes: `skip` if the client's windows
        are smaller than by default, else fails with `hang`.  Once the client
        has given the stream up meanwhile, no more is sent.  On a stream that is
        idle or closed the windows do not matter.  Returns whether all was sent.

        padding: see `headers`.  beyond: whether it may exceed the windows.
        """
        stream = stream or self.s
        left = wire.octets(content)
        while True:
            n = len(left)
            if not beyond:
                n = self._fitting(stream, n, padding)
            if n < 0:
                return False
            part, left = left[:n], left[n:]
            self._data(part, stream, end and not left, padding)
            if not left:
                return True

    def _fitting(self, stream: int, n: int, padding: int) -> int:
        # Returns how many octets of n can be sent as content of a frame, or -1
        # if the client has given the stream up.  `Exchange` waits for credit.
        return n

    def _data(self, content: bytes, stream: int, end: bool, padding: int
              ) -> None:
        self._begins(stream, end)
        flags, stream, payload = _padded(int(end), stream, content, padding)
        self._uses(stream, len(payload))
        self.frame("DATA", flags, stream, payload)

    def _begins(self, stream: int, end: bool) -> None:
        stream &= wire.STREAM
        self._begun[stream] = self._begun.get(stream, False) or end

    def _uses(self, stream: int, n: int) -> None:
        stream &= wire.STREAM
        self._used[stream] = self._used.get(stream, 0) + n

    def bulk(self, n: int, stream: int = 0) -> None:
        """Sends n octets in DATA frames, whatever the windows allow."""
        for size in [16384] * (n // 16384) + [n % 16384]:
            self.data(b"." * size, stream, beyond=True)

    def rst(self, error: Code = "CANCEL", stream: int = 0, flags: int = 0
            ) -> None:
        """Sends RST_STREAM.  flags: a number."""
        self._begins(stream or self.s, True)
        self.frame("RST_STREAM", flags, stream or self.s,
                   wire.code(error).to_bytes(4, "big"))

    def send_settings(self, pairs: Any = (), ack: bool = False) -> None:
        """Sends SETTINGS.  pairs: an identifier or its name, and a value."""
        self._settings_sent += not ack
        self.frame("SETTINGS", int(ack), 0, wire.entries(pairs))

    def ping(self, data: bytes = b"\0" * 8, ack: bool = False) -> None:
        """Sends PING."""
        self.frame("PING", int(ack), 0, data)

    def send_goaway(self, error: Code = "NO_ERROR", last: int = -1,
                    debug: bytes = b"") -> None:
        """Sends GOAWAY.  last: its last stream identifier; -1: s.  Requests on
        higher streams are ignored from now on (RFC 9113 §6.8), whose reserved
        bit is no part of the identifier.
        """
        last = self.s if last < 0 else last
        self.last_stream = min(self.last_stream, last & wire.STREAM)
        self.frame("GOAWAY", 0, 0, last.to_bytes(4, "big")
                   + wire.code(error).to_bytes(4, "big") + debug)

    def window_update(self, increment: int, stream: int = 0) -> None:
        """Sends WINDOW_UPDATE, for the connection unless a stream is given."""
        self.frame("WINDOW_UPDATE", 0, stream, increment.to_bytes(4, "big"))

    def priority(self, depends: int = 0, weight: int = 16, stream: int = 0
                 ) -> None:
        """Sends PRIORITY (RFC 9113 §6.3).  weight: 1 to 256."""
        self.frame("PRIORITY", 0, stream or self.s,
                   depends.to_bytes(4, "big") + bytes([weight - 1]))

    def push(self, promised: int = 2, fields: Optional[Fields] = None,
             stream: int = 0, end_headers: bool = True,
             block: Optional[bytes] = None, padding: int = -1) -> None:
        """Sends PUSH_PROMISE.  promised: the promised stream.  fields: of the
        promised request; None: a GET of /bad/pushed with the authority of the
        client's first request.  block, padding: as in `headers`.
        """
        if fields is None:
            fields = self.push_fields()
        if promised and promised % 2 == 0:
            self._promised.add(promised)
        payload = promised.to_bytes(4, "big") + self._block(fields, block)
        self.frame("PUSH_PROMISE", *_padded(end_headers << 2,
                                            stream or self.s, payload,
                                            padding))

    def push_fields(self, **changed: Optional[str]) -> Fields:
        """Returns the fields of a promised request.  changed: other values, as
        in method="POST"; None leaves a field out.
        """
        fields = {"method": "GET", "scheme": "https",
                  "authority": self.request.get(":authority"),
                  "path": "/bad/pushed", **changed}
        return [(":" + n, v) for n, v in fields.items() if v is not None]

    def respond(self, stream: int = 0, status: Any = 200,
                body: bytes = BODY, fields: Fields = (),
                end: bool = True) -> None:
        """Sends a good response, as the client's windows allow it."""
        stream = stream or self.s
        self.headers([(":status", str(status)), *FIELDS, *fields], stream,
                     end=end and not body)
        if body:
            self.content(body, stream, end)

    def held(self, fields: Fields, content: Text = b"hello") -> None:
        """Sends a response without END_STREAM, so that a client that rejects
        it still has a stream to reset.  END_STREAM follows when the client's
        reaction is known (`Exchange.finish`).
        """
        with self.together():
            self.headers(fields)
            if content:
                self.data(content)

    def place(self, path: str = TARGET) -> str:
        """Returns this path with the run and the case, by which a request for
        it on a new connection is known.
        """
        return "%s?run=%s&case=%s" % (path, self.run, self.case.name)

    def redirect(self, status: int, location: str = "", stream: int = 0
                 ) -> None:
        """Sends a redirection, to TARGET if no location is given, without
        content.
        """
        self.headers([(":status", str(status)),
                      ("location", location or self.place())],
                     stream, end=True)

    def pushed(self, *streams: int) -> None:
        """Sends responses on promised streams, whether the client has refused
        them or not.
        """
        for each in streams:
            with self.together():
                self.respond(each)

    def content(self, body: bytes, stream: int = 0, end: bool = True) -> None:
        """Sends DATA frames as the client's windows allow them; inside
        `together` does what `data` does.
        """
        stream = stream or self.s
        if self._together is not None:
            self.data(body, stream, end)
            return
        self._begins(stream, end)
        self._uses(stream, len(body))
        self.connection.writer.write_data(body, last=end, stream_id=stream)


def _padded(flags: int, stream: int, payload: bytes, padding: int
            ) -> Tuple[int, int, bytes]:
    # Returns flags, stream and payload for `frame`, with the padding.
    if padding < 0:
        return flags, stream, payload
    return flags | wire.FLAGS["PADDED"], stream, \
        bytes([padding & 255]) + payload + bytes(padding)
