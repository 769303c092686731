# SPDX-License-Identifier: MIT
"""The protocol of Redis and Valkey servers (RESP 2), as far as the stash needs
it.  Run as a program, this file renews a lock in the server for a process
whose script may keep the GIL, and so could keep a thread from doing it.

The program runs without the package h2rig, so this file imports nothing of it.
Every wait has a deadline and is done in short steps.  Between two steps an
exception can arrive that another thread raises here (a run-time limit).
"""

import json
import os
import re
import select
import socket
import sys
import threading
import time
from typing import Any, Callable, List, Optional, Tuple, Union
from urllib.parse import unquote

__all__ = ["Address", "Client", "RedisError"]

#: WAIT: seconds that a connection, or the answer to a command, may take.
#: RATE: octets whose transfer extends the deadline by a second.
WAIT = 4.0
RATE = 1 << 20

#: Seconds of one step of a wait.
SLICE = 0.5

#: The longest line of an answer, in octets.
MAX_LINE = 1 << 16

_address = re.compile(
    r"redis(?P<tls>s?)://"
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?"
    r"(?P<host>[^:/@\[\]]+|\[[0-9a-fA-F:.]+\])(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<database>\d+))?\Z")


class RedisError(Exception):
    """The server answers with an error, or not at all."""


class _Late(RedisError):
    # The deadline has passed.
    pass


class Address:
    """The address of a server, with user and password, which str() omits."""

    def __init__(self, tls: bool, host: str, port: int, database: int,
                 user: str, password: Optional[str]) -> None:
        self.tls, self.host, self.port = tls, host, port
        self.database = database
        self._login = user, password

    @classmethod
    def parse(cls, text: str) -> Optional["Address"]:
        """Parses redis[s]://[[USER]:PASSWORD@]HOST[:PORT][/DB]; returns None
        if the text is something else.
        """
        found = _address.match(text)
        if found is None:
            return None
        password, port = found["password"], int(found["port"] or 6379)
        if port > 65535:
            return None
        return cls(bool(found["tls"]), found["host"].strip("[]"),
                   port, int(found["database"] or 0),
                   unquote(found["user"] or ""),
                   None if password is None else unquote(password))

    def __str__(self) -> str:
        return "redis%s://%s:%d/%d" % (
            "s" if self.tls else "",
            "[%s]" % self.host if ":" in self.host else self.host, self.port,
            self.database)

    def login(self) -> List[str]:
        """Returns the arguments of AUTH; an empty list if none is needed."""
        user, password = self._login
        if password is None:
            return []
        return [user, password] if user else [password]

    def values(self) -> List[Any]:
        """Returns the arguments that make this `Address`."""
        return [self.tls, self.host, self.port, self.database, *self._login]


class Client:
    """A connection to a server.  After a method has raised RedisError or
    OSError, the connection cannot be used.
    """

    def __init__(self, address: Address) -> None:
        self._until = time.monotonic() + WAIT
        self._unread = bytearray()
        self._sock = self._connect(address)
        try:
            if address.tls:
                self._begin_tls(address.host)
            self._log_in(address)
            if address.database:
                self._call("SELECT", address.database)
        except BaseException:
            self._sock.close()
            raise

    def close(self) -> None:
        """Closes the connection."""
        self._sock.close()

    def is_stale(self) -> bool:
        """Returns whether the server has ended the connection: there is
        something to read, although no command was sent.
        """
        return _poll(self._sock, select.POLLIN, 0)

    def call(self, *words: Union[bytes, str, int]) -> Any:
        """Sends a command; returns the answer: bytes, int, None or a list."""
        self._until = time.monotonic() + WAIT
        return self._call(*words)

    def hear(self, seconds: float) -> None:
        """Waits, at most for these seconds, until the server sends something
        by itself, as it does after SUBSCRIBE; drops what was sent.
        """
        self._until = time.monotonic() + seconds
        try:
            if not self._unread:
                self._more()
        except _Late:
            pass
        self._unread.clear()

    def _call(self, *words: Union[bytes, str, int]) -> Any:
        out = bytearray(b"*%d\r\n" % len(words))
        for word in words:
            if not isinstance(word, bytes):
                word = str(word).encode()
            out += b"$%d\r\n%s\r\n" % (len(word), word)
        left = memoryview(out)
        while left:
            sent = self._do(select.POLLOUT, self._sock.send, left)
            self._until += sent / RATE
            left = left[sent:]
        return self._answer()

    # The connection.

    def _connect(self, address: Address) -> Any:
        error = OSError("its name has no address")
        for family, kind, protocol, _, where in self._resolve(address):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.setblocking(False)
                sock.connect_ex(where)
                self._wait(sock, select.POLLOUT)
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code:
                    raise OSError(code, os.strerror(code))
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return sock
            except OSError as e:
                sock.close()
                error = e
            except BaseException:
                sock.close()
                raise
        raise error

    def _resolve(self, address: Address) -> Any:
        where = address.host, address.port
        try:
            return socket.getaddrinfo(*where, type=socket.SOCK_STREAM,
                                      flags=socket.AI_NUMERICHOST)
        except socket.gaierror:
            pass            # the host is a name
        found: List[Any] = []

        def look() -> None:
            try:
                found.append(socket.getaddrinfo(
                    *where, type=socket.SOCK_STREAM))
            except OSError as e:
                found.append(e)
        # getaddrinfo has no deadline, so another thread waits for it.
        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(self._slice())
        if isinstance(found[0], OSError):
            raise found[0]
        return found[0]

    def _begin_tls(self, host: str) -> None:
        # Imported only here: Python's ssl loads an OpenSSL of its own.
        import ssl
        self._sock = ssl.create_default_context().wrap_socket(
            self._sock, server_hostname=host, do_handshake_on_connect=False)
        self._do(select.POLLIN, self._sock.do_handshake)

    def _log_in(self, address: Address) -> None:
        words = address.login()
        if not words:
            return
        try:
            self._call("AUTH", *words)
        except RedisError as e:
            # The error of a server that does not know AUTH has its arguments.
            text = str(e)
            for word in words:
                text = text.replace(word, "***") if word else text
            raise RedisError(text) from None

    # Waits.

    def _slice(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise _Late("no answer within %g s" % WAIT)
        return min(left, SLICE)

    def _wait(self, sock: Any, event: int) -> None:
        while not _poll(sock, event, self._slice()):
            pass

    def _do(self, event: int, function: Callable[..., Any], *args: Any) -> Any:
        # Calls function.  If it would block, waits for event, or for what TLS
        # asks for, and calls it again.
        while True:
            try:
                return function(*args)
            except OSError as e:
                kind = type(e).__name__
                if kind == "SSLWantReadError":
                    wanted = select.POLLIN
                elif kind == "SSLWantWriteError":
                    wanted = select.POLLOUT
                elif isinstance(e, BlockingIOError):
                    wanted = event
                else:
                    raise
            self._wait(self._sock, wanted)

    # Answers.

    def _more(self) -> None:
        data = self._do(select.POLLIN, self._sock.recv, 1 << 16)
        if not data:
            raise RedisError("the connection was closed")
        self._unread += data
        self._until += len(data) / RATE

    def _take(self, n: int) -> bytes:
        while len(self._unread) < n:
            self._more()
        data = bytes(self._unread[:n])
        del self._unread[:n]
        return data

    def _line(self) -> bytes:
        while b"\r\n" not in self._unread:
            if len(self._unread) > MAX_LINE:
                raise RedisError("no Redis server answers there")
            self._more()
        return self._take(self._unread.index(b"\r\n") + 2)[:-2]

    def _answer(self) -> Any:
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest
        if kind == b"-":
            raise RedisError(rest.decode("latin-1"))
        if kind in (b":", b"$") and re.match(rb"-?\d{1,9}\Z", rest):
            number = int(rest)
            if kind == b":":
                return number
            if number < 0:
                return None
            return self._take(number + 2)[:-2]
        if kind == b"*" and re.match(rb"\d\Z", rest):
            return [self._answer() for _ in range(int(rest))]
        raise RedisError("no Redis server answers there, but %r" % line[:40])


def _poll(sock: Any, event: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(sock, event)
    return bool(poll.poll(seconds * 1000))


# The program.

def renew(address: Address, key: str, script: str, lease: float) -> None:
    """Renews a lock until standard input ends.

    Each line of input is the token of the lock to renew; an empty line means
    no lock.  After each renewal a line of output has the token and the time
    (time.monotonic) until which the lock is held; 0: the lock is lost.
    """
    client: Optional[Client] = None
    token, due, unread = b"", 0.0, b""
    while True:
        if select.select([0], [], [], max(due - time.monotonic(), 0)
                         if token else None)[0]:
            data = os.read(0, 4096)
            if not data:
                return
            *lines, unread = (unread + data).split(b"\n")
            if lines:
                token, due = lines[-1], time.monotonic() + lease / 3
            continue
        began = time.monotonic()
        try:
            client = client or Client(address)
            ours = client.call("EVAL", script, 1, key, token,
                               int(lease * 1000))
        except (RedisError, OSError):
            client, due = None, time.monotonic() + SLICE
            continue
        until, due = began + lease if ours else 0, began + lease / 3
        os.write(1, b"%s %f\n" % (token, until))
        token = token if ours else b""


def main() -> None:
    """Runs `renew` with arguments from the first line of standard input: a
    JSON list of the arguments of `Address` and the others of `renew`.
    """
    # A script's os.wait must not find the helper: it is a grandchild, and the
    # child ends.
    if os.fork():
        os._exit(0)
    line = b""
    while not line.endswith(b"\n"):
        octet = os.read(0, 1)
        if not octet:
            return
        line += octet
    values = json.loads(line)
    renew(Address(*values[:-3]), *values[-3:])


if __name__ == "__main__":
    main()
