# SPDX-License-Identifier: MIT
"""An output that keeps nobody waiting: a terminal that is stopped, or a pipe
that nobody reads, does not stop a run, in which time counts."""

import os
import queue
import select
import threading
from typing import Optional, TextIO

__all__ = ["Unblocked"]


class Unblocked:
    """Writes to a stream's file from a thread of its own.  A failure of the
    file is raised by the next call.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.encoding = stream.encoding
        self._left: "queue.Queue[bytes]" = queue.Queue()
        self._failed: Optional[OSError] = None
        stream.flush()
        threading.Thread(target=self._work, daemon=True).start()

    def _work(self) -> None:
        # By os.write: a thread that is held in a stream has its lock.
        while True:
            octets = self._left.get()
            while octets and self._failed is None:
                try:
                    octets = octets[os.write(self.fileno(), octets):]
                except BlockingIOError:         # another process wants it so
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
        """Nothing is held back."""

    def drain(self, seconds: Optional[float] = None) -> None:
        """Waits until all is written, or for so many seconds."""
        with self._left.all_tasks_done:
            self._left.all_tasks_done.wait_for(
                lambda: not self._left.unfinished_tasks, seconds)
        if self._failed is not None:
            raise self._failed

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()
