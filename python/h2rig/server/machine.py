# SPDX-License-Identifier: MIT
"""How much memory the machine has for us.

Linux limits it by control groups too, of version 1 or 2.  What cannot be read
is no limit, and no error.
"""

import os
from typing import Iterator

__all__ = ["child_memory"]

#: Ten children that take all they get leave some of the memory.
SHARE = 12

#: CPython needs as much with a hundred threads.
LEAST = 512 << 20
MOST = 4 << 30

#: Files of a control group with its limits.
_LIMITS = ("memory.max", "memory.high", "memory.limit_in_bytes")


def _groups() -> Iterator[str]:
    """Yields the directories of this process's control groups, and of all
    groups above them.

    Lines of /proc/self/cgroup are "4:memory:/path" (version 1) and "0::/path"
    (version 2).
    """
    mounts = {"memory": "/sys/fs/cgroup/memory", "": "/sys/fs/cgroup"}
    try:
        with open("/proc/self/cgroup", errors="surrogateescape") as f:
            lines = f.read().split("\n")
    except OSError:
        return
    for line in lines:
        fields = line.split(":", 2)
        if len(fields) == 3 and fields[1] in mounts:
            top = mounts[fields[1]]
            directory = top + fields[2]
            while len(directory) >= len(top):
                yield directory
                directory = directory.rpartition("/")[0]


def _limits() -> Iterator[int]:
    """Yields what limits the memory, in octets."""
    try:
        pages = os.sysconf("SC_PHYS_PAGES")
        if pages > 0:           # -1: the system cannot tell
            yield pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        pass
    for directory in _groups():
        for name in _LIMITS:
            try:
                with open(os.path.join(directory, name), "rb") as f:
                    yield int(f.read())
            except (OSError, ValueError):
                pass            # there is no such file, or it says "max"


def child_memory() -> int:
    """Returns the octets of memory that a child may have by default.

    They are a share of the machine's memory or, if that is less, of what this
    process's control group or one above it is limited to.
    """
    share = min(_limits(), default=SHARE * MOST) // SHARE
    return max(LEAST, min(share, MOST))
