#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures our session (libh2.a) and libnghttp2's in memory, without I/O and
Python.

session_bench.c says which octets the sessions receive.  The two take turns,
and must have received and sent the same DATA.
"""
import functools
import os
import tempfile
from typing import Callable, Dict, Iterator, NamedTuple, Set, Tuple

import measure
from measure import Failed, Missing, Table

SOURCES = ("t/bench/session_bench.c", "src/base/buf.c", *sorted(
    os.path.join("src", "h2", name)
    for name in os.listdir(os.path.join(measure.SOURCE, "src", "h2"))
    if name.endswith(".c")))
WHOSE = {"h2rig": "ours", "libnghttp2": "nghttp2"}


class Played(NamedTuple):
    """What session_bench prints: numbers, octets of DATA, nanoseconds."""
    requests: int
    frames: int
    received: int
    sent: int
    ns: int


class Workload(NamedTuple):
    """A row of session_bench's table, and the value that is shown for it."""
    name: str
    label: str
    unit: str
    value: Callable[[Played], float]


def requests(p: Played) -> float:
    """Returns requests per second."""
    return p.requests / p.ns * 1e9


def frames(p: Played) -> float:
    """Returns millions of frames of the client per second."""
    return p.frames / p.ns * 1e3


def gigabytes(p: Played) -> float:
    """Returns GB of DATA per second, in both directions together."""
    return (p.received + p.sent) / p.ns


WORKLOADS = (
    Workload("get", "GET, answered with 2 fields and 5 octets",
             "requests/s", requests),
    Workload("mixed", "POST of 4 frames of 1 KiB, PING, WINDOW_UPDATE",
             "million frames/s", frames),
    Workload("control", "PING and WINDOW_UPDATE", "million frames/s", frames),
    Workload("small-data", "DATA of 100 octets", "million frames/s", frames),
    Workload("upload", "DATA of 16 KiB received", "million frames/s", frames),
    Workload("download", "DATA sent, 1 MiB an answer", "GB/s", gigabytes),
)


def play(program: str, whose: str, workload: str, seconds: float) -> Played:
    """Takes one sample of about this many seconds."""
    return Played(*map(int, measure.run(
        [program, whose, workload, str(int(seconds * 1000))]).stdout.split()))


def per_request(p: Played) -> Tuple[float, float, float]:
    """Returns what must be the same for both sessions."""
    return (p.frames / p.requests, p.received / p.requests,
            p.sent / p.requests)


class Rivals:
    """Takes the samples of a row, and compares what the sessions saw."""

    def __init__(self, program: str, workload: Workload, each: float) -> None:
        self.program, self.workload, self.each = program, workload, each
        self.seen: Set[Tuple[float, float, float]] = set()

    def take(self, whose: str) -> float:
        """Takes a sample.  Raises Failed unless per_request() is the same as
        for the other samples."""
        played = play(self.program, whose, self.workload.name, self.each)
        self.seen.add(per_request(played))
        if len(self.seen) != 1:
            raise Failed(f"{self.workload.name}: not the same DATA: "
                         f"{self.seen}")
        return self.workload.value(played)

    def takers(self) -> Dict[str, measure.Taker]:
        """Returns the takers of the two sessions."""
        return {who: functools.partial(self.take, name)
                for who, name in WHOSE.items()}


def tables(seconds: float) -> Iterator[Table]:
    """Yields one table."""
    table = Table("session", "Sessions in memory")
    each = max(seconds / (len(WORKLOADS) * len(WHOSE) * measure.rounds()),
               0.02)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            program = os.path.join(scratch, "session_bench")
            measure.compile_with_nghttp2(program, SOURCES)
            taken = measure.take_turns(
                {w.label: Rivals(program, w, each).takers()
                 for w in WORKLOADS})
        for w in WORKLOADS:
            table.add(w.label, w.unit, taken[w.label])
    except Missing as e:
        table.lack(e)
    yield table


if __name__ == "__main__":
    measure.main("session", tables)
