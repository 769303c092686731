# SPDX-License-Identifier: MIT
"""Requests that the parent answers to itself before it forks (src/py/warm.c).

When code runs for the first time, CPython makes caches of attributes,
instructions for the types that it has met, and compiled patterns.  Children
share those that the parent has made.  If a child makes them itself, it gets
copies of the memory pages that they are written to.

The parent runs no code of the user: during these requests the document root is
the package's directory warm, there are no aliases, and the routes are the
default ones.

Modules that only some connections need are imported here too, so that the
ready line need not wait for them.
"""

import importlib
import os
from typing import Any, List, Tuple

import _h2rig

from h2rig.handlers import python_script_handler
from h2rig.server import codecache
from h2rig.server.config import options
from h2rig.server.router import router

__all__ = ["begin", "end", "rehearse", "rehearse_briefly", "serve_first"]

#: How many times each request is answered; 24 times saved no more page faults.
ROUNDS = 10

_FRAME_DATA, _FRAME_HEADERS, _FRAME_SETTINGS = 0, 1, 4
_END_STREAM, _END_HEADERS = 1, 4

#: One request of each kind: path and content.
_REQUESTS = ((b"/small.py", b""), (b"/script.py?name=value", b""),
             (b"/small.py", b"content"), (b"/file.txt", b""))

_OPTIONS = ("doc_root", "real_root", "aliases", "latency_ms")

#: Serves a connection whose client sends these octets (src/py/warm.c).
_answer = getattr(_h2rig, "_rehearse")

#: Names and values of the options that `begin` has replaced.
_saved: List[Tuple[str, Any]] = []


def _frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    # Returns a frame (RFC 9113 section 4.1).
    return (len(payload).to_bytes(3, "big") + bytes((kind, flags))
            + stream.to_bytes(4, "big") + payload)


def _field(name: bytes, value: bytes) -> bytes:
    # Returns a literal field without indexing, with a new name (RFC 7541
    # section 6.2.2).
    return (b"\0" + bytes((len(name),)) + name
            + bytes((len(value),)) + value)


def _request(path: bytes, content: bytes = b"") -> bytes:
    # Returns all octets that a client sends on a connection with one request.
    section = b"".join((
        _field(b":method", b"POST" if content else b"GET"),
        _field(b":scheme", options.scheme.encode("ascii")),
        _field(b":path", path), _field(b":authority", b"localhost"),
        _field(b"user-agent", b"h2rig"), _field(b"accept", b"*/*"),
        _field(b"accept-encoding", b"gzip")))
    if content:
        section += _field(b"content-length", b"%d" % len(content))
    out = b"".join((
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", _frame(_FRAME_SETTINGS, 0, 0),
        _frame(_FRAME_HEADERS,
               _END_HEADERS | (0 if content else _END_STREAM), 1, section)))
    if content:
        out += _frame(_FRAME_DATA, _END_STREAM, 1, content)
    return out


def begin() -> List[bytes]:
    """Puts the package's scripts in the place of the user's.

    Returns the octets that clients send, each on a connection with one
    request.
    """
    _saved[:] = [(name, getattr(options, name)) for name in _OPTIONS]
    options.doc_root = os.path.join(os.path.dirname(__file__), "warm")
    options.real_root = os.path.realpath(options.doc_root)
    options.aliases = []
    options.latency_ms = 0
    router.pending = None
    return [_request(*each) for each in _REQUESTS]


def serve_first() -> None:
    """Answers one request, between `begin` and `end`, in a process that the
    parent has forked in order to learn which pages this writes to.
    """
    # It has the parent's rights, and others have written that code.
    codecache.disable()
    _answer(_request(*_REQUESTS[0]))


def end() -> None:
    """Undoes what `begin` has done, also if `begin` has raised."""
    for name, value in _saved:
        setattr(options, name, value)
    python_script_handler._forget()
    router.clear_found()
    router.pending = options.routes
    # Last, so that the above is done even if this raises.
    importlib.import_module("h2rig.websocket.framing")


def rehearse() -> None:
    """Answers all requests, in the parent.  Nothing of them is left, even if
    this raises an exception.
    """
    _rehearse(ROUNDS)


def rehearse_briefly() -> None:
    """Answers each request once, in a spare process, so that it gets its own
    copies of the pages that this writes to.
    """
    _rehearse(1)


def _rehearse(rounds: int) -> None:
    try:
        for octets in begin() * rounds:
            _answer(octets)
    finally:
        end()
