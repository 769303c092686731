# SPDX-License-Identifier: MIT
#
# A cipher suite that RFC 9113 Appendix A prohibits, with TLS 1.2.
#
# A client that offers TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA sees: TLS 1.2 with
# this suite.  RFC 9113 §9.2.2 allows the client to end the connection with
# INADEQUATE_SECURITY.  A client that does not offer the suite sees: the alert
# handshake_failure.

def handle_client_hello(connection):
    connection.tls.max_version = "TLSv1.2"
    connection.tls.ciphers = "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"


def main(connection):
    reaction = connection.reaction()
    connection.logger.info("%s: %s", connection.cipher, reaction)
