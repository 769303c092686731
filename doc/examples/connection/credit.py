# SPDX-License-Identifier: MIT
#
# Flow-control credit that is withheld, and then given octet by octet.
#
# A client sees: SETTINGS with INITIAL_WINDOW_SIZE 0, so that it cannot send
# content.  One second after the HEADERS of its request it sees two
# WINDOW_UPDATE frames with an increment of 1, one for the stream and one for
# the connection.  The next two follow when its octet has arrived, and so on,
# so the client sends its content in DATA frames of one octet.

import time

from h2rig import StreamClosedError


def handle_connect(connection):
    connection.settings = [("INITIAL_WINDOW_SIZE", 0)]
    connection.automatic.remove("window_update")


def main(connection):
    head = connection.wait("HEADERS", timeout=30)
    if head is None or head.stream_ended:
        return
    time.sleep(1)
    try:
        while True:
            connection.writer.window_update(1, head.stream_id)
            connection.writer.window_update(1)
            data = connection.wait("DATA", head.stream_id, timeout=30)
            if data is None or data.stream_ended:
                return
    except StreamClosedError:
        pass        # the stream or the connection has ended
