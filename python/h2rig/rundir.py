# SPDX-License-Identifier: MIT
"""The server's own directory, of mode 0700, for what connections' processes
share: the stash and scripts' code.

The parent makes it, the C program gives it to the user that scripts run as,
and the parent removes it at its end.  One that is killed leaves it behind.
"""

import shutil
import tempfile

from h2rig.config import options

__all__ = ["make", "remove"]


def make() -> None:
    """Sees that it is there.  OSError."""
    if options.run_directory is None:
        options.run_directory = tempfile.mkdtemp(prefix="h2rig-")


def remove() -> None:
    """Removes it and what is in it, if there is one."""
    if options.run_directory is not None:
        shutil.rmtree(options.run_directory, ignore_errors=True)
        options.run_directory = None
