# SPDX-License-Identifier: MIT
"""Where scripts import modules from."""

import contextlib
import sys
import sysconfig
from typing import Iterator, List

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


@contextlib.contextmanager
def without() -> Iterator[None]:
    """What is imported meanwhile is not from a directory that was added: for
    the parent, which runs no user's code.
    """
    whole = sys.path[:]
    sys.path[:] = [entry for entry in whole if entry not in _added]
    try:
        yield
    finally:
        sys.path[:] = whole
