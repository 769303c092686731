# SPDX-License-Identifier: MIT
"""The store that all connections of a server share.

Connections are processes, so it is an SQLite file: in the server's own
directory (`rundir`), with which it goes, or one that several servers are given
(--stash FILE), which stays.  For servers on several machines see
`stash_redis`.

The file is opened in connections' processes only (an
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
import sqlite3
import threading
import time
import uuid
from typing import Any, Iterator, List, Optional, Tuple, Union

from h2rig import rundir, stash_redis
from h2rig.config import options
from h2rig.errors import ConfigError, StashError
from h2rig.isomorphic import isomorphic_encode
from h2rig.stash_redis import ThreadLock

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
        self._threads = ThreadLock()
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes it; false when deadline (time.monotonic) passes first."""
        if self.held():
            # A finalizer that runs amid a call, say.
            raise StashError("this function uses the stash already")
        try:
            if not self._threads.acquire(deadline):
                return False
            while not self._lock(deadline):
                if deadline is not None and time.monotonic() >= deadline:
                    self._threads.release()
                    return False
                time.sleep(POLL)
        except BaseException:
            # A run-time limit reached while waiting is raised by the wait
            # that ends: by then the lock may be ours.
            if self.held():
                self.release()
            raise
        return True

    def held(self) -> bool:
        """Whether the calling thread has it, or waits for it."""
        return self._threads.held()

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
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_UN)
        finally:
            self._threads.release()


class Store:
    """A process's handle on an SQLite file and the two locks beside it."""

    def __init__(self, database: str, writers: str, users: str) -> None:
        self.pid = os.getpid()
        self.writers = FileLock(writers)
        #: `Stash.lock`
        self.users = FileLock(users)
        self.threads = threading.Lock()
        self.writers.acquire()
        try:
            os.close(os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                             0o600))
            self.database = sqlite3.connect(
                database, timeout=30, isolation_level=None,
                check_same_thread=False)
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
                try:
                    self.database.execute("BEGIN IMMEDIATE")
                    yield self.database
                    self.database.execute("COMMIT")
                except BaseException:
                    if self.database.in_transaction:
                        self.database.execute("ROLLBACK")
                    raise
        finally:
            self.writers.release()

    def put(self, path: bytes, key: bytes, value: bytes) -> bool:
        """Stores a value; false if the key is taken."""
        with self.writing() as db:
            return db.execute("INSERT OR IGNORE INTO stash VALUES (?, ?, ?)",
                              (path, key, value)).rowcount == 1

    def take(self, path: bytes, key: bytes) -> Optional[bytes]:
        """Removes a value and returns it; None if there is none."""
        # Scripts wait by taking again and again: that only reads.
        if self.read("SELECT 1 FROM stash WHERE path = ? AND key = ?",
                     (path, key)) is None:
            return None
        with self.writing() as db:
            row = db.execute("SELECT value FROM stash WHERE path = ?"
                             " AND key = ?", (path, key)).fetchone()
            if row is None:
                return None
            db.execute("DELETE FROM stash WHERE path = ? AND key = ?",
                       (path, key))
        value: bytes = row[0]
        return value

    def queue_put(self, name: bytes, value: bytes) -> None:
        """Puts a value at the end of a queue."""
        with self.writing() as db:
            db.execute("INSERT INTO queue (queue, value) VALUES (?, ?)",
                       (name, value))

    def queue_take(self, name: bytes) -> Optional[bytes]:
        """Removes and returns the first value; None if there is none."""
        # A look without the writers' lock first: waiting is mostly looking.
        if self.queue_empty(name):
            return None
        with self.writing() as db:
            row = db.execute("SELECT id, value FROM queue WHERE queue = ?"
                             " ORDER BY id LIMIT 1", (name,)).fetchone()
            if row is None:
                return None
            db.execute("DELETE FROM queue WHERE id = ?", (row[0],))
        value: bytes = row[1]
        return value

    def queue_empty(self, name: bytes) -> bool:
        """Whether a queue has no value now."""
        return self.read("SELECT 1 FROM queue WHERE queue = ? LIMIT 1",
                         (name,)) is None


AnyStore = Union[Store, stash_redis.RedisStore]

_store: Optional[AnyStore] = None
_opening = threading.Lock()
_forgotten: List[AnyStore] = []


def configure() -> None:
    """Sees that there is a place for the store; called once, in the parent.

    ConfigError for a wrong --stash.  OSError.
    """
    where = options.stash
    if where is None:
        rundir.make()
    elif "://" in where:
        stash_redis.check(where)
    else:
        options.stash = os.path.abspath(where)
        _check_file(where)


def _check_file(path: str) -> None:
    # Without SQLite, which is not to be used before a fork.
    directory = os.path.dirname(os.path.abspath(path))
    reason = ""
    if not os.path.isdir(directory):
        reason = "%s is no directory" % directory
    elif not os.path.exists(path):
        if not os.access(directory, os.W_OK | os.X_OK):
            reason = "%s cannot be written" % directory
    elif not os.path.isfile(path):
        reason = "it is no regular file"
    elif not os.access(path, os.R_OK | os.W_OK):
        reason = "it cannot be read and written"
    else:
        with open(path, "rb") as f:
            head = f.read(16)
        if head not in (b"", b"SQLite format 3\0"):
            reason = "it is no SQLite database"
    if reason:
        raise ConfigError("--stash %s" % path, "%s; expected a file that "
                          "h2rig has made, or may make" % reason)


def _new_store() -> AnyStore:
    where = options.stash
    if where is not None and "://" in where:
        return stash_redis.RedisStore(where)
    if where is not None:
        return Store(where, where + "-writers", where + "-lock")
    if options.run_directory is None:
        raise StashError("this server has no stash")
    return Store(*(os.path.join(options.run_directory, name)
                   for name in ("stash.sqlite", "writers", "lock")))


def _open() -> AnyStore:
    global _store
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
            _store = _new_store()
        return _store


def _after_fork() -> None:
    # What the forking process holds is its own.
    global _opening
    _opening = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


def release_lock() -> None:
    """Lets go of `Stash.lock` if this thread has left it held.

    Called by dispatch when a script's function has ended.
    """
    if _store is not None and _holds_lock():
        _open().users.release()


def _holds_lock() -> bool:
    # Not in a process that the holder has forked.
    store = _store
    return (store is not None and store.pid == os.getpid()
            and store.users.held())


class StashLock:
    """`stash.lock`: one for the whole server, not re-entrant.

    Let go when the script's function ends, or its process dies.
    """

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes it; false if it cannot (timeout in seconds, -1: none).

        StashError when this thread holds it already.
        """
        if _holds_lock():
            raise StashError("stash.lock is held by this function already")
        deadline: Optional[float] = None
        if not blocking:
            deadline = time.monotonic()
        elif timeout >= 0:
            deadline = time.monotonic() + timeout
        return _open().users.acquire(deadline)

    def release(self) -> None:
        """Gives it back.  StashError when this thread does not hold it."""
        if not _holds_lock():
            raise StashError("stash.lock is not held by this function")
        release_lock()

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
        _open().queue_put(self._name, _pickled(value))

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Any:
        """Removes and returns the first value; waits for one if block, for
        timeout seconds at most.  queue.Empty when there is none.
        """
        deadline = (None if timeout is None
                    else time.monotonic() + timeout)
        pause = POLL
        while True:
            data = _open().queue_take(self._name)
            if data is not None:
                return pickle.loads(data)
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
        return _open().queue_empty(self._name)


class Stash:
    """`request.server.stash`: values by key (a UUID) and path.

    default_path: text or bytes, scopes keys unless a call gives another.
    address, authkey: as `load_env_config` gives them; there is one stash, so
    that they make no difference.
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
        is taken; TypeError for what does not pickle.
        """
        if value is None:
            raise ValueError("None cannot be put in the stash: "
                             "it is what `take` says of an absent key")
        where = self._key(key, path)
        if not _open().put(*where, _pickled(value)):
            raise StashError(
                "key %s of path %s is taken: take it before another put"
                % (uuid.UUID(bytes=where[1]), where[0].decode("latin-1")))

    def take(self, key: Any, path: Any = None) -> Any:
        """Removes and returns the value, None if there is none.

        Of several takers exactly one gets it.  ValueError as in `put`.
        """
        data = _open().take(*self._key(key, path))
        return None if data is None else pickle.loads(data)

    def get_queue(self) -> StashQueue:
        """A new queue, which can be put in the stash itself."""
        return StashQueue()


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value)
    except (pickle.PicklingError, AttributeError, TypeError) as e:
        raise TypeError("what is put in the stash must pickle, not %r: %s"
                        % (value, e)) from None


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
    return options.stash or options.run_directory, b""
