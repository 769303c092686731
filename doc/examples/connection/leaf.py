# SPDX-License-Identifier: MIT
#
# A certificate made for this connection: it has expired.
#
# A client sees: a certificate for the name that it asked for whose last day was
# yesterday, signed by itself (with --ca-out, signed_by="ca" takes the CA).

def handle_client_hello(connection):
    connection.tls.leaf([connection.sni or "localhost"], -1, signed_by="self")
