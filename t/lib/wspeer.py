# SPDX-License-Identifier: MIT
"""A WebSocket client on python3-h2 and python3-wsproto.  It makes the opening
handshake of RFC 8441 itself: wsproto has only the handshake of HTTP/1."""
import socket
import ssl
from typing import Any, Iterator, List

import tap

import h2.config
import h2.connection
import h2.events
import h2.settings
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import Frame, FrameProtocol


class Peer:
    """One WebSocket on its own connection.  Raises ConnectionError if the
    server closes the connection."""

    def __init__(self, port: int, path: str) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        plain = socket.create_connection(("127.0.0.1", port),
                                         tap.scaled(60))
        self.sock = context.wrap_socket(plain, server_hostname="localhost")
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.sid = 1
        self.ended = self.enabled = False
        self.headers: Any = None
        self.content = bytearray()
        while not self.enabled:
            self._receive()
        deflate = PerMessageDeflate()
        self.h2.send_headers(self.sid, [
            (":method", "CONNECT"), (":scheme", "https"), (":path", path),
            (":authority", f"127.0.0.1:{port}"), (":protocol", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-extensions",
             f"permessage-deflate; {deflate.offer()}")])
        while self.headers is None:
            self._receive()
        self.extension = self.headers.get("sec-websocket-extensions", "")
        if self.extension:
            deflate.finalize(self.extension)
        self.ws = FrameProtocol(True, [deflate])

    def _receive(self) -> None:
        """Sends what h2 has to send, and takes octets from the socket."""
        self.sock.sendall(self.h2.data_to_send())
        octets = self.sock.recv(65536)
        if not octets:
            raise ConnectionError("the server has closed the connection")
        for e in self.h2.receive_data(octets):
            if isinstance(e, h2.events.RemoteSettingsChanged):
                self.enabled = (h2.settings.SettingCodes.ENABLE_CONNECT_PROTOCOL
                                in e.changed_settings)
            elif isinstance(e, h2.events.ResponseReceived):
                self.headers = dict(e.headers)
            elif isinstance(e, h2.events.DataReceived):
                self.content += e.data
                self.h2.acknowledge_received_data(
                    e.flow_controlled_length, e.stream_id)
            elif isinstance(e, h2.events.StreamEnded):
                self.ended = True
        self.sock.sendall(self.h2.data_to_send())

    def send(self, octets: bytes) -> None:
        """Sends octets of WebSocket frames, as the windows allow."""
        while octets:
            room = min(self.h2.local_flow_control_window(self.sid),
                       self.h2.max_outbound_frame_size)
            if not room:
                self._receive()
                continue
            self.h2.send_data(self.sid, bytes(octets[:room]))
            octets = octets[room:]
        self.sock.sendall(self.h2.data_to_send())

    def frames(self) -> Iterator[Frame]:
        """Yields frames as they come, to the end of the stream."""
        while True:
            yield from self.ws.received_frames()
            if self.ended and not self.content:
                return
            if not self.content:
                self._receive()
            octets, self.content = bytes(self.content), bytearray()
            self.ws.receive_bytes(octets)

    def message(self) -> Any:
        """Returns the next whole message, or (opcode, payload) of a control
        frame that comes first, or None at the end of the stream."""
        parts: List[Any] = []
        for f in self.frames():
            if f.opcode.iscontrol():
                return f.opcode.name, f.payload
            parts.append(f.payload)
            if f.message_finished:
                return parts[0][:0].join(parts)
        return None


def talk(port: int) -> List[Any]:
    """Talks to echo_wsh.py.  Returns the extension and what came back
    for each message."""
    peer = Peer(port, "/echo")
    out: List[Any] = [peer.extension.partition(";")[0]]
    peer.send(peer.ws.send_data("h\u00e9llo"))
    out.append(peer.message())
    peer.send(peer.ws.send_data(bytes(range(250)) * 280))
    out.append(peer.message() == bytes(range(250)) * 280)
    peer.send(peer.ws.ping(b"are you there"))
    out.append(peer.message())
    peer.send(peer.ws.send_data("Goodbye"))
    out.append(peer.message())
    peer.send(peer.ws.close(1000, ""))
    while not peer.ended:
        peer._receive()
    peer.sock.close()
    return [list(o) if isinstance(o, tuple) else o for o in out]
