# SPDX-License-Identifier: MIT
"""What the benchmarks share: samples, turns, tables, the time they may take.

A benchmark module has a generator `tables(seconds)` of `Table`, which keeps
to about that many seconds, and calls main(NAME, tables) when it is run by
itself.  BENCH_SECONDS is what all modules take together; a module by itself
takes its share (SHARES) of it.

Whatever is compared takes turns within one run (`take_turns`), since the load
of a machine and the speed of its processor change from minute to minute:
compare ratios, and columns of one table, before figures of two runs.
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
"""What programs of ours are compiled with, beside -lnghttp2."""
sys.path.insert(0, os.path.join(SOURCE, "t", "lib"))
sys.dont_write_bytecode = True      # the source tree may be read-only

SHARES = {"hpack": 0.11, "session": 0.09, "connect": 0.10, "stash_ops": 0.06,
          "start": 0.05, "load": 0.22, "growth": 0.22, "crowd": 0.15}
"""Part of the time of each module, in the order they run."""

class Missing(Exception):
    """Something to compare with is not installed; says what."""


class Failed(Exception):
    """Something that a benchmark needs did not work; says what."""


class TimedOut(Failed):
    """A command did not end in time."""


def total_seconds() -> float:
    """What all benchmarks may take together."""
    return float(os.environ.get("BENCH_SECONDS") or 240)


def short() -> bool:
    """Whether the run is too short for a spread: a look at whether it works.
    """
    return total_seconds() < 60


def rounds() -> int:
    """Samples of each thing: 5, or 1 in a short run."""
    return 1 if short() else 5


def sizes(them: Sequence[int]) -> Sequence[int]:
    """All of them, or the first two in a short run."""
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
        """Median and spread: "12.3 (11.9-14.0)"."""
        return (f"{figure(self.median)} ({figure(self.low)}-"
                f"{figure(self.high)})")


def figure(value: float) -> str:
    """A number with three digits that count, as people read it."""
    if abs(value) >= 99.95:
        return f"{value:,.0f}"
    if abs(value) >= 9.995:
        return f"{value:.1f}"
    return f"{value:.2f}"


Taker = Callable[[], float]
"""Takes one sample."""


def take_turns(rows: Dict[str, Dict[str, Taker]],
               times: Optional[int] = None) -> Dict[str, Dict[str, Series]]:
    """Calls each taker `times` times (rounds() by default): all of them once
    in their order, then all backwards, and so on.  So rivals, who stand beside
    each other in a row, meet the same conditions, and a minute in which the
    machine is busy costs each row a sample and not one row all of them.
    """
    order = [(label, who) for label, by in rows.items() for who in by]
    samples: Dict[Tuple[str, str], List[float]] = {key: [] for key in order}
    for i in range(times or rounds()):
        for label, who in order if i % 2 == 0 else reversed(order):
            samples[label, who].append(rows[label][who]())
    return {label: {who: Series(samples[label, who]) for who in by}
            for label, by in rows.items()}


class Row(NamedTuple):
    """One line of a table: what, in which unit, by whom."""
    label: str
    unit: str
    by: Dict[str, Series]


class Table:
    """Rows of figures; `name` is what the page knows the table by.

    head: of the first column.  compared: the columns are rivals, and there
    is a ratio of the first to each other one.  missing: what was not
    installed.  chart: of the same figures, where there is one.
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
        """Notes that something is not installed."""
        if str(why) not in self.missing:
            self.missing.append(str(why))

    def cells(self) -> List[List[str]]:
        """The table as text, its first row the head."""
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
        """For a terminal."""
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
        """For doc/performance.md."""
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
    """A line of a table in Markdown."""
    return "| " + " | ".join(cells) + " |"


def quotient(by: Dict[str, Series], ours: str, theirs: str) -> str:
    """Ratio of two medians as text; empty where one is not there."""
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
    """Compiles sources, named from the top of the source tree, to program.
    CC names another compiler."""
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
    """What a program says of its version; empty if it is not there."""
    try:
        return run(list(command), 10).stdout.splitlines()[0].strip()
    except (Missing, Failed, IndexError):
        return ""


def processor() -> str:
    """The processor's name, where the system tells it."""
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def load_average() -> str:
    """Processes that ran or wanted to, over the last minute."""
    try:
        return figure(os.getloadavg()[0])
    except OSError:
        return "unknown"


def machine() -> str:
    """One line: the machine and the versions of what is compared."""
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
    """Prints a module's tables as they come; exits with 1 if one failed."""
    start = time.monotonic()
    try:
        for table in tables(total_seconds() * SHARES[name]):
            print(table.text(), flush=True)
    except Failed as e:
        print(f"{name}: {e}", file=sys.stderr)
        sys.exit(1)
    print(f"{name}: {time.monotonic() - start:.0f} s", file=sys.stderr)
