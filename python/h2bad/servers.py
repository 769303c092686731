# SPDX-License-Identifier: MIT
"""Servers that serve cases: processes of h2rig."""

import json
import os
import signal
import subprocess
import threading
import time
from typing import Any, Dict, List, Optional

from h2bad.observed import Connection, read_trace

__all__ = ["BadServer", "ServerError"]

HERE = os.path.dirname(os.path.abspath(__file__))

#: Seconds that h2rig has to start, to stop, and a connection to end.
START, STOP, END = 30.0, 15.0, 10.0


class ServerError(Exception):
    """h2rig did not start; the text says why."""


class BadServer:
    """A port for one case in flight.

    h2rig: the program.  directory: for its traces, log and case file.  ca: a
    PEM file of a CA and its key, made if it is missing.  ca_out: the file with
    its certificate.
    """

    def __init__(self, h2rig: str, directory: str, ca: str, *options: str,
                 port: int = 0, binds: Any = ("127.0.0.1",)) -> None:
        self.directory = directory
        self.traces = os.path.join(directory, "traces")
        self.ca_out = os.path.join(directory, "ca.crt")
        empty = os.path.join(directory, "docroot")
        for each in self.traces, empty:
            os.makedirs(each, exist_ok=True)
        self._log = open(os.path.join(directory, "log"), "ab")
        argv = [h2rig, "--port", str(port), "--connection",
                os.path.join(HERE, "server.py"), "--trace", self.traces,
                "--trace-data", "256", "--ca", ca, "--ca-out", self.ca_out,
                "--log-format", "json", "--grace", "1", *options]
        for bind in binds:
            argv += ["--bind", bind]
        self._process: Any = subprocess.Popen(
            argv + [empty], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self._log,
            env={**os.environ, "H2BAD_DIRECTORY": directory})
        late = threading.Timer(START, self._process.kill)
        late.start()
        line = self._process.stdout.readline().decode("utf-8", "replace")
        late.cancel()
        if "listening on" not in line:
            self._process.wait()
            raise ServerError("%s did not start: %s" % (h2rig, self._why()))
        self.port = int(line.rsplit(":", 1)[1].split()[0].strip("/"))
        self._read: Dict[str, Connection] = {}

    def _why(self) -> str:
        with open(os.path.join(self.directory, "log"), encoding="utf-8",
                  errors="replace") as f:
            lines = f.read().splitlines()
        return lines[-1] if lines else "it gave no reason"

    def serve(self, case: Optional[str], run: str = "") -> None:
        """From now on the connections of this port are of this case."""
        path = os.path.join(self.directory, "%d.case" % self.port)
        if case is None:
            os.unlink(path)
            return
        with open(path + ".new", "w", encoding="utf-8") as f:
            json.dump({"case": case, "run": run}, f)
        os.rename(path + ".new", path)

    def connections(self, wait: float = END) -> List[Connection]:
        """What came since the last call, once all of these have ended, or
        after so many seconds.
        """
        deadline = time.monotonic() + wait
        while True:
            made = [self._trace(name)
                    for name in sorted(os.listdir(self.traces))]
            new = [c for c in made if c is not None]
            if all(c.is_over for c in new) or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        for c in new:
            self._read[c.path] = c
        return new

    def _trace(self, name: str) -> Optional[Connection]:
        path = os.path.join(self.traces, name)
        return None if path in self._read else Connection(read_trace(path),
                                                          path)

    def stop(self) -> None:
        """Ends it; its files stay."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()
