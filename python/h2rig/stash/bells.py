# SPDX-License-Identifier: MIT
"""A process waits for what another process puts in the stash, on a FIFO that
the other process opens for writing and closes.

Every process that has the FIFO open for reading then sees a hang-up (poll(2)),
and no octets are left in the FIFO.  A process that opens it later sees no
hang-up, so it must look into the stash itself.
"""

import contextlib
import os
import select
import time
from typing import Any

from h2rig.stash.locks import POLL

__all__ = ["Bell", "Pauses", "ring"]

#: The longest pause, in seconds, between two checks of what another process
#: has done.
POLL_MOST = 0.02


class Pauses:
    """Replaces a `Bell` that nothing can ring: pauses, which grow longer."""

    def __init__(self) -> None:
        self._pause = POLL

    def wait(self, seconds: float) -> None:
        """Pauses, at most for these seconds."""
        time.sleep(min(self._pause, seconds))
        self._pause = min(self._pause * 1.5, POLL_MOST)

    def close(self) -> None:
        """Does nothing: there is nothing to close."""


class Bell:
    """Waits for a `ring` with the same path.

    Makes the FIFO at that path and its directory, which stay.  Where they
    cannot be made, it waits with `Pauses` instead.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._pauses = Pauses()
        #: a file object: it closes itself when it is deleted, wherever the
        #: exception of a run-time limit is raised
        self._fifo: Any = None
        self._open()

    def _open(self) -> None:
        # A ring before this call is not noticed.
        self.close()
        with contextlib.suppress(OSError):
            if not os.access(self._path, os.F_OK):
                os.makedirs(os.path.dirname(self._path), 0o700, True)
                with contextlib.suppress(FileExistsError):
                    os.mkfifo(self._path, 0o600)
            self._fifo = open(self._path, "rb", 0, opener=lambda path, flags:
                              os.open(path, flags | os.O_NONBLOCK))
            if _hangs_up(self._fifo, 0):
                self.close()    # some systems hang up before the first ring

    def wait(self, seconds: float) -> None:
        """Waits until the bell rings, at most for these seconds.

        The caller must then look for what may have been put.
        """
        if self._fifo is None:
            self._pauses.wait(seconds)
        else:
            _hangs_up(self._fifo, seconds)
        self._open()

    def close(self) -> None:
        """Closes the FIFO, so that this process no longer waits."""
        if self._fifo is not None:
            self._fifo.close()
            self._fifo = None


def _hangs_up(fifo: Any, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fifo, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def ring(path: str) -> None:
    """Wakes all processes that wait at this path.

    Call it after the change for which they look.
    """
    if os.access(path, os.F_OK):
        with contextlib.suppress(OSError):      # ENXIO: nobody waits
            os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC))
