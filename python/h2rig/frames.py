# SPDX-License-Identifier: MIT
"""HTTP/2 frames: the frames of a request, and frames that a script sends.

`request.frames` has a `RequestHeaders` and `RequestData`s.  The classes of
frames to send (`HeadersFrame`, `DataFrame`, ...) have the interface of
`hyperframe.frame`: a raw call of the writer takes one as `frame_cls`, and
`HeadersFrame(1, b"...", ["END_HEADERS"]).serialize()` makes octets for
`write_raw`.  The classes do not check what RFC 9113 requires of a frame, so
that a script can send wrong ones.  Section numbers (§) are those of RFC 9113.
"""

import array
import itertools
import operator
import struct
from typing import (Any, Callable, Dict, Iterable, Iterator, List, MutableSet,
                    NamedTuple, Optional, Sequence, Set, Tuple, Type, Union)

from h2rig.server.frametypes import (ERROR_CODES, FLAGS, SETTINGS, TYPES,
                                     error_name, type_name)
from h2rig.server.isomorphic import Value

__all__ = [
    "Flags", "Frame", "DataFrame", "HeadersFrame", "PriorityFrame",
    "RstStreamFrame", "SettingsFrame", "PushPromiseFrame", "PingFrame",
    "GoAwayFrame", "WindowUpdateFrame", "ContinuationFrame", "ExtensionFrame",
    "FRAMES", "FrameList", "Priority", "ReceivedFrame", "RequestHeaders",
    "RequestTrailers", "RequestData", "error_code", "frame_flags",
    "frame_type",
]


def _number(v: Any, names: Dict[str, int], limit: int, what: str) -> int:
    if isinstance(v, str) and names:
        if v.upper() not in names:
            raise ValueError("unknown %s %r; known: %s"
                             % (what, v, ", ".join(names)))
        return names[v.upper()]
    if not isinstance(v, int):
        raise TypeError("%s must be an int%s, not %r"
                        % (what, " or a name" if names else "", v))
    if not 0 <= v <= limit:
        raise ValueError("%s must be 0 to %d, not %d" % (what, limit, v))
    return int(v)


def frame_type(v: Union[int, str]) -> int:
    """A frame type from its number (0 to 255) or name; else ValueError."""
    return _number(v, TYPES, 0xff, "frame type")


def frame_flags(v: Union[int, str, Iterable[Union[int, str]]]) -> int:
    """The flags octet from a number (0 to 255), a name, or an iterable of
    numbers and names; else ValueError or TypeError.
    """
    if isinstance(v, (int, str)):
        return _number(v, FLAGS, 0xff, "frame flags")
    out = 0
    for flag in v:
        out |= _number(flag, FLAGS, 0xff, "frame flags")
    return out


def error_code(v: Union[int, str]) -> int:
    """An error code from its number (32 bits) or name (§7); else ValueError.
    """
    return _number(v, ERROR_CODES, 0xffffffff, "error code")


def setting(name: Union[int, str], value: int) -> Tuple[int, int]:
    """A setting's identifier (16 bits), from that or its name, and its value
    (32 bits); else TypeError or ValueError.
    """
    return (_number(name, SETTINGS, 0xffff, "setting"),
            _number(value, {}, 0xffffffff, "value of %s" % (name,)))


class Flags(MutableSet[str]):
    """A set of flag names.  Adding a flag that the frame type does not define
    raises ValueError.
    """

    def __init__(self, defined: Iterable[str]) -> None:
        self._valid = frozenset(defined)
        self._flags: List[str] = []

    def __contains__(self, flag: object) -> bool:
        return flag in self._flags

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def __len__(self) -> int:
        return len(self._flags)

    def add(self, flag: str) -> None:
        """Sets a flag."""
        if flag not in self._valid:
            raise ValueError("flag %r is not one of this frame's: %s" % (
                flag, ", ".join(sorted(self._valid)) or "it has none"))
        if flag not in self._flags:
            self._flags.append(flag)

    def discard(self, flag: str) -> None:
        """Clears a flag."""
        if flag in self._flags:
            self._flags.remove(flag)

    def __repr__(self) -> str:
        return repr(sorted(self._flags))


class Frame:
    """The base class of frames to send: stream_id (int), flags (names)."""

    type: Any = None
    defined_flags: Tuple[str, ...] = ()

    def __init__(self, stream_id: int, flags: Iterable[str] = ()) -> None:
        self.stream_id = stream_id
        self.flags = Flags(self.defined_flags)
        for flag in flags:
            self.flags.add(flag)

    def body(self) -> bytes:
        """Returns the payload."""
        return b""

    @property
    def body_len(self) -> int:
        """The length of the payload in octets."""
        return len(self.body())

    def flag_bits(self) -> int:
        """Returns the flags octet."""
        return frame_flags(self.flags)

    def serialize(self) -> bytes:
        """Returns the frame: 9 octets of header (§4.1), then the payload."""
        body = self.body()
        return struct.pack(
            ">BHBBL", len(body) >> 16 & 0xff, len(body) & 0xffff, self.type,
            self.flag_bits(), self.stream_id) + body

    def __repr__(self) -> str:
        return "%s(stream_id=%d, flags=%r): %s" % (
            type(self).__name__, self.stream_id, self.flags,
            self.body()[:20].hex() or "None")


class Padded(Frame):
    """The base class of frames that can have padding.  pad_length: octets of
    padding, which the frame has only with the PADDED flag (§6.1).
    """

    pad_length = 0

    def _padded(self, body: bytes) -> bytes:
        if "PADDED" not in self.flags:
            return body
        return bytes((self.pad_length,)) + body + bytes(self.pad_length)


class DataFrame(Padded):
    """DATA (§6.1)."""

    type = TYPES["DATA"]
    defined_flags = ("END_STREAM", "PADDED")

    def __init__(self, stream_id: int, data: bytes = b"",
                 flags: Iterable[str] = (), pad_length: int = 0) -> None:
        super().__init__(stream_id, flags)
        self.data = data
        self.pad_length = pad_length

    @property
    def flow_controlled_length(self) -> int:
        """The octets that count for flow control, padding included (§6.9)."""
        return len(self.body())

    def body(self) -> bytes:
        return self._padded(bytes(self.data))


class PriorityFrame(Frame):
    """PRIORITY (§6.3)."""

    type = TYPES["PRIORITY"]

    def __init__(self, stream_id: int, depends_on: int = 0,
                 stream_weight: int = 0, exclusive: bool = False,
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.depends_on = depends_on
        self.stream_weight = stream_weight
        self.exclusive = exclusive

    def body(self) -> bytes:
        return struct.pack(
            ">LB", self.depends_on | (0x80000000 if self.exclusive else 0),
            self.stream_weight)


class HeadersFrame(Padded):
    """HEADERS (§6.2).  data: the field block fragment, encoded by HPACK."""

    type = TYPES["HEADERS"]
    defined_flags = ("END_STREAM", "END_HEADERS", "PADDED", "PRIORITY")

    def __init__(self, stream_id: int, data: bytes = b"",
                 flags: Iterable[str] = (), pad_length: int = 0,
                 depends_on: int = 0, stream_weight: int = 0,
                 exclusive: bool = False) -> None:
        super().__init__(stream_id, flags)
        self.data = data
        self.pad_length = pad_length
        self.depends_on = depends_on
        self.stream_weight = stream_weight
        self.exclusive = exclusive

    def body(self) -> bytes:
        priority = b""
        if "PRIORITY" in self.flags:
            priority = PriorityFrame(
                0, self.depends_on, self.stream_weight, self.exclusive).body()
        return self._padded(priority + bytes(self.data))


class RstStreamFrame(Frame):
    """RST_STREAM (§6.4)."""

    type = TYPES["RST_STREAM"]

    def __init__(self, stream_id: int, error_code: int = 0,
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.error_code = error_code

    def body(self) -> bytes:
        return struct.pack(">L", self.error_code)


class SettingsFrame(Frame):
    """SETTINGS (§6.5).  settings: a dict of setting identifier to value."""

    type = TYPES["SETTINGS"]
    defined_flags = ("ACK",)

    HEADER_TABLE_SIZE = 0x1
    ENABLE_PUSH = 0x2
    MAX_CONCURRENT_STREAMS = 0x3
    INITIAL_WINDOW_SIZE = 0x4
    MAX_FRAME_SIZE = 0x5
    MAX_HEADER_LIST_SIZE = 0x6
    ENABLE_CONNECT_PROTOCOL = 0x8

    def __init__(self, stream_id: int = 0,
                 settings: Optional[Dict[int, int]] = None,
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.settings = dict(settings or {})

    def body(self) -> bytes:
        return b"".join(struct.pack(">HL", k, v)
                        for k, v in self.settings.items())


class PushPromiseFrame(Padded):
    """PUSH_PROMISE (§6.6).  data: the field block fragment."""

    type = TYPES["PUSH_PROMISE"]
    defined_flags = ("END_HEADERS", "PADDED")

    def __init__(self, stream_id: int, promised_stream_id: int = 0,
                 data: bytes = b"", flags: Iterable[str] = (),
                 pad_length: int = 0) -> None:
        super().__init__(stream_id, flags)
        self.promised_stream_id = promised_stream_id
        self.data = data
        self.pad_length = pad_length

    def body(self) -> bytes:
        return self._padded(
            struct.pack(">L", self.promised_stream_id) + bytes(self.data))


class PingFrame(Frame):
    """PING (§6.7).  opaque_data: 8 octets; fewer are padded with zeros."""

    type = TYPES["PING"]
    defined_flags = ("ACK",)

    def __init__(self, stream_id: int = 0, opaque_data: bytes = b"",
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.opaque_data = opaque_data

    def body(self) -> bytes:
        return bytes(self.opaque_data).ljust(8, b"\0")


class GoAwayFrame(Frame):
    """GOAWAY (§6.8)."""

    type = TYPES["GOAWAY"]

    def __init__(self, stream_id: int = 0, last_stream_id: int = 0,
                 error_code: int = 0, additional_data: bytes = b"",
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.last_stream_id = last_stream_id
        self.error_code = error_code
        self.additional_data = additional_data

    def body(self) -> bytes:
        return struct.pack(">LL", self.last_stream_id,
                           self.error_code) + bytes(self.additional_data)


class WindowUpdateFrame(Frame):
    """WINDOW_UPDATE (§6.9)."""

    type = TYPES["WINDOW_UPDATE"]

    def __init__(self, stream_id: int, window_increment: int = 0,
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.window_increment = window_increment

    def body(self) -> bytes:
        return struct.pack(">L", self.window_increment)


class ContinuationFrame(Frame):
    """CONTINUATION (§6.10).  data: the field block fragment."""

    type = TYPES["CONTINUATION"]
    defined_flags = ("END_HEADERS",)

    def __init__(self, stream_id: int, data: bytes = b"",
                 flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.data = data

    def body(self) -> bytes:
        return bytes(self.data)


class ExtensionFrame(Frame):
    """A frame of any type.  flag_byte: the flags octet, instead of names."""

    def __init__(self, type: int, stream_id: int, flag_byte: int = 0,
                 body: bytes = b"", flags: Iterable[str] = ()) -> None:
        super().__init__(stream_id, flags)
        self.type = type
        self.flag_byte = flag_byte
        self._body = body

    def flag_bits(self) -> int:
        return self.flag_byte

    def body(self) -> bytes:
        return bytes(self._body)


_classes: Tuple[Type[Frame], ...] = (
    DataFrame, HeadersFrame, PriorityFrame, RstStreamFrame, SettingsFrame,
    PushPromiseFrame, PingFrame, GoAwayFrame, WindowUpdateFrame,
    ContinuationFrame)

FRAMES: Dict[int, Type[Frame]] = {cls.type: cls for cls in _classes}


class Priority(NamedTuple):
    """The priority in a HEADERS or PRIORITY frame (§5.3.2).

    dependency: a stream id.  weight: 1 to 256.
    """

    dependency: int
    weight: int
    exclusive: bool

    @property
    def depends_on(self) -> int:
        """The same as dependency, by its name in hyperframe and h2."""
        return self.dependency


def _entries(payload: bytes) -> Iterator[Any]:
    # The pairs of SETTINGS, without a rest of less than 6 octets.
    return struct.iter_unpack(">HL", payload[:len(payload) // 6 * 6])


def _settings(payload: bytes) -> Dict[str, Any]:
    return {"settings": list(_entries(payload))}


def _error(code: int) -> Dict[str, Any]:
    return {"error_code": code, "error_name": error_name(code)}


def _goaway(payload: bytes) -> Dict[str, Any]:
    return {"last_stream_id": _u31(payload), "debug_data": payload[8:],
            **_error(_u32(payload[4:]))}


def _priority(payload: bytes) -> Dict[str, Any]:
    dependency = _u32(payload)
    return {"priority": Priority(dependency & 0x7fffffff, payload[4] + 1,
                                 dependency > 0x7fffffff)}


def _u32(octets: bytes) -> int:
    return int.from_bytes(octets[:4], "big")


def _u31(octets: bytes) -> int:
    return _u32(octets) & 0x7fffffff


#: By frame type: the least octets of a payload, and a function that returns
#: the attributes which the payload gives the frame.
_ATTRIBUTES: Dict[int, Tuple[int, Callable[[bytes], Dict[str, Any]]]] = {
    TYPES["PRIORITY"]: (5, _priority),
    TYPES["RST_STREAM"]: (4, lambda payload: _error(_u32(payload))),
    TYPES["SETTINGS"]: (0, _settings),
    TYPES["PING"]: (0, lambda payload: {"data": payload}),
    TYPES["GOAWAY"]: (8, _goaway),
    TYPES["WINDOW_UPDATE"]: (4, lambda payload: {"increment": _u31(payload)}),
    TYPES["PRIORITY_UPDATE"]: (4, lambda payload: {
        "prioritized_stream_id": _u31(payload),
        "priority": Value(payload[4:])}),
}


class ReceivedFrame:
    """A frame as the client has sent it.

    type: the name, or the number of an unknown type.  stream_id: int.  flags:
    the names of those set flags that the type defines; for an unknown type,
    the values of the bits that are set.  payload: bytes.  length: its octets.

    More attributes, by type: increment (WINDOW_UPDATE); error_code and
    error_name (RST_STREAM, GOAWAY); priority (a `Priority` for PRIORITY, the
    field value for PRIORITY_UPDATE); prioritized_stream_id (PRIORITY_UPDATE);
    settings (pairs of numbers, SETTINGS); last_stream_id and debug_data
    (GOAWAY); data (the payload of PING, or of an unknown type).  A frame that
    is too short for its type has none of these.
    """

    stream_ended = False

    def __init__(self, number: int, flags: int, stream_id: int,
                 payload: bytes) -> None:
        self.stream_id = stream_id
        self.payload = payload
        self.length = len(payload)
        self.type: Union[str, int] = type_name(number)
        self.flags: Set[Union[str, int]] = {
            name for name in getattr(FRAMES.get(number), "defined_flags", ())
            if flags & FLAGS[name]}
        if self.type == number:
            self.data = payload
            self.flags.update(1 << i for i in range(8) if flags >> i & 1)
        elif number in _ATTRIBUTES:
            least, read = _ATTRIBUTES[number]
            if len(payload) >= least:
                self.__dict__.update(read(payload))

    def __repr__(self) -> str:
        return "<%s stream_id=%d flags=%s %s>" % (
            self.type if isinstance(self.type, str)
            else "frame of type %#x" % self.type, self.stream_id,
            sorted(self.flags, key=str), self.payload[:20].hex())


class RequestHeaders:
    """The HEADERS frame of a request, with its CONTINUATION frames.

    type: "HEADERS".  stream_id: int.  stream_ended: bool, its END_STREAM flag.
    payload: the whole field block as received, without padding and priority;
    the fragments of CONTINUATION frames are included.
    """

    __slots__ = ("stream_id", "stream_ended", "payload", "_received",
                 "_headers", "_priority", "_length", "_padded")

    type = "HEADERS"

    def __init__(self, stream_id: int, fields: List[Tuple[bytes, bytes]],
                 stream_ended: bool, priority: Any = None, length: int = 0,
                 padded: bool = False, *, payload: bytes = b"") -> None:
        self.stream_id = stream_id
        self.stream_ended = stream_ended
        self.payload = payload
        self._received = fields
        self._headers: Optional[List[Tuple[Value, Value]]] = None
        self._priority = priority
        self._length = length
        self._padded = padded

    @property
    def headers(self) -> List[Tuple[Value, Value]]:
        """The fields as (name, value) pairs, in the order received."""
        if self._headers is None:
            self._headers = [(Value(f[0]), Value(f[1]))
                             for f in self._received]
        return self._headers

    @property
    def priority(self) -> Optional[Priority]:
        """The priority that came with the frame, or None."""
        return Priority(*self._priority) if self._priority else None

    @property
    def flags(self) -> "set[str]":
        """Names of the flags that were set."""
        flags = {"END_HEADERS"}
        if self.stream_ended:
            flags.add("END_STREAM")
        if self._priority:
            flags.add("PRIORITY")
        if self._padded:
            flags.add("PADDED")
        return flags

    @property
    def length(self) -> int:
        """The octets of payload, including its CONTINUATION frames."""
        return self._length

    def __repr__(self) -> str:
        return "<HEADERS stream_id=%d flags=%s>" % (
            self.stream_id, sorted(self.flags))


class RequestTrailers(RequestHeaders):
    """The HEADERS frame of a request's trailers."""

    __slots__ = ()

    def __init__(self, stream_id: int, fields: List[Tuple[bytes, bytes]],
                 frame: Any, payload: bytes) -> None:
        super().__init__(stream_id, fields, True, *frame,
                         payload=payload)


class RequestData:
    """A DATA frame of a request.

    type: "DATA".  stream_id: int.  stream_ended: bool, its END_STREAM flag.
    flow_controlled_length: int, the octets that count for flow control.
    """

    __slots__ = ("stream_id", "stream_ended", "flow_controlled_length",
                 "_store", "_offset", "_size", "_data")

    type = "DATA"

    def __init__(self, stream_id: int, store: Any, offset: int, size: int,
                 flow_controlled_length: int, stream_ended: bool,
                 data: Optional[bytes] = None) -> None:
        self.stream_id = stream_id
        self.stream_ended = stream_ended
        self.flow_controlled_length = flow_controlled_length
        self._store = store
        self._offset = offset
        self._size = size
        # Set while handle_data runs, then None: the store has the content.
        self._data = data

    @property
    def data(self) -> bytes:
        """The content, without padding."""
        if self._data is not None:
            return self._data
        data: bytes = self._store.read(self._offset, self._size)
        return data

    @property
    def payload(self) -> bytes:
        """The content with its padding, which reads as zeros (§6.1)."""
        padding = self.flow_controlled_length - self._size
        if padding == 0:
            return self.data
        return bytes([padding - 1]) + self.data + bytes(padding - 1)

    @property
    def flags(self) -> "set[str]":
        """Names of the flags that were set."""
        flags = set()
        if self.stream_ended:
            flags.add("END_STREAM")
        if self.flow_controlled_length > self._size:
            flags.add("PADDED")
        return flags

    @property
    def length(self) -> int:
        """The octets of payload; all count for flow control (§6.9.1)."""
        return self.flow_controlled_length

    def __eq__(self, other: object) -> bool:
        # Two objects may have been made for the same frame.
        return (isinstance(other, RequestData) and self._store is other._store
                and self._number() == other._number())

    def __hash__(self) -> int:
        return hash(self._number())

    def _number(self) -> Tuple[int, int, int, bool]:
        return (self._offset, self._size, self.flow_controlled_length,
                self.stream_ended)

    def __repr__(self) -> str:
        return "<DATA stream_id=%d flags=%s length=%d>" % (
            self.stream_id, sorted(self.flags), self.length)


class FrameList(Sequence[Any]):
    """`request.frames`: the HEADERS frame, and the DATA frames received so
    far, in order.

    The object of a DATA frame is made on each access, since a client may send
    very many DATA frames of one octet.
    """

    __slots__ = ("_exchange", "_bare", "_first", "_store", "_ends", "_extra",
                 "_ended")

    def __init__(self, exchange: Any, bare: bool) -> None:
        # The object of the HEADERS frame is made on first access.  bare:
        # whether that frame ended the request.
        self._exchange = exchange
        self._bare = bare
        self._first: Optional[RequestHeaders] = None
        self._store: Any = None
        #: For each DATA frame: the offset in the store at which its content
        #: ends (_ends), and its octets of padding (_extra).
        self._ends: Any = None
        self._extra: Any = None
        self._ended = False

    def _add(self, store: Any, offset: int, lengths: Sequence[int],
            stream_ended: bool) -> None:
        """Adds DATA frames whose content begins at offset of the store.
        lengths: for each frame its size, then its flow_controlled_length.
        """
        if self._store is None:
            self._store = store
            self._ends = array.array("Q")
            self._extra = array.array("H")
        if len(lengths) == 2:
            size, flow_controlled_length = lengths
            self._ends.append(offset + size)
            self._extra.append(flow_controlled_length - size)
        else:
            sizes = lengths[::2]
            self._ends.extend(itertools.accumulate(
                sizes[1:], initial=offset + sizes[0]))
            self._extra.extend(map(operator.sub, lengths[1::2], sizes))
        self._ended = stream_ended

    @property
    def first(self) -> RequestHeaders:
        """The HEADERS frame."""
        if self._first is None:
            exchange = self._exchange
            about, block = exchange.frame()
            self._first = RequestHeaders(exchange.id, exchange.fields(),
                                         self._bare, *about,
                                         payload=block)
        return self._first

    def __len__(self) -> int:
        return 1 if self._ends is None else 1 + len(self._ends)

    def __getitem__(self, i: Any) -> Any:
        if isinstance(i, slice):
            return [self._get(n) for n in range(*i.indices(len(self)))]
        n = operator.index(i)
        if n < 0:
            n += len(self)
        if not 0 <= n < len(self):
            raise IndexError("frame %d of %d" % (i, len(self)))
        return self._get(n)

    def _get(self, n: int) -> Any:
        if n == 0:
            return self.first
        n -= 1
        start = self._ends[n - 1] if n else 0
        size = self._ends[n] - start
        return RequestData(
            self._exchange.id, self._store, start, size,
            size + self._extra[n], self._ended and n == len(self._ends) - 1)

    def __repr__(self) -> str:
        return repr(list(self))
