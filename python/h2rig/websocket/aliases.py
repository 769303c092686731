# SPDX-License-Identifier: MIT
"""Makes the modules `mod_pywebsocket` and `pywebsocket3`, as far as handlers
import them.  They are made in `sys.modules`, so they exist only in h2rig's
processes.
"""

import base64
import hashlib
import logging
import sys
import types
from typing import Any, Dict, Union

from h2rig.websocket import extensions, serve, stream

__all__ = ["install"]

_PACKAGES = ("mod_pywebsocket", "pywebsocket3")

#: RFC 6455 §1.3
_ACCEPT_UUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_OPCODES = {
    "CONTINUATION": 0x0, "TEXT": 0x1, "BINARY": 0x2, "CLOSE": 0x8,
    "PING": 0x9, "PONG": 0xa,
}

# RFC 6455 §7.4.1; from NORMAL on, the older names.
_STATUSES = {
    "NORMAL_CLOSURE": 1000, "GOING_AWAY": 1001, "PROTOCOL_ERROR": 1002,
    "UNSUPPORTED_DATA": 1003, "NO_STATUS_RECEIVED": 1005,
    "ABNORMAL_CLOSURE": 1006, "INVALID_FRAME_PAYLOAD_DATA": 1007,
    "POLICY_VIOLATION": 1008, "MESSAGE_TOO_BIG": 1009,
    "MANDATORY_EXTENSION": 1010, "INTERNAL_ENDPOINT_ERROR": 1011,
    "TLS_HANDSHAKE": 1015, "USER_REGISTERED_BASE": 3000,
    "USER_REGISTERED_MAX": 3999, "USER_PRIVATE_BASE": 4000,
    "USER_PRIVATE_MAX": 4999,
    "NORMAL": 1000, "UNSUPPORTED": 1003, "CODE_NOT_AVAILABLE": 1005,
    "ABNORMALLY_CLOSED": 1006, "INVALID_FRAME_PAYLOAD": 1007,
    "TOO_LARGE": 1009, "MANDATORY_EXT": 1010, "INTERNAL_SERVER_ERROR": 1011,
}

_HTTP_STATUSES = {
    "BAD_REQUEST": 400, "FORBIDDEN": 403, "NOT_FOUND": 404,
}

_HEADERS = {
    "UPGRADE": "Upgrade", "CONNECTION": "Connection", "HOST": "Host",
    "ORIGIN": "Origin", "SEC_WEBSOCKET_ORIGIN": "Sec-WebSocket-Origin",
    "SEC_WEBSOCKET_KEY": "Sec-WebSocket-Key",
    "SEC_WEBSOCKET_ACCEPT": "Sec-WebSocket-Accept",
    "SEC_WEBSOCKET_VERSION": "Sec-WebSocket-Version",
    "SEC_WEBSOCKET_PROTOCOL": "Sec-WebSocket-Protocol",
    "SEC_WEBSOCKET_EXTENSIONS": "Sec-WebSocket-Extensions",
    "SEC_WEBSOCKET_LOCATION": "Sec-WebSocket-Location",
}


def _common() -> Dict[str, Any]:
    names: Dict[str, Any] = {
        "VERSION_HYBI13": 13, "VERSION_HYBI_LATEST": 13,
        "DEFAULT_WEB_SOCKET_PORT": 80, "DEFAULT_WEB_SOCKET_SECURE_PORT": 443,
        "WEB_SOCKET_SCHEME": "ws", "WEB_SOCKET_SECURE_SCHEME": "wss",
        "WEBSOCKET_UPGRADE_TYPE": "websocket",
        "UPGRADE_CONNECTION_TYPE": "Upgrade",
        "PERMESSAGE_DEFLATE_EXTENSION": "permessage-deflate",
        "ExtensionParameter": extensions.ExtensionParameter,
        "ExtensionParsingException": ValueError,
        "parse_extensions": extensions.parse_extensions,
        "format_extensions": extensions.format_extensions,
        "is_control_opcode": lambda opcode: opcode >> 3 == 1,
    }
    tables: Dict[str, Dict[str, Any]] = {
        "OPCODE_%s": _OPCODES, "STATUS_%s": _STATUSES,
        "HTTP_STATUS_%s": _HTTP_STATUSES, "%s_HEADER": _HEADERS}
    for form, values in tables.items():
        for name, value in values.items():
            names[form % name] = value
    return names


# Functions of msgutil.

def send_message(request: Any, payload_data: Union[str, bytes],
                 end: bool = True, binary: bool = False) -> None:
    """Calls `request.ws_stream.send_message`."""
    request.ws_stream.send_message(payload_data, end, binary)


def receive_message(request: Any) -> Union[str, bytes, None]:
    """Calls `request.ws_stream.receive_message`."""
    message: Union[str, bytes, None] = request.ws_stream.receive_message()
    return message


def send_ping(request: Any, body: Union[str, bytes] = b"") -> None:
    """Calls `request.ws_stream.send_ping`."""
    request.ws_stream.send_ping(body)


def close_connection(request: Any) -> None:
    """Calls `request.ws_stream.close_connection`."""
    request.ws_stream.close_connection()


# Functions of handshake.hybi: HTTP/1 has Sec-WebSocket-Accept, HTTP/2 has not.

def compute_accept(key: bytes) -> bytes:
    """Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2)."""
    return base64.b64encode(hashlib.sha1(key + _ACCEPT_UUID).digest())


def compute_accept_from_unicode(key: str) -> bytes:
    """`compute_accept` for text."""
    return compute_accept(key.encode("latin-1"))


# Functions of util.

def hexify(s: bytes) -> str:
    """Octets as hexadecimal numbers with spaces between."""
    return " ".join("%02x" % octet for octet in s)


def get_class_logger(o: Any) -> logging.Logger:
    """A logger named after an object's class."""
    return logging.getLogger("%s.%s" % (type(o).__module__,
                                        type(o).__name__))


def _pick(module: Any, *names: str) -> Dict[str, Any]:
    return {name: getattr(module, name) for name in names}


_EXCEPTIONS = ("BadOperationException", "ConnectionTerminatedException",
               "InvalidFrameException", "InvalidUTF8Exception",
               "UnsupportedFrameException")
_REFUSALS = ("AbortedByUserException", "HandshakeException",
             "VersionException")


def _contents() -> Dict[str, Dict[str, Any]]:
    # Returns the content of each module; "" stands for the package itself.
    frames = [n for n in stream.__all__ if n.startswith("create_")]
    hybi = {"compute_accept": compute_accept,
            "compute_accept_from_unicode": compute_accept_from_unicode}
    msgutil = {f.__name__: f for f in (
        send_message, receive_message, send_ping, close_connection)}
    return {
        "": {},
        "common": _common(),
        "extensions": _pick(extensions,
                            "PerMessageDeflateExtensionProcessor"),
        "handshake": _pick(serve, *_REFUSALS),
        "handshake.base": _pick(serve, *_REFUSALS),
        "handshake.hybi": dict(hybi, **_pick(serve, *_REFUSALS)),
        "msgutil": dict(msgutil, **_pick(stream, *_EXCEPTIONS)),
        "stream": dict(_pick(stream, *_EXCEPTIONS, *frames),
                       Stream=stream.WebSocketStream),
        "util": {"hexify": hexify, "get_class_logger": get_class_logger},
    }


def install() -> None:
    """Makes the modules, which replace other modules of the same names."""
    contents = _contents()
    for package in _PACKAGES:
        for name, values in contents.items():
            path = package + "." + name if name else package
            module = types.ModuleType(path)
            vars(module).update(values)
            if name in ("", "handshake"):
                module.__path__ = []
            sys.modules[path] = module
            parent, _, own = path.rpartition(".")
            if parent:
                setattr(sys.modules[parent], own, module)
