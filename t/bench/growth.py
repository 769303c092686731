#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How cost grows: with streams, connections, octets of body and fields.

Each at four sizes, ours beside Node's in turns; page.py draws the charts.
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
    """A table and the chart of it."""

    def __init__(self, name: str, title: str, head: str, unit: str,
                 log: bool = True, compared: bool = True) -> None:
        self.unit = unit
        self.table = Table(name, title, head, compared)
        self.chart = self.table.chart = Chart(
            title, head, f"{unit}, median and spread", log)

    def add(self, size: float, label: str, by: Dict[str, Series],
            what: str = "") -> None:
        """A row, and its points; what: told apart from other rows of the
        size."""
        self.table.add(row_label(what, label), self.unit, by)
        for who, series in by.items():
            self.chart.add(f"{who}, {what}" if what else who, size, label,
                           series)

    def load(self, urls: Urls, seconds: float, how: Load,
             value: Callable[[Result], float], ways: Sequence["Way"]
             ) -> Table:
        """A row for each way, by h2load on each server."""
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
    """How one size is loaded."""
    size: int
    label: str
    path: str
    arguments: Tuple[str, ...]
    what: str = ""


def row_label(what: str, label: str) -> str:
    """Of a row of the table."""
    return f"{what}, {label}" if what else label


def microseconds(r: Result) -> float:
    """Of a request, whatever goes on beside it."""
    return r.seconds / r.requests * 1e6


def streams(urls: Urls, seconds: float) -> Table:
    """Concurrent streams of one connection."""
    g = Growth("streams", "Dynamic requests on one connection",
               "concurrent streams", "microseconds per request")
    return g.load(urls, seconds, load.sustained, microseconds, [
        Way(n, str(n), "/fast.py", ("-c1", f"-m{n}"))
        for n in measure.sizes(STREAMS)])


def octets(n: int) -> str:
    """A round number of octets: 4 MiB."""
    return f"{n // MIB} MiB" if n >= MIB else f"{n // KIB} KiB"


def bodies(work: Work, urls: Urls, seconds: float) -> Table:
    """Octets that go down, and that go up."""
    g = Growth("bodies", "Bodies, one request after the other",
               "size of the body", "milliseconds per request")
    sizes = measure.sizes(BODIES)
    return g.load(urls, seconds, load.counted, load.milliseconds, [
        *(Way(n, octets(n), f"/answer.py?octets={n}", ("-c1", "-m1"), "down")
          for n in sizes),
        *(Way(n, octets(n), "/upload.py", ("-c1", "-m1", "-d", work.body(n)),
              "up") for n in sizes)])


def fields(urls: Urls, seconds: float) -> Table:
    """Field lines of a request, and of an answer."""
    g = Growth("fields", "Field lines, one request after the other",
               "field lines of 33 octets", "milliseconds per request")
    sizes = measure.sizes(FIELDS)
    return g.load(urls, seconds, load.sustained, load.milliseconds, [
        *(Way(n, str(n), f"/answer.py?fields={n}", ("-c1", "-m1"),
              "in answer") for n in sizes),
        *(Way(n, str(n), "/fast.py", ("-c1", "-m1", *request_fields(n)),
              "in request") for n in sizes)])


def request_fields(n: int) -> Iterator[str]:
    """As docroot/answer.py makes them, for h2load's command line."""
    for i in range(n):
        yield from ("-H", f"x-bench-{i:04d}: a value of field {i:04d}")


# ---- connections

def pss(pid: int) -> float:
    """KiB of a process and its children."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=", "-o", "ppid="],
                             stdout=subprocess.PIPE, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listing.splitlines()]
    total = 0.0
    for each in [pid] + [child for child, parent in pairs if parent == pid]:
        with contextlib.suppress(OSError):      # it has just ended
            total += connect.rollup(each).get("Pss", 0.0)
    return total


def many(server: connect.Server, n: int) -> Tuple[float, float]:
    """n connections that have made a request each and idle: KiB of memory of
    each, and milliseconds to the first octet of one more."""
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
    """Memory and time, with connections that are open."""
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
        for server in rivals.values():          # not the first of all
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
    """One for each thing that grows; two for connections."""
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
