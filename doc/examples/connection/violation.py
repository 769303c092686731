# SPDX-License-Identifier: MIT
#
# The log lists the rules that the client breaks; nothing else happens.
#
# A client sees: no error, whichever rule of state, flow control or fields it
# breaks.  The log names each rule that it breaks, and at the end says who
# ended the connection, and how.

def handle_accept(connection):
    connection.automatic.remove("checks")


def handle_violation(error, connection):
    connection.logger.info("%s (%s, %s)", error.text, error.name,
                           error.section)


def handle_close(connection):
    connection.logger.info("ended by the %s: %s", connection.end.by,
                           ", ".join(connection.end.order))
