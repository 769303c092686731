# SPDX-License-Identifier: MIT
"""Loads the user's routes: a Python file with a list `routes` of (methods,
pattern, handler) and a list `rewrites` of (methods, from_path, to_path).

The file is the user's code.  It runs in a connection's process, or in the
short-lived process that tries it at start, but never in the parent.
"""

import ast
import os
import re
import traceback
from types import CodeType
from typing import (Any, Callable, Dict, Iterable, List, NoReturn, Optional,
                    Tuple)

import _h2rig

from h2rig.errors import ConfigError
from h2rig.router import Target
from h2rig.server import names, scripts
from h2rig.server.files import NotServed, as_sent, decode_path, open_regular

__all__ = ["load", "probe", "read", "run"]

_FORMS = {
    "routes": "a list of (methods, pattern, handler)",
    "rewrites": "a list of (methods, from_path, to_path)",
}


#: The variables that a pattern of a route may have.
_variable = re.compile(r"\{[^{}/]+\}|\*")


def read(path: str, what: str = "a Python file of routes") -> bytes:
    """Returns the file's octets.  Raises ConfigError if it cannot be read.

    what: the kind of file that was expected, for the message.

    Only a regular file can be read: the parent must not wait for a FIFO, for
    example.
    """
    try:
        with open_regular(path)[0] as f:
            text: bytes = f.read()
            return text
    except (OSError, NotServed) as e:
        reason = e.strerror if isinstance(e, OSError) else e.message
        raise ConfigError(path, "%s; expected %s" % (reason, what)) from None


def _compiled(path: str, text: bytes) -> CodeType:
    return compile(text, path, "exec", dont_inherit=True)


def probe(path: str, text: bytes) -> None:
    """Tries the file: loads it, and logs warnings of things that are allowed
    but hardly meant.  Raises ConfigError.
    """
    path = os.path.abspath(path)
    for items in zip(_FORMS, load(path, text)):
        _warn_of_methods(path, *items)
    names.warn_of_code(_compiled(path, text), names.ROUTES)


def _warn_of_methods(path: str, what: str, items: List[Any]) -> None:
    for i, (methods, _, _) in enumerate(items):
        for method in (methods,) if isinstance(methods, str) else methods:
            meant = names.near_method(method)
            if meant:
                _h2rig.log("warn", ("%s: %s[%d] is for the method %s; did you "
                                    "mean %s?" % (path, what, i, method, meant)
                                    ).encode("utf-8", "backslashreplace"))


def load(path: str, text: bytes) -> Tuple[List[Any], List[Any]]:
    """Runs the text of the file.  Returns its routes and rewrites, checked.

    Raises ConfigError with file, line and reason.
    """
    path = os.path.abspath(path)
    namespace = run(path, "routes", lambda: _compiled(path, text))
    file = _File(path, ast.parse(text, path))
    if not any(name in namespace for name in _FORMS):
        file.fail("defines neither \"routes\" nor \"rewrites\"; expected %s"
                  % _FORMS["routes"])
    routes = file.items(namespace, "routes")
    rewrites = file.items(namespace, "rewrites")
    for i, (_, pattern, handler) in enumerate(routes):
        file.check_route(i, pattern, handler)
    for i, (_, source, target) in enumerate(rewrites):
        for what, value in (("from_path", source), ("to_path", target)):
            if not isinstance(value, str) or decode_path(
                    as_sent(value).partition("?")[0]) is None:
                file.fail("%s is %r; expected a path that begins with \"/\" "
                          "and has no \"..\"" % (what, value), "rewrites", i)
            if _variable.search(value.partition("?")[0]):
                file.fail("%s is %r; expected a literal path: {name} and * "
                          "mean nothing in a rewrite" % (what, value),
                          "rewrites", i)
        if "?" in source:
            file.fail("from_path is %r; expected a path without a query"
                      % source, "rewrites", i)
    return routes, rewrites


def run(path: str, name: str, compiled: Callable[[], CodeType]
        ) -> Dict[str, Any]:
    """Executes a user's file and returns its namespace.

    path: the file's, absolute; modules in its directory can be imported.
    name: its `__name__`.  compiled: returns its code.  Raises ConfigError with
    file, line and reason.
    """
    namespace: Dict[str, Any] = {"__file__": path, "__name__": name}
    scripts.add_path(os.path.dirname(path))
    try:
        exec(compiled(), namespace)
    except (Exception, SystemExit) as e:
        _raise(path, e)
    return namespace


def _raise(path: str, e: BaseException) -> NoReturn:
    # Raises ConfigError for e, with the line of the file that led to it.
    line: Optional[int] = None
    if isinstance(e, SyntaxError) and e.filename == path:
        line = e.lineno
    for frame in traceback.extract_tb(e.__traceback__):
        if frame.filename == path:
            line = frame.lineno
    text = "".join(traceback.format_exception_only(type(e), e))
    if isinstance(e, SyntaxError):
        text = "%s: %s" % (type(e).__name__, e.msg)
    raise ConfigError(path, text, line) from e


class _File:
    # Finds the lines of the lists in the file, for messages.

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self._values: Dict[str, ast.expr] = {}
        for node in tree.body:
            value = getattr(node, "value", None)
            targets: Iterable[Any] = getattr(
                node, "targets", [getattr(node, "target", None)])
            for target in targets:
                if isinstance(target, ast.Name) and value is not None:
                    self._values[target.id] = value

    def fail(self, reason: str, name: str = "", i: int = -1) -> NoReturn:
        node = self._values.get(name)
        if i >= 0 and isinstance(node, (ast.List, ast.Tuple)) and (
                i < len(node.elts)):
            node = node.elts[i]
        if i >= 0:
            reason = "%s[%d]: %s" % (name, i, reason)
        raise ConfigError(self.path, reason, node.lineno if node else 1)

    def items(self, namespace: Dict[str, Any], name: str) -> List[Any]:
        items = namespace.get(name, [])
        if not isinstance(items, (list, tuple)):
            self.fail("\"%s\" is %r; expected %s" % (
                name, items, _FORMS[name]), name)
        for i, item in enumerate(items):
            if not isinstance(item, (list, tuple)) or len(item) != 3:
                self.fail("%r; expected %s" % (item, _FORMS[name]), name, i)
            if not _are_methods(item[0]):
                self.fail("methods are %r; expected a name such as \"GET\", "
                          "\"any\", or a list of names" % (item[0],), name, i)
        return list(items)

    def check_route(self, i: int, pattern: Any, handler: Any) -> None:
        if not isinstance(pattern, (str, Target)) or (
                isinstance(pattern, str) and pattern.count("*") > 1):
            self.fail("pattern is %r; expected a path with {name} for a "
                      "segment and at most one *, or AUTHORITY or ASTERISK of "
                      "h2rig.router" % (pattern,), "routes", i)
        if isinstance(handler, type):
            self.fail("handler is the class %s; expected an object made by it"
                      % handler.__name__, "routes", i)
        if not callable(handler) and not hasattr(handler, "frame_handler"):
            self.fail("handler is %r; expected a function (request, "
                      "response), an object of h2rig.handlers or one with "
                      "frame_handler(request)" % (handler,), "routes", i)


def _are_methods(methods: Any) -> bool:
    if isinstance(methods, str):
        return bool(methods)
    return isinstance(methods, (list, tuple, set, frozenset)) and bool(
        methods) and all(isinstance(m, str) and m for m in methods)
