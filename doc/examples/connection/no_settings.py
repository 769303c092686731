# SPDX-License-Identifier: MIT
#
# No SETTINGS frame: RFC 9113 §3.4 requires the server to send one first.
#
# A client sees: the acknowledgement of its own SETTINGS, and responses, but no
# SETTINGS frame with the server's values.  The log says how it reacted.

def handle_connect(connection):
    connection.settings = None


def main(connection):
    connection.logger.info("without SETTINGS: %s", connection.reaction())
