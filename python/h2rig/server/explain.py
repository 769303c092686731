# SPDX-License-Identifier: MIT
"""What the author of a script is told of a fault in it."""

import difflib
import inspect
import os
import re
import traceback
from typing import Any, Dict, Iterable, Optional

__all__ = ["called_wrongly", "near_miss", "traceback_text"]

#: Files of ours, whose frames tell a script's author nothing.
_OURS = os.path.join(os.path.dirname(os.path.dirname(
    os.path.dirname(__file__))), "")

_FRAME = "frame, request, response"

#: What functions of scripts are called with; the others: request.
_PARAMETERS = {"main": "request, response", "handle_headers": _FRAME,
               "handle_data": _FRAME}


def traceback_text(e: BaseException, whole: bool) -> str:
    """The traceback of e and of what led to it; our own frames if whole."""
    shown = traceback.TracebackException(type(e), e, e.__traceback__)
    todo = [] if whole else [shown]
    while todo:
        each: Any = todo.pop()
        each.stack[:] = [f for f in each.stack if not _is_ours(f.filename)]
        todo += [cause for cause in (
            each.__cause__, each.__context__,
            *(getattr(each, "exceptions", None) or ())) if cause is not None]
    # Without a frame there is no use for the heading.
    return re.sub(r"Traceback \(most recent call last\):\n(?! )", "",
                  "".join(shown.format())).strip()


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS)


def called_wrongly(e: BaseException, name: str,
                   function: Any) -> Optional[TypeError]:
    """The error to show instead of e, if that came since function, a script's
    of this name, does not take what it is called with.
    """
    tb = e.__traceback__
    while tb is not None and _is_ours(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    if tb is not None or type(e) is not TypeError or function is None:
        return None
    parameters = _PARAMETERS.get(name, "request")
    if not callable(function):
        return TypeError("%s is %r; expected a function %s(%s)"
                         % (name, function, name, parameters))
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    try:
        signature.bind(*parameters.split(", "))
    except TypeError:
        code = getattr(inspect.unwrap(function), "__code__", None)
        return TypeError("%s is called as %s(%s), but defined as %s%s%s" % (
            name, name, parameters, name, signature,
            "" if code is None else " (%s, line %d)" % (
                code.co_filename, code.co_firstlineno)))
    return None


def near_miss(namespace: Dict[str, Any], names: Iterable[str]) -> str:
    """What to add to a complaint that a script has none of these functions,
    if it has one with such a name.
    """
    names = list(names)
    for name, value in namespace.items():
        if callable(value):
            close = difflib.get_close_matches(name.lower(), names, 1, 0.7)
            if close:
                return "; it defines %s: did you mean %s?" % (name, close[0])
    return ""
