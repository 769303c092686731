# SPDX-License-Identifier: MIT
#
# No SETTINGS at all, which RFC 9113 §3.4 has a server send first.
#
# A client sees: the acknowledgement of its own SETTINGS, and responses, but no
# SETTINGS frame of the server's.  The log says how it took that.

def handle_connect(connection):
    connection.settings = None


def main(connection):
    connection.logger.info("without SETTINGS: %s", connection.reaction())
