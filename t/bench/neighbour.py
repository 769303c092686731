#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures how long a connection waits for the first octet of an answer, with
and without other connections whose scripts burn processor time.

    python3 t/bench/neighbour.py [--count N]

It starts ./h2rig (or $H2RIG).  It measures with no such neighbour, with one,
and with as many as there are processors, in turns, so that other work of the
machine affects all of them alike.  Requests use a connection that is open, or
a new one each (with TCP, TLS and a process of its own).  It takes about 15 s.
"""
import argparse
import os
import shutil
import statistics
import sys
import tempfile
import time
from typing import Dict, List, Tuple

# Replaces this directory, so that `hpack` is python3-hpack, not ./hpack.py.
sys.path[0] = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                           os.pardir, "lib")
from rawclient import Client                                    # noqa: E402
from server import Server                                       # noqa: E402

TURNS = 10
QUICK = "def main(request, response):\n    return 'quick'\n"
BURNS = ("import os\n"
         "def main(request, response):\n"
         "    response.write_status_headers()\n"
         "    response.writer.write_data('x')\n"
         "    while os.path.exists(%r):\n"
         "        for _ in range(10000):\n"
         "            pass\n")


def first_octet(c: Client) -> None:
    """Makes a request, and waits until its answer begins."""
    x = c.request("/quick.py")
    if not c.wait_for(lambda: x.frames) or x.status != 200:
        raise RuntimeError(f"not served: {x}")


def measure(port: int, open_one: Client, n: int) -> Dict[str, List[float]]:
    """Makes n requests of each kind, one after the other.  Returns the
    milliseconds that they took."""
    took: Dict[str, List[float]] = {"open": [], "new": []}
    for _ in range(n):
        begun = time.monotonic()
        first_octet(open_one)
        took["open"].append((time.monotonic() - begun) * 1000)
    for _ in range(n):
        begun = time.monotonic()
        with Client(port) as c:
            first_octet(c)
            took["new"].append((time.monotonic() - begun) * 1000)
    return took


def burn(port: int, n: int) -> List[Client]:
    """Returns n connections whose scripts have begun to burn time."""
    clients = [Client(port) for _ in range(n)]
    for c in clients:
        x = c.request("/burns.py")
        if not c.wait_for(lambda x=x: x.data):
            raise RuntimeError("the neighbour does not run")
    return clients


def turns(s: Server, flag: str, count: int) -> Dict[Tuple[int, str],
                                                    List[float]]:
    """Returns all measurements, by number of neighbours and kind.  flag: a
    path; scripts burn time while this file exists."""
    numbers = sorted({0, 1, os.cpu_count() or 1})
    took: Dict[Tuple[int, str], List[float]] = {}
    with Client(s.port) as open_one:
        first_octet(open_one)
        for _ in range(TURNS):
            for n in numbers:
                with open(flag, "wb"):
                    pass
                neighbours = burn(s.port, n)
                for kind, ms in measure(s.port, open_one,
                                        -(-count // TURNS)).items():
                    took.setdefault((n, kind), []).extend(ms)
                os.unlink(flag)
                for c in neighbours:
                    c.wait_for(lambda c=c: c.streams[1].done)
                    c.close()
    return took


def main() -> None:
    """Prints the table."""
    p = argparse.ArgumentParser()
    p.add_argument("--count", type=int, default=200,
                   help="requests of each kind, at least (%(default)s)")
    count = p.parse_args().count
    work = tempfile.mkdtemp(prefix="h2rig-neighbour-")
    flag = os.path.join(work, "burn")
    try:
        for name, text in (("quick", QUICK), ("burns", BURNS % flag)):
            with open(os.path.join(work, name + ".py"), "w",
                      encoding="ascii") as f:
                f.write(text)
        with Server(work) as s:
            took = turns(s, flag, count)
    finally:
        shutil.rmtree(work)
    print("first octet of an answer, ms       median     99 %    worst     of")
    for (n, kind), ms in sorted(took.items(), key=lambda x: (x[0][1] != "open",
                                                             x[0][0])):
        what = f"{kind} connection, {n} neighbour{'s' * (n != 1)}"
        print(f"{what:33} {statistics.median(ms):8.2f} "
              f"{sorted(ms)[int(len(ms) * 0.99) - 1]:8.2f} {max(ms):8.2f} "
              f"{len(ms):6}")


if __name__ == "__main__":
    main()
