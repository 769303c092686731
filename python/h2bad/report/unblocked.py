# SPDX-License-Identifier: MIT
"""An output that never makes its writer wait: a stopped terminal, or a pipe
that nobody reads, does not delay a run, in which time counts."""

import os
import queue
import select
import threading
from typing import Optional, TextIO

__all__ = ["Unblocked"]


class Unblocked:
    """Writes to a stream's file from a thread of its own.  If that fails, the
    next call raises the OSError.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding
        self._left: "queue.Queue[bytes]" = queue.Queue()
        self._failed: Optional[OSError] = None
        stream.flush()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        # By os.write, since a thread that waits in the stream holds its lock.
        while True:
            octets = self._left.get()
            while octets and self._failed is None:
                try:
                    octets = octets[os.write(self.fileno(), octets):]
                except BlockingIOError:     # another process set O_NONBLOCK
                    select.select([], [self.fileno()], [])
                except OSError as e:
                    self._failed = e
            self._left.task_done()

    def write(self, text: str) -> int:
        if self._failed is not None:
            raise self._failed
        self._left.put(text.encode(self.encoding, "backslashreplace"))
        return len(text)

    def flush(self) -> None:
        """Does nothing: no text waits for this call."""

    def drain(self, seconds: Optional[float] = None) -> None:
        """Waits until all is written, at most for these seconds, if given."""
        with self._left.all_tasks_done:
            self._left.all_tasks_done.wait_for(
                lambda: not self._left.unfinished_tasks, seconds)
        if self._failed is not None:
            raise self._failed

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()
