# SPDX-License-Identifier: MIT
#
# The server chooses no protocol by ALPN.
#
# A client that offers "h2" sees: a handshake in which the server's answer has
# no ALPN extension (RFC 7301).  RFC 9113 §3.2 does not allow the client to use
# HTTP/2 on this connection.

def handle_client_hello(connection):
    connection.logger.info("offered: %s", ", ".join(connection.alpn_offered))
    connection.tls.alpn = None
