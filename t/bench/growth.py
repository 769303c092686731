#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures how cost grows with streams, connections, octets of body and
fields.

Each is measured at four sizes, our server and Node in turns.  page.py writes
the charts.
"""
import contextlib
import subprocess
from typing import (Callable, Dict, Iterator, List, NamedTuple, Sequence,
                    Tuple)

import connect
import load
import measure
import probe
from load import Result
from measure import Missing, Series, Table
from plot import Chart
from probe import Probe
from servers import KIB, MIB, Work

STREAMS = (1, 10, 30, 100)
CONNECTIONS = (1, 8, 32, 128)
BODIES = (KIB, 16 * KIB, 256 * KIB, 4 * MIB)
FIELDS = (10, 40, 160, 640)

Urls = Dict[str, str]
Load = Callable[..., Result]


class Growth:
    """A table and its chart."""

    def __init__(self, name: str, title: str, head: str, unit: str,
                 log: bool = True, compared: bool = True) -> None:
        self.unit = unit
        self.table = Table(name, title, head, compared)
        self.chart = self.table.chart = Chart(
            title, head, f"{unit}, median and spread", log)

    def add(self, size: float, label: str, by: Dict[str, Series],
            what: str = "") -> None:
        """Adds a row and its points.  what: distinguishes rows of one size.
        """
        self.table.add(row_label(what, label), self.unit, by)
        for who, series in by.items():
            self.chart.add(f"{who}, {what}" if what else who, size, label,
                           series)

    def load(self, urls: Urls, seconds: float, how: Load,
             value: Callable[[Result], float], ways: Sequence["Way"]
             ) -> Table:
        """Adds a row for each way, with h2load on each server.  seconds: for
        all samples together.  Returns the table."""
        each = max(seconds / (len(ways) * len(urls) * measure.rounds()), 0.05)

        def taker(url: str, way: Way) -> measure.Taker:
            return lambda: value(how(each, *way.arguments, url + way.path))

        taken = measure.take_turns({
            row_label(way.what, way.label): {
                who: taker(url, way) for who, url in urls.items()}
            for way in ways})
        for way in ways:
            self.add(way.size, way.label,
                     taken[row_label(way.what, way.label)], way.what)
        return self.table


class Way(NamedTuple):
    """How h2load is run for one size."""
    size: int
    label: str
    path: str
    arguments: Tuple[str, ...]
    what: str = ""


def row_label(what: str, label: str) -> str:
    """Returns the label of a row of the table."""
    return f"{what}, {label}" if what else label


def microseconds(r: Result) -> float:
    """Returns the microseconds per request, with all requests in parallel."""
    return r.seconds / r.requests * 1e6


def streams(urls: Urls, seconds: float) -> Table:
    """Returns the table of concurrent streams of one connection."""
    g = Growth("streams", "Dynamic requests on one connection",
               "concurrent streams", "microseconds per request")
    return g.load(urls, seconds, load.sustained, microseconds, [
        Way(n, str(n), "/fast.py", ("-c1", f"-m{n}"))
        for n in measure.sizes(STREAMS)])


def octets(n: int) -> str:
    """Returns a round number of octets as text: "4 MiB"."""
    return f"{n // MIB} MiB" if n >= MIB else f"{n // KIB} KiB"


def bodies(work: Work, urls: Urls, seconds: float) -> Table:
    """Returns the table of bodies, in answers (down) and requests (up)."""
    g = Growth("bodies", "Bodies, one request after the other",
               "size of the body", "milliseconds per request")
    sizes = measure.sizes(BODIES)
    return g.load(urls, seconds, load.counted, load.milliseconds, [
        *(Way(n, octets(n), f"/answer.py?octets={n}", ("-c1", "-m1"), "down")
          for n in sizes),
        *(Way(n, octets(n), "/upload.py", ("-c1", "-m1", "-d", work.body(n)),
              "up") for n in sizes)])


def fields(urls: Urls, seconds: float) -> Table:
    """Returns the table of field lines, in answers and in requests."""
    g = Growth("fields", "Field lines, one request after the other",
               "field lines of 33 octets", "milliseconds per request")
    sizes = measure.sizes(FIELDS)
    return g.load(urls, seconds, load.sustained, load.milliseconds, [
        *(Way(n, str(n), f"/answer.py?fields={n}", ("-c1", "-m1"),
              "in answer") for n in sizes),
        *(Way(n, str(n), "/fast.py", ("-c1", "-m1", *request_fields(n)),
              "in request") for n in sizes)])


def request_fields(n: int) -> Iterator[str]:
    """Yields h2load's arguments for n fields, the same as docroot/answer.py
    sends."""
    for i in range(n):
        yield from ("-H", f"x-bench-{i:04d}: a value of field {i:04d}")


# ---- connections

def pss(pid: int) -> float:
    """Returns the PSS of a process and its children, in KiB."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=", "-o", "ppid="],
                             stdout=subprocess.PIPE, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    total = 0.0
    for each in [pid] + [child for child, parent in pairs if parent == pid]:
        with contextlib.suppress(OSError):      # it has just ended
            total += connect.rollup(each).get("Pss", 0.0)
    return total


def many(server: connect.Server, n: int) -> Tuple[float, float]:
    """Opens n connections, makes a request on each and lets them idle.
    Returns the memory of each in KiB, and the milliseconds to the first octet
    of one more connection."""
    before = pss(server.pid)
    probes: List[Probe] = []
    try:
        for _ in range(n):
            probes.append(Probe(server.port))
            probes[-1].fetch("/fast.py")
        each = (pss(server.pid) - before) / n
        return each, connect.first_octet(server.port, True)
    finally:
        for p in probes:
            p.close()


def connections(work: Work) -> Iterator[Table]:
    """Yields the tables of memory and time by the number of open connections.
    """
    memory = Growth("connections-memory", "Memory of open connections",
                    "open connections", "KiB of PSS per connection",
                    log=False, compared=False)
    delay = Growth("connections-time", "One more connection, TLS",
                   "open connections", "milliseconds to first octet",
                   log=False)
    with contextlib.ExitStack() as stack:
        rivals = {"h2rig": stack.enter_context(work.ours())}
        try:
            rivals["Node"] = stack.enter_context(work.node())
        except Missing as e:
            memory.table.lack(e)
            delay.table.lack(e)
        for server in rivals.values():          # the first ones are slow
            many(server, 1)
        for n in measure.sizes(CONNECTIONS):
            seen: Dict[str, List[Tuple[float, float]]] = {
                who: [] for who in rivals}
            for _ in range(measure.rounds()):
                for who, server in rivals.items():
                    seen[who].append(many(server, n))
            for i, g in enumerate((memory, delay)):
                g.add(n, str(n), {who: Series(s[i] for s in samples)
                                  for who, samples in seen.items()})
    yield memory.table
    yield delay.table


def tables(seconds: float) -> Iterator[Table]:
    """Yields a table for each thing that grows, and two for connections."""
    share = seconds * 0.7
    with Work() as work:
        with contextlib.ExitStack() as stack:
            lack = Table("growth", "How cost grows")
            try:
                urls = load.servers(stack, work, lack)
                for take in (lambda: streams(urls, share * 0.2),
                             lambda: bodies(work, urls, share * 0.4),
                             lambda: fields(urls, share * 0.4)):
                    table = take()
                    table.missing += lack.missing
                    yield table
            except Missing as e:
                lack.lack(e)
                yield lack
        yield from connections(work)


if __name__ == "__main__":
    measure.main("growth", tables)
