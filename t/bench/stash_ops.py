#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures operations per second on the stash, which all connections share, by
1 to 8 connections.

A script puts a value into the stash and takes it out again, many times.  Each
connection is a process, and all of them run the script at once.
"""
from typing import Iterator, List

import measure
import probe
from measure import Series, Table
from probe import Probe
from servers import Work

PROCESSES = (1, 2, 4, 8)


def operations(probes: List[Probe], n: int) -> float:
    """Returns puts and takes per second, while each connection makes n puts
    and n takes."""
    spent = probe.together(probes, f"/stash.py?n={n}")
    return 2 * n * len(probes) / spent


def samples(port: int, processes: int, seconds: float) -> Series:
    """Takes the samples with this many connections, which takes about this
    many seconds in all."""
    probes = [Probe(port, tls=False) for _ in range(processes)]
    try:
        operations(probes, 1)               # opens the file
        rate = operations(probes, 50)
        times = measure.rounds()
        n = max(int(rate * seconds / times / (2 * processes)), 10)
        return Series([operations(probes, n) for _ in range(times)])
    finally:
        for p in probes:
            p.close()


def tables(seconds: float) -> Iterator[Table]:
    """Yields one table."""
    table = Table("stash", "Stash, put and take in one script",
                  "connections at once")
    with Work() as work, work.ours("--cleartext") as server:
        for processes in measure.sizes(PROCESSES):
            table.add(str(processes), "operations/s", {"h2rig": samples(
                server.port, processes, seconds / len(PROCESSES))})
    yield table


if __name__ == "__main__":
    measure.main("stash_ops", tables)
