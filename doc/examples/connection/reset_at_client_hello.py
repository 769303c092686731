# SPDX-License-Identifier: MIT
#
# RST right after the ClientHello.
#
# A client sees: a TCP reset where the ServerHello should come.

def handle_client_hello(connection):
    connection.writer.close("rst")
