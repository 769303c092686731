#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# A client, not a script for the server: a WebSocket over HTTP/2 (RFC 8441), in
# plain frames (RFC 6455 §5.2).  It needs Python's h2 (python3-h2).
#
#	python3 websocket_client.py HOST PORT PATH [CA.pem] <lines
#
# sends each line as a text message, and prints the message that answers it:
#
#	echo hello | python3 websocket_client.py localhost 8443 /echo
#
# If CA.pem is given, the client checks the server's certificate with it.  The
# option --ca-out of h2rig writes this file.

import os
import socket
import ssl
import struct
import sys

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (ConnectionTerminated, DataReceived, ResponseReceived,
                       StreamEnded, StreamReset)

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


class WebSocket:
    """One WebSocket on a connection of its own."""

    def __init__(self, host, port, path, ca=None):
        tls = ssl.create_default_context(cafile=ca)
        if ca is None:
            tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
        tls.set_alpn_protocols(["h2"])
        self.sock = tls.wrap_socket(socket.create_connection((host, port)),
                                    server_hostname=host)
        self.h2 = H2Connection(H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()
        self.status, self.octets, self.ended = None, b"", False
        # The extended CONNECT is allowed when the server's SETTINGS have
        # announced it (RFC 8441 §3).
        while not self.h2.remote_settings.enable_connect_protocol:
            self.read()
        self.id = self.h2.get_next_available_stream_id()
        self.h2.send_headers(self.id, [
            (":method", "CONNECT"), (":protocol", "websocket"),
            (":scheme", "https"), (":authority", "%s:%d" % (host, port)),
            (":path", path), ("sec-websocket-version", "13")])
        self.flush()
        while self.status is None and not self.ended:
            self.read()
        if self.status != "200":
            raise ConnectionError("%s: status %s" % (path, self.status))

    def flush(self):
        """Sends the octets that h2 has queued."""
        self.sock.sendall(self.h2.data_to_send())

    def read(self):
        """Waits for octets from the server, and handles the events that h2
        finds in them.  Raises ConnectionError if the server has left."""
        octets = self.sock.recv(65536)
        if not octets:
            raise ConnectionError("the server has left")
        for event in self.h2.receive_data(octets):
            if isinstance(event, ResponseReceived):
                self.status = dict(event.headers)[":status"]
            elif isinstance(event, DataReceived):
                self.octets += event.data
                self.h2.acknowledge_received_data(
                    event.flow_controlled_length, event.stream_id)
            elif isinstance(event, (StreamEnded, StreamReset,
                                    ConnectionTerminated)):
                self.ended = True
        self.flush()

    def send(self, opcode, payload=b""):
        """Sends a message in one frame, waiting for flow-control window.
        The frame is masked, as those of all clients are (RFC 6455 §5.3)."""
        size = len(payload)
        if size < 126:
            length = struct.pack(">B", 0x80 | size)
        elif size < 1 << 16:
            length = struct.pack(">BH", 0x80 | 126, size)
        else:
            length = struct.pack(">BQ", 0x80 | 127, size)
        mask = os.urandom(4)
        octets = bytes([0x80 | opcode]) + length + mask + bytes(
            octet ^ mask[i % 4] for i, octet in enumerate(payload))
        while octets:
            room = min(self.h2.local_flow_control_window(self.id),
                       self.h2.max_outbound_frame_size)
            if room == 0:
                self.read()             # until WINDOW_UPDATE comes
                continue
            self.h2.send_data(self.id, octets[:room])
            octets = octets[room:]
            self.flush()

    def take(self, size):
        """Waits for the next `size` octets of the stream, and returns them.
        Raises ConnectionError if the stream ends before that."""
        while len(self.octets) < size:
            if self.ended:
                raise ConnectionError("the stream has ended")
            self.read()
        taken, self.octets = self.octets[:size], self.octets[size:]
        return taken

    def receive(self):
        """Waits for the next frame, and returns its first octet, which holds
        FIN and the opcode, and its payload."""
        first, size = self.take(2)
        if size == 126:
            size, = struct.unpack(">H", self.take(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.take(8))
        return first, self.take(size)

    def close(self, code=1000):
        """Sends a Close frame, waits for the server's, and ends the stream.
        Returns the payload of the server's Close frame."""
        self.send(CLOSE, struct.pack(">H", code))
        first = payload = None
        while first != 0x80 | CLOSE:
            first, payload = self.receive()
        self.h2.end_stream(self.id)
        self.flush()
        while not self.ended:
            self.read()
        self.sock.close()
        return payload


if __name__ == "__main__":
    ws = WebSocket(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
    for line in sys.stdin:
        ws.send(TEXT, line.rstrip("\n").encode())
        print(ws.receive()[1].decode(), flush=True)
    print("closed:", struct.unpack(">H", ws.close()[:2])[0])
