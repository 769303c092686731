# SPDX-License-Identifier: MIT
#
# An HTTP/1.1 response on a connection for which ALPN has chosen "http/1.1".
#
# A client that offers "http/1.1" (curl --http1.1) sees: this protocol chosen,
# and an HTTP/1.1 response to its request.  Other clients get HTTP/2.

CONTENT = b"HTTP/1.1 it is\n"


def handle_client_hello(connection):
    if "http/1.1" in connection.alpn_offered:
        connection.tls.alpn = "http/1.1"


def handle_connect(connection):
    if connection.alpn_protocol == "http/1.1":
        connection.engine_off()


def main(connection):
    if connection.alpn_protocol != "http/1.1":
        return
    request = b""
    while b"\r\n\r\n" not in request:
        octets = connection.read(65536, timeout=30)
        if not octets:
            return
        request += octets
    connection.writer.write_raw(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(CONTENT), CONTENT))
    connection.writer.close("tls")
