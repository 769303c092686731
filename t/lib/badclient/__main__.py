# SPDX-License-Identifier: MIT
"""The command; see __init__.py."""
import argparse
import json
import os
import resource
import sys
from typing import Set

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from badclient.client import Client, Options  # noqa: E402
from badclient.exchange import Exchange  # noqa: E402
from badclient.hpack import TABLE_SIZE  # noqa: E402
from badclient.rules import NAIVE, RULES, Rules  # noqa: E402

USAGE = 64


def arguments() -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        prog="badclient", description=__doc__,
        epilog="H2BAD_PLAN: what to fetch, as JSON.  H2BAD_CA: PEM file.")
    parser.add_argument("--mode", default="good",
                        choices=("good", "naive", "hang", "crash"))
    parser.add_argument("--push", action="store_true",
                        help="let the server push")
    parser.add_argument("--table-size", type=int, default=TABLE_SIZE,
                        metavar="N", help="our SETTINGS_HEADER_TABLE_SIZE")
    parser.add_argument("--without", default="", metavar="RULE,...",
                        help="these rules are not kept (see rules.py)")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("urls", nargs="*", metavar="URL",
                        help="to GET, if there is no H2BAD_PLAN")
    return parser.parse_args()


def main() -> int:
    """Runs the client.  Returns its exit status."""
    chosen = arguments()
    if chosen.version:
        print(f"badclient {chosen.mode}")
        return 0
    without: Set[str] = set(filter(None, chosen.without.split(",")))
    try:
        Rules(without)
        plan = json.loads(os.environ.get("H2BAD_PLAN") or json.dumps(
            {"urls": [{"url": url} for url in chosen.urls]}))
        entries, seconds = plan["urls"], float(plan.get("timeout_s", 10))
        for entry in entries:
            Exchange(Rules(()), entry)
        if not entries:
            raise ValueError("no URL")
    except (AttributeError, KeyError, TypeError, ValueError) as e:
        print(f"badclient: H2BAD_PLAN or --without: {type(e).__name__}: {e}; "
              "see t/lib/badclient/__init__.py", file=sys.stderr)
        return USAGE
    kept = (NAIVE if chosen.mode == "naive" else set(RULES)) - without
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # All other cases depend on the case `good`.
    mode = "good" if plan.get("name") == "good" else chosen.mode
    client = Client(Options(
        Rules(kept), os.environ.get("H2BAD_CA"), chosen.push,
        chosen.table_size, mode == "hang", mode == "crash"))
    outcomes = client.run(entries, seconds)
    client.close()
    judged = [outcome for entry, outcome in zip(entries, outcomes)
              if not entry.get("follow_up")] or outcomes
    for entry, outcome in zip(entries, outcomes):
        if not outcome.status:
            print(f"badclient: {entry['url']}: {outcome.why}",
                  file=sys.stderr)
    return 0 if judged[-1].status else 1


if __name__ == "__main__":
    sys.exit(main())
