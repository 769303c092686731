# SPDX-License-Identifier: MIT
#
# TLS keys that change in mid-connection (RFC 8446 §4.6.3).
#
# A client sees: KeyUpdate after the server's SETTINGS, which it has to answer
# with one of its own.  The log says why it is not possible before TLS 1.3.

from h2rig.errors import NotPossible


def main(connection):
    try:
        connection.tls.request("key_update")
    except NotPossible as e:
        connection.logger.info("%s", e)
