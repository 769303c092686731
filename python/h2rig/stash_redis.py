# SPDX-License-Identifier: MIT
"""The stash in a Redis or Valkey server, for servers on several machines
(--stash redis://HOST:PORT/DB).  Needs python3-redis.

A lock there cannot end with the process that holds it: it is a lease of
LEASE seconds, which a thread renews while its process lives.

What is in the stash is pickled: whoever can write there can run code here.
"""

import importlib
import os
import re
import threading
import time
import uuid
from typing import Any, Optional

from h2rig.errors import ConfigError

__all__ = ["RedisStore", "check"]

#: Seconds that the lock of a dead process stays taken, at most.
LEASE = 6.0

#: Seconds between two tries for the lock.
POLL = 0.002
POLL_MOST = 0.02

PREFIX = b"h2rig:"

_address = re.compile(
    r"rediss?://(?:[^@/]*@)?(?:[^:/\[\]]+|\[[0-9a-fA-F:.]+\])(?::\d{1,5})?"
    r"(?:/\d+)?\Z")

# Only the holder renews or releases.
_RENEW = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
          " return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0")
_RELEASE = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
            " return redis.call('del', KEYS[1]) end return 0")


def check(address: str) -> None:
    """Whether there is such a server, and the module to talk to it.

    Called in the parent; leaves no connection.  ConfigError.
    """
    what = "--stash %s" % address
    if not _address.match(address):
        raise ConfigError(what, "expected a file or redis://HOST:PORT/DB")
    try:
        redis = importlib.import_module("redis")
    except ImportError as e:
        raise ConfigError(what, "%s; expected the Python module redis (the "
                          "package python3-redis) to be installed" % e
                          ) from None
    client = _connect(redis, address)
    try:
        client.ping()
    except (redis.RedisError, ValueError) as e:
        raise ConfigError(what, "%s; expected a Redis or Valkey server there"
                          % e) from None
    finally:
        client.close()
        client.connection_pool.disconnect()


def _connect(redis: Any, address: str) -> Any:
    return redis.Redis.from_url(address, socket_connect_timeout=5)


class ThreadLock:
    """The part of a lock that tells the threads of a process apart.

    Who has it is known from the moment on that it is got: whatever exception
    is raised between two lines then (a run-time limit), it can be given back.
    """

    #: Seconds after which one who waits can be told of such a limit.
    SLICE = 1.0

    def __init__(self) -> None:
        self._lock = threading.RLock()

    def acquire(self, deadline: Optional[float]) -> bool:
        """Takes it; false when deadline (time.monotonic) passes first."""
        while True:
            wait = self.SLICE if deadline is None else min(
                self.SLICE, max(deadline - time.monotonic(), 0.0))
            if self._lock.acquire(timeout=wait):
                return True
            if deadline is not None and time.monotonic() >= deadline:
                return False

    def held(self) -> bool:
        """Whether the calling thread has it."""
        owned: bool = getattr(self._lock, "_is_owned")()
        return owned

    def release(self) -> None:
        """Gives it back."""
        self._lock.release()


class RedisLock:
    """A lock for every thread of every process; not re-entrant."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._threads = ThreadLock()
        self._token = b""
        self._released = threading.Event()

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes it; false when deadline (time.monotonic) passes first."""
        pause = POLL
        try:
            if not self._threads.acquire(deadline):
                return False
            self._token = token = uuid.uuid4().bytes
            while not self._client.set(PREFIX + b"lock", token, nx=True,
                                       px=int(LEASE * 1000)):
                if deadline is not None and time.monotonic() >= deadline:
                    self._threads.release()
                    return False
                time.sleep(pause)
                pause = min(pause * 1.5, POLL_MOST)
        except BaseException:
            # If it is ours already, the lease ends by itself.
            if self.held():
                self._threads.release()
            raise
        self._released = threading.Event()
        threading.Thread(target=self._renew, daemon=True,
                         args=(token, self._released)).start()
        return True

    def held(self) -> bool:
        """Whether the calling thread has it, or waits for it."""
        return self._threads.held()

    def _renew(self, token: bytes, released: threading.Event) -> None:
        while not released.wait(LEASE / 3):
            self._client.eval(_RENEW, 1, PREFIX + b"lock", token,
                              int(LEASE * 1000))

    def release(self) -> None:
        """Gives it back."""
        self._released.set()
        try:
            self._client.eval(_RELEASE, 1, PREFIX + b"lock", self._token)
        finally:
            self._threads.release()


class RedisStore:
    """A process's handle on the server; as `stash.Store`."""

    def __init__(self, address: str) -> None:
        self.pid = os.getpid()
        self._client = _connect(importlib.import_module("redis"), address)
        #: `Stash.lock`
        self.users = RedisLock(self._client)

    def put(self, path: bytes, key: bytes, value: bytes) -> bool:
        """Stores a value; false if the key is taken."""
        return bool(self._client.set(_key(path, key), value, nx=True))

    def take(self, path: bytes, key: bytes) -> Optional[bytes]:
        """Removes a value and returns it; None if there is none."""
        # Together: of several takers one gets it.
        transaction = self._client.pipeline(transaction=True)
        transaction.get(_key(path, key))
        transaction.delete(_key(path, key))
        value: Optional[bytes] = transaction.execute()[0]
        return value

    def queue_put(self, name: bytes, value: bytes) -> None:
        """Puts a value at the end of a queue."""
        self._client.rpush(PREFIX + b"queue:" + name, value)

    def queue_take(self, name: bytes) -> Optional[bytes]:
        """Removes and returns the first value; None if there is none."""
        value: Optional[bytes] = self._client.lpop(PREFIX + b"queue:" + name)
        return value

    def queue_empty(self, name: bytes) -> bool:
        """Whether a queue has no value now."""
        return not self._client.llen(PREFIX + b"queue:" + name)


def _key(path: bytes, key: bytes) -> bytes:
    return PREFIX + b"stash:" + key + path
