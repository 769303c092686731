# SPDX-License-Identifier: MIT
#
# writer.flood: sends the same octets repeatedly, as fast as the client reads.
#
# A client sees: 10,000 PING frames, or those that can be sent in 10 seconds.
# The log says how the client reacted.

from h2rig.frames import PingFrame


def main(connection):
    octets = connection.writer.flood(PingFrame(0, b"a flood!").serialize(),
                                     None, 10000, 10)
    connection.logger.info("%d octets of PING went out: %s", octets,
                           connection.reaction())
