# SPDX-License-Identifier: MIT
"""Temporary directories."""

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
    """A temporary directory, which is removed at the end.  If this process is
    killed, the next process that makes such a directory removes it.
    """
    _sweep()
    made = tempfile.mkdtemp(prefix=PREFIX)
    try:
        with open(os.path.join(made, "new"), "wb") as f:
            fcntl.flock(f, fcntl.LOCK_EX)       # while this process lives
            os.rename(f.name, os.path.join(made, "lock"))
            yield made
    finally:
        try:
            shutil.rmtree(made, ignore_errors=True)
        except BaseException:       # a signal came meanwhile
            shutil.rmtree(made, ignore_errors=True)
            raise


def _sweep() -> None:
    # Removes this user's directories whose processes have ended.
    for lock in glob.glob(os.path.join(glob.escape(tempfile.gettempdir()),
                                       PREFIX + "*", "lock")):
        there = os.path.dirname(lock)
        try:
            if os.lstat(there).st_uid != os.getuid() or os.path.islink(there):
                continue
            with open(lock, "rb") as f:
                fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(there, ignore_errors=True)
        except OSError:         # its process lives, or it was just removed
            pass
