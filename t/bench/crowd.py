#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures thousands of connections, each of which has a process: the cost of
one more connection, and the private memory of an idle one.  They use
cleartext, so that OpenSSL has no part in the figures.

It needs Linux, since it reads /proc.  The parent has four descriptors for
each connection, so it comes near to its descriptor limit at the end.
"""
import os
import random
import resource
import time
from typing import Dict, Iterator, List

import connect
import measure
import probe
from connect import Server
from growth import Growth
from measure import Failed, Series, Table
from probe import Probe
from servers import Work

#: Numbers of open connections.  For 5,000 the parent would need more than
#: 20,000 descriptors.
CROWDS = (10, 100, 1000, 4900)
#: Connections in a sample.  One would be too few: /proc counts the time of
#: ended children in ticks of 10 ms.
MORE = 30


def parent_us(pid: int) -> float:
    """Returns the processor time that a process has used, in microseconds."""
    with open(f"/proc/{pid}/schedstat") as f:
        return int(f.read().split()[0]) / 1e3


def children_us(pid: int) -> float:
    """Returns the processor time of a process's children that have ended, in
    microseconds."""
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return sum(map(int, fields[13:15])) * 1e6 / os.sysconf("SC_CLK_TCK")


def one_more(server: Server) -> Dict[str, float]:
    """Returns the microseconds of processor time that the parent and the
    connection's process use for a connection with one request.  The time that
    the parent uses at rest is subtracted."""
    def used(seconds: float, connections: int) -> List[float]:
        start = time.monotonic()
        before = [parent_us(server.pid), children_us(server.pid)]
        for _ in range(connections):
            with Probe(server.port, False) as p:
                p.fetch("/fast.py")
        time.sleep(max(0, seconds - (time.monotonic() - start)))
        took = time.monotonic() - start
        return [parent_us(server.pid) - before[0],
                children_us(server.pid) - before[1], took]

    rest = used(1, 0)
    parent, children, took = used(1, MORE)
    return {"parent": max(0, parent - rest[0] * took / rest[2]) / MORE,
            "its process": children / MORE}


def own_memory(pid: int) -> Dict[str, float]:
    """Returns the KiB of memory that only this process has, by kind."""
    kinds = connect.rollup(pid)
    with open(f"/proc/{pid}/status") as f:
        tables = next(float(line.split()[1]) for line in f
                      if line.startswith("VmPTE"))
    return {"private pages": kinds["Private_Clean"] + kinds["Private_Dirty"],
            "page tables": tables}


def columns(samples: List[Dict[str, float]]) -> Dict[str, Series]:
    """Returns a Series for each name; all samples have the same names."""
    return {name: Series(s[name] for s in samples) for name in samples[0]}


def crowds(server: Server, cost: Growth, memory: Growth) -> None:
    """Opens connections, keeps them open, and measures at each of CROWDS."""
    held: List[Probe] = []
    try:
        for n in measure.sizes(CROWDS):
            while len(held) < n:
                held.append(Probe(server.port, False))
                held[-1].until(probe.SETTINGS, 1)
            cost.add(n, f"{n:,}", columns(
                [one_more(server) for _ in range(measure.rounds())]))
            some = random.sample(server.children(), min(n, 10))
            memory.add(n, f"{n:,}", columns(list(map(own_memory, some))))
    finally:
        for p in held:
            p.close()


def tables(_: float) -> Iterator[Table]:
    """Yields the tables: processor time, then memory."""
    cost = Growth("crowd", "One more connection, with one request",
                  "open connections", "microseconds of processor time",
                  compared=False)
    memory = Growth("crowd-memory", "Memory of an idle connection's own",
                    "open connections", "KiB", log=False, compared=False)
    if not os.access("/proc/self/schedstat", os.R_OK):
        cost.table.lack("/proc/PID/schedstat (Linux)")
        yield cost.table
        return
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        with Work() as work, work.ours(
                "--cleartext", "--max-children", str(max(CROWDS) + 100),
                "--idle-timeout", "3600") as server:
            crowds(server, cost, memory)
    except (OSError, ConnectionError) as e:
        raise Failed(f"{len(CROWDS)} sizes, {most} descriptors: {e}") from e
    yield cost.table
    yield memory.table


if __name__ == "__main__":
    measure.main("crowd", tables)
