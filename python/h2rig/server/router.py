# SPDX-License-Identifier: MIT
"""Finds the handler that answers a request, by routes and rewrites."""

import re
import threading
from typing import Any, Dict, FrozenSet, Iterable, List, Optional, Tuple, Union

from h2rig import handlers
from h2rig.router import ASTERISK, AUTHORITY, Target
from h2rig.server import files, names, userroutes
from h2rig.server.config import options
from h2rig.server.static import OWN

__all__ = ["Router", "compile_pattern", "router"]

Methods = Union[str, Iterable[str]]

#: handler, text that each part of the pattern matched, path that a rewrite
#: leads to (None: no rewrite)
Found = Tuple[Any, Dict[str, str], Optional[str]]

#: Requests without a path.  An extended CONNECT (RFC 8441 §4) has a path.  The
#: method "any" does not include CONNECT, since an answer of 2xx to CONNECT
#: opens a tunnel.
_TARGETS = {("CONNECT", ""): AUTHORITY, ("OPTIONS", "*"): ASTERISK}

#: Results of `find` are kept for paths up to this many characters, and for at
#: most this many paths.
CACHED_LENGTH = 256
CACHED = 512

#: The most characters of a path that can match a pattern with several
#: variables in one segment: the steps of such a match may grow with the square
#: of the path's length.
AMBIGUOUS_LENGTH = 255

_ambiguous = re.compile(r"[}*][^/]*[{*]")

_token = re.compile(r"\{([^{}/]+)\}|(\*)")

#: Parts of a path ("//", "/./") without which it names the same file.
_idle = re.compile(r"(?:/\.?(?=/|\Z))+/?")


def compile_pattern(pattern: str) -> "re.Pattern[str]":
    """Returns a route's pattern as a regular expression for decoded paths.

    A pattern has literal text, `{name}` (one path segment) and at most one `*`
    (the rest).  With several of these in a segment it matches short paths
    only.  Each is a group without a name, since the name of a segment need not
    be an identifier.  Raises ValueError if the pattern is wrong.
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
    short = (r"(?=.{0,%d}\Z)" % AMBIGUOUS_LENGTH
             if _ambiguous.search(pattern) else "")
    return re.compile(short + "".join(out) + r"\Z", re.DOTALL)


def _group_names(pattern: str) -> List[str]:
    return [m.group(1) or "*" for m in _token.finditer(pattern)]


def _method_set(methods: Methods) -> Optional[FrozenSet[str]]:
    # Returns None for any method.
    if isinstance(methods, str):
        methods = (methods,)
    names = frozenset(m.upper() for m in methods)
    if names & {"ANY", "*"}:
        return None
    return names | {"HEAD"} if "GET" in names else names


class _Route:
    __slots__ = ("methods", "target", "regex", "names", "handler")

    def __init__(self, methods: Methods, pattern: Union[str, Target],
                 handler: Any) -> None:
        self.methods = _method_set(methods)
        self.target: Optional[Target] = None
        if isinstance(pattern, Target):
            self.target, pattern = pattern, ""
        self.regex = compile_pattern(pattern)
        self.names = _group_names(pattern)
        self.handler = handler


class Router:
    """Routes, tried in order, and rewrites, which come before them."""

    def __init__(self) -> None:
        #: the path of the user's routes if they are still to be loaded
        self.pending: Optional[str] = None
        self._loading = threading.Lock()
        self._reserved: Optional[Tuple[str, Any]] = None
        self._routes: List[_Route] = []
        self._rewrites: List[Tuple[Optional[FrozenSet[str]], str, str]] = []
        self._found: Dict[Tuple[str, str], Found] = {}

    def register(self, methods: Methods, pattern: Union[str, Target],
                 handler: Any) -> None:
        """Adds a route after the others.

        methods: names, or "any".  Raises ValueError for a wrong pattern.
        """
        self._routes.append(_Route(methods, pattern, handler))
        self._found.clear()

    def reserve(self, path: str, handler: Any) -> None:
        """Has handler answer all requests for path and what is below it,
        before any route or rewrite.
        """
        self._reserved = path, handler
        self._found.clear()

    def rewrite(self, methods: Methods, from_path: str, to_path: str) -> None:
        """Has a request for from_path answered as one for to_path, which may
        have a query.
        """
        self._rewrites.append((_method_set(methods), from_path,
                               files.as_sent(to_path)))
        self._found.clear()

    def clear(self) -> None:
        """Removes all routes and rewrites."""
        self.pending = None
        self._reserved = None
        self._routes.clear()
        self._rewrites.clear()
        self._found.clear()

    def clear_found(self) -> None:
        """Drops the results that `find` has kept."""
        self._found.clear()

    def add_defaults(self) -> None:
        """Adds the default routes after the others.  `load` will add the
        user's routes before all of them.
        """
        self.pending = options.routes
        self.register("any", "*.py", handlers.python_script_handler)
        self.register("GET", "*.asis", handlers.as_is_handler)
        self.register("GET", "*", handlers.file_handler)

    def load(self) -> None:
        """Adds the user's routes, once, before the others.  Raises
        ConfigError.
        """
        with self._loading:
            if self.pending is None:
                return
            routes, rewrites = userroutes.load(self.pending,
                                               options.routes_text)
            for rewrite in rewrites:
                self.rewrite(*rewrite)
            self._routes[:0] = [_Route(*route) for route in routes]
            self._found.clear()
            self.pending = None

    def find(self, method: str, path: str) -> Found:
        """Returns the handler for a method and a path as sent (None: no
        route), what its pattern matched, and the path, with its query, that a
        rewrite leads to (None: no rewrite).
        """
        key = method, path
        found = self._found.get(key)
        if found is None:
            found = self._search(method, path)
            if found is None:
                return None, {}, None
            if len(path) <= CACHED_LENGTH:
                if len(self._found) >= CACHED:
                    self._found.clear()
                self._found[key] = found
        return found[0], dict(found[1]), found[2]

    def _search(self, method: str, path: str) -> Optional[Found]:
        special = _TARGETS.get((method, path))
        if special is not None:
            for route in self._routes:
                if route.target is special and (
                        method in route.methods if route.methods is not None
                        else special is ASTERISK):
                    return route.handler, {}, None
            return None
        decoded = files.decode_path(path)
        if decoded is None:
            return None
        # The plain path is tried too.  Otherwise "//private/file" would get
        # around the route of "/private/*" and a rewrite of "/private/file".
        plain = _idle.sub("/", decoded)
        if self._reserved is not None:
            top, handler = self._reserved
            if plain == top or plain.startswith(top + "/"):
                return handler, {}, None
        to: Optional[str] = None
        for methods, source, target in self._rewrites:
            if source in (decoded, plain) and (methods is None
                                               or method in methods):
                to = target
                decoded = files.decode_path(target.partition("?")[0])
                if decoded is None:
                    return None
                plain = _idle.sub("/", decoded)
                break
        for route in self._routes:
            if route.target is not None or (route.methods is not None
                                            and method not in route.methods):
                continue
            match = route.regex.match(decoded) or route.regex.match(plain)
            if match is not None:
                return (route.handler, dict(zip(route.names, match.groups())),
                        to)
        return None


    def why_none(self, method: str, path: str) -> str:
        """Returns the message for a request without a handler: it says which
        methods the path is for.
        """
        if (method, path) in _TARGETS:
            return "Not Found"
        found = {}
        for other in names.METHODS:
            known = self._search(other, path)
            if known is not None:
                found[other] = known[0]
        own = [other for other in found if type(found[other]) not in OWN]
        if own:
            return "%s has no route here: its methods are %s" % (
                method, ", ".join(own))
        return ("%s has no route here: files are for GET and HEAD" % method
                if found else "Not Found")


#: The router of this process; `dispatch.configure` fills it.
router = Router()
