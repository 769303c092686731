# SPDX-License-Identifier: MIT
#
# A slow TLS handshake.
#
# A client sees: nothing for one second after its ClientHello, then the
# server's first flight.  Each later flight comes one second late too.

def handle_client_hello(connection):
    connection.tls.delay = 1.0
