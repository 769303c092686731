#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Python's h2 with a blocking socket, as its documentation uses it.

    h2bad run --got exit -- doc/clients/h2_client.py {ca} {urls}

It stops at GOAWAY, since h2 takes no response that comes after GOAWAY.
"""
import socket
import ssl
import sys
from urllib.parse import urlsplit

import h2.connection
import h2.events
from h2.exceptions import ProtocolError

ca, *urls = sys.argv[1:]
url = urlsplit(urls[0])
context = ssl.create_default_context(cafile=ca)
context.set_alpn_protocols(["h2"])
sock = context.wrap_socket(
    socket.create_connection((url.hostname, url.port), 5),
    server_hostname=url.hostname)
conn = h2.connection.H2Connection()
conn.initiate_connection()


def get(url):
    """Returns True if the whole response has come, False if the server has
    reset the stream or ended the connection before that."""
    stream = conn.get_next_available_stream_id()
    conn.send_headers(stream, [
        (":method", "GET"), (":scheme", "https"), (":authority", url.netloc),
        (":path", f"{url.path}?{url.query}")], end_stream=True)
    while True:
        sock.sendall(conn.data_to_send())
        data = sock.recv(65536)
        if not data:
            return False
        for event in conn.receive_data(data):
            if isinstance(event, h2.events.DataReceived):
                conn.acknowledge_received_data(event.flow_controlled_length,
                                               event.stream_id)
            elif getattr(event, "stream_id", stream) != stream:
                continue
            elif isinstance(event, (h2.events.StreamReset,
                                    h2.events.ConnectionTerminated)):
                return False
            elif isinstance(event, h2.events.StreamEnded):
                sock.sendall(conn.data_to_send())
                return True


got = []
try:
    for each in urls:
        got.append(get(urlsplit(each)))
except (ProtocolError, OSError) as e:
    print(repr(e))
    try:
        sock.sendall(conn.data_to_send())    # the GOAWAY that h2 has made
    except OSError:
        pass
sys.exit(len(got) < len(urls) - 1 or not all(got[:len(urls) - 1]))
