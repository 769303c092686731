# SPDX-License-Identifier: MIT
"""The cases: loads and selects the files cases/GROUP/NAME.py."""

import fnmatch
import glob
import importlib.util
import os
import re
from typing import Any, Dict, Iterable, List, Optional, Set, Tuple

from h2bad.outcome import Outcome

__all__ = ["Case", "CaseError", "GROUPS", "all_cases", "find", "need",
           "not_built", "select"]

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cases")

#: Groups: directories of `cases`, and their titles.
GROUPS = (
    ("preface", "Connection preface and SETTINGS"),
    ("frames", "Frame size, format, flags, padding, PING"),
    ("hpack", "HPACK and field blocks"),
    ("messages", "Message semantics"),
    ("streams", "Stream states"),
    ("flow", "Flow control"),
    ("push", "Server push"),
    ("closing", "GOAWAY, resets, close"),
    ("connect", "CONNECT and WebSocket"),
    ("priority", "Priority"),
    ("exhaustion", "Resource exhaustion and extensions"),
    ("tls", "TLS, ALPN, TCP"),
    ("time", "Time"),
    ("semantics", "HTTP semantics over HTTP/2"),
    ("connections", "Several connections"),
)
KINDS = ("must", "should", "check")
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_HEADINGS = ("What the server sends", "What a client must do",
             "Why it matters")


class CaseError(Exception):
    """A case's file is wrong; the text names it and what was expected."""


class Case:
    """A case, loaded from its file; CaseError if the file is wrong.

    Attributes: those that `h2bad.case` lists, with their defaults, and name,
    group, title: str.  text: the docstring.  module: the file's.  early:
    whether it acts before the first request, so that its connection cannot be
    known by that request.  flood: whether it sends so much that a client has
    to ask for it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.group = os.path.basename(os.path.dirname(path))
        if not NAME.match(self.name):
            self._wrong("its name", "lower-case words with hyphens")
        self.module = self._load()
        self._take_text()
        get = self.module.__dict__.get
        self.section: str = get("section", "")
        self.kind: str = get("kind", "")
        self.expect: Any = get("expect")
        self.needs: Tuple[str, ...] = tuple(get("needs", ()))
        self.wave: int = get("wave", 3)
        self.security: str = get("security", "")
        self.depends: Tuple[str, ...] = tuple(get("depends", ()))
        self.wait: float = get("wait", 2.0)
        self.fence: Optional[str] = get("fence", "PING")
        self.params: Dict[str, str] = get("params", {})
        self.content: Optional[bytes] = get("content")
        self.every_connection: bool = get("every_connection", False)
        self.finish: bool = get("finish", True)
        self.withholds: bool = get("withholds", False)
        self.timeout: float = get("timeout", 10.0)
        self.flood: bool = self.name.startswith("flood-") or \
            get("flood", False)
        self.early = any(name in self.module.__dict__ for name in (
            "accept", "client_hello", "connect", "begin", "main"))
        self._check()

    def _load(self) -> Any:
        spec = importlib.util.spec_from_file_location(
            "h2bad.cases.%s.%s" % (self.group, self.name), self.path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as e:
            raise CaseError("%s: %s: %s" % (self.path, type(e).__name__, e)
                            ) from e
        return module

    def _wrong(self, what: str, expected: str) -> None:
        raise CaseError("%s: %s; expected %s" % (self.path, what, expected))

    def _take_text(self) -> None:
        self.text = (self.module.__doc__ or "").strip()
        self.title = self.text.partition("\n")[0]
        for heading in _HEADINGS:
            if "\n%s\n" % heading not in self.text:
                self._wrong("its docstring lacks %r" % heading,
                            "a title and the headings %s"
                            % ", ".join(_HEADINGS))

    def _check(self) -> None:
        if self.kind not in KINDS:
            self._wrong("kind is %r" % (self.kind,), "one of "
                        + ", ".join(KINDS))
        if not self.section.startswith(("RFC ", "none")):
            self._wrong("section is %r" % (self.section,),
                        '"RFC 9113 §6.5", say, or "none"')
        if not isinstance(self.expect, Outcome) and \
                not hasattr(self.module, "judge"):
            self._wrong("expect is %r" % (self.expect,),
                        "a class of h2bad.outcome, or a function judge")

    def as_dict(self) -> Dict[str, Any]:
        """Returns what pages and lists show of the case."""
        return {"name": self.name, "group": self.group, "title": self.title,
                "text": self.text, "section": self.section, "kind": self.kind,
                "needs": list(self.needs), "expect": str(self.expect),
                "wave": self.wave, "security": self.security,
                "early": self.early}


def find(name: str) -> Optional[Case]:
    """Returns the case of this name, or None."""
    if not NAME.match(name):
        return None
    paths = glob.glob(os.path.join(HERE, "*", name + ".py"))
    return Case(paths[0]) if paths else None


def need(name: str) -> Case:
    """Returns the case of this name; CaseError if there is none."""
    found = find(name)
    if found is None:
        raise CaseError("no case is named %r; expected a name that `h2bad "
                        "list` shows" % name)
    return found


def all_cases() -> List[Case]:
    """Returns all cases: `good` first, then by group and name."""
    return select(())


def not_built() -> List[Tuple[str, str, str]]:
    """Returns (group, name, reason) of the cases that the catalogue knows but
    that are not built: the lines "NAME reason" of not-built/GROUP.txt.
    """
    found = []
    for group, _ in GROUPS:
        path = os.path.join(HERE, "not-built", group + ".txt")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                for line in f:
                    name, _, reason = line.strip().partition(" ")
                    if name:
                        found.append((group, name, reason.strip()))
    return found


def _paths() -> Dict[Tuple[str, str], str]:
    # The file of each case, by group and name.
    return {(group, os.path.splitext(os.path.basename(path))[0]): path
            for group, _ in GROUPS
            for path in glob.glob(os.path.join(HERE, group, "*.py"))}


def names() -> Set[str]:
    """Returns the names of all cases."""
    return {name for _, name in _paths()}


def select(globs: Iterable[str], exclude: Iterable[str] = ()) -> List[Case]:
    """Returns the cases whose name, or group/name, matches one of the globs
    (none given: all) and none of exclude, in the order of `all_cases`.  Other
    cases are not loaded.

    CaseError names a glob that matches no case, or says that none is left.
    """
    order = [group for group, _ in GROUPS]
    paths = _paths()
    globs, exclude = list(globs), list(exclude)

    def fits(pattern: str) -> Set[Tuple[str, str]]:
        found = {each for each in paths
                 if fnmatch.fnmatchcase(each[1], pattern)
                 or fnmatch.fnmatchcase("/".join(each), pattern)}
        if not found:
            raise CaseError("no case is named %r; expected a name or glob, as "
                            "`h2bad list` shows them" % pattern)
        return found

    chosen = set().union(*map(fits, globs)) if globs else set(paths)
    chosen = chosen.difference(*map(fits, exclude))
    if not chosen:
        raise CaseError("no case is left without %s; expected globs that leave "
                        "one" % " and ".join(map(repr, exclude)))
    return [Case(paths[each]) for each in sorted(chosen, key=lambda each: (
        each[1] != "good", order.index(each[0]), each[1]))]
