# SPDX-License-Identifier: MIT
"""How a process waits for what another one puts in the stash: on a FIFO, which
the other one opens and closes.

Then every process that has it open for reading learns of a hang-up (poll(2)),
and nothing is left in it; one that opens it afterwards does not, and looks
into the stash itself.
"""

import contextlib
import os
import select
import time
from typing import Any

from h2rig.stash.locks import POLL

__all__ = ["Bell", "Pauses", "ring"]

#: The most seconds between two checks for what another process is to do.
POLL_MOST = 0.02


class Pauses:
    """Waits where nobody tells that there is something: in growing steps."""

    def __init__(self) -> None:
        self._pause = POLL

    def wait(self, seconds: float) -> None:
        """A pause, of so many seconds at most."""
        time.sleep(min(self._pause, seconds))
        self._pause = min(self._pause * 1.5, POLL_MOST)

    def close(self) -> None:
        """Nothing."""


class Bell:
    """Waits for `ring` of a path.  The FIFO and its directory are made, and
    stay; where that cannot be, waits are `Pauses`.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pauses = Pauses()
        #: closed by its end, also if a run-time limit is raised anywhere
        self._fifo: Any = None
        self._open()

    def _open(self) -> None:
        # What was rung before this is not heard.
        self.close()
        with contextlib.suppress(OSError):
            if not os.access(self._path, os.F_OK):
                os.makedirs(os.path.dirname(self._path), 0o700, True)
                with contextlib.suppress(FileExistsError):
                    os.mkfifo(self._path, 0o600)
            self._fifo = open(self._path, "rb", 0, opener=lambda path, flags:
                              os.open(path, flags | os.O_NONBLOCK))
            if _hangs_up(self._fifo, 0):
                self.close()    # some systems say so before the first ring

    def wait(self, seconds: float) -> None:
        """Until it rings, at most so many seconds.  What comes next must be a
        look for what may have been put.
        """
        if self._fifo is None:
            self._pauses.wait(seconds)
        else:
            _hangs_up(self._fifo, seconds)
        self._open()

    def close(self) -> None:
        """Nobody waits any more."""
        if self._fifo is not None:
            self._fifo.close()
            self._fifo = None


def _hangs_up(fifo: Any, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fifo, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def ring(path: str) -> None:
    """Tells all who wait at this path: after the change that they look for."""
    if os.access(path, os.F_OK):
        with contextlib.suppress(OSError):      # ENXIO: nobody waits
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
