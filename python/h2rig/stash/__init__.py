# SPDX-License-Identifier: MIT
"""The values that all connections of a server share: `request.server.stash`.

Connections are processes, so the values are in an SQLite file.  With --stash
they are in a file that several servers may share, in a Redis server (for
servers on several machines), or where a Python server of web-platform-tests
keeps its own.
"""

import contextlib
import importlib
import os
import pickle
import queue
import threading
import time
import uuid
from typing import Any, Callable, List, Optional, Tuple, Union

import _h2rig

from h2rig.errors import ConfigError, StashError
from h2rig.server import rundir
from h2rig.server.config import options
from h2rig.server.isomorphic import isomorphic_encode
from h2rig.stash.locks import SLICE
from h2rig.stash.sqlite import SqliteStore

__all__ = ["Stash", "StashError", "StashLock", "StashQueue",
           "load_env_config"]

Text = Union[str, bytes]

#: The modules `redis` and `wptserve`; None unless --stash needs them.
_redis: Any = None
_wptserve: Any = None

#: This process's `SqliteStore`, `redis.RedisStore` or
#: `wptserve.WptserveStore`; None until the process uses the stash.
_store: Any = None
_opening = threading.Lock()
_forgotten: List[Any] = []


def configure() -> None:
    """Checks, once and in the parent, that the store can be opened.

    Raises ConfigError if --stash is wrong, and OSError.
    """
    global _redis, _wptserve
    where = options.stash
    if where is None:
        rundir.make()
    elif where == "wptserve":
        _wptserve = importlib.import_module("h2rig.stash.wptserve")
        _wptserve.configure()
    elif "://" in where:
        _redis = importlib.import_module("h2rig.stash.redis")
        # From here on only the module redis has the password.
        options.stash = _redis.configure(where)
    else:
        options.stash = os.path.realpath(where)
        _check_file(where)


def _check_file(path: str) -> None:
    # This does not use SQLite, which must not be used before a fork.
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


def _open() -> Any:
    global _store
    store = _store
    if store is None or store.pid != os.getpid():
        with _opening:
            if _store is not None and _store.pid != os.getpid():
                # This is a process that a script forked: it must neither
                # use nor close the handle of its parent.
                _forgotten.append(_store)
                _store = None
            if _store is None:
                _store = (_redis.RedisStore() if _redis is not None
                          else _wptserve.WptserveStore()
                          if _wptserve is not None
                          else SqliteStore(options.stash))
            store = _store
    store.users.check()
    return store


def is_open() -> bool:
    """Returns whether this process has used the store."""
    return _store is not None


def _after_fork() -> None:
    # Runs in a process that a script forked.  The stash's lock and connections
    # remain those of the process that forked it.
    global _opening
    _opening = threading.Lock()
    if _redis is not None:
        _redis.after_fork()


os.register_at_fork(after_in_child=_after_fork)


def release_lock() -> None:
    """Releases `Stash.lock` if this thread still holds it when a script's
    function has ended.

    If the lock was lost meanwhile, logs that and raises StashError.
    """
    store = _store
    if store is None or not _holds_lock():
        return
    try:
        try:
            store.users.check()
        finally:
            store.users.release()
    except StashError as e:
        _h2rig.log("error", str(e))
        raise


def drop_lock() -> None:
    """Does the same as `release_lock`, where no caller can take an error."""
    try:
        release_lock()
    except StashError:
        pass


def _holds_lock() -> bool:
    # False in a process that the holder has forked.
    store = _store
    return (store is not None and store.pid == os.getpid()
            and store.users.held())


class StashLock:
    """`stash.lock`: one lock for the whole server, not re-entrant.

    `with request.server.stash.lock:` holds it for a block.  The server
    releases it when the script's function ends or its process dies.  A lock
    in Redis can be lost earlier, because its lease ends: then the next use of
    the stash, `release` and the end of the block raise StashError.
    """

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Takes the lock and returns true; returns false if it is not free.

        blocking: whether to wait until it is free.  timeout: the longest wait
        in seconds; -1: no limit.  Raises StashError if this thread holds the
        lock already.
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
        """Releases the lock.  Raises StashError if this thread does not hold
        it.
        """
        if not _holds_lock():
            raise StashError("stash.lock is not held by this function")
        release_lock()

    def __enter__(self) -> "StashLock":
        self.acquire()
        return self

    def __exit__(self, *exc: Any) -> None:
        release_lock()


class StashQueue:
    """A first-in first-out queue that all connections share.

    It can be put in the stash: what is taken from there is the same queue.
    name: 16 octets, the name of an existing queue; None: a new queue.
    """

    def __init__(self, name: Optional[bytes] = None) -> None:
        self._name = uuid.uuid4().bytes if name is None else name

    def __reduce__(self) -> Tuple[Any, ...]:
        return StashQueue, (self._name,)

    def put(self, value: Any) -> None:
        """Adds a value at the end.  Raises TypeError if it does not pickle."""
        _open().queue_put(self._name, _pickled(value))

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Any:
        """Removes and returns the first value.

        block: whether to wait for a value, at most timeout seconds (None: no
        limit).  Raises queue.Empty if there is no value, and StashError if the
        first value does not unpickle here: it stays in the queue.
        """
        found = _await(
            lambda: _open().queue_take(self._name, _reader()),
            timeout if block else 0, self._name)
        if found is None:
            raise queue.Empty
        return found[0]

    def get_nowait(self) -> Any:
        """The same as `get(block=False)`."""
        return self.get(False)

    def empty(self) -> bool:
        """Returns whether the queue has no value now."""
        return _open().queue_empty(self._name)


class Stash:
    """`request.server.stash`: values by path and key.

    default_path: the path for calls that give none; for
    `request.server.stash` it is the path of the request.  address, authkey:
    what `load_env_config` returns; ignored, because there is only one stash.
    lock: a `StashLock`.
    """

    __slots__ = ("_default_path",)

    #: One lock for all instances.
    lock = StashLock()

    def __init__(self, default_path: Union[str, bytes], address: Any = None,
                 authkey: Any = None) -> None:
        self._default_path = default_path

    def _key(self, key: Any, path: Any) -> Tuple[bytes, bytes]:
        if path is None:
            path = self._default_path
        return isomorphic_encode(path), _uuid(key)

    def put(self, key: Union[str, bytes, uuid.UUID], value: Any,
            path: Optional[Text] = None) -> None:
        """Stores a value: anything that pickles, except None.

        key: a UUID, also as text or octets.  path: None for the default path.
        Raises TypeError if the value does not pickle, ValueError if it is None
        or if key is no UUID, StashError if the key has a value already.
        """
        if value is None:
            raise ValueError("None cannot be put in the stash: "
                             "it is what `take` says of an absent key")
        where = self._key(key, path)
        if not _open().put(*where, _pickled(value)):
            raise StashError(
                "%s is taken: take it before another put" % _shown(*where))

    def take(self, key: Union[str, bytes, uuid.UUID],
             path: Optional[Text] = None) -> Any:
        """Removes and returns the value; returns None if there is none.

        key, path, ValueError: as in `put`.  If several callers take a value,
        exactly one of them gets it.  Raises StashError if the value does not
        unpickle here: it stays in the stash.
        """
        where = self._key(key, path)
        return _open().take(*where, _reader(*where))

    def wait(self, key: Union[str, bytes, uuid.UUID],
             timeout: Optional[float] = None, path: Optional[Text] = None
             ) -> Any:
        """Waits for a value, removes and returns it; returns None if there is
        none within timeout seconds (None: as long as the function may run).

        A `put` of the value wakes the function.  (With --stash wptserve it
        looks every 20 ms instead.)  The rest is as in `take`.
        """
        where = self._key(key, path)
        return _await(lambda: _open().take(*where, _reader(*where)), timeout,
                      *where)

    def get_queue(self, key: Union[str, bytes, uuid.UUID, None] = None,
                  path: Optional[Text] = None) -> Any:
        """Returns a new queue; or, with a key, the queue of this key, which
        all callers with the same key share.

        It is a `StashQueue` (with --stash wptserve, a queue of that server).
        key, path, ValueError: as in `put`; a value under the key is separate
        from the queue.  With --stash wptserve a key raises StashError.
        """
        if key is not None:
            if _wptserve is not None:
                raise StashError("get_queue with a key: --stash wptserve has "
                                 "only new queues")
            of_path, of_key = self._key(key, path)
            return StashQueue(uuid.uuid5(uuid.UUID(bytes=of_key),
                                         of_path.decode("latin-1")).bytes)
        return StashQueue() if _wptserve is None else _open().new_queue()


def _await(look: Callable[[], Any], timeout: Optional[float],
           *where: bytes) -> Any:
    # Returns what look() finds, as soon as it finds something; None if it
    # finds nothing before the timeout.  Looks every SLICE seconds even without
    # a ring, because the process that was to ring may have died.
    if not (timeout is None or isinstance(timeout, (int, float))):
        raise TypeError("timeout is %r; expected seconds, or None" % (timeout,))
    found = look()
    if found is not None or (timeout is not None and timeout <= 0):
        return found
    deadline = None if timeout is None else time.monotonic() + timeout
    with contextlib.closing(_open().bell(*where)) as bell:
        while True:
            found = look()
            left = SLICE if deadline is None else min(
                SLICE, deadline - time.monotonic())
            if found is not None or left <= 0:
                return found
            bell.wait(left)


def _shown(path: bytes, key: bytes) -> str:
    return "key %s of path %s" % (uuid.UUID(bytes=key), path.decode("latin-1"))


def _reader(*where: bytes) -> Callable[[bytes], Any]:
    # Returns the function that unpickles the value of a path and a key, or
    # (without where) a value in a queue.
    def read(data: bytes) -> Any:
        try:
            return pickle.loads(data)
        except Exception as e:
            raise StashError(
                "the value of %s does not unpickle here, and stays where it "
                "is: %s: %s" % (_shown(*where) if where else "a queue",
                                type(e).__name__, e)) from e
    return read


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
    """Returns (address, authkey) for `Stash`: where this server's stash is,
    and b"".
    """
    return options.stash or options.run_directory, b""
