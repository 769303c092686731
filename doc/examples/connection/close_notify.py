# SPDX-License-Identifier: MIT
#
# The server ends TLS, but not the TCP connection.
#
# A client sees: a close_notify alert after it has sent a request, and no FIN.
# The server still reads what the client sends, but does not answer it.

def handle_headers(frame, connection):
    connection.writer.close("close_notify")
    return True         # no script runs: it could not answer
