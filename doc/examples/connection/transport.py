# SPDX-License-Identifier: MIT
#
# writer.write_transport: octets below TLS.
#
# A client sees: after the SETTINGS something that is no TLS record, which it
# answers with an alert (RFC 8446 §5.1), or by leaving.

def main(connection):
    connection.writer.write_transport(b"this is no TLS record")
    connection.logger.info("no TLS record: %s", connection.reaction())
