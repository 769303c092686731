# SPDX-License-Identifier: MIT
"""Replaces the built-in module `_h2rig` in a Python that is not the program's,
which imports the package to read its documentation, for example.
"""

import sys
import types
from typing import Any, Dict, Tuple, Union

__all__ = ["install"]


def _log(level: str, text: Union[str, bytes], prefix: str = "script") -> None:
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    for line in text.splitlines():
        print("%s: %s: %s" % (level, prefix, line), file=sys.stderr)


def _stored(n: int) -> Tuple[int, int, str]:
    return 0, 0, ""


def _connection(*_: Any) -> Dict[str, Any]:
    raise RuntimeError("there is no connection outside of h2rig")


def install() -> None:
    """Makes the module, and puts it in `sys.modules`."""
    module = types.ModuleType("_h2rig", __doc__)
    for name, value in (
            ("EVENT_HEADERS", 0), ("EVENT_DATA", 1), ("EVENT_TRAILERS", 2),
            ("EVENT_FRAME", 3), ("EVENT_STEP", 4), ("EVENT_RECEIVED", 5),
            ("EVENT_VIOLATION", 6), ("CONNECTION", 1 << 31),
            ("log", _log), ("stored", _stored),
            *((name, _connection) for name in (
                "connection", "ended", "frames", "next_frame", "own", "read",
                "serving", "tls_hello", "tls_leaf", "tls_request",
                "tls_set"))):
        setattr(module, name, value)
    sys.modules["_h2rig"] = module
