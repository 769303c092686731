# SPDX-License-Identifier: MIT
#
# The end of TLS without the end of TCP.
#
# A client sees: close_notify once it has sent a request, and no FIN.  What it
# still sends is read, and not answered.

def handle_headers(frame, connection):
    connection.writer.close("close_notify")
    return True         # nobody could answer it
