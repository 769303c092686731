#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures start-up: exec to the ready line, and exec to a first answer with
--inetd.

The program is a copy with a byte-compiled package (servers.py), as it is when
installed.  The time runs from before fork and exec, in Python, to the octets.
"""
import contextlib
import socket
import subprocess
import time
from typing import Callable, Iterator, Tuple

import measure
import probe
from measure import Failed, Missing, Table
from probe import Probe
from servers import Work

PATH = "/fast.py"


def ready(work: Work, *options: str) -> float:
    """Returns the milliseconds from exec to the ready line."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [work.program, "--port", "0", "--bind", "127.0.0.1", "--log-level",
         "error", *options, work.docroot], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        spent = time.perf_counter() - start
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()
    if not line.startswith(b"h2rig: listening"):
        raise Failed(f"no ready line but {line!r}")
    return spent * 1e3


class Inetd(Probe):
    """A connection that is given to a new process with --inetd."""

    def __init__(self, work: Work, tls: bool, *options: str) -> None:
        self.argv = [work.program, "--inetd", "--log-level", "error",
                     *options, work.docroot]
        self.listener = socket.create_server(("127.0.0.1", 0))
        super().__init__(self.listener.getsockname()[1], tls,
                         probe.get(1, PATH, tls))

    def start(self) -> None:
        """Does what inetd does when a connection has come."""
        accepted = self.listener.accept()[0]
        self.began = time.perf_counter()
        self.process = subprocess.Popen(self.argv, stdin=accepted.fileno(),
                                        stdout=accepted.fileno())
        accepted.close()
        self.listener.close()

    def connected(self) -> None:
        self.start()

    def close(self) -> None:
        super().close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def inetd(work: Work, tls: bool, *options: str) -> float:
    """Returns the milliseconds from exec to the answer's HEADERS."""
    with Inetd(work, tls, *options) as p:
        p.until(probe.HEADERS)
        spent = time.perf_counter() - p.began
        p.finish()
    return spent * 1e3


def rows(work: Work) -> Iterator[Tuple[str, Callable[[], float]]]:
    """Yields the label of each row, and the function that takes a sample."""
    own: Tuple[str, ...] = ()
    with contextlib.suppress(Missing):
        pair = work.certificate()
        own = ("--cert", pair["cert"], "--key", pair["key"])
    yield "exec to ready line (wanted: 150)", lambda: ready(work)
    if own:
        yield "... with --cert", lambda: ready(work, *own)
    yield "... with --cleartext", lambda: ready(work, "--cleartext")
    yield ("--inetd: exec to first octet (wanted: 200)",
           lambda: inetd(work, True))
    if own:
        yield "... with --inetd --cert", lambda: inetd(work, True, *own)
    yield ("... with --inetd --cleartext",
           lambda: inetd(work, False, "--cleartext"))


def tables(seconds: float) -> Iterator[Table]:
    """Yields one table."""
    table = Table("start", "Start-up")
    with Work() as work:
        takers = {label: {"h2rig": take} for label, take in rows(work)}
        start = time.monotonic()
        measure.take_turns(takers, 1)
        once = time.monotonic() - start
        taken = measure.take_turns(takers, max(measure.rounds(), min(
            50, int(seconds / once))))
        if not any("--cert" in label for label in taken):
            table.lack("openssl")
        for label, by in taken.items():
            table.add(label, "ms", by)
    yield table


if __name__ == "__main__":
    measure.main("start", tables)
