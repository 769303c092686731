#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures what a connection costs: time to its first answer, with scripts of
several sizes, memory and page faults.

Our server forks a process for each connection.  Memory is read from /proc
(Linux), while the server has only one child.
"""
import contextlib
import functools
import os
import time
from typing import Any, Callable, Dict, Iterator, List, Tuple

import measure
import probe
import tap
from measure import Failed, Missing, Series, Table
from probe import Probe
from server import Server
from servers import Work

PATH = "/fast.py"
KINDS = {"TLS": True, "cleartext": False}


def first_octet(port: int, tls: bool, path: str = PATH) -> float:
    """Returns the milliseconds from connect() to the answer's HEADERS.  The
    request is sent together with the preface."""
    with Probe(port, tls, probe.get(1, path, tls)) as p:
        p.until(probe.HEADERS)
        return 1e3 * (time.perf_counter() - p.began)


def settings(port: int, tls: bool) -> float:
    """Returns the milliseconds from connect() to the server's SETTINGS."""
    with Probe(port, tls) as p:
        p.until(probe.SETTINGS)
        return 1e3 * (time.perf_counter() - p.began)


def second(port: int, tls: bool) -> float:
    """Returns the milliseconds that a connection's second request takes."""
    with Probe(port, tls, probe.get(1, PATH, tls)) as p:
        p.until(probe.HEADERS)
        p.finish()
        return 1e3 * p.fetch(PATH)


def beside(port: int, tls: bool) -> float:
    """Returns the milliseconds that a request takes while the script of
    another request of the connection sleeps."""
    with Probe(port, tls, probe.get(1, "/sleep.py", tls)) as p:
        p.fetch(PATH)
        return 1e3 * p.fetch(PATH)


STEPS: Tuple[Tuple[str, Callable[[int, bool], float]], ...] = (
    ("connect() to the server's SETTINGS", settings),
    ("connect() to first octet of the answer", first_octet),
    ("second request to first octet", second),
    ("... while a script of the connection sleeps", beside),
)


def ports(stack: contextlib.ExitStack, work: Work, tls: bool, table: Table
          ) -> Dict[str, int]:
    """Starts our server and, if it is installed, Node.  Returns their ports.
    """
    options = () if tls else ("--cleartext",)
    found = {"h2rig": stack.enter_context(work.ours(*options)).port}
    try:
        found["Node"] = stack.enter_context(work.node(not tls)).port
    except Missing as e:
        table.lack(e)
    return found


def fill(table: Table, rows: Dict[str, Dict[str, measure.Taker]],
         seconds: float) -> None:
    """Adds rows of milliseconds, with as many samples as `seconds` allow."""
    start = time.monotonic()
    measure.take_turns(rows, 1)         # dropped: first samples are untypical
    once = time.monotonic() - start
    taken = measure.take_turns(rows, max(measure.rounds(), min(
        200, int(seconds / once))))
    for label, by in taken.items():
        table.add(label, "ms", by)


def times(work: Work, seconds: float) -> Table:
    """Returns the table of times to the first octet."""
    table = Table("connect", "A new connection with one dynamic request")
    with contextlib.ExitStack() as stack:
        rows: Dict[str, Dict[str, measure.Taker]] = {}
        for kind, tls in KINDS.items():
            found = ports(stack, work, tls, table)
            for label, take in STEPS:
                rows[f"{kind}: {label}"] = {
                    who: functools.partial(take, port, tls)
                    for who, port in found.items()}
        fill(table, rows, seconds)
    return table


# ---- scripts

LINES = (10, 50, 200)


def script(lines: int) -> str:
    """Returns a script of at most `lines` lines, like those people write."""
    helper = ("\n\ndef helper_%d(request, name, default=None):\n"
              "    values = [v for v in request.GET.get(name, default or [])]\n"
              "    if not values:\n"
              "        raise KeyError(\"no \" + name)\n"
              "    return {\"name\": name, \"values\": sorted(values)}\n")
    main = "def main(request, response):\n    return [], b\"x\"\n"
    count = main.count("\n")
    each = helper.count("\n")
    return main + "".join(
        helper % i for i in range((lines - count) // each))


def changed(port: int, path: str, file: str) -> float:
    """Returns the same as first_octet for a script that has just changed, and
    so has to be compiled."""
    with open(file, "a", encoding="ascii") as f:
        f.write("\n")
    return first_octet(port, False, path)


def scripts(work: Work, seconds: float) -> Table:
    """Returns the table of first answers, with code that another connection
    has compiled ("shared"), and with code that has yet to be compiled."""
    table = Table("scripts", "First answer of a connection", "lines")
    with work.ours("--cleartext") as server:
        rows: Dict[str, Dict[str, measure.Taker]] = {}
        for lines in LINES:
            paths = {who: f"/{who}-{lines}.py" for who in ("kept", "changed")}
            files = {who: work.docroot + path for who, path in paths.items()}
            text = script(lines)
            for file in files.values():
                with open(file, "w", encoding="ascii") as f:
                    f.write(text)
            rows[str(text.count("\n"))] = {
                "shared": functools.partial(first_octet, server.port, False,
                                            paths["kept"]),
                "compiled": functools.partial(changed, server.port,
                                              paths["changed"],
                                              files["changed"])}
        fill(table, rows, seconds)
    return table


# ---- memory

def rollup(pid: int) -> Dict[str, float]:
    """Returns a process's memory by kind, in KiB: Rss, Pss, Private_Dirty...
    """
    kinds = {}
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            words = line.split()
            if len(words) == 3 and words[2] == "kB":
                kinds[words[0].rstrip(":")] = float(words[1])
    return kinds


def minor_faults(pid: int) -> float:
    """Returns the number of minor page faults (those without I/O) so far."""
    with open(f"/proc/{pid}/stat") as f:
        return float(f.read().rsplit(")", 1)[1].split()[7])


def only_child(server: Server) -> int:
    """Returns the process id of the server's only connection."""
    if not tap.wait_until(lambda: len(server.children()) == 1):
        raise Failed(f"children of the server: {server.children()}")
    return server.children()[0]


def state(pid: int) -> Dict[str, float]:
    """Returns what the memory table shows of a child, by name."""
    kinds = rollup(pid)
    return {"PSS": kinds["Pss"], "Private_Dirty": kinds["Private_Dirty"],
            "minor faults": minor_faults(pid)}


STATES = ("before the first request", "after it", "after 100 requests")


def child_states(server: Server) -> List[Dict[str, float]]:
    """Makes a connection.  Returns its process's state() for each of STATES.
    """
    with Probe(server.port, server.scheme == "https") as p:
        p.until(probe.SETTINGS, 1)   # ours is acknowledged: it idles now
        pid = only_child(server)
        seen = [state(pid)]
        for requests in (1, 99):
            for _ in range(requests):
                p.fetch(PATH)
            seen.append(state(pid))
    tap.wait_until(lambda: not server.children())
    return seen


def memory(work: Work) -> Table:
    """Returns the table of a child's memory."""
    table = Table("memory", "Memory of a connection's process",
                  compared=False)
    if not os.access("/proc/self/smaps_rollup", os.R_OK):
        table.lack("/proc/PID/smaps_rollup (Linux 4.14)")
        return table
    for kind, tls in KINDS.items():
        with work.ours(*(() if tls else ("--cleartext",))) as server:
            samples = [child_states(server) for _ in range(measure.rounds())]
        for what in samples[0][0]:
            table.add(f"{kind}: {what}", "KiB" if what[0].isupper() else "",
                      {when: Series(s[i][what] for s in samples)
                       for i, when in enumerate(STATES)})
    table.note = ("Minor faults are counted from the fork on. PSS counts a "
                  "page that the child shares with the parent as half a page.")
    return table


def faults_each(url: str, pid: int) -> float:
    """Returns the page faults of a server and its processes per connection,
    for 20 connections with one request each.  perf counts exceptions; pages
    that the kernel copies during a system call are not among them."""
    seen = measure.run(["perf", "stat", "-x", ",", "-e", "page-faults", "-p",
                        str(pid), "--", "h2load", "-n20", "-c20", "-m1", url])
    return float(seen.stderr.split(",")[0]) / 20


def faults(work: Work) -> Table:
    """Returns the table of page faults per connection."""
    table = Table("faults", "Page faults of a connection with one request")
    rows: Dict[str, Dict[str, measure.Taker]] = {}
    with contextlib.ExitStack() as stack:
        for kind, tls in KINDS.items():
            ours = work.ours(*(() if tls else ("--cleartext",)))
            rivals: Dict[str, Any] = {"h2rig": stack.enter_context(ours)}
            try:
                rivals["Node"] = stack.enter_context(work.node(not tls))
            except Missing as e:
                table.lack(e)
            rows[kind] = {who: functools.partial(
                faults_each, f"{s.scheme}://127.0.0.1:{s.port}{PATH}", s.pid)
                for who, s in rivals.items()}
        try:
            for kind, by in measure.take_turns(rows).items():
                table.add(kind, "page faults", by)
        except (Missing, Failed, ValueError) as e:
            table.lack(f"perf that may count, or h2load ({e})")
    return table


def tables(seconds: float) -> Iterator[Table]:
    """Yields the tables: time, scripts, memory, page faults."""
    with Work() as work:
        yield times(work, seconds * 0.6)
        yield scripts(work, seconds * 0.15)
        yield memory(work)
        yield faults(work)


if __name__ == "__main__":
    measure.main("connect", tables)
