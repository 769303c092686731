#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs all benchmarks, and writes their page.

    page.py [--write] [MODULE ...]

prints the tables of all modules, or of the named ones.  --write also puts each
table into doc/performance.md, between its marks

    <!-- begin NAME -->
    <!-- end NAME -->

and its chart, if it has one, into doc/performance/NAME.svg.  BENCH_SECONDS,
240 by default, is about the time that all modules take.  A run of less than 60
seconds takes only one sample of each thing, to show that it works.
"""
import importlib
import os
import re
import sys
import time
from typing import List

import measure
from measure import Failed, Table

DOC = os.path.join(measure.SOURCE, "doc")
PAGE = os.path.join(DOC, "performance.md")


def replace(page: str, name: str, content: str) -> str:
    """Returns the page with new content between the marks of this name."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    if page.count(begin) != 1 or page.count(end) != 1:
        raise Failed(f"{PAGE}: no marks of {name}")
    head, rest = page.split(begin)
    return head + begin + content + end + rest.split(end)[1]


def section(table: Table) -> str:
    """Returns a table and its chart, as Markdown."""
    picture = ""
    if table.chart is not None:
        picture = f"\n![{table.title}](performance/{table.name}.svg)\n"
    return table.markdown() + picture


def write(tables: List[Table], said: str) -> None:
    """Puts the tables into the page, and the charts into files beside it.
    said: the text about the machine."""
    with open(PAGE, encoding="utf-8") as f:
        page = replace(f.read(), "machine", said + "\n")
    os.makedirs(os.path.join(DOC, "performance"), exist_ok=True)
    for table in tables:
        page = replace(page, table.name, section(table))
        if table.chart is not None:
            with open(os.path.join(DOC, "performance", table.name + ".svg"),
                      "w", encoding="utf-8") as f:
                f.write(table.chart.svg())
    with open(PAGE, "w", encoding="utf-8") as f:
        f.write(page)


def run(name: str, tables: List[Table]) -> bool:
    """Runs a module, prints its tables and adds them to `tables`.  Returns
    whether it worked."""
    start = time.monotonic()
    try:
        module = importlib.import_module(name)
        for table in module.tables(measure.total_seconds()
                                   * measure.SHARES[name]):
            print(table.text(), flush=True)
            tables.append(table)
    except Failed as e:
        print(f"{name}: failed: {e}\n", flush=True)
        return False
    print(f"({name}: {time.monotonic() - start:.0f} s)\n", flush=True)
    return True


def main() -> int:
    """Returns 0, 1 if a benchmark failed, or 64 for an unknown name."""
    names = [a for a in sys.argv[1:] if a != "--write"]
    unknown = [n for n in names if n not in measure.SHARES]
    if unknown:
        print(f"page.py: no benchmark {unknown[0]}; there are "
              f"{', '.join(measure.SHARES)}", file=sys.stderr)
        return 64
    before = measure.load_average()
    machine = measure.machine()
    print(machine + "\n", flush=True)
    tables: List[Table] = []
    worked = [run(name, tables) for name in names or measure.SHARES]
    said = (f"{time.strftime('%Y-%m-%d')}, "
            f"BENCH_SECONDS={measure.total_seconds():g}; {machine}. Load "
            f"average before the run: {before}.")
    if "--write" in sys.argv[1:]:
        write([t for t in tables if t.rows], re.sub(r"\s+", " ", said))
    return 0 if all(worked) else 1


if __name__ == "__main__":
    sys.exit(main())
