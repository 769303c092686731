# SPDX-License-Identifier: MIT
#
# writer.flood: the same octets, as fast as the client takes them.
#
# A client sees: 10,000 PING frames, which it acknowledges, or does not.

from h2rig.frames import PingFrame


def main(connection):
    octets = connection.writer.flood(PingFrame(0, b"a flood!").serialize(),
                                     None, 10000, 10)
    connection.logger.info("%d octets of PING went out: %s", octets,
                           connection.reaction())
