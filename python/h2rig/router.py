# SPDX-License-Identifier: MIT
"""Which handler answers a request."""

import re
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Tuple, Union

from h2rig import files, handlers

__all__ = ["Router", "compile_pattern", "router"]

Methods = Union[str, Iterable[str]]

#: Paths up to this many characters, and so many of them, are remembered.
CACHED_LENGTH = 256
CACHED = 512

_token = re.compile(r"\{([^{}/]+)\}|(\*)")


def compile_pattern(pattern: str) -> "re.Pattern[str]":
    """A route's pattern as a regular expression for decoded paths.

    Literal text, `{name}` (one path segment), at most one `*` (the rest).
    Groups are `g0`, `g1`...: names of segments need not be identifiers.
    ValueError.
    """
    if not pattern.startswith("/"):
        pattern = "/" + pattern
    if pattern.count("*") > 1:
        raise ValueError("route pattern %r has more than one *" % pattern)
    out = []
    at = 0
    for match in _token.finditer(pattern):
        out.append(re.escape(pattern[at:match.start()]))
        out.append("([^/]+)" if match.group(1) else "(.*)")
        at = match.end()
    out.append(re.escape(pattern[at:]))
    return re.compile("".join(out) + r"\Z", re.DOTALL)


def _group_names(pattern: str) -> List[str]:
    return [m.group(1) or "*" for m in _token.finditer(pattern)]


class _Route:
    __slots__ = ("methods", "regex", "names", "handler")

    def __init__(self, methods: Methods, pattern: str, handler: Any) -> None:
        if isinstance(methods, str):
            methods = (methods,)
        names = frozenset(m.upper() for m in methods)
        self.methods: Optional[FrozenSet[str]] = names
        if names & {"ANY", "*"}:
            self.methods = None
        elif "GET" in names:
            self.methods = names | {"HEAD"}
        self.regex = compile_pattern(pattern)
        self.names = _group_names(pattern)
        self.handler = handler


class Router:
    """Routes, tried in order."""

    def __init__(self) -> None:
        self._routes: List[_Route] = []
        self._found: Dict[Tuple[str, str], Tuple[Any, Dict[str, str]]] = {}

    def register(self, methods: Methods, pattern: str, handler: Any) -> None:
        """Adds a route behind the others.

        methods: names, or "any".  ValueError for a wrong pattern.
        """
        self._routes.append(_Route(methods, pattern, handler))
        self._found.clear()

    def find(self, method: str, path: str
             ) -> Tuple[Optional[Any], Dict[str, str]]:
        """The handler for a method and a path as sent (None: no route), and
        what the pattern matched.
        """
        key = method, path
        found = self._found.get(key)
        if found is None:
            found = self._search(method, path)
            if found is None:
                return None, {}
            if len(path) <= CACHED_LENGTH:
                if len(self._found) >= CACHED:
                    self._found.clear()
                self._found[key] = found
        return found[0], dict(found[1])

    def _search(self, method: str, path: str
                ) -> Optional[Tuple[Any, Dict[str, str]]]:
        decoded = files.decode_path(path)
        if decoded is None:
            return None
        for route in self._routes:
            if route.methods is not None and method not in route.methods:
                continue
            match = route.regex.match(decoded)
            if match is not None:
                return route.handler, dict(zip(route.names, match.groups()))
        return None


def default_router() -> Router:
    """A router with the default routes."""
    r = Router()
    r.register("any", "*.py", handlers.python_script_handler)
    r.register("GET", "*", handlers.file_handler)
    return r


#: The one of this process.
router = default_router()
