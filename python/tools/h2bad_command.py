# SPDX-License-Identifier: MIT
"""`h2bad`: what a client does when a server misbehaves."""

import argparse
import os
import sys
import tempfile
from typing import Any, Dict, Optional, Sequence

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2bad import catalogue  # noqa: E402
from h2bad.plan import NEEDS, wanted  # noqa: E402
from h2bad.run import Runner  # noqa: E402


def main(argv: Sequence[str], h2rig: Optional[str] = None) -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="h2bad", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run")
    run.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    run.add_argument("--timeout", type=float, default=10.0)
    run.add_argument("--needs", default="")
    run.add_argument("--got", choices=["exit"])
    run.add_argument("--dir")
    run.add_argument("globs", nargs="*", metavar="GLOB")
    listing = commands.add_parser("list")
    listing.add_argument("globs", nargs="*", metavar="GLOB")
    own, command = list(argv), []
    if "--" in own:
        at = own.index("--")
        own, command = own[:at], own[at + 1:]
    options = parser.parse_args(own)
    try:
        cases = catalogue.select(catalogue.all_cases(), options.globs)
    except catalogue.CaseError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return 64
    if options.command == "list":
        for case in cases:
            print("%-34s %-6s %-22s %s" % (case.name, case.kind, case.section,
                                           case.title))
        return 0
    needs = set(options.needs.split(",")) - {""} | wanted(command)
    if "all" in needs:
        needs = set(NEEDS)
    directory = options.dir or tempfile.mkdtemp(prefix="h2bad-")
    runner = Runner(h2rig or "h2rig", command, directory, options.jobs,
                    sorted(needs), options.timeout,
                    got_exit=options.got == "exit")

    def done(case: Any, made: Dict[str, Any]) -> None:
        print("%-9s %-32s %-28s %s %s" % (
            made["verdict"], case.name, made["reaction"], made["reason"],
            made["message"]), flush=True)

    good = [c for c in catalogue.all_cases() if c.name == "good"]
    runner.cases(([] if cases[0].name == "good" else good) + cases, done)
    print("traces in %s" % directory)
    return 0
