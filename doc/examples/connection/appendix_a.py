# SPDX-License-Identifier: MIT
#
# A cipher suite of RFC 9113 Appendix A, by TLS 1.2.
#
# A client sees: TLS 1.2 with TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, if it
# offers that.  RFC 9113 §9.2.2 lets it end the connection with
# INADEQUATE_SECURITY.  One that does not offer it sees the alert
# handshake_failure.

def handle_client_hello(connection):
    connection.tls.max_version = "TLSv1.2"
    connection.tls.ciphers = "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"


def main(connection):
    reaction = connection.reaction()
    connection.logger.info("%s: %s", connection.cipher, reaction)
