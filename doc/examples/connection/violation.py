# SPDX-License-Identifier: MIT
#
# Rules that the client breaks, told and left without consequence.
#
# A client sees: no error, whatever rule of state, flow control or fields it
# breaks.  The log says which, and at the end who ended the connection, and how.

def handle_accept(connection):
    connection.automatic.remove("checks")


def handle_violation(error, connection):
    connection.logger.info("%s (%s, %s)", error.text, error.name,
                           error.section)


def handle_close(connection):
    connection.logger.info("ended by the %s: %s", connection.end.by,
                           ", ".join(connection.end.order))
