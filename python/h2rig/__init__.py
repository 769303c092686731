# SPDX-License-Identifier: MIT
"""What scripts of the HTTP/2 server h2rig use.

A script has any of `handle_headers(frame, request, response)`,
`handle_data(frame, request, response)` and `main(request, response)`.  The
manual pages h2rig-handlers(7), h2rig-files(7), h2rig-stash(7),
h2rig-websocket(7) and h2rig-connection(7) describe all of it, with an example
for each call.  Scripts need no import.  What is often
wanted by name is here:

    from h2rig import HTTPException, Request, Response

    def main(request: Request, response: Response) -> bytes:
        if request.method != "POST":
            raise HTTPException(405, "POST only")
        return request.body

The rest is in the modules: `frames` (frames to send raw), `handlers` (what a
routes file leads to), `headers`, `errors`, `pipes`, `stash`, `websocket`,
`constants`; `testing` is for tests outside of the server, which it starts.
`server` and `trace` are the programs' own and no interface.

A Python that is not the program's can import all of it, for pydoc, editors and
type checkers, but has no connection to serve.
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

#: Imported when one of the names above is first asked for: the program has
#: something to do before anything else is imported (`server.forking`).
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
