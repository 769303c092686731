# SPDX-License-Identifier: MIT
#
# A TLS alert in answer to the ClientHello.
#
# A client that asks for a server name (SNI) which does not end in "localhost"
# sees: the fatal alert unrecognized_name, and the end of the connection.

def handle_client_hello(connection):
    if not (connection.sni or "localhost").endswith("localhost"):
        connection.tls.alert = "unrecognized_name"
