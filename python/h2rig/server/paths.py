# SPDX-License-Identifier: MIT
"""Where scripts import modules from."""

import contextlib
import sys
import sysconfig
import threading
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Iterator, List, Optional, Sequence

__all__ = ["add", "without"]

_added: List[str] = []


def add(directory: str) -> None:
    """Puts a directory on `sys.path`: behind the standard library, which must
    not be shadowed by a directory named "html"; before packages that happen
    to be installed.
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
    """Finds top-level modules as the other finders do, but for directories
    that were added; for the thread that has made it only.
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
def without() -> Iterator[None]:
    """What this thread imports meanwhile is not from a directory that was
    added: what the package needs itself.  Other threads may run scripts, which
    import as ever.
    """
    finder = _Elsewhere()
    # Another list each time: others may be in the middle of the present one.
    sys.meta_path = [finder, *sys.meta_path]
    try:
        yield
    finally:
        sys.meta_path = [f for f in sys.meta_path if f is not finder]
