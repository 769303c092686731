# SPDX-License-Identifier: MIT
#
# A TLS alert in answer to the ClientHello.
#
# A client sees: the fatal alert unrecognized_name, and the end of the
# connection, if it asks for a name that does not end in "localhost".

def handle_client_hello(connection):
    if not (connection.sni or "localhost").endswith("localhost"):
        connection.tls.alert = "unrecognized_name"
