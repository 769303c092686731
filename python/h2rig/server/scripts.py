# SPDX-License-Identifier: MIT
"""Sets up where scripts import modules from, and makes the texts that tell
their authors about faults.
"""

import contextlib
import inspect
import os
import re
import sys
import sysconfig
import threading
import traceback
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any, Iterator, List, Optional, Sequence

import _h2rig

from h2rig.server.frametypes import FUNCTIONS

__all__ = ["add_path", "called_wrongly", "log_ours", "spoiled",
           "traceback_text", "without_paths"]

#: The directories that were added to `sys.path`.
_added: List[str] = []

#: Names of exceptions after which a process should serve no other connection.
spoiled: List[str] = []

#: The directory of our own files: stack frames in them are of no use to the
#: author of a script.
_OURS = os.path.join(os.path.dirname(os.path.dirname(
    os.path.dirname(__file__))), "")

_FRAME = "frame, request, response"

#: The arguments of scripts' functions; all other functions get request.
_PARAMETERS = {"main": "request, response", "handle_headers": _FRAME,
               "handle_data": _FRAME,
               **dict.fromkeys(FUNCTIONS.values(), _FRAME)}


def note(e: BaseException) -> None:
    """Notes in `spoiled` that a script has raised e, if e belongs there."""
    if isinstance(e, (MemoryError, SystemError)):
        spoiled.append(type(e).__name__)


def add_path(directory: str) -> None:
    """Adds a directory to `sys.path`.

    It comes after the standard library, which a directory named "html" must
    not hide, and before packages that happen to be installed.
    """
    if directory in sys.path:
        return
    _added.append(directory)
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    for i, entry in enumerate(sys.path):
        if entry in installed or entry.rstrip("/").endswith(
                ("site-packages", "dist-packages")):
            sys.path.insert(i, directory)
            return
    sys.path.append(directory)


class _Elsewhere:
    """A finder for top-level modules that asks the other finders, but leaves
    out the directories that were added.  It works only for the thread that has
    made it.
    """

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._path = [entry for entry in sys.path if entry not in _added]

    def find_spec(self, name: str, path: Optional[Sequence[str]] = None,
                  target: Optional[ModuleType] = None) -> Optional[ModuleSpec]:
        if path is not None or threading.get_ident() != self._thread:
            return None
        for finder in sys.meta_path:
            if finder is self:
                continue
            spec = finder.find_spec(
                name, self._path if finder is PathFinder else None, target)
            if spec is not None:
                return spec
        raise ModuleNotFoundError("No module named %r" % name, name=name)


@contextlib.contextmanager
def without_paths() -> Iterator[None]:
    """A context manager in which this thread imports nothing from directories
    that were added.  It is for imports of the package itself.

    Imports of other threads, which may run scripts, stay as they are.
    """
    finder = _Elsewhere()
    # Always a new list: other threads may be iterating over the old one.
    sys.meta_path = [finder, *sys.meta_path]
    try:
        yield
    finally:
        sys.meta_path = [f for f in sys.meta_path if f is not finder]


def traceback_text(e: BaseException, whole: bool) -> str:
    """Returns the traceback of e and of its causes as text.

    whole: whether it includes the stack frames of this package.
    """
    shown = traceback.TracebackException(type(e), e, e.__traceback__)
    todo = [] if whole else [shown]
    while todo:
        each: Any = todo.pop()
        each.stack[:] = [f for f in each.stack if not _is_ours(f.filename)]
        todo += [cause for cause in (
            each.__cause__, each.__context__,
            *(getattr(each, "exceptions", None) or ())) if cause is not None]
    # A heading without stack frames is removed.
    return re.sub(r"Traceback \(most recent call last\):\n(?! )", "",
                  "".join(shown.format())).strip()


def log_ours(e: BaseException, where: str) -> None:
    """Logs an exception that code of this package has raised.  The C program
    calls this with the name of the function that it had called.
    """
    # The name of a file in an exception can have lone surrogates.
    _h2rig.log("error", traceback_text(e, True).encode(
        "utf-8", "backslashreplace"), where)


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OURS)


def called_wrongly(e: BaseException, name: str, function: Any,
                   parameters: str = "") -> Optional[TypeError]:
    """Returns the error to show instead of e if e was raised because a
    script's function is not callable, or does not take the parameters that it
    is called with; else None.

    name: the function's.  parameters: those it is called with, as text; by
    default those of a request's function of this name.
    """
    tb = e.__traceback__
    while tb is not None and _is_ours(tb.tb_frame.f_code.co_filename):
        tb = tb.tb_next
    if tb is not None or type(e) is not TypeError or function is None:
        return None
    parameters = parameters or _PARAMETERS.get(name, "request")
    # A route's function may have any name.
    name = getattr(inspect.unwrap(function), "__name__", name)
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
