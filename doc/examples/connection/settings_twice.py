# SPDX-License-Identifier: MIT
#
# SETTINGS twice, with other windows.
#
# A client sees: SETTINGS with INITIAL_WINDOW_SIZE 1,000, and once it has
# acknowledged that, SETTINGS with INITIAL_WINDOW_SIZE 100,000: an upload
# begins with 1,000 octets and then may go on with 99,000 (RFC 9113 §6.9.2).

def handle_connect(connection):
    connection.settings = [("INITIAL_WINDOW_SIZE", 1000)]


def main(connection):
    while True:
        frame = connection.wait("SETTINGS", timeout=30)
        if frame is None:
            return
        if "ACK" in frame.flags:
            break
    connection.writer.settings([("INITIAL_WINDOW_SIZE", 100000)])
