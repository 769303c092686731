# SPDX-License-Identifier: MIT
#
# ALPN not chosen.
#
# A client that offers "h2" sees: a handshake whose answer has no ALPN
# extension (RFC 7301).  RFC 9113 §3.2 does not let it use HTTP/2 then.

def handle_client_hello(connection):
    connection.logger.info("offered: %s", ", ".join(connection.alpn_offered))
    connection.tls.alpn = None
