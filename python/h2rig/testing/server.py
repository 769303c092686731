# SPDX-License-Identifier: MIT
"""A server for a test."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from types import TracebackType
from typing import (IO, Any, Callable, Dict, Iterator, List, Mapping, Optional,
                    Tuple, Type, Union)

from h2rig.testing.log import Log

__all__ = ["Server", "ServerError"]

_READY = re.compile(rb"h2rig: listening on (https?)://(\S+):(\d+)\s*$")

#: Seconds to wait for a server's end after each signal: the first asks it to
#: stop, the second to stop at once, the third kills it.
_PATIENCE = (10.0, 5.0, 5.0)

Line = Dict[str, Any]
Docroot = Union[str, "os.PathLike[str]", Mapping[str, Union[str, bytes]]]


class ServerError(RuntimeError):
    """The server did not start, or has failed.  The text has its command
    line, its exit status and its log."""


def _program() -> str:
    """Returns the path of the program: the one that the variable H2RIG names,
    or the one that this package was built or installed with, or the first one
    on PATH.  Raises ServerError."""
    here = os.path.realpath(__file__)
    for _ in range(4):
        here = os.path.dirname(here)        # at last: the parent of python/
    for path in (os.path.join(here, "h2rig"),
                 os.path.join(here, "..", "..", "bin", "h2rig")):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return os.environ.get("H2RIG") or os.path.realpath(path)
    found = os.environ.get("H2RIG") or shutil.which("h2rig")
    if found:
        return found
    raise ServerError("h2rig is neither on PATH nor where its Python package "
                      "is: set the environment variable H2RIG to its path")


def _given(options: Tuple[str, ...], *names: str) -> Optional[str]:
    """Returns the value of the last option of these names, or None."""
    value = None
    for i, option in enumerate(options):
        name, equals, after = option.partition("=")
        if name in names:
            value = after if equals else "".join(options[i + 1:i + 2])
    return value


def _lines(path: str) -> Iterator[Line]:
    """Yields the lines of a trace that are complete."""
    with open(path, "rb") as f:
        for line in f:
            if line.endswith(b"\n"):
                yield json.loads(line)


def _write(directory: str, files: Mapping[str, Union[str, bytes]]) -> None:
    for name, content in files.items():
        path = os.path.normpath(os.path.join(directory, name))
        if not path.startswith(directory + os.sep):
            raise ValueError("expected the name of a file below the document "
                             "root, not %r" % name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes)
                    else content.encode())


class Server:
    """The program h2rig, from `start` to `stop`, or in a `with` statement.

    The server gets a free port.  This class reads its log and its traces.  All
    that the server writes is in a directory that is removed when it ends.
    """

    def __init__(self, docroot: Docroot, *options: str,
                 program: Optional[str] = None,
                 env: Optional[Mapping[str, str]] = None,
                 timeout: float = 30) -> None:
        """docroot: a directory, or files to make: {name: content}.
        options: options of h2rig(8), for example "--latency", "10".  A port,
        a certificate, --ca or --trace among them replaces the one of this
        class; with --cleartext there is no certificate.
        program: path of h2rig; the default is the variable H2RIG, or the one
        that this package was installed with.
        env: additional environment variables.
        timeout: seconds that the server may take to be ready.
        """
        self._docroot, self._options = docroot, options
        self._named, self._env, self._timeout = program, env or {}, timeout
        self._argv: List[str] = []
        self._process: Optional["subprocess.Popen[bytes]"] = None
        self._dir = ""
        self._stopped = False
        self._ready = threading.Event()
        self._bound: Dict[str, str] = {}
        self._log: Optional[Log] = None
        #: "https" or "http".
        self.scheme = ""
        #: The numeric address, and the port, that it listens on.
        self.host = ""
        self.port = 0
        #: The file of the certificate that clients are to trust; None with
        #: --cleartext.
        self.ca: Optional[str] = None
        #: The directory of the traces, for h2rig-trace.
        self.traces = ""

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, kind: Optional[Type[BaseException]],
                 value: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        died = None if self._stopped else self.status
        self.stop()
        if kind is None and died:
            raise ServerError(self._report("has ended by itself, with status "
                                           "%d" % died))

    @property
    def log(self) -> Log:
        """The records of the server's log that have come."""
        if self._log is None:
            raise ServerError("the server has not been started")
        return self._log

    @property
    def pid(self) -> int:
        """The server's process ID (the parent of connections' processes)."""
        return self._process.pid if self._process else 0

    @property
    def status(self) -> Optional[int]:
        """The exit status, negative if a signal has ended the server; None
        until it ends."""
        return self._process.poll() if self._process else None

    def url(self, path: str = "/", host: Optional[str] = None) -> str:
        """Returns the URL of path, which begins with "/".  host: a name to use
        instead of the address.  If the certificate is the server's own, it is
        valid for any name that leads to the server."""
        return "%s://%s:%d%s" % (self.scheme, host or self.host, self.port,
                                 path)

    def start(self) -> "Server":
        """Starts the server and waits until it is ready.  Raises ServerError.
        """
        if self._process is not None:
            raise ServerError("the server has been started already")
        program = self._named or _program()
        self._dir = tempfile.mkdtemp(prefix="h2rig-testing-")
        try:
            self._argv = [program, *self._arguments()]
            self._start(dict(os.environ, TMPDIR=self._made("tmp"), **self._env))
            if not self._ready.wait(self._timeout) or not self._bound:
                self._fail()
        except BaseException:
            self.stop()
            raise
        self.scheme, self.host = self._bound["scheme"], self._bound["host"]
        self.port = int(self._bound["port"])
        return self

    def _made(self, name: str) -> str:
        """Makes a directory for the server, which the user of --user may have
        to enter; returns its path."""
        os.chmod(self._dir, 0o711)
        path = os.path.join(self._dir, name)
        os.mkdir(path)
        os.chmod(path, 0o1777 if name == "tmp" else 0o755)
        return path

    def _arguments(self) -> List[str]:
        """Returns all options and the document root.  If an option is given
        twice, the last one counts."""
        o = self._options
        args = ["--grace", "2", "--stop-on-eof"]
        if _given(o, "-p", "--port") is None:
            args += ["--port", "0"]
        self.traces = _given(o, "--trace") or self._made("traces")
        args += ["--trace", self.traces]
        self.ca = _given(o, "--ca-out", "-c", "--cert")
        if self.ca is None and "--cleartext" not in o:
            self.ca = os.path.join(self._dir, "ca.pem")
            args += ["--ca-out", self.ca]
        docroot = self._docroot
        if isinstance(docroot, Mapping):
            files, docroot = docroot, self._made("docroot")
            _write(docroot, files)
        return [*args, *o, "--log-format", "json", "--", os.fspath(docroot)]

    def _start(self, env: Dict[str, str]) -> None:
        try:
            self._process = subprocess.Popen(
                self._argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=env)
        except OSError as e:
            raise ServerError("%s: %s" % (self._argv[0], e.strerror)) from e
        assert self._process.stdout and self._process.stderr
        self._log = Log(self._process.stderr)
        threading.Thread(target=self._read, args=(self._process.stdout,),
                         daemon=True).start()

    def _read(self, out: IO[bytes]) -> None:
        """Reads standard output to its end; keeps the first address in it."""
        with out:
            for line in out:
                ready = _READY.match(line)
                if ready and not self._bound:
                    self._bound = dict(zip(
                        ("scheme", "host", "port"),
                        (part.decode() for part in ready.groups())))
                    self._ready.set()
        self._ready.set()

    def _fail(self) -> None:
        status = self._wait(1) if self._ready.is_set() else None
        self.stop()
        raise ServerError(self._report(
            "is not ready after %g s" % self._timeout if status is None
            else "does not start: exit status %d" % status))

    def _report(self, what: str) -> str:
        return "h2rig %s\n%s\n%s" % (what, " ".join(self._argv), self.log)

    def _wait(self, seconds: float) -> Optional[int]:
        assert self._process is not None
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> Optional[int]:
        """Ends the server, at once if no script runs and within 25 seconds in
        any case, and removes its files.  Returns its exit status, 0 if all is
        well.  A second call does nothing."""
        self._stopped = True
        p = self._process
        if p is not None:
            assert p.stdin
            p.stdin.close()
            for end, seconds in zip((p.terminate, p.terminate, p.kill),
                                    _PATIENCE):
                if p.poll() is None:
                    end()
                    self._wait(seconds)
            self.log.join(5)
        shutil.rmtree(self._dir, ignore_errors=True)
        return self.status

    def trace(self, path: Optional[str] = None,
              until: Union[str, Callable[[Line], object]] = "close",
              timeout: float = 30) -> List[Line]:
        """Returns the lines of a connection's trace (doc/trace.md describes
        them): of the newest connection, or of the newest one that has asked
        for path (with its query).

        until: the line to wait for: its type ("close", the end of the
        connection; "GOAWAY"), or a function that is given a line and returns
        whether it is the one.  timeout: seconds.  Raises AssertionError, with
        the lines that there are, after the timeout.
        """
        end = time.monotonic() + timeout
        while True:
            lines = self._newest(path)
            if any(until(line) if callable(until) else line["type"] == until
                   for line in lines):
                return lines
            if time.monotonic() > end:
                raise AssertionError(
                    "no %s in %g s in the trace of %s\n%s" % (
                        until, timeout, path or "any connection",
                        "\n".join(map(str, lines)) or self.log))
            time.sleep(0.01)

    def _newest(self, path: Optional[str]) -> List[Line]:
        for name in sorted(os.listdir(self.traces), reverse=True):
            if name.endswith(".jsonl"):
                lines = list(_lines(os.path.join(self.traces, name)))
                if path is None or any([":path", path] in line.get("fields", ())
                                       for line in lines):
                    return lines
        return []
