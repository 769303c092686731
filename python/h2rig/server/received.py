# SPDX-License-Identifier: MIT
"""Received frames, as connection scripts and scripts that wait for frames see
them.
"""

from typing import Any, List, Tuple

from h2rig.frames import ReceivedFrame, RequestTrailers
from h2rig.server.frametypes import FLAGS, TYPES

__all__ = ["ReceivedData", "ReceivedHeaders", "received_frame"]


class ReceivedData(ReceivedFrame):
    """A DATA frame as a connection script sees it.

    data: the content, without padding.  flow_controlled_length: int, the
    octets that count for flow control.  stream_ended: bool, its END_STREAM
    flag.
    """

    def __init__(self, flags: int, stream_id: int, payload: bytes) -> None:
        super().__init__(TYPES["DATA"], flags, stream_id, payload)
        self.flow_controlled_length = self.length
        self.stream_ended = bool(flags & FLAGS["END_STREAM"])
        self.data = payload
        if flags & FLAGS["PADDED"] and payload:
            self.data = payload[1:max(1, self.length - payload[0])]


class ReceivedHeaders(RequestTrailers):
    """A HEADERS frame, of a request or of trailers, with its CONTINUATION
    frames, as a connection script sees it.
    """

    __slots__ = ()

    def __init__(self, stream_id: int, fields: List[Tuple[bytes, bytes]],
                 stream_ended: bool, frame: Any, payload: bytes) -> None:
        super().__init__(stream_id, fields, frame, payload)
        self.stream_ended = stream_ended


def received_frame(received: Any) -> Any:
    """Returns the frame object for a `Received` (_h2rig.pyi)."""
    _, kind, flags, stream_id, payload, fields, priority, length = received
    if kind == TYPES["DATA"]:
        return ReceivedData(flags, stream_id, payload)
    if kind == TYPES["HEADERS"] and fields is not None:
        return ReceivedHeaders(
            stream_id, fields, bool(flags & FLAGS["END_STREAM"]),
            (priority, length, bool(flags & FLAGS["PADDED"])), payload)
    return ReceivedFrame(kind, flags, stream_id, payload)
