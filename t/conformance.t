#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the rules of RFC 9113, 7541, 8441 and 9218 that show on the wire: one
case for each rule, by section, over TLS and in cleartext.

    conformance.t [TEXT]

runs only the cases whose names contain TEXT.  The cases are
in lib/conformance; each has its own connection, and a few run
at the same time.
"""
import concurrent.futures
import contextlib
import os
import shutil
import sys
import tempfile
from typing import List, Tuple

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "lib"))
import tap                                                      # noqa: E402
from conformance import (case, compression, connection,         # noqa: E402
                         extensions, flow, frames, messages, sections,
                         settings, streams)
from server import SCRIPTS, Server                              # noqa: E402

TABLES = [connection, streams, frames, settings, flow, messages, compression,
          extensions]
OWN_SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(case.__file__)),
                           "scripts")
PROFILES = {
    "default": [],
    "other": ["--max-concurrent-streams", "2", "--initial-window-size", "100",
              "--max-frame-size", "100000", "--no-connect-protocol"],
    "small table": ["--header-table-size", "256"],
}
TRANSPORTS = {"TLS": [], "cleartext": ["--cleartext"]}
AT_A_TIME = 6

t = tap.Tap()
Job = Tuple[str, case.Case]             # transport, case
Result = Tuple[str, case.Case, str]     # transport, case, what is wrong or ""


def jobs() -> List[Job]:
    """Returns (transport, case) for all cases that are asked for."""
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    cases = [c for table in TABLES for c in table.CASES if only in c.name]
    unknown = {c.section for c in cases} - set(sections.TITLES)
    assert not unknown, f"sections without a title: {unknown}"
    return [(transport, c) for transport in TRANSPORTS for c in cases
            if c.transport in (None, transport)]


def run_all(todo: List[Job]) -> List[Result]:
    """Runs the jobs.  Returns their results."""
    with contextlib.ExitStack() as stack:
        docroot = stack.enter_context(tempfile.TemporaryDirectory())
        for scripts in (SCRIPTS, OWN_SCRIPTS):
            shutil.copytree(scripts, docroot, dirs_exist_ok=True)
        servers = {
            (transport, profile): stack.enter_context(Server(
                docroot, *TRANSPORTS[transport], *PROFILES[profile]))
            for transport in TRANSPORTS for profile in PROFILES}
        pool = stack.enter_context(
            concurrent.futures.ThreadPoolExecutor(AT_A_TIME))
        done = [pool.submit(case.run, this, servers[transport, this.profile])
                for transport, this in todo]
        return [(*job, future.result()) for job, future in zip(todo, done)]


def report(section: str, results: List[Result]) -> str:
    """Prints the results of a section.  Returns the line that sums them up."""
    title = (section if section.startswith("RFC") else "RFC 9113 " + section)
    t.diag(f"{title} {sections.TITLES[section]}")
    for transport, this, wrong in results:
        t.ok(not wrong, f"[{transport}] {this.name}", wrong)
    good = sum(not wrong for _, _, wrong in results)
    return (f"{'pass' if good == len(results) else 'FAIL'}  "
            f"{good:3} of {len(results):3}  {title} "
            f"{sections.TITLES[section]}")


def main() -> None:
    """Runs the cases and prints them by section."""
    todo = jobs()
    names = [job[1].name for job in todo if job[0] == "TLS"]
    assert len(names) == len(set(names)), sorted(
        n for n in names if names.count(n) > 1)
    results = run_all(todo)
    summary = []
    for section in sections.TITLES:
        these = [r for r in results if r[1].section == section]
        if these:
            summary.append(report(section, these))
    t.diag("\n".join(summary))
    t.diag(f"{len({this.name for _, this in todo})} cases")
    t.done()


main()
