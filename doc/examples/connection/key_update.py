# SPDX-License-Identifier: MIT
#
# TLS keys that change while the connection is in use (RFC 8446 §4.6.3).
#
# A client sees: a KeyUpdate message after the server's SETTINGS, and has to
# answer with a KeyUpdate message.  With a version before TLS 1.3 this is not
# possible; the log then says why.

from h2rig.errors import NotPossible


def main(connection):
    try:
        connection.tls.request("key_update")
    except NotPossible as e:
        connection.logger.info("%s", e)
