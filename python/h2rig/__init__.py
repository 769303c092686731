# SPDX-License-Identifier: MIT
"""h2rig: the Python side of an HTTP/2 server for testing HTTP/2 clients.

A script that answers requests is given a `h2rig.request.Request` and a
`h2rig.response.Response`; what it may rely on is in h2rig-handlers(7).

Outside of the program (for pydoc, editors and type checkers) everything can be
imported, but there is no connection to serve.
"""

try:
    import _h2rig  # noqa: F401
except ImportError:
    from h2rig.server import outside
    outside.install()
