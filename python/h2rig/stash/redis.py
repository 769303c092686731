# SPDX-License-Identifier: MIT
"""The stash in a Redis or Valkey server, for servers on several machines
(--stash redis://HOST:PORT/DB).

A lock in the Redis server cannot end with the process that holds it.  So it is
a lease of LEASE seconds, which a helper program (`resp`) renews while the
process lives.  The lock is lost if the Redis server restarts or cannot be
reached for too long.  So the holder has a deadline of its own, counted from
before the last renewal was sent, and the Redis server runs the holder's
commands only while the holder still has the lock.

Values are pickled: a client of the Redis server that can write to the stash
can run code in h2rig's processes.
"""

import contextlib
import json
import os
import re
import subprocess
import sys
import time
import uuid
from typing import Any, Callable, Iterator, List, Optional, Tuple, Union

import _h2rig

from h2rig.errors import ConfigError, StashError
from h2rig.stash import resp
from h2rig.stash.bells import Pauses
from h2rig.stash.locks import SLICE, ThreadLock
from h2rig.stash.resp import Address, Client, RedisError

__all__ = ["RedisStore", "after_fork", "configure"]

#: The longest time, in seconds, that the lock of a dead process stays taken.
LEASE = 6.0

PREFIX = b"h2rig:"
LOCK = "h2rig:lock"

# In these scripts KEYS[1] is the lock, ARGV[1] the caller's token if it holds
# the lock (else empty), KEYS[2] the key of a value or queue, ARGV[2] a value.
_IF_HELD = ("if ARGV[1] ~= '' and redis.call('get', KEYS[1]) ~= ARGV[1] then"
            " return redis.error_reply('LOST') end ")
# Wakes waiting processes; does nothing if the Redis user may not publish.
_RING = " redis.pcall('publish', KEYS[2], '') "
_PUT = ("if redis.call('setnx', KEYS[2], ARGV[2]) == 0 then return 0 end"
        + _RING + "return 1")
_GET = "return redis.call('get', KEYS[2])"
# Removes the value that the caller has read, if it is still there.
_TAKE = ("if redis.call('get', KEYS[2]) ~= ARGV[2] then return 0 end"
         " return redis.call('del', KEYS[2])")
_APPEND = "redis.call('rpush', KEYS[2], ARGV[2])" + _RING
_FIRST = "return redis.call('lindex', KEYS[2], 0)"
_TAKE_FIRST = ("if redis.call('lindex', KEYS[2], 0) ~= ARGV[2] then return 0"
               " end redis.call('lpop', KEYS[2]) return 1")

# Only the holder renews or releases the lock.
_RENEW = ("if redis.call('get', KEYS[1]) == ARGV[1] then"
          " return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0")
_RELEASE = "return redis.call('del', KEYS[1])"

#: The Redis server's address; its password is kept nowhere else.
_address: Optional[Address] = None


def configure(text: str) -> str:
    """Tries the Redis server, once and in the parent.

    Returns its address without the password.  Raises ConfigError if the
    address is wrong or no such server answers.
    """
    global _address
    _address = Address.parse(text)
    if _address is None:
        raise ConfigError("--stash " + re.sub("//.*@", "//", text),
                          "expected a file or redis://HOST:PORT/DB")
    try:
        client = Client(_address)
        client.call("PING")
        client.close()
    except (RedisError, OSError) as e:
        raise ConfigError("--stash %s" % _address, "%s; expected a Redis or "
                          "Valkey server there" % e) from None
    return str(_address)


class _Renewer:
    # The helper program that renews the lock, for the life of this process.

    def __init__(self) -> None:
        self._process: Any = None
        self._unread = b""

    def hold(self, token: bytes) -> None:
        try:
            if self._process is not None:
                self.until(token)       # the helper may have ended
            if self._process is None:
                self._process = self._start()
            os.write(self._process.stdin.fileno(), token + b"\n")
        except (OSError, subprocess.SubprocessError) as e:
            self.forget()
            _h2rig.log("warn", "stash.lock is not renewed and ends after "
                       "%g s: %s" % (LEASE, e))

    def _start(self) -> Any:
        process: Any = subprocess.Popen(
            [sys.executable, "-I", "-S", resp.__file__],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, bufsize=0)
        assert _address is not None
        values = _address.values() + [LOCK, _RENEW, LEASE]
        process.stdin.write(json.dumps(values).encode() + b"\n")
        # The process that we wait for ends at once: it has forked the helper.
        process.wait(resp.WAIT)
        os.set_blocking(process.stdout.fileno(), False)
        return process

    def free(self) -> None:
        if self._process is not None:
            try:
                os.write(self._process.stdin.fileno(), b"\n")
            except OSError:
                self.forget()   # the next lock starts another helper

    def until(self, token: bytes) -> Optional[float]:
        # Returns the time (time.monotonic) until which the helper has renewed
        # this lock; 0 if it is lost, None if the helper has told nothing new.
        until = None
        while self._process is not None:
            try:
                data = os.read(self._process.stdout.fileno(), 1 << 16)
            except OSError:
                break
            if not data:
                self.forget()
                break
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                whose, _, told = line.partition(b" ")
                if whose == token:
                    until = float(told)
        return until

    def forget(self) -> None:
        # This ends the helper's input unless another process has the pipe too.
        process, self._process, self._unread = self._process, None, b""
        if process is not None:
            process.stdin.close()
            process.stdout.close()


_renewer = _Renewer()


def after_fork() -> None:
    """Runs in a process that a script forked: the lock is not its own."""
    _renewer.forget()


class RedisLock:
    """A lock for every thread of every process; not re-entrant."""

    def __init__(self, store: "RedisStore") -> None:
        self._store = store
        self._threads = ThreadLock()
        self._until = 0.0
        #: identifies the holder to the Redis server; b"" if there is none
        self.token = b""

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes the lock; false if deadline (time.monotonic) passes first."""
        token, pauses = uuid.uuid4().hex.encode(), Pauses()
        try:
            if not self._threads.acquire(deadline):
                return False
            while True:
                began = time.monotonic()
                if self._store.command("SET", LOCK, token, "NX", "PX",
                                       int(LEASE * 1000)) is not None:
                    break
                if deadline is not None and time.monotonic() >= deadline:
                    self._threads.release()
                    return False
                pauses.wait(SLICE)
            self._until = began + LEASE
            self.token = token
            _renewer.hold(token)
        except BaseException:
            # If the lock was taken already, its lease ends by itself.
            if self.held():
                self.token = b""
                _renewer.free()
                self._threads.release()
            raise
        return True

    def held(self) -> bool:
        """Returns whether the calling thread has the lock or waits for it."""
        return self._threads.held()

    def check(self) -> None:
        """Raises StashError if the calling thread has lost the lock without
        releasing it.
        """
        if self.held() and self.token:
            until = _renewer.until(self.token)
            if until is not None:
                self._until = until
            if time.monotonic() >= self._until:
                raise self.lost()

    def lost(self) -> StashError:
        """Returns the error for a lost lock."""
        return StashError(
            "stash.lock was lost before it was given back: %s has not renewed "
            "it, or has forgotten it; others may have had it since"
            % _address)

    def release(self) -> None:
        """Releases the lock.  Raises StashError if it was lost."""
        try:
            _renewer.free()
            self._store.run(_RELEASE, b"")
        finally:
            self.token = b""
            self._threads.release()


class _Bell:
    # Waits for messages that are published for a key, on its own connection.

    def __init__(self, key: bytes) -> None:
        assert _address is not None
        with _told():
            self._client = Client(_address)
        try:
            with _told():
                self._client.call("SUBSCRIBE", key)
        except BaseException:
            self.close()
            raise

    def wait(self, seconds: float) -> None:
        """Waits until the bell rings, at most for these seconds."""
        with _told():
            self._client.hear(seconds)

    def close(self) -> None:
        """Closes the connection, so that this process no longer waits."""
        self._client.close()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    # Errors of the connection become a StashError that names the server.
    try:
        yield
    except (RedisError, OSError) as e:
        raise StashError("the stash in %s: %s" % (_address, e)) from None


class RedisStore:
    """A process's handle on the Redis server, used as `sqlite.SqliteStore` is.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        #: connections that no thread uses just now
        self._idle: List[Client] = []
        #: `Stash.lock`
        self.users = RedisLock(self)

    def command(self, *words: Union[bytes, str, int]) -> Any:
        """Returns the server's answer to a command.  Raises StashError."""
        with _told():
            client = self._connection()
            try:
                answer = client.call(*words)
            except BaseException as e:
                client.close()
                if isinstance(e, RedisError) and str(e).endswith("LOST"):
                    raise self.users.lost() from None
                raise
        self._idle.append(client)
        return answer

    def _connection(self) -> Client:
        while self._idle:
            client = self._idle.pop()
            if not client.is_stale():
                return client
            client.close()
        assert _address is not None
        return Client(_address)

    def run(self, script: str, key: bytes, *values: bytes) -> Any:
        """Returns the answer to a script.  If this thread should hold the lock
        but has lost it, the script does not run and StashError is raised.
        """
        token = self.users.token if self.users.held() else b""
        return self.command("EVAL", _IF_HELD + script, 2, LOCK, key, token,
                            *values)

    def put(self, path: bytes, key: bytes, value: bytes) -> bool:
        """Stores a value; returns false if the key has one already."""
        return bool(self.run(_PUT, _key(path, key), value))

    def take(self, path: bytes, key: bytes,
             read: Callable[[bytes], Any]) -> Any:
        """Removes a value and returns read(value); None if there is none.  If
        read raises an exception, the value stays.
        """
        found = self._take(_GET, _TAKE, _key(path, key), read)
        return None if found is None else found[0]

    def _take(self, look: str, take: str, key: bytes,
              read: Callable[[bytes], Any]) -> Optional[Tuple[Any]]:
        while True:
            data = self.run(look, key)
            if data is None:
                return None
            value = read(data)
            # If several clients take the value, one of them gets it.
            if self.run(take, key, data):
                return (value,)

    def queue_put(self, name: bytes, value: bytes) -> None:
        """Puts a value at the end of a queue."""
        self.run(_APPEND, _queue(name), value)

    def queue_take(self, name: bytes, read: Callable[[bytes], Any]
                   ) -> Optional[Tuple[Any]]:
        """Removes the first value and returns the tuple (read(value),); None
        if there is none.  If read raises an exception, the value stays.
        """
        return self._take(_FIRST, _TAKE_FIRST, _queue(name), read)

    def queue_empty(self, name: bytes) -> bool:
        """Returns whether a queue has no value now."""
        return self.run(_FIRST, _queue(name)) is None

    def bell(self, *where: bytes) -> Union[_Bell, Pauses]:
        """Returns a bell for a value of a path and a key, or of a queue."""
        try:
            return _Bell(_key(*where) if len(where) == 2 else _queue(*where))
        except StashError as e:
            if ": NOPERM" in str(e):    # this user may not subscribe
                return Pauses()
            raise


def _key(path: bytes, key: bytes) -> bytes:
    return PREFIX + b"stash:" + key + path


def _queue(name: bytes) -> bytes:
    return PREFIX + b"queue:" + name
