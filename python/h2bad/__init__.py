# SPDX-License-Identifier: MIT
"""h2bad: a catalogue of what an HTTP/2 server can do wrong, or rarely does,
and a verdict on how a client took it.

A case is a file in `cases`, made of `h2bad.case`.  A server of h2rig serves it
(`h2bad.server`, as its connection script) and writes a trace; the program
judges from the trace (`h2bad.observed`, `h2bad.outcome`).
"""

__version__ = "1.0"
