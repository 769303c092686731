# SPDX-License-Identifier: MIT
#
# A TCP reset right after the ClientHello.
#
# A client sees: a TCP reset instead of the ServerHello.

def handle_client_hello(connection):
    connection.writer.close("rst")
