# SPDX-License-Identifier: MIT
"""Where scripts import modules from."""

import sys
import sysconfig

__all__ = ["add"]


def add(directory: str) -> None:
    """Puts a directory on `sys.path`: behind the standard library, which must
    not be shadowed by a directory named "html"; before packages that happen
    to be installed.
    """
    if directory in sys.path:
        return
    installed = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    for i, entry in enumerate(sys.path):
        if entry in installed or entry.rstrip("/").endswith(
                ("site-packages", "dist-packages")):
            sys.path.insert(i, directory)
            return
    sys.path.append(directory)
