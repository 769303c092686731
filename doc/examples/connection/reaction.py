# SPDX-License-Identifier: MIT
#
# connection.reaction: finds out how the client reacts to a forbidden frame.
#
# A client sees: DATA on stream 0 right after the SETTINGS.  RFC 9113 §6.1
# requires the client to end the connection with PROTOCOL_ERROR.  The log says
# what the client did.

def main(connection):
    connection.writer.write_raw_frame("DATA", payload=b"on stream 0")
    reaction = connection.reaction()
    connection.logger.info("DATA on stream 0: %s %s, then %s", reaction.kind,
                           reaction.name, reaction.then)
