# SPDX-License-Identifier: MIT
"""Locks that exclude every other thread of every process.

They are fcntl(2) locks, not flock(2): an fcntl lock ends with the process that
took it, even if that process has left children.  The threads of a process
share an fcntl lock, so each one has a `ThreadLock` beside it.  Closing any
descriptor of the file drops the lock, so a process keeps one descriptor for
its whole life.
"""

import contextlib
import errno
import fcntl
import os
import threading
import time
from typing import Any, Optional, Tuple

from h2rig.errors import StashError

__all__ = ["POLL", "SLICE", "FileLock", "ThreadLock", "identity"]

#: Seconds of one step of a wait.  The exception of a run-time limit is raised
#: between two steps.
SLICE = 1.0

#: Seconds between two checks of what another process has done.
POLL = 0.002


def identity(file: Any) -> Optional[Tuple[int, int]]:
    """Returns (device, inode) of a file, given by path or descriptor; None if
    the file does not exist or cannot be reached.
    """
    try:
        status = os.stat(file)
    except OSError:
        return None
    return status.st_dev, status.st_ino


class ThreadLock:
    """The part of a lock that excludes the threads of one process from each
    other.

    It knows its holder as soon as it is taken, so that it can be released
    even if an exception (a run-time limit) is raised between two lines.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def acquire(self, deadline: Optional[float]) -> bool:
        """Takes the lock; false if deadline (time.monotonic) passes first."""
        while True:
            wait = SLICE if deadline is None else min(
                SLICE, max(deadline - time.monotonic(), 0.0))
            if self._lock.acquire(timeout=wait):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False

    def held(self) -> bool:
        """Returns whether the calling thread has the lock."""
        owned: bool = getattr(self._lock, "_is_owned")()
        return owned

    def release(self) -> None:
        """Releases the lock."""
        self._lock.release()


class _Waiter(threading.Thread):
    # Takes the lock for another thread, which waits for it in short steps so
    # that exceptions can be raised there.  The waiter waits in the kernel's
    # queue, which is fair but lets no exception be raised.

    def __init__(self, lock: "FileLock") -> None:
        super().__init__(daemon=True)
        self._of = lock
        self.got = threading.Event()
        self.error: Optional[StashError] = None
        # The other thread has stopped waiting: the lock is to be released as
        # soon as it is taken.
        self.abandoned = False

    def run(self) -> None:
        try:
            while not self._of._lock(fcntl.LOCK_EX):
                time.sleep(POLL)
        except StashError as e:
            self.error = e
        self._of._arrived(self)


class FileLock:
    """A lock for every thread of every process; not re-entrant.

    It is either the lock of a file that is given by its path, or the lock of
    one octet of a file whose descriptor all processes have inherited: that
    file cannot be removed or replaced.
    """

    def __init__(self, path: Optional[str] = None, fd: int = -1,
                 octet: int = 0) -> None:
        self._path = path
        self._octet = octet
        self._threads = ThreadLock()
        #: held while the lock is taken or released; guards _waiter
        self._mutex = threading.Lock()
        self._waiter: Optional[_Waiter] = None
        #: descriptor of the file; the lock does not use the file's content
        self.fd = fd
        self._open()

    def _open(self) -> None:
        if self._path is not None:
            if self.fd != -1:
                os.close(self.fd)
            try:
                self.fd = os.open(
                    self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as e:
                self.fd = -1
                raise StashError("%s: %s" % (self._path, e.strerror)) from None
        self._is = identity(self.fd)

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes the lock; false if deadline (time.monotonic) passes first."""
        if self.held():
            # This may be a finalizer that runs in the middle of a call.
            raise StashError("this function uses the stash already")
        try:
            if not self._threads.acquire(deadline):
                return False
            while True:
                if not self._take(deadline):
                    self._threads.release()
                    return False
                if not self._replaced():
                    return True
                self._give_back()
                self._open()
        except BaseException:
            # If a run-time limit passes during the wait, its exception is
            # raised after the wait, when this thread may have the lock.
            if self.held():
                self._give_back()
                self._threads.release()
            raise

    def held(self) -> bool:
        """Returns whether the calling thread has the lock or waits for it."""
        return self._threads.held()

    def check(self) -> None:
        """Raises StashError if the calling thread has lost the lock without
        releasing it, so that others may have it too.
        """
        if self.held() and self._replaced():
            raise StashError("%s was removed or replaced, and the lock with it"
                             % self._path)

    def _replaced(self) -> bool:
        if identity(self.fd) != self._is:
            raise StashError("the descriptor of the stash's locks was closed "
                             "by a script")
        return self._path is not None and identity(self._path) != self._is

    def _take(self, deadline: Optional[float]) -> bool:
        while True:
            with self._mutex:
                waiter = self._waiter
                if waiter is not None:
                    waiter.abandoned = False
                elif self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB):
                    return True
                elif deadline is None or time.monotonic() < deadline:
                    waiter = self._begin_to_wait()
            if waiter is None:
                time.sleep(POLL)
            elif waiter.got.wait(SLICE if deadline is None else min(
                    SLICE, max(deadline - time.monotonic(), 0.0))):
                with self._mutex:
                    self._waiter = None
                if waiter.error is not None:
                    raise waiter.error
                return True
            if deadline is not None and time.monotonic() >= deadline:
                self._give_back()
                return False

    def _begin_to_wait(self) -> Optional[_Waiter]:
        waiter = _Waiter(self)
        try:
            waiter.start()
        except RuntimeError:
            return None     # no more threads: the caller polls instead
        self._waiter = waiter
        return waiter

    def _arrived(self, waiter: _Waiter) -> None:
        # The waiter's thread has got the lock.
        with self._mutex:
            if waiter.abandoned:
                self._waiter = None
                self._unlock()
            else:
                waiter.got.set()

    def _give_back(self) -> None:
        # Releases the lock, or makes the waiter release it once it is taken.
        with self._mutex:
            waiter = self._waiter
            if waiter is not None and not waiter.got.is_set():
                waiter.abandoned = True
            else:
                self._waiter = None
                self._unlock()

    def _lock(self, how: int) -> bool:
        try:
            fcntl.lockf(self.fd, how, 1, self._octet)
        except OSError as e:
            # EDEADLK: the kernel sees processes only.  Two threads of this
            # process, each with another lock, look like a process that waits
            # for itself.
            if e.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                return False
            raise StashError("the stash's locks: %s" % e.strerror) from None
        return True

    def _unlock(self) -> None:
        with contextlib.suppress(OSError):      # a script has closed fd
            fcntl.lockf(self.fd, fcntl.LOCK_UN, 1, self._octet)

    def release(self) -> None:
        """Releases the lock."""
        try:
            self._give_back()
        finally:
            self._threads.release()
