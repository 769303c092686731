# SPDX-License-Identifier: MIT
"""Exceptions that scripts raise and catch.

Those of HTTP/2 have the names and the inheritance of `h2.exceptions`.  This
module is also imported under that name, so that an `except` clause written
for either catches what the writer raises: `ProtocolError` itself,
`FlowControlError`, `NoSuchStreamError`, `StreamClosedError`,
`ServerStoppingError` and `PushDisabledError`; what waits for the client raises
`ConnectionEnded`.  The server raises none of the others.
"""

from typing import Any, Optional

__all__ = [
    "H2Error", "ProtocolError", "FrameTooLargeError", "FrameDataMissingError",
    "TooManyStreamsError", "FlowControlError", "StreamIDTooLowError",
    "NoAvailableStreamIDError", "NoSuchStreamError", "StreamClosedError",
    "InvalidSettingsValueError", "InvalidBodyLengthError",
    "UnsupportedFrameError", "RFC1122Error", "DenialOfServiceError",
    "PushDisabledError", "ConfigError", "ConnectionEnded", "HandlerTimeout",
    "HTTPException", "NotPossible", "StashError", "StatusError",
]


class H2Error(Exception):
    """Base of all HTTP/2 errors."""


class ProtocolError(H2Error):
    """A checked call of the writer was asked for something that RFC 9113
    forbids; it has sent nothing.

    error_code: int, the code of RFC 9113 §7 that fits.
    """

    error_code: Optional[int] = 0x1


class FrameTooLargeError(ProtocolError):
    """A frame above the peer's SETTINGS_MAX_FRAME_SIZE (§4.2)."""

    error_code = 0x6


class FrameDataMissingError(ProtocolError):
    """A frame shorter than its type needs (§4.2)."""

    error_code = 0x6


class TooManyStreamsError(ProtocolError):
    """More streams than SETTINGS_MAX_CONCURRENT_STREAMS (§5.1.2)."""


class FlowControlError(ProtocolError):
    """More DATA than the flow-control window has room for (§6.9)."""

    error_code = 0x3


class StreamIDTooLowError(ProtocolError):
    """A stream id that is not above the last one (§5.1.1).

    stream_id: int, the wrong one; max_stream_id: int, the last one.
    """

    def __init__(self, stream_id: int, max_stream_id: int) -> None:
        super().__init__(stream_id, max_stream_id)
        self.stream_id = stream_id
        self.max_stream_id = max_stream_id

    def __str__(self) -> str:
        return "stream id %d is not above %d" % (
            self.stream_id, self.max_stream_id)


class NoAvailableStreamIDError(ProtocolError):
    """All 2**31 stream ids are used up (§5.1.1)."""


class NoSuchStreamError(ProtocolError):
    """The stream was never opened.

    args: as of any exception; the first, if it is an int, is stream_id.
    stream_id: int, or None where the error does not name one.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stream_id = args[0] if args and isinstance(args[0], int) else None


class StreamClosedError(NoSuchStreamError):
    """The stream, or the server's side of it, is closed; or the connection is.

    error_code (int), error_name (str, "0x1f" for a code without a name): of
    the RST_STREAM frame that closed the stream, sent by either side (RFC 9113
    §7); None if there was no such frame.
    """

    error_code: Optional[int] = None
    error_name: Optional[str] = None


class ServerStoppingError(StreamClosedError):
    """The server is about to stop: raised in a tunnel (CONNECT) that waits for
    its client.
    """


class ConnectionEnded(StreamClosedError):
    """The connection has ended: raised where one waits for its client."""


class NotPossible(H2Error):
    """The client, or the version of TLS, does not allow what was asked for;
    its text says why.
    """


class InvalidSettingsValueError(ProtocolError, ValueError):
    """A setting outside of its range (§6.5.2).

    error_code: int, as in `ProtocolError`.
    """

    def __init__(self, msg: str = "", error_code: int = 0x1) -> None:
        super().__init__(msg)
        self.error_code = error_code


class StatusError(ProtocolError, ValueError):
    """A status that is not 100 to 999."""


class InvalidBodyLengthError(ProtocolError):
    """The octets of DATA differ from content-length (§8.1.1).

    expected_length, actual_length: int, octets.
    """

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__("expected %d octets of content, got %d"
                         % (expected, actual))
        self.expected_length = expected
        self.actual_length = actual


class UnsupportedFrameError(ProtocolError):
    """A frame of a type that is not supported."""


class RFC1122Error(H2Error):
    """Nothing forbids it, but RFC 1122 would not have it done."""


class DenialOfServiceError(ProtocolError):
    """The peer asks for more than it may."""

    error_code = 0xb


class PushDisabledError(ProtocolError):
    """PUSH_PROMISE although the client has set ENABLE_PUSH to 0 (§8.4)."""


class ConfigError(Exception):
    """An option, or a file that an option names, is wrong.

    Its text is one line: what was given (with file and line, where there is
    one), what is wrong with it and what was expected.
    """

    def __init__(self, where: str, reason: str,
                 line: Optional[int] = None) -> None:
        if line is not None:
            where = "%s, line %d" % (where, line)
        super().__init__(" ".join(("%s: %s" % (where, reason)).split()))


class HandlerTimeout(BaseException):
    """Raised in a script's function that has used up its run-time limit
    (--run-limit).  Not an `Exception`: it passes `except Exception`.
    """


class HTTPException(Exception):
    """Raise it to answer the request with an error status.

    code: int, the status, 200 to 999.  message: text for the JSON content
    {"error": {"code": code, "message": message}}.
    """

    def __init__(self, code: int, message: Optional[str] = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class StashError(Exception):
    """A key of the stash is taken, or the stash is used wrongly or failed; its
    text says which.
    """
