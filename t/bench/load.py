#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures the whole server under h2load, over TLS, beside the same in Node.

Both servers run all the time, and h2load loads them in turns.  h2load and the
servers share the machine's cores.
"""
import contextlib
import functools
import re
from typing import Callable, Dict, Iterator, List, NamedTuple, Tuple

import measure
from measure import Failed, Missing, Table
from servers import KIB, MIB, Work

UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6}


class Result(NamedTuple):
    """What h2load reports: requests answered, seconds, octets of DATA."""
    requests: int
    seconds: float
    octets: int


class NoAnswer(Failed):
    """h2load got no answer, but also saw no failure."""


def h2load(*arguments: str, timeout: float = 60) -> Result:
    """Runs h2load with these arguments; timeout: seconds.  Raises NoAnswer if
    no request was answered, Failed if one failed or was not answered 2xx."""
    try:
        out = measure.run(["h2load", *arguments], timeout).stdout
    except measure.TimedOut as e:
        raise NoAnswer(str(e)) from e
    finished = re.search(r"finished in ([\d.]+)(s|ms|us)", out)
    requests = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", out)
    status = re.search(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, "
                       r"(\d+) 5xx", out)
    data = re.search(r"\(([\d]+)\) data", out)
    if not (finished and requests and status and data):
        raise Failed(f"h2load {' '.join(arguments)}: {out[-2000:]}")
    said = (f"h2load {' '.join(arguments)}: {requests.group(0)}, "
            f"{status.group(0)}")
    if int(requests.group(2)) or any(int(n) for n in status.groups()[1:]):
        raise Failed(said)
    if not int(requests.group(1)):
        raise NoAnswer(said)
    return Result(int(requests.group(1)), float(finished.group(1))
                  * UNITS[finished.group(2)], int(data.group(1)))


@functools.lru_cache(maxsize=None)
def takes_ms_for_s() -> bool:
    """Returns whether h2load is old, like 1.43, and takes -D 200ms for 200 s.
    """
    return " nghttp2/1.4" in measure.first_line("h2load", "--version")


def sustained(seconds: float, *arguments: str) -> Result:
    """Loads the server for this time, after all connections are open.  Tries
    twice as long, up to three times, if no request was answered in that time,
    or if h2load did not end (seen once with -c8 -m32 on a busy machine, and
    not in 188 runs after)."""
    if takes_ms_for_s():
        raise Missing("h2load 1.52 or later")
    seconds = max(seconds, 0.2)
    for longer in (1, 2, 4, 8):
        try:
            return h2load("-D", f"{int(seconds * longer * 1000)}ms",
                          *arguments, timeout=seconds * longer + 10)
        except NoAnswer as e:
            last = e
    raise last


requests_that_took: Dict[Tuple[str, ...], int] = {}
"""The number of requests that `counted` sent last, by h2load's arguments."""


def counted(seconds: float, *arguments: str) -> Result:
    """Sends as many requests as take about this time, from the start of the
    connections to the end of the last answer.  For answers that are few in
    that time; and for files, since Node's respondWithFile (20.20) serves no
    more files after clients have left in the middle of some."""
    n = requests_that_took.get(arguments, 2 * in_flight(arguments))
    while True:
        result = h2load("-n", str(n), *arguments)
        requests_that_took[arguments] = n
        if result.seconds >= 0.75 * seconds:
            return result
        n = int(n * min(10, 1.1 * seconds / result.seconds)) + 1


def in_flight(arguments: Tuple[str, ...]) -> int:
    """Returns the number of requests at a time, from -cN and -mN."""
    product = 1
    for argument in arguments:
        if re.fullmatch(r"-[cm]\d+", argument):
            product *= int(argument[2:])
    return product


def repeated(seconds: float, *arguments: str) -> Result:
    """Makes connections with one request each, 20 at once, for this time.
    Only the time that h2load reports counts."""
    total = Result(0, 0.0, 0)
    while total.seconds < seconds:
        one = h2load("-n", "20", "-c", "20", *arguments)
        total = Result(total.requests + one.requests,
                       total.seconds + one.seconds, total.octets + one.octets)
    return total


def per_second(r: Result) -> float:
    """Returns requests per second."""
    return r.requests / r.seconds


def milliseconds(r: Result) -> float:
    """Returns milliseconds per request, if there is one at a time."""
    return r.seconds / r.requests * 1e3


def down(r: Result) -> float:
    """Returns megabytes of DATA received per second."""
    return r.octets / r.seconds / 1e6


class Workload(NamedTuple):
    """A row: how h2load is run, and which value of its result is shown.
    body: octets of content in a request; 0: the request is a GET."""
    label: str
    path: str
    body: int
    arguments: Tuple[str, ...]
    how: Callable[..., Result]
    unit: str
    value: Callable[[Result], float]


WORKLOADS = (
    Workload("new connections, one dynamic request each", "/fast.py", 0,
             ("-m1",), repeated, "connections/s", per_second),
    Workload("dynamic, 1 connection, 1 stream", "/fast.py", 0,
             ("-c1", "-m1"), sustained, "ms", milliseconds),
    Workload("dynamic, 1 connection, 100 streams", "/fast.py", 0,
             ("-c1", "-m100"), sustained, "requests/s", per_second),
    Workload("dynamic, 8 connections, 32 streams each", "/fast.py", 0,
             ("-c8", "-m32"), sustained, "requests/s", per_second),
    Workload("POST of 16 KiB, a function for each frame; 4 x 10",
             "/frame.py", 16 * KIB, ("-c4", "-m10"), sustained,
             "requests/s", per_second),
    Workload("static file of 1 KiB; 8 x 32", "/1k.txt", 0,
             ("-c8", "-m32"), counted, "requests/s", per_second),
    Workload("static file of 10 MiB; 2 x 2", "/10m.bin", 0,
             ("-c2", "-m2"), counted, "MB/s", down),
    Workload("upload of 10 MiB into request.body; 1 x 1", "/upload.py",
             10 * MIB, ("-c1", "-m1"), counted, "MB/s",
             lambda r: r.requests * 10 * MIB / r.seconds / 1e6),
)


def servers(stack: contextlib.ExitStack, work: Work, table: Table
            ) -> Dict[str, str]:
    """Starts our server and, if it is installed, Node.  Returns their URLs
    without a path."""
    urls = {"h2rig": stack.enter_context(work.ours()).url("")}
    try:
        urls["Node"] = stack.enter_context(work.node()).url("")
    except Missing as e:
        table.lack(e)
    return urls


def takers(work: Work, workload: Workload, urls: Dict[str, str],
           seconds: float) -> Dict[str, measure.Taker]:
    """Returns what takes a sample on each server; seconds: of one sample."""
    arguments: List[str] = list(workload.arguments)
    if workload.body:
        arguments += ["-d", work.body(workload.body)]

    def taker(url: str) -> measure.Taker:
        return lambda: workload.value(workload.how(
            seconds, *arguments, url + workload.path))

    for url in urls.values():               # compiles code, caches files
        h2load("-n", "20", *arguments, url + workload.path)
    return {who: taker(url) for who, url in urls.items()}


def tables(seconds: float) -> Iterator[Table]:
    """Yields one table."""
    table = Table("load", "The whole server under h2load, TLS")
    try:
        with Work() as work, contextlib.ExitStack() as stack:
            urls = servers(stack, work, table)
            each = 0.8 * seconds / (len(WORKLOADS) * len(urls)
                                    * measure.rounds())
            taken = measure.take_turns({
                w.label: takers(work, w, urls, each) for w in WORKLOADS})
        for w in WORKLOADS:
            table.add(w.label, w.unit, taken[w.label])
    except Missing as e:
        table.lack(f"{e} (nghttp2-client)" if str(e) == "h2load" else e)
    yield table


if __name__ == "__main__":
    measure.main("load", tables)
