# SPDX-License-Identifier: MIT
#
# A slow TLS handshake.
#
# A client sees: nothing for a second after its ClientHello, then the server's
# first flight, and each later one a second late too.

def handle_client_hello(connection):
    connection.tls.delay = 1.0
