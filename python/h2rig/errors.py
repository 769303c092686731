# SPDX-License-Identifier: MIT
"""Exceptions that scripts raise and catch.

The HTTP/2 exceptions have the names and the inheritance of `h2.exceptions`.
This module is also imported under that name, so that an `except` clause that
names either module catches what the server raises.

Calls of the writer raise `ProtocolError` itself, `FlowControlError`,
`NoSuchStreamError`, `StreamClosedError`, `PushDisabledError` and
`StatusError`.  Calls of the connection that wait for the client raise
`ConnectionEnded`; a wait in a tunnel raises `ServerStoppingError`.  The server
raises no other exception of `h2.exceptions`.  Section numbers without a
document (§4.2) are those of RFC 9113.
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
    """The base class of all HTTP/2 errors."""


class ProtocolError(H2Error):
    """A checked call of the writer was asked for something that RFC 9113
    forbids.  The call has sent nothing.

    error_code: int, the error code of RFC 9113 §7 that fits.
    """

    error_code: Optional[int] = 0x1


class FrameTooLargeError(ProtocolError):
    """A frame is longer than the peer's SETTINGS_MAX_FRAME_SIZE (§4.2)."""

    error_code = 0x6


class FrameDataMissingError(ProtocolError):
    """A frame is shorter than its type requires (§4.2)."""

    error_code = 0x6


class TooManyStreamsError(ProtocolError):
    """More streams are open than SETTINGS_MAX_CONCURRENT_STREAMS (§5.1.2).
    """


class FlowControlError(ProtocolError):
    """DATA exceeds the flow-control window, or WINDOW_UPDATE would make a
    window larger than 2147483647 octets (§6.9).
    """

    error_code = 0x3


class StreamIDTooLowError(ProtocolError):
    """A new stream's id is not greater than the last one (§5.1.1).

    stream_id: int, the id that is too low.  max_stream_id: int, the last id.
    """

    def __init__(self, stream_id: int, max_stream_id: int) -> None:
        super().__init__(stream_id, max_stream_id)
        self.stream_id = stream_id
        self.max_stream_id = max_stream_id

    def __str__(self) -> str:
        return "stream id %d is not above %d" % (
            self.stream_id, self.max_stream_id)


class NoAvailableStreamIDError(ProtocolError):
    """All stream ids up to 2**31 - 1 are used up (§5.1.1)."""


class NoSuchStreamError(ProtocolError):
    """The stream was never opened.

    args: the arguments of the exception.  stream_id: the first of args if
    that is an int, else None.
    """

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stream_id = args[0] if args and isinstance(args[0], int) else None


class StreamClosedError(NoSuchStreamError):
    """The stream, the server's side of it, or the connection is closed.

    error_code: int, the code (§7) of the RST_STREAM frame that closed the
    stream, sent by either side.  error_name: str, the name of that code;
    "0x1f", say, for a code without a name.  Both are None if no RST_STREAM
    frame closed the stream.
    """

    error_code: Optional[int] = None
    error_name: Optional[str] = None

    def _set_code(self, code: int, name: str) -> None:
        self.error_code = code
        self.error_name = name


class ServerStoppingError(StreamClosedError):
    """The server is about to stop.  A tunnel (CONNECT) that waits for its
    client raises this.
    """


class ConnectionEnded(StreamClosedError):
    """The connection has ended.  Calls that wait for the client raise this."""


class NotPossible(H2Error):
    """The client, or the state or version of TLS, does not allow what the
    script asked for.  The exception's text says why.
    """


class InvalidSettingsValueError(ProtocolError, ValueError):
    """The value of a setting is outside of its range (§6.5.2).

    error_code: int, as in `ProtocolError`.
    """

    def __init__(self, msg: str = "", error_code: int = 0x1) -> None:
        super().__init__(msg)
        self.error_code = error_code


class StatusError(ProtocolError, ValueError):
    """A status code is not 100 to 999."""


class InvalidBodyLengthError(ProtocolError):
    """The length of the content differs from content-length (§8.1.1).

    expected_length: int, the octets that content-length announces.
    actual_length: int, the octets of DATA.
    """

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__("expected %d octets of content, got %d"
                         % (expected, actual))
        self.expected_length = expected
        self.actual_length = actual


class UnsupportedFrameError(ProtocolError):
    """The type of a frame is not supported."""


class RFC1122Error(H2Error):
    """An action is legal in HTTP/2, but RFC 1122 advises against it."""


class DenialOfServiceError(ProtocolError):
    """The peer asks for more than it may."""

    error_code = 0xb


class PushDisabledError(ProtocolError):
    """A script pushes although the client has set ENABLE_PUSH to 0 (§8.4).
    """


class ConfigError(Exception):
    """An option, or a file that an option names, is wrong.

    The exception's text is one line.  It says what was given (with file and
    line, if there is one), what is wrong with it and what was expected.
    """

    def __init__(self, where: str, reason: str,
                 line: Optional[int] = None) -> None:
        if line is not None:
            where = "%s, line %d" % (where, line)
        super().__init__(" ".join(("%s: %s" % (where, reason)).split()))


class HandlerTimeout(BaseException):
    """A script's function has used up its run-time limit (--run-limit).

    The exception is raised in that function.  It is not an `Exception`, so
    `except Exception` does not catch it.
    """


class HTTPException(Exception):
    """A script raises this to answer the request with an error status.

    code: int, the status, 200 to 999.  message: str, for the JSON content
    {"error": {"code": code, "message": message}}.
    """

    def __init__(self, code: int, message: Optional[str] = "") -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


class StashError(Exception):
    """A key of the stash is taken, the stash was used wrongly, or the stash
    failed.  The exception's text says which.
    """
