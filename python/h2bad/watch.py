# SPDX-License-Identifier: MIT
"""Judges the cases of `h2bad serve` as their connections end."""

import contextlib
import os
import sys
import time
import urllib.parse
from typing import Any, Dict, List, Optional, Set, Tuple

from h2bad import catalogue
from h2bad.keep import Kept
from h2bad.observed import Connection, Observed, judge
from h2bad.outcome import Verdict
from h2bad.report import ReportError
from h2bad.report.model import directory, line, put
from h2bad.run import result
from h2bad.runs import BusyError, Run

__all__ = ["Watch"]

#: Seconds without a connection after which a run is over, or a visit; after
#: which a case is judged without its follow-up; that a report waits for
#: connections to end.
SILENCE, LEFT, NO_FOLLOW_UP, GOING = 60.0, 1.0, 30.0, 5.0

#: Connections of a case that are judged, at most.
CONNECTIONS = 100

Key = Tuple[str, str]       # the run's id, the case's name


class _Running:
    """A run that is not over."""

    def __init__(self, run: Run, below: str) -> None:
        self.run = run
        self._below = below
        self._kept: Optional[Kept] = None
        self.judged: Set[str] = set()
        self.connections: Dict[str, List[Connection]] = {}
        self.active = time.monotonic()
        self.at: Dict[str, float] = {}      # of a case's newest connection
        self.asked: Dict[str, float] = {}   # files asked-*: known since
        self.heard = self.active            # when `hear` was called
        self.done = False                   # what it found: the client is done

    @property
    def kept(self) -> Kept:
        """The run's report.  Made when there is a verdict, since it replaces
        the client's last report.
        """
        if self._kept is None:
            self._kept = Kept(self.run.client, self.run.id, {
                "needs": self.run.needs, "via": self.run.via}, self._below)
        return self._kept

    def place(self, case: str) -> int:
        return self.run.cases.index(case)

    def hear(self) -> None:
        """Notes the time, whether the client is done and which reports wait
        for verdicts.  To be called before the traces are read, so that what has
        come by now is judged first.
        """
        self.heard = time.monotonic()
        self.done = self.run.is_done
        self.asked = {path: self.asked.get(path, self.heard)
                      for path in self.run.asked()}

    def tell(self, busy: bool) -> None:
        """Lets the waiting reports go on once all that has come is judged, or
        after GOING seconds.  busy: whether a connection of the run is open.
        """
        going = busy or self.connections.keys() - self.judged
        for path, since in self.asked.items():
            if not going or time.monotonic() - since > GOING:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


class Watch:
    """Watches the traces of one bad server, and judges its runs.

    server: a `BadServer`.  below: the directory of reports and runs.  origin:
    of the control port.
    """

    def __init__(self, server: Any, below: str, origin: str) -> None:
        self._server = server
        self._below = below
        self._origin = origin
        self._running: Dict[str, _Running] = {}
        self._said = ""             # the last error that was printed
        self._refused: Set[str] = set()     # visits without a run
        #: When the run was made that has each client's directory.
        self._newest: Dict[str, float] = {}
        #: Runs that are over; so are those of an earlier server, since this
        #: one has not seen their connections.
        self._over: Set[str] = Run.ids(below)
        for run in map(self._find, self._over):
            if run is not None:
                put(run.path("over"), "")

    def _find(self, name: str) -> Optional[Run]:
        return Run.find(self._below, name)

    def look(self) -> None:
        """Judges what can be judged; to be called again and again."""
        said = ""
        try:
            self._look()
        except OSError as e:        # of the directory of runs, or of traces
            said = "h2bad: %s: %s" % (e.filename or self._below, e.strerror)
            if said != self._said:
                print(said, file=sys.stderr, flush=True)
        self._said = said

    def _look(self) -> None:
        there = Run.ids(self._below)
        self._over &= there             # forgets what was dropped
        for name in there - self._over:
            if name not in self._running:
                run = self._find(name)
                if run is not None:     # else its file is being written
                    self._running[name] = _Running(run, self._below)
        for running in self._running.values():
            running.hear()
        over, going = self._server.look()
        for c in (*over, *going):
            self._welcome(c)
        self._refused &= {c.case["run"] for c in going if c.case is not None}
        busy = {key for c in going for key in self._keys(c)}
        for c in over:
            for key in self._keys(c):
                self._add(key, c)
        for running in list(self._running.values()):
            self._guarded(running, busy)

    def _welcome(self, c: Connection) -> None:
        # Makes a run for a visit, unless there is no room.
        if c.case is None or not c.case["visit"] or c.case["run"] in (
                self._over | self._running.keys() | self._refused):
            return
        try:
            made = Run.of_visit(self._below, c.case["run"], c.case["case"])
            self._running[made.id] = _Running(made, self._below)
        except (BusyError, OSError) as e:
            self._refused.add(c.case["run"])
            print("h2bad: visit of %s: %s" % (c.case["case"], e),
                  file=sys.stderr, flush=True)

    def has_judged(self, run: str) -> bool:
        """Returns whether all cases of the run of this id have a verdict."""
        return run in self._over

    def _guarded(self, running: _Running, busy: Set[Key],
                 last: bool = False) -> None:
        try:
            self._judge(running, busy)
            if last and running.judged and running.run.id in self._running \
                    and self._keeps(running):
                running.kept.finish(running.run.cases, True)
        except (OSError, ValueError, ReportError, catalogue.CaseError) as e:
            self._complain(running, e)
            self._end(running)

    @staticmethod
    def _complain(running: _Running, e: Exception) -> None:
        said = "%s: %s" % (e.filename, e.strerror) \
            if isinstance(e, OSError) and e.filename else str(e)
        print("h2bad: run %s of %s: %s" % (
            running.run.id, line(running.run.client), said), file=sys.stderr,
            flush=True)

    def _end(self, running: _Running) -> None:
        self._over.add(running.run.id)
        del self._running[running.run.id]
        try:
            put(running.run.path("over"), "")
        except OSError as e:
            self._complain(running, e)

    def _add(self, key: Key, c: Connection) -> None:
        running = self._running.get(key[0])
        if running is None or key[1] not in running.run.cases:
            return
        running.active = time.monotonic()
        running.at[key[1]] = running.active
        known = running.connections.setdefault(key[1], [])
        if key[1] not in running.judged and len(known) < CONNECTIONS:
            known.append(c)

    @staticmethod
    def _keys(c: Connection) -> Set[Key]:
        # The keys of the requests on it, and of the connection itself.
        found = set()
        paths = [next((str(f[1]) for f in line["fields"] if f[0] == ":path"),
                      "") for line in c.requests()]
        for path in paths + [str(n["path"]) for n in c.notes("http1")]:
            where, _, query = path.partition("?")
            said = dict(urllib.parse.parse_qsl(query))
            case = where[5:] if where.startswith("/bad/") else said.get("case")
            if "run" in said and case:
                found.add((said["run"], case))
        if c.case is not None and c.case["run"]:
            found.add((c.case["run"], c.case["case"]))
        # A request for another case on this case's connection does not count:
        # the client has to send it again.
        return {key for key in found
                if c.case is None or key[1] == c.case["case"]}

    def _judge(self, running: _Running, busy: Set[Key]) -> None:
        run, now = running.run, running.heard
        ended = running.done or now - running.active > (
            LEFT if run.visit else SILENCE)
        going = any(key[0] == run.id for key in busy)
        if going:
            ended, running.active = False, time.monotonic()
        newest = max(map(running.place, running.connections), default=-1)
        for case in sorted(running.connections, key=running.place):
            connections = running.connections[case]
            if case in running.judged or (run.id, case) in busy:
                continue
            last = bool(running.asked) and case == run.cases[-1]
            if ended or last or running.place(case) < newest or any(
                    c.notes("follow-up") for c in connections) or \
                    now - running.at[case] > NO_FOLLOW_UP:
                self._verdict(running, case, connections)
        running.tell(going)
        if ended or len(running.judged) == len(run.cases):
            self._finish(running)

    def _keeps(self, running: _Running) -> bool:
        # Whether the run's report and traces are kept: a client's are those of
        # its newest run that has a verdict.
        there = directory(running.run.client)
        self._newest[there] = max(running.run.created,
                                  self._newest.get(there, 0.0))
        return self._newest[there] == running.run.created

    def _verdict(self, running: _Running, name: str,
                 connections: List[Connection]) -> None:
        case = catalogue.find(name)
        if case is None:
            return
        o = Observed(case, connections, None, running.run.got(name))
        times = [float(c.lines[-1]["t"]) for c in connections if c.lines]
        made = result(case, o, judge(o), round(sum(times) * 1000))
        running.judged.add(name)
        if self._keeps(running):
            running.kept.add(made, [c.path for c in connections], True)
        running.run.add(made)
        running.connections[name] = []      # their lines may be large
        if running.run.visit:
            print("h2bad: visit of %s: %s%s (%s): %s/run/%s/" % (
                name, made["verdict"], made["reason"] and ", "
                + made["reason"], made["reaction"], self._origin,
                running.run.id), file=sys.stderr, flush=True)

    def _finish(self, running: _Running) -> None:
        # Without a verdict the client's last report stays.
        keeps = bool(running.judged) and self._keeps(running)
        for name in running.run.cases:
            case = catalogue.find(name)
            if name not in running.judged and case is not None:
                got = running.run.got(name) or {}
                made = result(case, None, Verdict(
                    "skip", "needs", str(got.get("error")))
                    if got.get("result") == "skip" else Verdict(
                        "skip", "no-connection",
                        "the client did not ask for it"), 0)
                if keeps:
                    running.kept.add(made, ())
                running.run.add(made)
        if keeps:
            running.kept.finish(running.run.cases)
        put(running.run.path("done"), "")
        self._end(running)

    def stop(self) -> None:
        """Judges what there is, and writes the reports as interrupted ones."""
        for running in list(self._running.values()):
            self._guarded(running, set(), True)
