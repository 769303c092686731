# SPDX-License-Identifier: MIT
"""The numbers and names of frame types, flags, error codes and settings, and
the names of scripts' functions for frames.
"""

from typing import Container, Dict, Union

__all__ = ["CONNECTION_FUNCTIONS", "ERROR_CODES", "FLAGS", "FUNCTIONS",
           "SETTINGS", "STEPS", "TYPES", "UNKNOWN", "error_name", "type_name",
           "wanted"]

#: RFC 9113 §6
TYPES: Dict[str, int] = {
    "DATA": 0, "HEADERS": 1, "PRIORITY": 2, "RST_STREAM": 3, "SETTINGS": 4,
    "PUSH_PROMISE": 5, "PING": 6, "GOAWAY": 7, "WINDOW_UPDATE": 8,
    "CONTINUATION": 9, "PRIORITY_UPDATE": 16,
}

FLAGS: Dict[str, int] = {
    "END_STREAM": 0x1, "ACK": 0x1, "END_HEADERS": 0x4, "PADDED": 0x8,
    "PRIORITY": 0x20,
}

#: RFC 9113 §7
ERROR_CODES: Dict[str, int] = {
    name: code for code, name in enumerate((
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
        "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"))
}

#: RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1
SETTINGS: Dict[str, int] = {
    "HEADER_TABLE_SIZE": 1, "ENABLE_PUSH": 2, "MAX_CONCURRENT_STREAMS": 3,
    "INITIAL_WINDOW_SIZE": 4, "MAX_FRAME_SIZE": 5, "MAX_HEADER_LIST_SIZE": 6,
    "ENABLE_CONNECT_PROTOCOL": 8, "NO_RFC7540_PRIORITIES": 9,
}

#: A script's functions for frames other than a request's HEADERS and DATA, by
#: the number of their bit in the mask that `_h2rig.Exchange.want` takes.  That
#: is the frame's type (HEADERS: that of trailers), or UNKNOWN for types that
#: are not in TYPES.
UNKNOWN = 31
FUNCTIONS: Dict[int, str] = {
    TYPES["HEADERS"]: "handle_trailers",
    TYPES["WINDOW_UPDATE"]: "handle_window_update",
    TYPES["RST_STREAM"]: "handle_rst_stream",
    TYPES["PRIORITY"]: "handle_priority",
    TYPES["PRIORITY_UPDATE"]: "handle_priority_update",
    UNKNOWN: "handle_unknown",
}


#: The steps of a connection, and "violation", which is no step but has a
#: function too: the numbers of their bits in that mask, which are also those of
#: `enum connscript_step` in src/conn/connscript.h.
STEPS: Dict[str, int] = {
    "accept": 11, "client_hello": 12, "connect": 13, "main": 14,
    "violation": 17, "close": 15,
}

#: A connection script's functions by the number of their bit, except
#: `handle_frame`, which is for frames without a function of their own.
CONNECTION_FUNCTIONS: Dict[int, str] = {
    number: name.lower() if name == "main" else "handle_" + name.lower()
    for names in (TYPES, {"unknown": UNKNOWN}, STEPS)
    for name, number in names.items()
    if name != "CONTINUATION"       # a part of its HEADERS
}


def wanted(functions: Container[str]) -> int:
    """Returns the mask of the FUNCTIONS that functions contains."""
    return sum(1 << number for number, name in FUNCTIONS.items()
               if name in functions)


_names = {number: name for name, number in TYPES.items()}
_error_names = {code: name for name, code in ERROR_CODES.items()}


def type_name(number: int) -> Union[str, int]:
    """Returns the name of a frame type, or the number if it is unknown."""
    return _names.get(number, number)


def error_name(code: int) -> str:
    """Returns the name of an error code, or its number in hexadecimal."""
    return _error_names.get(code, "0x%x" % code)
