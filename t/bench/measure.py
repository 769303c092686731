# SPDX-License-Identifier: MIT
"""Shared parts of the benchmarks: samples, turns, tables, shares of the time.

A benchmark module has a generator `tables(seconds)` of `Table`, which takes
about that many seconds, and calls main(NAME, tables) when it is run by itself.
BENCH_SECONDS is the time of all modules together; a module that is run by
itself takes its share (SHARES) of it.

Things that are compared take turns within one run (`take_turns`), since the
load of a machine and the speed of its processor change from minute to minute.
So compare ratios and columns of one table rather than figures of two runs.
"""
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
from typing import (TYPE_CHECKING, Callable, Dict, Iterable, List, NamedTuple,
                    Optional, Sequence, Tuple)

if TYPE_CHECKING:
    from plot import Chart

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
"""The top of the source tree."""
COMPILE = ("-O2", "-std=c11", "-D_XOPEN_SOURCE=700",
           "-Werror=incompatible-pointer-types",
           "-I" + os.path.join(SOURCE, "src"))
"""Compiler options for our programs, besides -lnghttp2."""
sys.path.insert(0, os.path.join(SOURCE, "t", "lib"))
sys.dont_write_bytecode = True      # the source tree may be read-only

SHARES = {"hpack": 0.11, "session": 0.09, "connect": 0.10, "stash_ops": 0.06,
          "start": 0.05, "load": 0.22, "growth": 0.22, "crowd": 0.15}
"""Each module's share of the time, in the order in which they run."""

class Missing(Exception):
    """Something to compare with is not installed; the text names it."""


class Failed(Exception):
    """Something that a benchmark needs did not work; the text names it."""


class TimedOut(Failed):
    """A command did not end in time."""


def total_seconds() -> float:
    """Returns the seconds that all benchmarks may take together."""
    return float(os.environ.get("BENCH_SECONDS") or 240)


def short() -> bool:
    """Returns whether the run is too short for a spread, and so only shows
    that the benchmarks work."""
    return total_seconds() < 60


def rounds() -> int:
    """Returns the number of samples of each thing: 5, or 1 in a short run."""
    return 1 if short() else 5


def sizes(them: Sequence[int]) -> Sequence[int]:
    """Returns all of these sizes, or the first two in a short run."""
    return them[:2] if short() else them


class Series:
    """Samples of one thing, in one unit."""

    def __init__(self, samples: Iterable[float]) -> None:
        self.samples = list(samples)

    @property
    def median(self) -> float:
        return statistics.median(self.samples)

    @property
    def low(self) -> float:
        return min(self.samples)

    @property
    def high(self) -> float:
        return max(self.samples)

    def __str__(self) -> str:
        """Returns median and spread: "12.3 (11.9-14.0)"."""
        return (f"{figure(self.median)} ({figure(self.low)}-"
                f"{figure(self.high)})")


def figure(value: float) -> str:
    """Returns a number as readable text, with three or more digits."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    if abs(value) >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


Taker = Callable[[], float]
"""Takes one sample."""


def take_turns(rows: Dict[str, Dict[str, Taker]],
               times: Optional[int] = None) -> Dict[str, Dict[str, Series]]:
    """Calls each taker `times` times (rounds() by default): each once in their
    order, then each once in reverse order, and so on.  So the rivals of a row,
    which are neighbours, meet the same conditions, and a minute in which the
    machine is busy spoils a sample of each row, not all samples of one row.
    Returns the samples, by row and rival.
    """
    order = [(label, who) for label, by in rows.items() for who in by]
    samples: Dict[Tuple[str, str], List[float]] = {key: [] for key in order}
    for i in range(times or rounds()):
        for label, who in order if i % 2 == 0 else reversed(order):
            samples[label, who].append(rows[label][who]())
    return {label: {who: Series(samples[label, who]) for who in by}
            for label, by in rows.items()}


class Row(NamedTuple):
    """One line of a table: its label, its unit, and the samples by rival."""
    label: str
    unit: str
    by: Dict[str, Series]


class Table:
    """Rows of figures; `name` is the table's name in the marks of the page.

    head: the head of the first column.  compared: the columns are rivals, and
    the table has the ratio of the first one to each other one.  missing:
    things that were not installed.  chart: a chart of the same figures, or
    None.
    """

    def __init__(self, name: str, title: str, head: str = "",
                 compared: bool = True) -> None:
        self.name, self.title, self.head = name, title, head
        self.compared, self.note = compared, ""
        self.rows: List[Row] = []
        self.chart: Optional["Chart"] = None
        self.missing: List[str] = []

    def add(self, label: str, unit: str, by: Dict[str, Series]) -> None:
        """Adds a row."""
        self.rows.append(Row(label, unit, by))

    def lack(self, why: object) -> None:
        """Notes that something, which `why` names, is not installed."""
        if str(why) not in self.missing:
            self.missing.append(str(why))

    def cells(self) -> List[List[str]]:
        """Returns the table's cells as text; the first row is the head."""
        columns: List[str] = []
        for row in self.rows:
            columns += [who for who in row.by if who not in columns]
        ratios = [(columns[0], who) for who in columns[1:] if self.compared]
        out = [[self.head, "unit", *columns,
                *(f"{ours} / {theirs}" for ours, theirs in ratios)]]
        for row in self.rows:
            out.append([row.label, row.unit,
                        *(str(row.by.get(who, "")) for who in columns),
                        *(quotient(row.by, *pair) for pair in ratios)])
        return out

    def text(self) -> str:
        """Returns the table for a terminal."""
        cells = self.cells() if self.rows else []
        widths = [max(len(row[i]) for row in cells)
                  for i in range(len(cells[0]))] if cells else []
        lines = [self.title]
        for row in cells:
            lines.append("  ".join(
                text.ljust(w) if i < 2 else text.rjust(w)
                for i, (text, w) in enumerate(zip(row, widths))).rstrip())
        lines += [f"not installed: {what}" for what in self.missing]
        if self.note:
            lines.append(self.note)
        return "\n".join(lines) + "\n"

    def markdown(self) -> str:
        """Returns the table in Markdown, for doc/performance.md."""
        lines = []
        if self.rows:
            head, *rows = self.cells()
            lines = [shown(head), shown(
                ["---" if i < 2 else "---:" for i in range(len(head))]),
                *(shown(row) for row in rows)]
        lines += [f"\nNot installed: {what}." for what in self.missing]
        if self.note:
            lines.append("\n" + self.note)
        return "\n".join(lines) + "\n"


def shown(cells: List[str]) -> str:
    """Returns a line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def quotient(by: Dict[str, Series], ours: str, theirs: str) -> str:
    """Returns the ratio of two medians as text, empty if one is missing."""
    if ours not in by or theirs not in by or by[theirs].median == 0:
        return ""
    return f"{by[ours].median / by[theirs].median:.2f}"


def run(command: List[str], timeout: float = 120
        ) -> "subprocess.CompletedProcess[str]":
    """Runs a command.  Missing unless it is there; Failed, with what it
    wrote, unless it succeeds within timeout seconds."""
    if not shutil.which(command[0]):
        raise Missing(command[0])
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False,
                              timeout=timeout)
    except subprocess.TimeoutExpired as e:
        raise TimedOut(f"{command[0]}: {e}") from e
    except OSError as e:
        raise Failed(f"{command[0]}: {e}") from e
    if done.returncode != 0:
        raise Failed(f"{command[0]}: status {done.returncode}\n"
                     f"{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def compile_with_nghttp2(program: str, sources: Iterable[str]) -> None:
    """Compiles sources, whose paths are relative to SOURCE, to program.  CC
    names another compiler than gcc.  Raises Missing without libnghttp2."""
    cc = os.environ.get("CC", "gcc").split()
    try:
        run([*cc, "-x", "c", "-include", "nghttp2/nghttp2.h", "-E",
             os.devnull])
    except Failed as e:
        raise Missing("libnghttp2 and its header files "
                      "(libnghttp2-dev)") from e
    run([*cc, *COMPILE, "-o", program,
         *(os.path.join(SOURCE, name) for name in sources), "-lnghttp2"])


def first_line(*command: str) -> str:
    """Returns the first line of a command's output, such as its version; an
    empty string if there is none."""
    try:
        return run(list(command), 10).stdout.splitlines()[0].strip()
    except (Missing, Failed, IndexError):
        return ""


def processor() -> str:
    """Returns the processor's name, or its kind if the name is not known."""
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def load_average() -> str:
    """Returns the load average of the last minute as text."""
    try:
        return figure(os.getloadavg()[0])
    except OSError:
        return "unknown"


def machine() -> str:
    """Returns a line with the machine and the versions of the software."""
    words = [f"{os.cpu_count()} cores ({processor()})",
             f"{platform.system()} {platform.release()}",
             f"Python {platform.python_version()}",
             first_line(*os.environ.get("CC", "gcc").split(), "--version"),
             first_line("openssl", "version").split(" (")[0],
             first_line("h2load", "--version")]
    node = first_line("node", "--version")
    if node:
        words.append(f"Node {node}")
    return ", ".join(word for word in words if word)


def main(name: str, tables: Callable[[float], Iterable[Table]]) -> None:
    """Prints a module's tables as they come.  Exits with 1 if one failed."""
    start = time.monotonic()
    try:
        for table in tables(total_seconds() * SHARES[name]):
            print(table.text(), flush=True)
    except Failed as e:
        print(f"{name}: {e}", file=sys.stderr)
        sys.exit(1)
    print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
