# SPDX-License-Identifier: MIT
"""The interface of the HTTP/2 server h2rig for Python scripts.

A script defines one or more of `handle_headers(frame, request, response)`,
`handle_data(frame, request, response)` and `main(request, response)`.  The
manual pages h2rig-handlers(7), h2rig-files(7), h2rig-stash(7),
h2rig-websocket(7) and h2rig-connection(7) describe the whole interface, with
an example for each call.  A script needs no import.  This module has the names
that scripts use most often, for type hints for example:

    from h2rig import HTTPException, Request, Response

    def main(request: Request, response: Response) -> bytes:
        if request.method != "POST":
            raise HTTPException(405, "POST only")
        return request.body

The rest is in the modules: `frames` (frames for the raw calls of the writer),
`handlers` (handlers for a routes file), `headers`, `errors`, `pipes`, `stash`,
`websocket`, `constants`.  `testing` is for tests that run outside of the
server: it starts the server.  `server` and `trace` belong to the programs and
are not part of the interface.

A Python interpreter other than the one in h2rig can import all modules, for
pydoc, editors and type checkers, but it has no connection to serve.
"""

import importlib
from typing import TYPE_CHECKING, Any, List

if TYPE_CHECKING:
    from h2rig.connection import Connection
    from h2rig.errors import (ConnectionEnded, FlowControlError, H2Error,
                              HTTPException, NotPossible, ProtocolError,
                              PushDisabledError, StashError, StreamClosedError)
    from h2rig.headers import (MultiDict, RequestHeaders, ResponseHeaders,
                               Value, isomorphic_decode, isomorphic_encode)
    from h2rig.request import Request
    from h2rig.response import Response
    from h2rig.stash import Stash
    from h2rig.writer import ResponseWriter

__all__ = [
    "Connection", "ConnectionEnded", "FlowControlError", "H2Error",
    "HTTPException", "MultiDict", "NotPossible", "ProtocolError",
    "PushDisabledError", "Request", "RequestHeaders", "Response",
    "ResponseHeaders", "ResponseWriter", "Stash", "StashError",
    "StreamClosedError", "Value", "isomorphic_decode", "isomorphic_encode",
]

#: Modules that define the names above.  Each is imported when such a name is
#: first used, since `server.forking` must begin before all other imports.
_MODULES = ("connection", "errors", "headers", "request", "response", "stash",
            "writer")

try:
    import _h2rig  # noqa: F401
except ImportError:
    importlib.import_module("h2rig.server.outside").install()


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            public = importlib.import_module("h2rig." + module)
            if name in public.__all__:
                value = globals()[name] = getattr(public, name)
                return value
    raise AttributeError("module h2rig has no attribute %r" % name)


def __dir__() -> List[str]:
    return sorted({*globals(), *__all__})
