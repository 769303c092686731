# SPDX-License-Identifier: MIT
"""The writers, by which scripts send frames.

They have checked calls, raw calls, and calls for handlers written for HTTP/1.
"""

import io
import logging
import struct
from typing import (TYPE_CHECKING, Any, BinaryIO, Iterable, List, Optional,
                    TextIO, Tuple, Union)

from h2rig import frames
from h2rig.errors import ProtocolError, StreamClosedError
from h2rig.frames import ContinuationFrame, HeadersFrame
from h2rig.headers import (Fields, FieldValue, Name, ResponseHeaders,
                           checked_fields, log_dropped, log_faults,
                           normal_order, raw_fields, status_code)
from h2rig.server.isomorphic import octets
from h2rig.server.literal import ChunkReader, LiteralReader

if TYPE_CHECKING:
    from h2rig.request import Request

__all__ = ["FrameWriter", "ResponseWriter"]

#: Types of content: text (sent in response.encoding), octets, a file.
Content = Union[str, bytes, bytearray, memoryview, BinaryIO, TextIO]

#: Octets read at once from an item that is a file-like object.
CHUNK = 65536

#: Flags of the exchange's checked writer calls (src/conn/writeop.h).
END_STREAM = 1
AS_IT_STANDS = 2

#: Ways to close the connection (enum conn_close of src/conn/conn.h).
CLOSE = {"goaway": 1, "tls": 2, "fin": 3, "rst": 4, "close_notify": 5}

_unset = object()


class FrameWriter:
    """Sends frames on a connection; the base class of `ResponseWriter` and
    `h2rig.connection.ConnectionWriter`.

    A call returns when its frames have been offered to the kernel.

    Checked calls (`write_headers` to `close`) send what RFC 9113 allows.  If
    it forbids a frame, they raise `ProtocolError` (or its subclasses
    `StreamClosedError`, `FlowControlError`, `NoSuchStreamError`,
    `PushDisabledError`) and send nothing.  Raw calls (`write_raw...`) check no
    rule; ValueError or TypeError for arguments that have no form in octets.
    """

    #: whether the script itself has reset the stream or cut the connection
    _cut = False

    def __init__(self, exchange: Any) -> None:
        self._exchange = exchange

    def get_max_payload_size(self, stream_id: Optional[int] = None) -> int:
        """Returns how many octets one DATA frame may have now, by the client's
        maximum frame size and the flow-control windows (RFC 9113 §4.2, §6.9).
        """
        size: int = self._exchange.write("max_payload",
                                         self._stream(stream_id))
        return size

    # Checked calls.

    def write_headers(self, headers: "Fields",
                      status_code: Union[int, str, bytes],
                      status_message: Any = None,
                      stream_id: Optional[int] = None,
                      last: bool = False) -> None:
        """Sends a field section: HEADERS, and CONTINUATION as needed.

        headers: (name, value) pairs; text is UTF-8.  Names are sent in lower
        case, pseudo-header fields come first, with a colon if they lack it,
        and connection-specific fields (RFC 9113 §8.2.2) are left out.
        status_code: 100 to 999; after 1xx a script may send more headers.
        status_message: ignored, since HTTP/2 has none.  last: whether to set
        END_STREAM; it is always set in answer to HEAD, unless the status is
        1xx or send_body_for_head_request is set.
        """
        fields, last = self._head(headers, status_code, stream_id, last)
        self._exchange.write("headers", self._stream(stream_id), fields, b"",
                             END_STREAM if last else 0)

    def _head(self, headers: Any, status: Any, stream_id: Optional[int],
              last: bool) -> Tuple[List[Tuple[Any, ...]], bool]:
        # Returns the field section, and whether to set END_STREAM.
        fields, dropped = checked_fields(headers)
        if dropped:
            self._note_dropped(fields, dropped, headers)
        field = (b":status", b"%d" % status_code(status))
        if field not in fields[:1]:
            # A :status that differs stays; the check refuses it as repeated.
            fields = [field] + fields
        return fields, bool(last)

    def _note_dropped(self, fields: Any, dropped: List[bytes],
                      headers: Any) -> None:
        log_dropped(dropped)

    def write_data(self, item: "Content", last: bool = False,
                   stream_id: Optional[int] = None) -> None:
        """Sends content as DATA frames of at most the client's maximum frame
        size; waits for the flow-control windows.

        item: text (sent in response.encoding), bytes, or a file, which is
        read from its start.  last: whether to set END_STREAM.  TypeError for
        an item of another type.
        """
        stream_id = self._stream(stream_id)
        write = self._exchange.write
        end = END_STREAM if last else 0
        if not hasattr(item, "read"):
            write("data", stream_id, (), self._content(item), end)
            return
        if hasattr(item, "seek"):
            try:
                item.seek(0)
            except (OSError, io.UnsupportedOperation):
                pass  # a pipe is read from its position
        held = b""
        while True:
            chunk = item.read(CHUNK)
            if not chunk:
                break
            if held:
                write("data", stream_id, (), held)
            held = self._content(chunk)
        if held or last:
            write("data", stream_id, (), held, end)

    def write_data_frame(self, data: Union[str, bytes], last: bool,
                         stream_id: Optional[int] = None) -> None:
        """Sends exactly one DATA frame.  last: whether to set END_STREAM.

        FlowControlError if data exceeds a flow-control window, ProtocolError
        if it exceeds the client's maximum frame size.
        """
        self._exchange.write("data_frame", self._stream(stream_id), (),
                             self._content(data), END_STREAM if last else 0)

    def end_stream(self, stream_id: Optional[int] = None) -> None:
        """Ends the stream by an empty DATA frame with END_STREAM."""
        self._exchange.write("data", self._stream(stream_id), (), b"",
                             END_STREAM)

    def write_push(self, promise_headers: "Fields",
                   push_stream_id: Optional[int] = None,
                   status: Union[int, str, bytes, None] = None,
                   response_headers: Optional["Fields"] = None,
                   response_data: Optional["Content"] = None,
                   stream_id: Optional[int] = None) -> int:
        """Sends PUSH_PROMISE (RFC 9113 §8.4), and the promised response if
        there is a status.  Returns the id of the pushed stream.

        promise_headers: fields of the promised request, with :method, :scheme,
        :authority and :path.  push_stream_id: an even id above the last one,
        or None for the next one.  response_headers, response_data: as in
        `write_headers` and `write_data`.  stream_id: the promise's stream.
        PushDisabledError if the client wants no pushes; ProtocolError for
        response_headers or response_data without a status.
        """
        fields, dropped = checked_fields(promise_headers, "promise_headers")
        if dropped:
            log_dropped(dropped)
        answered = response_headers is not None or response_data is not None
        if answered and status is None:
            raise ProtocolError("a pushed response needs a status")
        response_fields: Any = ()
        if status is not None:
            status = status_code(status)
            response_fields = checked_fields(
                () if response_headers is None else response_headers,
                "response_headers")[0]
        if push_stream_id is None:
            push_stream_id = 0
        elif not 1 <= push_stream_id < 1 << 31:
            raise ProtocolError("%d is no id for a pushed stream"
                                % push_stream_id)
        pushed: int = self._exchange.write(
            "push", self._stream(stream_id), fields, b"", 0, push_stream_id)
        if status is not None:
            self.write_headers(response_fields, status, stream_id=pushed,
                               last=response_data is None)
        if response_data is not None:
            self.write_data(response_data, last=True, stream_id=pushed)
        return pushed

    def write_trailers(self, headers: "Fields",
                       stream_id: Optional[int] = None) -> None:
        """Sends trailer fields (RFC 9113 §8.1), with END_STREAM."""
        fields, dropped = checked_fields(headers, "trailers")
        if dropped:
            log_dropped(dropped)
        try:
            self._exchange.write("headers", self._stream(stream_id), fields,
                                 b"", END_STREAM)
        except ProtocolError as e:
            if (type(e) is not ProtocolError or stream_id is not None
                    or self._exchange.headers_sent):
                raise
            raise ProtocolError(
                "trailers come after the response's HEADERS: write those "
                "first, by write_headers or response.write_status_headers"
            ) from None

    def write_informational(self, status: Union[int, str, bytes],
                            headers: "Fields" = (),
                            stream_id: Optional[int] = None) -> None:
        """Sends a 1xx response before the final one (RFC 9110 §15.2).

        status: 100 to 199.  headers: as in `write_headers`.
        """
        if status_code(status) > 199:
            raise ProtocolError("informational status must be 100 to 199, "
                                "not %r" % (status,))
        self.write_headers(headers, status, stream_id=stream_id)

    # The connection.

    def reset_stream(self, error_code: Union[int, str] = "CANCEL",
                     stream_id: Optional[int] = None) -> None:
        """Sends RST_STREAM (RFC 9113 §6.4).

        error_code: a number (32 bits) or a name of RFC 9113 §7.
        """
        self._exchange.write("reset", self._stream(stream_id), (), b"", 0,
                             frames.error_code(error_code))
        self._cut |= stream_id in (None, self._exchange.id)

    def goaway(self, error_code: Union[int, str] = "NO_ERROR",
               last_stream_id: Optional[int] = None,
               debug_data: Union[str, bytes] = b"") -> None:
        """Sends GOAWAY (RFC 9113 §6.8).

        error_code: as in `reset_stream`.  last_stream_id: None means the last
        stream that the server has accepted.  debug_data: text is UTF-8.
        """
        if last_stream_id is None:
            last_stream_id = -1
        elif not 0 <= last_stream_id < 1 << 31:
            raise ProtocolError("last_stream_id must be 0 to 2147483647, "
                                "not %d" % last_stream_id)
        self._exchange.write(
            "goaway", last_stream_id, (),
            octets(debug_data, "debug_data", "utf-8"), 0,
            frames.error_code(error_code))

    def ping(self, data: Union[str, bytes] = b"\0" * 8) -> None:
        """Sends PING (RFC 9113 §6.7).  data: 8 octets, else ProtocolError."""
        payload = octets(data, "PING data", "utf-8")
        if len(payload) != 8:
            raise ProtocolError("PING has 8 octets, not %d" % len(payload))
        self._exchange.write("ping", 0, (), payload)

    def settings(self, pairs: Any) -> None:
        """Sends SETTINGS (RFC 9113 §6.5).  The server follows a value that
        allows the client more at once, and a value that allows it less when
        the client has acknowledged it.

        pairs: (identifier or name of §6.5.2, value) pairs, or a dict.
        ProtocolError for a value that is not legal.
        """
        pairs = setting_pairs(pairs)
        try:
            self._exchange.write("settings", 0, (), settings_payload(pairs))
        except ProtocolError as e:
            if type(e) is not ProtocolError:
                raise
            raise ProtocolError("settings(%r): %s" % (pairs, e)) from None

    def flush(self) -> None:
        """Sends all that was written on the connection, and waits until the
        kernel has it.
        """
        self._exchange.write("flush")

    def close(self, how: Union[str, bytes] = "goaway") -> None:
        """Ends the connection.  how: "goaway", "tls" (close_notify, then FIN),
        "fin" (FIN without close_notify), "rst" (TCP reset) or "close_notify"
        (without FIN, so that the client may go on); else ValueError.
        """
        if isinstance(how, bytes):      # from a query, for example
            how = how.decode("latin-1")
        if how not in CLOSE:
            raise ValueError("how must be one of %s, not %r"
                             % (", ".join(CLOSE), how))
        self._exchange.write("close", 0, (), b"", 0, CLOSE[how])
        self._cut |= how in ("tls", "fin", "rst")

    # Raw calls.

    def write_raw_header_frame(self, headers: "Fields",
                               stream_id: Optional[int] = None,
                               end_stream: bool = False,
                               end_headers: bool = False,
                               frame_cls: Any = HeadersFrame) -> None:
        """Sends one frame whose field block fragment is headers, encoded by
        the connection's HPACK encoder.  Text is UTF-8; nothing is changed.

        end_stream, end_headers: whether to set these flags; no others are set.
        Without end_headers all other output of the connection waits for the
        rest of the field block.  frame_cls: a class of `h2rig.frames` or
        `hyperframe.frame`, or one with their interface; ValueError if it puts
        octets after the fragment.
        """
        stream_id = self._raw_id(stream_id)
        fields = raw_fields(headers)
        if frame_cls is HeadersFrame or frame_cls is ContinuationFrame:
            flags = 4 if end_headers else 0
            if end_stream and frame_cls is HeadersFrame:
                flags |= 1
            elif end_stream:
                frame_cls(stream_id).flags.add("END_STREAM")
            self._exchange.write("raw_block", stream_id, fields, b"", flags,
                                 frame_cls.type)
            return
        frame = frame_cls(stream_id)
        if end_stream:
            frame.flags.add("END_STREAM")
        if end_headers:
            frame.flags.add("END_HEADERS")
        kind, bits, stream_id, prefix = _template(frame)
        self._exchange.write("raw_block", stream_id, fields, prefix, bits,
                             kind)

    def write_raw_continuation_frame(self, headers: "Fields",
                                     stream_id: Optional[int] = None,
                                     end_headers: bool = False) -> None:
        """Sends one CONTINUATION frame, like `write_raw_header_frame`."""
        self.write_raw_header_frame(headers, stream_id,
                                    end_headers=end_headers,
                                    frame_cls=ContinuationFrame)

    def write_raw_data_frame(self, data: Union[str, bytes],
                             stream_id: Optional[int] = None,
                             end_stream: bool = False) -> None:
        """Sends one DATA frame, regardless of flow-control windows and of the
        stream's state.  end_stream: whether to set END_STREAM.
        """
        self._exchange.write("raw_frame", self._raw_id(stream_id), (),
                             self._content(data), 1 if end_stream else 0, 0)

    def write_raw(self, raw_data: Union[str, bytes]) -> None:
        """Sends any octets at all.  Text is UTF-8."""
        self._exchange.write("raw", 0, (),
                             octets(raw_data, "raw data", "utf-8"))

    def write_raw_frame(self, type: Union[int, str],
                        flags: Union[int, str, Iterable[Any]] = 0,
                        stream_id: Optional[int] = None,
                        payload: Union[str, bytes] = b"") -> None:
        """Sends one frame of any type, with any payload.

        type: 0 to 255 or a name ("PING").  flags: 0 to 255, a name ("ACK") or
        several.  payload: text is UTF-8.
        """
        self._exchange.write(
            "raw_frame", self._raw_id(stream_id), (),
            octets(payload, "payload", "utf-8"), frames.frame_flags(flags),
            frames.frame_type(type))

    # Stream ids, text and bytes.

    def _stream(self, stream_id: Optional[int]) -> int:
        # For checked calls, in which 0 means the stream of the request.
        return 0 if stream_id is None else checked_id(stream_id)

    def _raw_id(self, stream_id: Optional[int]) -> int:
        own: int = self._exchange.id
        return own if stream_id is None else stream_id

    def _encoding(self) -> str:
        return "utf-8"

    def _content(self, data: Any) -> bytes:
        if isinstance(data, bytes):
            return data
        if isinstance(data, str):
            return data.encode(self._encoding())
        if isinstance(data, (bytearray, memoryview)):
            return bytes(data)
        raise TypeError("data must be text, bytes or a file, not %s: %r"
                        % (type(data).__name__, data))

    def encode(self, data: Union[str, bytes]) -> bytes:
        """Returns text as bytes in response.encoding, and bytes unchanged.
        ValueError for anything else.
        """
        try:
            return self._content(data)
        except TypeError as e:
            raise ValueError(str(e)) from None

    def decode(self, data: Union[str, bytes]) -> str:
        """Returns bytes as text in response.encoding, and text unchanged.
        ValueError for anything else.
        """
        if isinstance(data, str):
            return data
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise ValueError("data must be text or bytes, not %s: %r"
                             % (type(data).__name__, data))
        data = bytes(data)
        return data.decode(self._encoding())


class ResponseWriter(FrameWriter):
    """`response.writer`: sends frames on the connection.

    stream_id, in each call: None means the stream of the request.

    The HTTP/1-style calls (`write_status` to `write_raw_content`) return
    whether the stream is still open, so that more can be sent on it.
    """

    def __init__(self, response: Any, exchange: Any) -> None:
        super().__init__(exchange)
        self._response = response
        self._ended: Any = _unset
        self._written: Any = _unset
        # The status and fields that HTTP/1-style calls have stored.
        self._status: Optional[int] = None
        self._gathered: List[Tuple[bytes, bytes]] = []
        self._headers_done = False
        self._chunks: Optional[ChunkReader] = None
        self._literal: Optional[LiteralReader] = None

    @property
    def request(self) -> "Request":
        """The request that the response answers."""
        request: "Request" = self._response.request
        return request

    @property
    def logger(self) -> logging.Logger:
        """The same logger as `response.logger`."""
        logger: logging.Logger = self._response.logger
        return logger

    # State.

    @property
    def stream_ended(self) -> bool:
        """Whether END_STREAM has been sent.  If a script sets this to true,
        the stream is left open after `main`.
        """
        if self._ended is not _unset:
            return bool(self._ended)
        return bool(self._exchange.ended)

    @stream_ended.setter
    def stream_ended(self, value: bool) -> None:
        self._ended = value

    @property
    def content_written(self) -> bool:
        """Whether final (non-1xx) HEADERS have been sent.  If a script sets
        this to true, no response is sent after `main`.
        """
        if self._written is not _unset:
            return bool(self._written)
        return bool(self._exchange.headers_sent)

    @content_written.setter
    def content_written(self, value: bool) -> None:
        self._written = value

    def _encoding(self) -> str:
        encoding: str = self._response.encoding
        return encoding

    def fence(self, timeout: float = 5.0) -> float:
        """Sends PING, and returns the seconds until its acknowledgement; the
        client has then read all earlier frames (RFC 9113 §5).  TimeoutError
        after timeout seconds; ConnectionEnded if the connection ends.
        """
        seconds: float = self._response.request.connection.fence(timeout)
        return seconds

    # HEADERS of a response.

    def _write_own_headers(self, headers: Any, status_code: Any) -> None:
        # Sends HEADERS for `response.headers` and the HTTP/1-style calls.  The
        # fields are sent as they stand, also if they break a rule.
        fields, last = self._head(headers, status_code, None, False)
        if self._exchange.write(
                "headers", 0, fields, b"",
                AS_IT_STANDS | END_STREAM if last else AS_IT_STANDS):
            log_faults(self._exchange, fields, self._response._origins)

    def _head(self, headers: Any, status: Any, stream_id: Optional[int],
              last: bool) -> Tuple[List[Tuple[Any, ...]], bool]:
        fields, last = super()._head(headers, status, stream_id, last)
        if (stream_id is None
                and self._response.request.method == "HEAD"
                and status_code(status) >= 200
                and not self._response.send_body_for_head_request):
            last = True
        return fields, last

    def _note_dropped(self, fields: Any, dropped: List[bytes],
                      headers: Any) -> None:
        if b"transfer-encoding" in dropped:
            # An HTTP/1-style script may send its content in chunks.
            pairs = headers if not isinstance(headers, dict) else (
                headers.items())
            for item in pairs:
                if (octets(item[0], "header name").lower()
                        == b"transfer-encoding"
                        and octets(item[1], "value").lower().strip()
                        == b"chunked"):
                    self._chunks = ChunkReader()
        log_dropped(dropped, "warn" if isinstance(headers, ResponseHeaders)
                    else "debug")

    # HTTP/1-style calls.

    def write_status(self, code: Union[int, str, bytes],
                     message: Any = None) -> bool:
        """Stores the status for `end_headers`.  message: ignored."""
        self._status = status_code(code)
        return not self._gone()

    def write_header(self, name: Name, value: FieldValue) -> bool:
        """Stores a field for `end_headers`.  Text is Latin-1."""
        self._gathered.append(
            (octets(name, "header name"),
             octets(value, "value of header %r" % (name,))))
        return not self._gone()

    def end_headers(self) -> bool:
        """Sends the stored status and fields as HEADERS.  Without a stored
        status it sends `response.status`.
        """
        if self._headers_done or self._exchange.headers_sent:
            return not self._gone()
        status = self._status
        if status is None:
            status = self._response.status[0]
        gathered, self._gathered = self._gathered, []
        try:
            self._write_own_headers(gathered, status)
        except StreamClosedError:
            return False
        # After 1xx, a later status and later fields are of another response.
        self._headers_done = status >= 200
        self._status = None
        return True

    def write_content(self, data: "Content") -> bool:
        """Sends content like `write_data`, but first the stored status and
        fields if they have not been sent yet.
        """
        if not self._begin():
            return False
        return self._write_content(data)

    def write(self, data: "Content") -> bool:
        """Sends content like `write_content`.  But if the first content begins
        with b"HTTP/1.", it is read as an HTTP/1 response, and the status,
        fields and content of that response are sent.
        """
        return self.write_raw_content(data)

    def write_raw_content(self, data: "Content") -> bool:
        """Does the same as `write`."""
        if hasattr(data, "read"):
            return self.write_content(data)
        content = self._content(data)
        if self._literal is None and not self._begun():
            self._literal = LiteralReader()
        if self._literal is None:
            return self.write_content(content)
        if not self._literal.feed(content):
            return not self._gone()
        return self._begin_literal()

    def _begun(self) -> bool:
        return bool(self._headers_done or self._gathered
                    or self._status is not None or self._exchange.headers_sent)

    def _begin_literal(self) -> bool:
        # Sends what the literal reader has found: a response or mere content.
        literal, self._literal = self._literal, None
        if literal is None:
            return not self._gone()
        if literal.status is not None:
            self._status = literal.status
            self._gathered = literal.fields
            if not self.end_headers():
                return False
            if not self._headers_done:
                # It was 1xx, and the next response may follow at once.
                if not literal.rest:
                    return True
                return self.write_raw_content(literal.rest)
        if not literal.rest:
            return not self._gone()
        return self.write_content(literal.rest)

    def _begin(self) -> bool:
        if self._headers_done or self._exchange.headers_sent:
            return True
        return self.end_headers()

    def _write_content(self, data: Any) -> bool:
        try:
            if hasattr(data, "read"):
                self.write_data(data)
                return not self._gone()
            data = self._content(data)
            if self._chunks is not None:
                data = self._chunks.feed(data)
            if data:
                self._exchange.write("data", 0, (), data)
        except StreamClosedError:
            return False
        return not self._gone()

    def _gone(self) -> bool:
        return bool(self._exchange.ended or self._exchange.closed
                    or self._exchange.reset)

    def _finish_gathered(self) -> bool:
        # After `main`: sends content that a reader still holds.  Returns
        # whether a stored status or stored fields are still to be sent.
        if self._literal is not None:
            self._literal.finish()
            self._begin_literal()
        if self._chunks is not None:
            held = self._chunks.finish()
            if held and not self._gone():
                self._exchange.write("data", 0, (), held)
        return bool(not self._exchange.headers_sent
                    and (self._gathered or self._status is not None))

    def _gathered_fields(self) -> List[Tuple[Any, ...]]:
        # Returns the stored fields to send, with their :status first.
        status = self._status
        if status is None:
            status = self._response.status[0]
        headers = ResponseHeaders(self._gathered)
        self._gathered = []
        fields, dropped = headers._wire()
        if dropped:
            log_dropped(dropped)
        return normal_order([(b":status", b"%d" % status)] + fields)[0]


def setting_pairs(pairs: Any) -> List[Tuple[Any, Any]]:
    """Returns the pairs of an iterable or a dict as a list, or TypeError."""
    listed = pairs.items() if isinstance(pairs, dict) else pairs
    try:
        return [(name, value) for name, value in listed]
    except (TypeError, ValueError):
        raise TypeError("settings must be pairs of a name or number and a "
                        "value, or a dict, not %r" % (pairs,)) from None


def settings_payload(pairs: Any) -> bytes:
    """Returns the payload of SETTINGS with these pairs, or with this dict.
    TypeError or ValueError if a pair is wrong.
    """
    return b"".join(struct.pack(">HL", *frames.setting(*pair))
                    for pair in setting_pairs(pairs))


def checked_id(stream_id: Optional[int]) -> int:
    # Returns 0 for None: the engine takes 0 for the request's own stream.
    if stream_id is None:
        return 0
    if not isinstance(stream_id, int):
        raise TypeError("stream_id must be an int, not %r" % (stream_id,))
    if not 1 <= stream_id < 1 << 31:
        raise ProtocolError("stream %d carries no such frame (RFC 9113 §6)"
                            % stream_id)
    return stream_id


def _template(frame: Any) -> Tuple[int, int, int, bytes]:
    # Returns the frame's type, flags, stream id and the octets before the
    # field block.  Serializes the frame with an empty block, and again with a
    # marked block, to find out where the block goes.
    frame.data = b""
    empty = bytes(frame.serialize())
    frame.data = b"\xff"
    marked = bytes(frame.serialize())
    if not marked.endswith(b"\xff") or marked[9:-1] != empty[9:]:
        raise ValueError(
            "%s puts padding or other octets behind its data, or has none; "
            "write_raw_header_frame cannot" % type(frame).__name__)
    _, _, kind, flags, stream_id = struct.unpack(">BHBBL", empty[:9])
    return kind, flags, stream_id, empty[9:]
