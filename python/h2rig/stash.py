# SPDX-License-Identifier: MIT
"""The store that all connections of a server share.

Connections are processes, so it is an SQLite file in a directory of mode 0700
that goes with the server.  It is opened in connections' processes only (an
SQLite handle does not survive a fork), in WAL mode, so that readers never
wait; writers queue by an fcntl lock, because SQLite's own busy waiting sleeps
in growing steps and starves some of 200 processes for seconds.

fcntl locks, not flock: they end with the process that took them, also if it
has left children.  They do not tell the threads of a process apart, hence a
`threading.Lock` beside each, and closing any descriptor of the file drops
them, hence one descriptor for the life of a process.
"""

import contextlib
import errno
import fcntl
import os
import pickle
import queue
import shutil
import sqlite3
import tempfile
import threading
import time
import uuid
from typing import Any, Iterator, List, Optional, Tuple, Union

from h2rig.config import options
from h2rig.errors import StashError
from h2rig.isomorphic import isomorphic_encode

__all__ = ["Stash", "StashError", "StashLock", "StashQueue",
           "load_env_config"]

_SCHEMA = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "CREATE TABLE IF NOT EXISTS stash (path BLOB, key BLOB, value BLOB,"
    " PRIMARY KEY (path, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " queue BLOB, value BLOB)",
    "CREATE INDEX IF NOT EXISTS queue_order ON queue (queue, id)",
)

#: Seconds between two looks for something that another process is to do.
POLL = 0.002
POLL_MOST = 0.02


class FileLock:
    """A lock for every thread of every process; not re-entrant."""

    def __init__(self, path: str) -> None:
        self._threads = threading.Lock()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes it; false when deadline (time.monotonic) passes first."""
        wait = -1.0 if deadline is None else max(
            deadline - time.monotonic(), 0.0)
        if not self._threads.acquire(timeout=wait):
            return False
        try:
            while not self._lock(deadline):
                if (deadline is not None and time.monotonic() >= deadline):
                    self._threads.release()
                    return False
                time.sleep(POLL)
        except BaseException:
            # A run-time limit reached while waiting, say.
            self._threads.release()
            raise
        return True

    def _lock(self, deadline: Optional[float]) -> bool:
        how = fcntl.LOCK_EX
        if deadline is not None:
            how |= fcntl.LOCK_NB
        try:
            fcntl.lockf(self._fd, how)
        except OSError as e:
            # EDEADLK: the kernel looks at processes, and takes two threads
            # of ours, each with another lock, for one that waits for itself.
            if e.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                return False
            raise
        return True

    def release(self) -> None:
        """Gives it back."""
        fcntl.lockf(self._fd, fcntl.LOCK_UN)
        self._threads.release()


class Store:
    """A process's handle on the files of one directory."""

    def __init__(self, directory: str) -> None:
        self.pid = os.getpid()
        self.writers = FileLock(os.path.join(directory, "writers"))
        self.users = FileLock(os.path.join(directory, "lock"))
        self.user: Optional[int] = None
        self.threads = threading.Lock()
        self.writers.acquire()
        try:
            self.database = sqlite3.connect(
                os.path.join(directory, "stash.sqlite"), timeout=30,
                isolation_level=None, check_same_thread=False)
            for statement in _SCHEMA:
                self.database.execute(statement)
        finally:
            self.writers.release()

    def read(self, sql: str, values: Tuple[Any, ...]) -> Any:
        """The first row, or None."""
        with self.threads:
            return self.database.execute(sql, values).fetchone()

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, alone among all processes."""
        self.writers.acquire()
        try:
            with self.threads:
                self.database.execute("BEGIN IMMEDIATE")
                try:
                    yield self.database
                except BaseException:
                    self.database.execute("ROLLBACK")
                    raise
                self.database.execute("COMMIT")
        finally:
            self.writers.release()


_store: Optional[Store] = None
_opening = threading.Lock()
_forgotten: List[Store] = []


def make_directory() -> str:
    """Makes the directory (mode 0700); called once, in the parent."""
    return tempfile.mkdtemp(prefix="h2rig-stash-")


def remove_directory(directory: str) -> None:
    """Removes it and what is in it."""
    shutil.rmtree(directory, ignore_errors=True)


def _open() -> Store:
    global _store, _opening
    store = _store
    if store is not None and store.pid == os.getpid():
        return store
    with _opening:
        if _store is not None and _store.pid != os.getpid():
            # A process that a script forked: the parent's handle must not
            # be used, nor closed.
            _forgotten.append(_store)
            _store = None
        if _store is None:
            if options.stash_directory is None:
                raise StashError("this server has no stash")
            _store = Store(options.stash_directory)
        return _store


def _after_fork() -> None:
    global _opening
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def release_lock() -> None:
    """Lets go of `Stash.lock` if this thread has left it held.

    Called by dispatch when a script's function has ended.
    """
    store = _store
    if store is not None and store.user == threading.get_ident() and (
            store.pid == os.getpid()):
        store.user = None
        store.users.release()


class StashLock:
    """`stash.lock`: one for the whole server, not re-entrant.

    Let go when the script's function ends, or its process dies.
    """

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes it; false if it cannot (timeout in seconds, -1: none).

        StashError when this thread holds it already.
        """
        store = _open()
        if store.user == threading.get_ident():
            raise StashError("stash.lock is held by this function already")
        deadline: Optional[float] = None
        if not blocking:
            deadline = time.monotonic()
        elif timeout >= 0:
            deadline = time.monotonic() + timeout
        if not store.users.acquire(deadline):
            return False
        store.user = threading.get_ident()
        return True

    def release(self) -> None:
        """Gives it back.  StashError when this thread does not hold it."""
        store = _open()
        if store.user != threading.get_ident():
            raise StashError("stash.lock is not held by this function")
        store.user = None
        store.users.release()

    def __enter__(self) -> "StashLock":
        self.acquire()
        return self

    def __exit__(self, *exc: Any) -> None:
        release_lock()


class StashQueue:
    """A first-in first-out queue of the stash; pickles as itself."""

    def __init__(self, name: Optional[bytes] = None) -> None:
        self._name = uuid.uuid4().bytes if name is None else name

    def __reduce__(self) -> Tuple[Any, ...]:
        return StashQueue, (self._name,)

    def put(self, value: Any) -> None:
        """Puts a value (anything that pickles) at the end."""
        data = pickle.dumps(value)
        with _open().writing() as db:
            db.execute("INSERT INTO queue (queue, value) VALUES (?, ?)",
                       (self._name, data))

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Any:
        """Removes and returns the first value; waits for one if block, for
        timeout seconds at most.  queue.Empty when there is none.
        """
        deadline = (None if timeout is None
                    else time.monotonic() + timeout)
        pause = POLL
        while True:
            row = self._take()
            if row is not None:
                return pickle.loads(row)
            if not block or (deadline is not None
                             and time.monotonic() >= deadline):
                raise queue.Empty
            time.sleep(pause)
            pause = min(pause * 1.5, POLL_MOST)

    def get_nowait(self) -> Any:
        """`get(block=False)`."""
        return self.get(False)

    def empty(self) -> bool:
        """Whether it has no value now."""
        return _open().read("SELECT 1 FROM queue WHERE queue = ? LIMIT 1",
                            (self._name,)) is None

    def _take(self) -> Optional[bytes]:
        # A look without the writers' lock first: waiting is mostly looking.
        if self.empty():
            return None
        with _open().writing() as db:
            row = db.execute("SELECT id, value FROM queue WHERE queue = ?"
                             " ORDER BY id LIMIT 1", (self._name,)).fetchone()
            if row is None:
                return None
            db.execute("DELETE FROM queue WHERE id = ?", (row[0],))
        value: bytes = row[1]
        return value


class Stash:
    """`request.server.stash`: values by key (a UUID) and path.

    default_path: text or bytes, scopes keys unless a call gives another.
    """

    __slots__ = ("_default_path",)

    #: One for all.
    lock = StashLock()

    def __init__(self, default_path: Union[str, bytes], address: Any = None,
                 authkey: Any = None) -> None:
        self._default_path = default_path

    def _key(self, key: Any, path: Any) -> Tuple[bytes, bytes]:
        if path is None:
            path = self._default_path
        return isomorphic_encode(path), _uuid(key)

    def put(self, key: Any, value: Any, path: Any = None) -> None:
        """Stores value, which is anything that pickles but None.

        key: a UUID as text or bytes, else ValueError.  StashError if the key
        is taken.
        """
        if value is None:
            raise ValueError("None cannot be put in the stash: "
                             "it is what `take` says of an absent key")
        where = self._key(key, path)
        data = pickle.dumps(value)
        with _open().writing() as db:
            try:
                db.execute("INSERT INTO stash VALUES (?, ?, ?)",
                           where + (data,))
            except sqlite3.IntegrityError:
                raise StashError(
                    "key %s of path %s is taken: take it before another put"
                    % (uuid.UUID(bytes=where[1]), where[0].decode("latin-1"))
                ) from None

    def take(self, key: Any, path: Any = None) -> Any:
        """Removes and returns the value, None if there is none.

        Of several takers exactly one gets it.  ValueError as in `put`.
        """
        where = self._key(key, path)
        store = _open()
        # Scripts wait by taking again and again: that only reads.
        if store.read("SELECT 1 FROM stash WHERE path = ? AND key = ?",
                      where) is None:
            return None
        with store.writing() as db:
            row = db.execute("SELECT value FROM stash WHERE path = ?"
                             " AND key = ?", where).fetchone()
            if row is None:
                return None
            db.execute("DELETE FROM stash WHERE path = ? AND key = ?", where)
        return pickle.loads(row[0])

    def get_queue(self) -> StashQueue:
        """A new queue, which can be put in the stash itself."""
        return StashQueue()


def _uuid(key: Any) -> bytes:
    if isinstance(key, uuid.UUID):
        return key.bytes
    if isinstance(key, bytes):
        key = key.decode("latin-1")
    if not isinstance(key, str):
        raise ValueError("a stash key is a UUID as text or bytes, not %r"
                         % (key,))
    try:
        return uuid.UUID(key).bytes
    except ValueError:
        raise ValueError("a stash key is a UUID, not %r" % key) from None


def load_env_config() -> Tuple[Optional[str], bytes]:
    """(address, authkey) as `Stash` takes them: where this server's stash is.
    """
    return options.stash_directory, b""
