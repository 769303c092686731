# SPDX-License-Identifier: MIT
#
# Two SETTINGS frames with different window sizes.
#
# A client sees: SETTINGS with INITIAL_WINDOW_SIZE 1,000, and after it has
# acknowledged them, SETTINGS with INITIAL_WINDOW_SIZE 100,000.  An upload
# begins with 1,000 octets, and can then continue with 99,000 octets (RFC 9113
# §6.9.2).

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
