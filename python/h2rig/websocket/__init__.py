# SPDX-License-Identifier: MIT
"""WebSockets over HTTP/2 (RFC 8441): what handler scripts get and raise.

A script is `NAME_wsh.py` for the path `/NAME`, written as for pywebsocket:

    def web_socket_do_extra_handshake(request):
        request.ws_protocol = "chat"

    def web_socket_transfer_data(request):
        message = request.ws_stream.receive_message()
        request.ws_stream.send_message(message)

A script may also have `web_socket_passive_closing_handshake(request)`, which
returns (code, reason) for the answer to the client's Close frame.  request is
a `WebSocketRequest`.  The names of this module can also be imported from
`mod_pywebsocket` and `pywebsocket3`, where pywebsocket has them.
"""

from h2rig.websocket.extensions import (ExtensionParameter,
                                        PerMessageDeflateExtensionProcessor)
from h2rig.websocket.serve import (AbortedByUserException, HandshakeException,
                                   TextHeaders, Tunnel, VersionException,
                                   WebSocketRequest)
from h2rig.websocket.stream import (BadOperationException,
                                    ConnectionTerminatedException,
                                    InvalidFrameException,
                                    InvalidUTF8Exception,
                                    ServerStoppingException,
                                    UnsupportedFrameException, WebSocketStream,
                                    create_binary_frame, create_close_frame,
                                    create_closing_handshake_body,
                                    create_header, create_length_header,
                                    create_ping_frame, create_pong_frame,
                                    create_text_frame)

__all__ = [
    "AbortedByUserException", "BadOperationException",
    "ConnectionTerminatedException", "ExtensionParameter",
    "HandshakeException", "InvalidFrameException", "InvalidUTF8Exception",
    "PerMessageDeflateExtensionProcessor", "ServerStoppingException",
    "TextHeaders", "Tunnel", "UnsupportedFrameException", "VersionException",
    "WebSocketRequest", "WebSocketStream",
    "create_binary_frame", "create_close_frame",
    "create_closing_handshake_body", "create_header", "create_length_header",
    "create_ping_frame", "create_pong_frame", "create_text_frame",
]
