# SPDX-License-Identifier: MIT
#
# connection.reaction: how the client takes a frame that breaks a rule.
#
# A client sees: DATA on stream 0 right after the SETTINGS.  RFC 9113 §6.1 has
# it end the connection with PROTOCOL_ERROR.  The log says what it has done.

def main(connection):
    connection.writer.write_raw_frame("DATA", payload=b"on stream 0")
    reaction = connection.reaction()
    connection.logger.info("DATA on stream 0: %s %s, then %s", reaction.kind,
                           reaction.name, reaction.then)
