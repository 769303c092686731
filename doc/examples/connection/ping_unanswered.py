# SPDX-License-Identifier: MIT
#
# PING never acknowledged.
#
# A client sees: responses as usual, but no answer to its PING frames (RFC
# 9113 §6.7).  A client that uses them to see whether the server is still there
# will take it for dead.

def handle_accept(connection):
    connection.automatic.remove("ping_ack")


def handle_ping(frame, connection):
    if "ACK" not in frame.flags:
        connection.logger.info("PING %s stays unanswered", frame.data.hex())
