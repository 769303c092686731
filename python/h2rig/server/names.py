# SPDX-License-Identifier: MIT
"""The names of the functions that each kind of script defines, and warnings of
misspelt names, which the server never calls.

A name counts as misspelt if it differs by a letter or two from a right name
that the script does not define, and if the script does not use it anywhere.
Helper functions do not count: the script calls them.
"""

import difflib
import dis
from types import CodeType
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Optional,
                    Set, Tuple)

import _h2rig

from h2rig.server.frametypes import CONNECTION_FUNCTIONS, FUNCTIONS

__all__ = ["CONNECTION", "DYNAMIC", "REQUEST", "ROUTES", "WEBSOCKET",
           "near_method", "near_miss", "warn_of_code", "warn_of_object"]

REQUEST = ("main", "handle_headers", "handle_data", *FUNCTIONS.values())
CONNECTION = (*CONNECTION_FUNCTIONS.values(), "handle_frame")
WEBSOCKET = ("web_socket_do_extra_handshake", "web_socket_transfer_data",
             "web_socket_passive_closing_handshake")
ROUTES = ("routes", "rewrites")

#: The methods of RFC 9110 §9 and RFC 5789.
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS",
           "TRACE", "PATCH")

#: Which scripts have these names: for a message about a script of another kind
#: that defines one of them.
_OWNERS = {
    REQUEST: "scripts that answer requests",
    CONNECTION: "the script of --connection",
    WEBSOCKET: "WebSocket scripts, NAME_wsh.py",
}

#: A script that uses these may call any function without writing its name.
DYNAMIC = frozenset(("eval", "exec", "f_globals", "f_locals", "globals",
                     "locals", "vars"))

#: One letter in this many may be wrong; in shorter names one letter may be.
LETTERS = 7

#: Classes of routes' objects that have been checked, and the most that are.
_looked_at: Set[str] = set()
MAX_CLASSES = 1000


def _plain(name: str) -> str:
    return name.lower().replace("_", "")


#: Each right name in the form that is compared, with the number of letters
#: that may be wrong.
_RIGHT = {name: (_plain(name), max(1, len(name) // LETTERS))
          for name in (*REQUEST, *CONNECTION, *WEBSOCKET, *ROUTES)}


def _is_near(a: str, b: str, most: int) -> bool:
    # Returns whether b is a with at most `most` letters left out, put in,
    # replaced, or swapped with the next one.
    if abs(len(a) - len(b)) > most or len(set(a) ^ set(b)) > 2 * most:
        return False
    before: List[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (x != y)))
            if i > 1 < j and x == b[j - 2] and y == a[i - 2]:
                row[-1] = min(row[-1], before[j - 2] + 1)
        before, last = last, row
    return last[-1] <= most


def _meant(name: str, missing: Iterable[str], names: Tuple[str, ...]) -> str:
    # Returns what the author may have meant by a name that is not in names, or
    # "".  missing: those of names that the script does not define.
    plain = _plain(name)
    for right in missing:
        if _is_near(plain, *_RIGHT[right]):
            return "did you mean %s?" % right
    for others, owner in _OWNERS.items():
        if name in others and others != names and name != "main":
            return "it is a function of %s" % owner
    return ""


def _misspelt(defined: Iterable[str], used: Callable[[], Set[str]],
              names: Tuple[str, ...]) -> Iterator[Tuple[str, str]]:
    # Yields names that nothing calls, each with what was meant.
    defined = set(defined)
    missing = [name for name in names if name not in defined]
    for name in sorted(defined.difference(names)):
        meant = _meant(name, missing, names)
        if meant and name not in used():
            yield name, meant


def _warn(where: str, line: Optional[int], name: str, meant: str) -> None:
    text = "%s%s: %s is never called; %s" % (
        where, "" if line is None else ", line %d" % line, name, meant)
    _h2rig.log("warn", text.encode("utf-8", "backslashreplace"))


def _inner(code: CodeType) -> Iterator[CodeType]:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield const
            yield from _inner(const)


def warn_of_code(code: CodeType, names: Tuple[str, ...]) -> None:
    """Logs a warning for each misspelt name in the code of a script.

    names: the right names for this kind of script.
    """
    def argued(*opnames: str) -> Set[str]:
        return {i.argval for i in dis.get_instructions(code)
                if i.opname in opnames}

    def used() -> Set[str]:
        return argued("LOAD_NAME", "LOAD_GLOBAL").union(
            *(inner.co_names for inner in _inner(code)))

    for name, meant in _misspelt(code.co_names, used, names):
        if name not in argued("STORE_NAME") or not DYNAMIC.isdisjoint(used()):
            continue
        _warn(code.co_filename, next(
            (c.co_firstlineno for c in _inner(code) if c.co_name == name),
            None), name, meant)


def warn_of_object(found: Any) -> None:
    """Logs such warnings for an object that a route's frame_handler has
    returned, once for each class.
    """
    cls = type(found)
    title = "%s.%s" % (cls.__module__, cls.__qualname__)
    if title in _looked_at or len(_looked_at) >= MAX_CLASSES:
        return
    _looked_at.add(title)
    codes: Dict[str, CodeType] = {}
    for base in cls.__mro__:
        for name, value in vars(base).items():
            code = getattr(value, "__code__", None)
            if isinstance(code, CodeType):
                codes.setdefault(name, code)

    def used() -> Set[str]:
        return {name for code in codes.values()
                for each in (code, *_inner(code)) for name in each.co_names}

    for name, meant in _misspelt(dir(found), used, REQUEST):
        code = codes.get(name)
        where = "route's object %s" % title
        if code is not None:
            where = "%s, line %d: %s" % (code.co_filename,
                                         code.co_firstlineno, where)
        _warn(where, None, name, meant)


def near_method(method: str) -> str:
    """Returns the usual method that an unusual one differs from by a letter,
    or "".
    """
    name = method.upper()
    return "" if name in METHODS or name == "ANY" else next(
        (usual for usual in METHODS if _is_near(name, usual, 1)), "")


def near_miss(namespace: Dict[str, Any], names: Iterable[str]) -> str:
    """Returns a hint at a function with a name similar to one of names, or "".

    This is for the message that a script has none of the functions in names.
    """
    names = list(names)
    for name, value in namespace.items():
        if callable(value):
            close = difflib.get_close_matches(name.lower(), names, 1, 0.7)
            if close:
                return "; it defines %s: did you mean %s?" % (name, close[0])
    return ""
