# SPDX-License-Identifier: MIT
#
# A log of all that a client does: each frame, each violation, and the end.
#
# A client sees: no difference.

def handle_frame(frame, connection):
    connection.logger.info("%s", frame)


def handle_violation(error, connection):
    connection.logger.info("%s error %s, %s: %s", error.level, error.name,
                           error.section, error.text)


def handle_close(connection):
    end = connection.end
    connection.logger.info("ended by the %s: %s %s", end.by, end,
                           ", ".join(end.order))
