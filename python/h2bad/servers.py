# SPDX-License-Identifier: MIT
"""Servers that serve cases: processes of h2rig."""

import json
import os
import re
import socket
import time
from typing import Dict, List, Mapping, Sequence, Tuple

from h2bad.launcher import Launcher
from h2bad.observed import Connection
from h2bad.tasks import Broken, Task, expect, line
from h2rig.trace.reader import NAME, is_gone

__all__ = ["BadServer", "HERE", "Process", "ServerError"]

HERE = os.path.dirname(os.path.abspath(__file__))

#: Seconds in which h2rig has to start, and a connection has to end.
START, END = 30.0, 10.0


#: A client may answer each frame of a flood, as by resetting each stream that
#: was promised.  It may send a field block, whose size is bounded, in as many
#: CONTINUATION frames as it likes (RFC 9113 §6.10).
BOUNDS = ("--max-resets", "100000", "--max-idle-frames", "100000",
          "--max-continuations", "100000")


class ServerError(Exception):
    """h2rig did not start; the text says why."""


class Process:
    """A process of h2rig, with its log in a file.  binds: its addresses; none:
    127.0.0.1, and ::1 where there is IPv6.

    It listens once `ready` is over.  From then on it has port, the port in
    use, and ports, all of them.
    """

    def __init__(self, argv: Sequence[str], binds: Sequence[str], docroot: str,
                 log: str, env: Mapping[str, str]) -> None:
        self.port = 0
        self.ports: List[int] = []
        self._log = log
        self._name = argv[0]
        whole = list(argv)
        for bind in binds:
            whole += ["--bind", bind]
        with open(log, "ab") as errors:
            # Not beside the log: names there may be those of clients.
            self._launcher = Launcher(os.path.dirname(docroot), "once",
                                      errors)
        self._launcher.start(whole + [docroot], env)

    def ready(self) -> Task:
        """Waits until it listens; ServerError if it does not start."""
        try:
            said = yield from line(self._name, START, self._launcher.output)
        except Broken as e:
            raise ServerError(str(e)) from None
        self.ports = [int(port) for port in dict.fromkeys(re.findall(
            r"listening on .*:(\d+)", said.decode("utf-8", "replace")))]
        if not self.ports:
            raise ServerError("%s did not start: %s" % (self._name,
                                                        self.why()))
        self.port = self.ports[0]

    def why(self) -> str:
        """Returns the last message of its log."""
        with open(self._log, encoding="utf-8", errors="replace") as f:
            lines = f.read().splitlines()
        try:
            return str(json.loads(lines[-1])["text"])
        except (IndexError, KeyError, TypeError, ValueError):
            return lines[-1] if lines else "it gave no reason"

    def runs(self) -> bool:
        """Returns whether it has not ended."""
        return self._launcher.runs()

    def tell_end(self) -> None:
        """Makes it end, without waiting for that."""
        self._launcher.tell_end()

    def stop(self) -> None:
        """Ends it; its files stay."""
        self._launcher.stop()


class BadServer(Process):
    """A server that misbehaves, for one case in flight or for all.

    h2rig: the program.  directory: for its traces, log and case files.  ca: a
    PEM file of a CA and its key, made if it is missing.  ca_out: the file with
    its certificate.  n: how many ports it has, which cases use in turn.
    floods: whether it serves floods.
    """

    def __init__(self, h2rig: str, directory: str, ca: str, *options: str,
                 port: int = 0, binds: Sequence[str] = (), n: int = 1,
                 floods: bool = True) -> None:
        self.directory = directory
        self.traces = os.path.join(directory, "traces")
        self.ca_out = os.path.join(directory, "ca.crt")
        empty = os.path.join(directory, "docroot")
        for each in self.traces, empty:
            os.makedirs(each, exist_ok=True)
        self._growing: Dict[str, Connection] = {}
        self._over = set(os.listdir(self.traces))   # of an earlier server
        super().__init__(
            [h2rig, *["--port", str(port)] * n, "--connection",
             os.path.join(HERE, "server.py"), "--trace", self.traces,
             "--trace-data", "256", "--ca", ca, "--ca-out", self.ca_out,
             "--log-format", "json", "--grace", "1", *BOUNDS, *options],
            binds, empty, os.path.join(directory, "log"), {
                "H2BAD_DIRECTORY": directory,
                "H2BAD_FLOODS": "1" if floods else "0"})

    def serve(self, case: str, run: str = "") -> None:
        """Gives this case to the next port, to which late connections of
        earlier cases do not come.
        """
        self.port = self.ports[(self.ports.index(self.port) + 1)
                               % len(self.ports)]
        path = os.path.join(self.directory, "%d.case" % self.port)
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump({"case": case, "run": run}, f)
        os.rename(path + ".new", path)

    def look(self) -> Tuple[List[Connection], List[Connection]]:
        """Returns the connections that have ended since the last look, and
        those that have not ended.  What the client did before one of those
        ends is in the lines of the others.
        """
        ended = self._read()
        self._over.update(ended)
        over = [self._growing.pop(name) for name in ended]
        self._read()    # traces may have grown since they were read
        return over, list(self._growing.values())

    def _read(self) -> List[str]:
        # Reads what is new in the traces; returns the names of those that are
        # complete.
        ended = []
        for name in sorted(os.listdir(self.traces)):
            if name in self._over:
                continue
            c = self._growing.get(name)
            if c is None:
                c = self._growing[name] = Connection(
                    [], os.path.join(self.traces, name))
            process = NAME.fullmatch(name)
            gone = process is not None and is_gone(int(process[1]))
            try:
                c.read()
            except FileNotFoundError:   # dropped by --max-traces
                self._over.add(name)
                del self._growing[name]
                continue
            if c.is_over or gone:   # gone: a full disk may cut the last line
                ended.append(name)
        return ended

    def takes(self) -> Task:
        """Checks that it takes connections; Broken if it does not."""
        known = len(os.listdir(self.traces))
        with socket.socket() as s:
            s.setblocking(False)
            s.connect_ex(("127.0.0.1", self.port))
            yield from expect("the server, which takes no connection", END,
                              lambda: len(os.listdir(self.traces)) != known)

    def connections(self, wait: float = END) -> Task:
        """Waits until all connections since the last call have ended, or for
        wait seconds; returns them as a list of `Connection`.
        """
        deadline = time.monotonic() + wait
        found: List[Connection] = []
        while True:
            over, going = self.look()
            found += over
            if not going:
                return found
            if time.monotonic() > deadline:
                for c in going:     # the rest of their traces is not read
                    name = os.path.basename(c.path)
                    self._over.add(name)
                    del self._growing[name]
                return found + going
            yield -1
