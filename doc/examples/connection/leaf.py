# SPDX-License-Identifier: MIT
#
# A certificate that is made for this connection and has expired.
#
# A client sees: a self-signed certificate that expired yesterday, for the
# server name that the client asked for.  If h2rig runs with --ca-out, the
# argument signed_by="ca" makes its CA sign the certificate instead.

def handle_client_hello(connection):
    connection.tls.leaf([connection.sni or "localhost"], -1, signed_by="self")
