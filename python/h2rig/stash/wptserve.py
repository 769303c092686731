# SPDX-License-Identifier: MIT
"""The stash of a running Python server of web-platform-tests (--stash
wptserve), so that HTTP/1 and HTTP/2 handlers of one test share values.

That server has a manager of `multiprocessing.managers`, which serves
`get_dict`, `Lock` and `Queue`.  The manager's address and key come from the
environment, where scripts do not see them.  Only connections' processes
connect to it.  Each wait for the manager's answer has a deadline.  A wait that
a script asks for has none; it is done in steps of a second, so that the
exception of a run-time limit can arrive.
"""

import base64
import contextlib
import json
import multiprocessing
import multiprocessing.connection
import multiprocessing.managers
import os
import pickle
import queue
import socket
import struct
import time
from typing import Any, Callable, Iterator, Optional, Tuple, Union

from h2rig.errors import ConfigError, StashError
from h2rig.stash.bells import Pauses
from h2rig.stash.locks import SLICE, ThreadLock

__all__ = ["WptserveStore", "configure"]

VARIABLE = "WPT_STASH_CONFIG"

#: Seconds that the manager may take to answer.
WAIT = 10.0

_EXPECTED = "[ADDRESS, KEY]: a path, or a list of host and port; base64"

Address = Union[str, Tuple[str, int]]

_address: Address = ""
_key = b""


def configure() -> None:
    """Takes address and key from the environment.  Raises ConfigError."""
    global _address, _key
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        raise ConfigError("--stash wptserve", "no environment variable %s; "
                          "expected the JSON %s" % (VARIABLE, _EXPECTED))
    try:
        address, key = json.loads(text)
        _key = base64.b64decode(key, validate=True)
        if not isinstance(address, str):
            host, port = address
            address = str(host), int(port)
        _address = address
    except (ValueError, TypeError):
        # The value is not shown: there may be a key in it.
        raise ConfigError(VARIABLE, "expected the JSON %s" % _EXPECTED
                          ) from None


def _client(address: Any, authkey: Optional[bytes] = None) -> Any:
    # Does what multiprocessing.connection.Client does, with a deadline.
    family = multiprocessing.connection.address_type(  # type: ignore
        address)
    with socket.socket(getattr(socket, family)) as s:
        s.settimeout(WAIT)
        s.connect(address)
        s.setblocking(True)
        limit = struct.pack("ll", int(WAIT), 0)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
        c = multiprocessing.connection.Connection(s.detach())
    multiprocessing.connection.answer_challenge(c, authkey)  # type: ignore
    multiprocessing.connection.deliver_challenge(c, authkey)  # type: ignore
    return c


class _Manager(multiprocessing.managers.BaseManager):
    # A manager whose connections are all made by _client.

    def __init__(self) -> None:
        super().__init__(_address, _key)
        setattr(self, "_Client", _client)

    def connect(self) -> None:
        c = _client(_address, _key)
        multiprocessing.managers.dispatch(c, None, "dummy")  # type: ignore
        c.close()
        state: Any = getattr(self, "_state")
        state.value = multiprocessing.managers.State.STARTED  # type: ignore


class _Connects:
    # A proxy whose threads connect by _client.

    def _connect(self) -> None:
        me: Any = self
        c = _client(me._token.address, me._authkey)
        multiprocessing.managers.dispatch(  # type: ignore
            c, None, "accept_connection",
            (multiprocessing.current_process().name,))
        me._tls.connection = c


class _Dict(_Connects, multiprocessing.managers.DictProxy):  # type: ignore
    pass


class _Acquirer(_Connects,
                multiprocessing.managers.AcquirerProxy):  # type: ignore
    pass


_Manager.register("get_dict", proxytype=_Dict)
_Manager.register("Lock", proxytype=_Acquirer)
_Manager.register("Queue")


class Queue:
    """A queue of the manager.  It pickles as the manager's own kind of queue,
    which the server of web-platform-tests understands.
    """

    def __init__(self, proxy: Any) -> None:
        self._proxy = proxy

    def __reduce__(self) -> Any:
        return self._proxy.__reduce__()

    def put(self, value: Any) -> None:
        """Puts a value (anything that pickles) at the end."""
        with _told():
            self._proxy.put(value)

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Any:
        """Removes and returns the first value.

        block: whether to wait for a value, at most timeout seconds (None: no
        limit).  Raises queue.Empty if there is no value.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = SLICE if deadline is None else min(
                SLICE, max(deadline - time.monotonic(), 0.0))
            try:
                with _told():
                    return self._proxy.get(block, wait)
            except queue.Empty:
                if not block or (deadline is not None
                                 and time.monotonic() >= deadline):
                    raise

    def get_nowait(self) -> Any:
        """The same as `get(block=False)`."""
        return self.get(False)

    def empty(self) -> bool:
        """Returns whether the queue has no value now."""
        with _told():
            return bool(self._proxy.empty())


@contextlib.contextmanager
def _told() -> Iterator[None]:
    # Errors of the connection become a StashError that names the server.
    try:
        yield
    except (OSError, EOFError, multiprocessing.ProcessError,
            multiprocessing.managers.RemoteError) as e:
        where = (_address if isinstance(_address, str)
                 else "%s:%d" % _address)
        reason = ("no answer within %g s" % WAIT
                  if isinstance(e, (BlockingIOError, socket.timeout))
                  else str(e) or type(e).__name__)
        raise StashError("the stash of the Python server at %s: %s"
                         % (where, reason)) from None


class _Users:
    # `Stash.lock`: the manager's lock, and one for the threads of a process.

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._threads = ThreadLock()

    def acquire(self, deadline: Optional[float] = None) -> bool:
        """Takes the lock; false if deadline (time.monotonic) passes first."""
        if not self._threads.acquire(deadline):
            return False
        taken = False
        try:
            while not taken:
                wait = SLICE if deadline is None else min(
                    SLICE, deadline - time.monotonic())
                with _told():
                    taken = (self._lock.acquire(True, wait) if wait > 0
                             else self._lock.acquire(False))
                if wait <= 0:
                    break
            return taken
        finally:
            if not taken:
                self._threads.release()

    def held(self) -> bool:
        """Returns whether the calling thread has the lock."""
        return self._threads.held()

    def check(self) -> None:
        """Does nothing: only its holder can release this lock."""

    def release(self) -> None:
        """Releases the lock."""
        try:
            with _told():
                self._lock.release()
        finally:
            self._threads.release()


class WptserveStore:
    """A process's connection to the manager.  Each call may raise StashError.
    """

    def __init__(self) -> None:
        self.pid = os.getpid()
        # Queues that are in the stash are unpickled with this key.
        multiprocessing.current_process().authkey = _key
        self._manager = _Manager()
        with _told():
            self._manager.connect()
            self._values: Any = getattr(self._manager, "get_dict")()
            self.users = _Users(getattr(self._manager, "Lock")())

    def put(self, path: bytes, key: bytes, value: bytes) -> bool:
        """Stores a pickled value; returns false if the key has one already."""
        where = path, key
        with _told():
            if where in self._values:
                return False
            self._values[where] = pickle.loads(value)
        return True

    def take(self, path: bytes, key: bytes,
             read: Callable[[bytes], Any]) -> Any:
        """Removes and returns a value; None if there is none.  A value that
        does not unpickle here stays.
        """
        where = path, key
        with _told():
            try:
                if self._values.get(where) is None:
                    return None
            except (AttributeError, ImportError, pickle.UnpicklingError) as e:
                raise StashError("the value does not unpickle here, and stays "
                                 "where it is: %s" % e) from e
            value = self._values.pop(where, None)
        if isinstance(value, multiprocessing.managers.BaseProxy) and (
                hasattr(value, "get_nowait")):
            return Queue(value)
        return value

    def bell(self, *where: bytes) -> Pauses:
        """Returns pauses: the manager does not tell when there is a value."""
        return Pauses()

    def new_queue(self) -> Queue:
        """Returns a new queue of the manager."""
        with _told():
            return Queue(getattr(self._manager, "Queue")())
