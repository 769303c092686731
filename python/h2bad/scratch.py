# SPDX-License-Identifier: MIT
"""Directories for what nobody keeps."""

import contextlib
import fcntl
import glob
import os
import shutil
import tempfile
from typing import Iterator

__all__ = ["scratch"]

PREFIX = "h2bad-"


@contextlib.contextmanager
def scratch() -> Iterator[str]:
    """A directory that is removed at the end: if this process is killed, by
    the next one that makes such a directory.
    """
    _sweep()
    made = tempfile.mkdtemp(prefix=PREFIX)
    try:
        with open(os.path.join(made, "new"), "wb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)       # as long as we live
            os.rename(f.name, os.path.join(made, "lock"))
            yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep() -> None:
    # Those of ours whose processes have gone.
    for lock in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()),
                                       PREFIX + "*", "lock")):
        there = os.path.dirname(lock)
        try:
            if os.lstat(there).st_uid != os.getuid() or os.path.islink(there):
                continue
            with open(lock, "rb") as f:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(there, ignore_errors=True)
        except OSError:                         # it lives, or has just gone
            pass
