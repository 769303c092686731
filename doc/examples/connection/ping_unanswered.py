# SPDX-License-Identifier: MIT
#
# PING frames that the server does not acknowledge.
#
# A client sees: responses as usual, but no acknowledgement of its PING frames,
# which RFC 9113 §6.7 requires.  A client that uses PING to find out whether
# the server is alive will take it for dead.

def handle_accept(connection):
    connection.automatic.remove("ping_ack")


def handle_ping(frame, connection):
    if "ACK" not in frame.flags:
        connection.logger.info("PING %s stays unanswered", frame.data.hex())
