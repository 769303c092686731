# SPDX-License-Identifier: MIT
#
# writer.write_transport: sends octets over TCP, below TLS.
#
# A client sees: after the SETTINGS, octets that are not a TLS record.  It
# either answers with an alert (RFC 8446 §5.1) or closes the connection.

def main(connection):
    connection.writer.write_transport(b"this is no TLS record")
    connection.logger.info("no TLS record: %s", connection.reaction())
