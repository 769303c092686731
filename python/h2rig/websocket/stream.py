# SPDX-License-Identifier: MIT
"""`request.ws_stream`: messages and control frames of a WebSocket.

wsproto does framing, masking, UTF-8 and permessage-deflate; the order of a
closing handshake and the exceptions are those that handlers written for
pywebsocket expect.  The `create_*` functions make frames, wrong ones too, for
`request.connection.write`.
"""

import struct
import threading
from typing import Any, Callable, List, Optional, Union

from h2rig.server.config import options

__all__ = [
    "BadOperationException", "ConnectionTerminatedException",
    "InvalidFrameException", "InvalidUTF8Exception",
    "ServerStoppingException", "UnsupportedFrameException",
    "WebSocketStream",
    "create_binary_frame", "create_close_frame",
    "create_closing_handshake_body", "create_header",
    "create_length_header", "create_ping_frame", "create_pong_frame",
    "create_text_frame",
]

# RFC 6455 §11.8, §7.4.1
OPCODE_CONTINUATION, OPCODE_TEXT, OPCODE_BINARY = 0, 1, 2
OPCODE_CLOSE, OPCODE_PING, OPCODE_PONG = 8, 9, 10

STATUS_NORMAL_CLOSURE = 1000
STATUS_GOING_AWAY = 1001
STATUS_PROTOCOL_ERROR = 1002
STATUS_UNSUPPORTED_DATA = 1003
STATUS_NO_STATUS_RECEIVED = 1005
STATUS_ABNORMAL_CLOSURE = 1006
STATUS_INVALID_FRAME_PAYLOAD_DATA = 1007
STATUS_MESSAGE_TOO_BIG = 1009
STATUS_INTERNAL_ENDPOINT_ERROR = 1011
STATUS_TLS_HANDSHAKE = 1015

#: Codes that must not be in a Close frame (RFC 6455 §7.4.1).
PSEUDO_CODES = (STATUS_NO_STATUS_RECEIVED, STATUS_ABNORMAL_CLOSURE,
                STATUS_TLS_HANDSHAKE)

#: SLICE: octets that are given to wsproto at once.  MAX_FRAGMENTS: frames that
#: a message may have, since even an empty frame costs the server something.
SLICE = 4096
MAX_FRAGMENTS = 1 << 16


class ConnectionTerminatedException(Exception):
    """The client has left, or has ended the stream without a Close frame."""


class ServerStoppingException(ConnectionTerminatedException):
    """The server stops, and the client has sent nothing more."""


class InvalidFrameException(Exception):
    """The client has sent something that RFC 6455 forbids.

    code: int, the status for the Close frame that answers it.
    """

    code = STATUS_PROTOCOL_ERROR


class MessageTooBigException(InvalidFrameException):
    """A message longer than the program's `--max-message`, or of more than
    65,536 fragments.
    """

    code = STATUS_MESSAGE_TOO_BIG


class BadOperationException(Exception):
    """A handler has asked for something that is impossible."""


class UnsupportedFrameException(Exception):
    """For a handler to raise, if it gets a frame that it does not expect.  The
    server then sends a Close frame with code 1003.
    """


class InvalidUTF8Exception(Exception):
    """The text of a message or of a close reason is not UTF-8, or deflated
    content does not inflate (RFC 6455 §8.1).

    code: as in `InvalidFrameException`.
    """

    code = STATUS_INVALID_FRAME_PAYLOAD_DATA


class _Octets(str):
    # Octets, valid UTF-8 or not, that wsproto takes as the text of a message.

    octets: bytes

    def encode(self, *_: Any) -> bytes:
        return self.octets


class WebSocketStream:
    """The messages of one WebSocket.  The server makes it.

    Sending waits for the flow-control window.  One thread may receive while
    others send.
    """

    def __init__(self, request: Any, extensions: List[Any]) -> None:
        from h2rig.websocket import framing
        self._request = request
        self._connection = request.connection
        self._framing = framing
        self._protocol = framing.FrameProtocol(False, extensions)
        self._failed = False
        self._unread = memoryview(b"")
        self._opcode: Optional[int] = None
        self._content = bytearray()     # what has come of the next message
        self._fragments = 0
        #: held while something is sent, and while it is checked whether a
        #: Close frame was sent
        self._lock = threading.Lock()
        #: A Close frame is about to be sent, so other threads must not send:
        #: threads that send one message after the other would hardly ever
        #: leave the lock to the thread with the Close frame.
        self._closing = False
        self._pings: List[bytes] = []

    # Receiving.

    def receive_message(self) -> Union[str, bytes, None]:
        """Waits for the next message and returns it: text, or the bytes of a
        binary message.  Answers pings.  Returns None after the client's Close
        frame, which it answers.

        Raises ConnectionTerminatedException if the client has left, or if the
        server stops (after a Close frame with 1001); InvalidFrameException;
        InvalidUTF8Exception; BadOperationException after it has returned None.
        """
        if self._request.client_terminated:
            raise BadOperationException(
                "receive_message after the client's Close frame")
        Opcode = self._framing.Opcode
        while True:
            frame = self._next_frame()
            if frame.opcode is Opcode.CLOSE:
                self._take_close(*frame.payload)
                return None
            if frame.opcode is Opcode.PING:
                self._take_ping(bytes(frame.payload))
            elif frame.opcode is Opcode.PONG:
                self._take_pong(bytes(frame.payload))
            elif self._take_piece(frame):
                return self._whole()

    def get_last_received_opcode(self) -> Optional[int]:
        """Returns the opcode of the last message: 1 for text, 2 for binary;
        None before the first message.
        """
        return self._opcode

    def _next_frame(self) -> Any:
        # Returns a control frame, or the part of a data frame that has come.
        if self._failed:
            raise ConnectionTerminatedException("what the client has sent "
                                                "last was no frame")
        try:
            while True:
                for frame in self._protocol.received_frames():
                    return frame
                if not self._unread:
                    self._unread = memoryview(self._receive())
                if not self._unread:
                    raise ConnectionTerminatedException(
                        "the client has ended the stream without a Close "
                        "frame")
                self._protocol.receive_bytes(bytes(self._unread[:SLICE]))
                self._unread = self._unread[SLICE:]
        except self._framing.ParseFailed as e:
            self._failed = True
            if e.code == STATUS_INVALID_FRAME_PAYLOAD_DATA:
                raise InvalidUTF8Exception(str(e)) from None
            if e.code == STATUS_MESSAGE_TOO_BIG:
                raise self._too_big() from None
            raise InvalidFrameException(str(e)) from None

    def _receive(self) -> bytes:
        try:
            octets: bytes = self._connection.receive()
            return octets
        except ServerStoppingException:
            self._send_close(STATUS_GOING_AWAY, "")
            raise

    def _too_big(self) -> MessageTooBigException:
        # Returns the exception; nothing more is read from the client.
        self._failed = True
        self._content.clear()
        return MessageTooBigException(
            "a message of more than %d octets (--max-message) or %d fragments"
            % (options.max_message, MAX_FRAGMENTS))

    def _take_piece(self, frame: Any) -> bool:
        # Adds a piece to the message; returns whether the message is complete.
        self._opcode = int(frame.opcode)
        # Text is kept as octets, because --max-message counts octets.
        payload = frame.payload
        self._content += (payload.encode("utf-8") if isinstance(payload, str)
                          else payload)
        self._fragments += bool(frame.frame_finished)
        if (len(self._content) > options.max_message
                or self._fragments > MAX_FRAGMENTS):
            raise self._too_big()
        return bool(frame.message_finished)

    def _whole(self) -> Union[str, bytes]:
        content = bytes(self._content)
        self._content.clear()
        self._fragments = 0
        return (content.decode("utf-8") if self._opcode == OPCODE_TEXT
                else content)

    def _take_ping(self, body: bytes) -> None:
        handler = self._request.on_ping_handler
        if handler is not None:
            handler(self._request, body)
        else:
            self._send_control(self._protocol.pong, body)

    def _take_pong(self, body: bytes) -> None:
        # A Pong answers its Ping and those before it (RFC 6455 §5.5.3).
        if body in self._pings:
            del self._pings[:self._pings.index(body) + 1]
        if self._request.on_pong_handler is not None:
            self._request.on_pong_handler(self._request, body)

    def _take_close(self, code: int, reason: Optional[str]) -> None:
        request = self._request
        request.client_terminated = True
        request.ws_close_code = int(code)
        request.ws_close_reason = (
            None if code == STATUS_NO_STATUS_RECEIVED else reason or "")
        if request.server_terminated:
            return
        answer, text = request.passive_closing_handshake()
        if answer is None:
            text = ""
        self._send_close(answer, text or "")

    # Sending.

    def send_message(self, message: Union[str, bytes], end: bool = True,
                     binary: bool = False) -> None:
        """Sends a message, or a fragment of one.

        message: text or bytes.  binary: if false, bytes are sent unchanged in
        a text message.  end: false if more fragments of the message follow.
        Raises TypeError for other types; BadOperationException after a Close
        frame was sent, or if text and binary are mixed;
        ConnectionTerminatedException if the client has left.
        """
        if isinstance(message, str):
            if binary:
                raise BadOperationException(
                    "a binary message must be bytes, not %r" % (message,))
        elif not isinstance(message, (bytes, bytearray, memoryview)):
            raise TypeError("a message must be text or bytes, not %s: %r"
                            % (type(message).__name__, message))
        elif not binary:
            text = _Octets()
            text.octets = bytes(message)
            message = text
        with self._lock:
            if self._closing or self._request.server_terminated:
                raise BadOperationException("send_message after a Close "
                                            "frame was sent")
            try:
                octets = self._protocol.send_data(message, bool(end))
            except TypeError:
                raise BadOperationException(
                    "the fragments of a message must be all text or all "
                    "binary") from None
            self._connection.write(octets)

    def send_ping(self, body: Union[str, bytes] = b"") -> None:
        """Sends a Ping, unless a Close frame was sent.  body: up to 125
        octets, else BadOperationException.
        """
        self._send_control(self._protocol.ping, body, self._pings)

    def send_pong(self, body: Union[str, bytes] = b"") -> None:
        """Sends a Pong, unless a Close frame was sent.  body: up to 125
        octets, else BadOperationException.
        """
        self._send_control(self._protocol.pong, body)

    def _send_control(self, make: Callable[[bytes], bytes],
                      body: Union[str, bytes],
                      sent: Optional[List[bytes]] = None) -> None:
        octets = _control_body(body)
        with self._lock:
            if self._closing or self._request.server_terminated:
                return
            if sent is not None:
                sent.append(octets)
            self._connection.write(make(octets))

    def close_connection(self, code: Optional[int] = STATUS_NORMAL_CLOSURE,
                         reason: str = "", wait_response: bool = True
                         ) -> None:
        """Sends a Close frame and waits for that of the client; does nothing
        if a Close frame was sent before.

        code: 1000 to 4999; None for a frame without code.  reason: at most 123
        octets of UTF-8.  wait_response: whether to wait.  Raises
        BadOperationException for a code or reason that must not be sent, and
        ConnectionTerminatedException if the client sends a message instead.
        """
        if code is None and reason:
            raise BadOperationException("a close reason needs a code")
        if not self._send_close(code, reason):
            return
        if not wait_response or self._failed or (
                self._request.client_terminated):
            return
        if self.receive_message() is not None:
            raise ConnectionTerminatedException(
                "a message instead of the client's Close frame")

    def _send_close(self, code: Optional[int], reason: str) -> bool:
        # Returns false if a Close frame was sent before.
        if self._request.server_terminated:
            return False
        body = create_closing_handshake_body(code, reason)
        if len(body) > 125:
            raise BadOperationException(
                "a close reason has at most 123 octets, not %d"
                % (len(body) - 2))
        self._closing = True
        with self._lock:
            if self._request.server_terminated:
                return False
            self._request.server_terminated = True
            self._connection.write(self._protocol.close(
                code, None if code is None else reason))
        return True


def _control_body(body: Union[str, bytes]) -> bytes:
    octets = body.encode("utf-8") if isinstance(body, str) else bytes(body)
    if len(octets) > 125:
        raise BadOperationException("a control frame has at most 125 octets, "
                                    "not %d (RFC 6455 §5.5)" % len(octets))
    return octets


# Frames for Tunnel.write (RFC 6455 §5.2).

def create_length_header(length: int, mask: bool = False) -> bytes:
    """The second octet of a frame, and the extended length.

    length: octets, 0 to 2**63 - 1, else ValueError.
    """
    bit = 0x80 if mask else 0
    if length < 0:
        raise ValueError("length must not be negative: %d" % length)
    if length < 126:
        return bytes([bit | length])
    if length < 1 << 16:
        return struct.pack("!BH", bit | 126, length)
    if length < 1 << 63:
        return struct.pack("!BQ", bit | 127, length)
    raise ValueError("%d does not fit into a frame's length" % length)


def create_header(opcode: int, payload_length: int, fin: int, rsv1: int,
                  rsv2: int, rsv3: int, mask: bool = False) -> bytes:
    """The header of a frame without the masking key; any combination of bits
    is possible.

    opcode: 0 to 15, else ValueError.  payload_length: octets.
    """
    if not 0 <= opcode <= 15:
        raise ValueError("opcode must be 0 to 15, not %r" % (opcode,))
    first = (opcode | (0x80 if fin else 0) | (0x40 if rsv1 else 0)
             | (0x20 if rsv2 else 0) | (0x10 if rsv3 else 0))
    return bytes([first]) + create_length_header(payload_length, mask)


def _create_frame(opcode: int, payload: Union[str, bytes], fin: int,
                  mask: bool) -> bytes:
    if isinstance(payload, str):
        payload = payload.encode("utf-8")
    header = create_header(opcode, len(payload), fin, 0, 0, 0, mask)
    # A key of zeros leaves the payload as it is.
    return header + (bytes(4) if mask else b"") + payload


def create_text_frame(message: Union[str, bytes], opcode: int = OPCODE_TEXT,
                      fin: int = 1, mask: bool = False) -> bytes:
    """A text frame, or a frame with another opcode; fin: 0 if more follow."""
    return _create_frame(opcode, message, fin, mask)


def create_binary_frame(message: bytes, opcode: int = OPCODE_BINARY,
                        fin: int = 1, mask: bool = False) -> bytes:
    """A binary frame, or one with another opcode; fin: 0 if more follow."""
    return _create_frame(opcode, message, fin, mask)


def create_ping_frame(body: bytes, mask: bool = False) -> bytes:
    """A Ping frame."""
    return _create_frame(OPCODE_PING, body, 1, mask)


def create_pong_frame(body: bytes, mask: bool = False) -> bytes:
    """A Pong frame."""
    return _create_frame(OPCODE_PONG, body, 1, mask)


def create_close_frame(body: bytes, mask: bool = False) -> bytes:
    """A Close frame; body: any octets, or the result of
    `create_closing_handshake_body`.
    """
    return _create_frame(OPCODE_CLOSE, body, 1, mask)


def create_closing_handshake_body(code: Optional[int], reason: str) -> bytes:
    """The body of a Close frame; b"" if code is None.

    code: 1000 to 4999, except those that RFC 6455 §7.4.1 keeps out of Close
    frames.  Raises BadOperationException for other codes.
    """
    if code is None:
        return b""
    if not isinstance(code, int) or not 1000 <= code <= 4999:
        raise BadOperationException(
            "a close code must be 1000 to 4999, not %r" % (code,))
    if code in PSEUDO_CODES:
        raise BadOperationException(
            "%d stands for what no Close frame says (RFC 6455 §7.4.1)"
            % code)
    return struct.pack("!H", code) + reason.encode("utf-8")
