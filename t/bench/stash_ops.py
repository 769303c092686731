#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The stash, which all connections share: operations by 1 to 8 of them.

A script puts a value and takes it out again, many times; each connection is
a process, and all run the script at once.
"""
from typing import Iterator, List

import measure
import probe
from measure import Series, Table
from probe import Probe
from servers import Work

PROCESSES = (1, 2, 4, 8)


def operations(probes: List[Probe], n: int) -> float:
    """Puts and takes a second, n of each by each connection."""
    spent = probe.together(probes, f"/stash.py?n={n}")
    return 2 * n * len(probes) / spent


def samples(port: int, processes: int, seconds: float) -> Series:
    """So many connections, for about that long in all."""
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
    """One table."""
    table = Table("stash", "Stash, put and take in one script",
                  "connections at once")
    with Work() as work, work.ours("--cleartext") as server:
        for processes in measure.sizes(PROCESSES):
            table.add(str(processes), "operations/s", {"h2rig": samples(
                server.port, processes, seconds / len(PROCESSES))})
    yield table


if __name__ == "__main__":
    measure.main("stash_ops", tables)
