# SPDX-License-Identifier: MIT
"""h2bad: a catalogue of what an HTTP/2 server can do wrong, or rarely does,
and a verdict on how a client reacts to it.

A case is a file in `cases`, made of the names of `h2bad.case`.  A server of
h2rig serves it, with `h2bad.server` as its connection script, and writes a
trace of each connection.  The program judges the client from the traces
(`h2bad.observed`, `h2bad.outcome`).
"""

import sys

__all__ = ["say"]

__version__ = "1.0"


def say(text: str) -> None:
    """Writes to standard output; OSError, which names it."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as e:
        raise OSError(e.errno, e.strerror, "standard output") from None
