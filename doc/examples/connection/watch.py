# SPDX-License-Identifier: MIT
#
# Every frame, every violation, and the end: a log of what a client does.
#
# A client sees nothing of it.

def handle_frame(frame, connection):
    connection.logger.info("%s", frame)


def handle_violation(error, connection):
    connection.logger.info("%s error %s, %s: %s", error.level, error.name,
                           error.section, error.text)


def handle_close(connection):
    end = connection.end
    connection.logger.info("ended by the %s: %s %s", end.by, end,
                           ", ".join(end.order))
