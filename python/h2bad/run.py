# SPDX-License-Identifier: MIT
"""Runs a client once for each case."""

import json
import os
import queue
import threading
import time
from typing import Any, Callable, Dict, List, Optional, Sequence

from h2bad.launcher import TERM, Launcher
from h2bad.observed import CRASHES, Observed, Process, judge
from h2bad.outcome import Verdict
from h2bad.plan import missing, plan
from h2bad.servers import BadServer

__all__ = ["CommandError", "Runner", "result"]

#: Octets of a client's output that a result keeps.
OUTPUT = 4000


def result(case: Any, o: Optional[Observed], verdict: Any, ms: int
           ) -> Dict[str, Any]:
    """A case's entry of report.json."""
    made: Dict[str, Any] = {
        "name": case.name, "group": case.group, "kind": case.kind,
        "section": case.section, "verdict": verdict.verdict,
        "reason": verdict.reason, "message": verdict.message,
        "reaction": None, "expected": list(case.expect.expected)
        if case.expect else [], "ms": ms, "connections": 0, "requests": 0,
        "follow_up": None, "exit": None, "signal": None, "rss_kb": None,
        "got": None, "trace": None}
    if case.security:
        made["security"] = case.security
    if o is not None:
        made.update(reaction=o.reaction, connections=len(o.connections),
                    requests=sum(len(c.requests()) for c in o.connections),
                    follow_up=o.follow_up, got=o.got)
        if o.retries:
            made["retries"] = o.retries
        if o.process is not None:
            made.update(exit=o.process.exit, signal=o.process.signal,
                        rss_kb=o.process.rss_kb)
    return made


class CommandError(Exception):
    """The client's program cannot be started; the text says why."""


class _Slot:
    """What one case at a time needs: a port, and a process for clients."""

    def __init__(self, h2rig: str, directory: str, ca: str) -> None:
        self.launcher = Launcher()      # it is small now
        try:
            self.server = BadServer(h2rig, directory, ca)
        except BaseException:
            self.launcher.stop()
            raise

    def stop(self) -> None:
        self.launcher.stop()
        self.server.stop()


class Runner:
    """A run.

    h2rig: the program.  command: of the client, with {url} and its like.
    directory: for traces.  jobs: cases at a time.  needs: what the client
    provides.  timeout: seconds for a client's process.  got_exit: its exit
    status tells whether it got a response.  rss_mb: more than `good` has.
    """

    def __init__(self, h2rig: str, command: Sequence[str], directory: str,
                 jobs: int, needs: Sequence[str], timeout: float,
                 got_exit: bool = False, rss_mb: int = 256,
                 crash_exits: Sequence[int] = ()) -> None:
        self.h2rig = h2rig
        self.command = list(command)
        if not any("{url" in each for each in command):
            self.command.append("{url}")
        self.directory = directory
        self.jobs = jobs
        self.needs = needs
        self.timeout = timeout
        self.got_exit = got_exit
        self.rss_mb = rss_mb
        self.crash_exits = tuple(crash_exits)
        self.run = "%x" % (time.time_ns() & 0xffffffffff)
        self.ca = os.path.join(directory, "ca.pem")
        self.traces: Dict[str, List[str]] = {}
        self._good_rss = 0
        self._stopping = threading.Event()

    def cases(self, cases: Sequence[Any],
              done: Callable[[Any, Dict[str, Any]], None],
              start: Callable[[Any], None] = lambda case: None) -> None:
        """Runs them; calls done(case, result) for each, in the order in which
        they end, from the caller's thread.
        """
        slots = [self._slot(0)]
        threads: List[threading.Thread] = []
        verdicts: Dict[str, str] = {}
        try:
            for case in [c for c in cases if c.name == "good"]:
                start(case)
                made = self.case(slots[0], case)
                verdicts[case.name] = made["verdict"]
                self._good_rss = made["rss_kb"] or 0
                done(case, made)
            self._others([c for c in cases if c.name != "good"], slots,
                         threads, verdicts, done, start)
        finally:
            self._stopping.set()
            for slot in slots:
                slot.stop()
            for thread in threads:
                thread.join(self.timeout + TERM + 20)
            for slot in slots:      # one of them may just have begun
                slot.stop()

    def _others(self, cases: Sequence[Any], slots: List[_Slot],
                threads: List[threading.Thread], verdicts: Dict[str, str],
                done: Callable[[Any, Dict[str, Any]], None],
                start: Callable[[Any], None]) -> None:
        results: "queue.Queue[Any]" = queue.Queue()
        todo: "queue.Queue[Any]" = queue.Queue()
        early = [c for c in cases if any(c.name in each.depends
                                         for each in cases)]
        for case in early + [c for c in cases if c not in early]:
            todo.put(case)
        for i in range(self.jobs):
            threads.append(threading.Thread(
                target=self._work, args=(i, slots, todo, results, verdicts),
                daemon=True))
            threads[-1].start()
        left = len(threads)
        while left:
            what, *values = results.get()
            if what == "start":
                start(*values)
            elif what == "done":
                done(*values)
            else:
                left -= 1
                if values[0] is not None:
                    raise values[0]

    def _slot(self, number: int) -> _Slot:
        return _Slot(self.h2rig, os.path.join(self.directory, str(number)),
                     self.ca)

    def _work(self, number: int, slots: List[_Slot], todo: Any,
              results: Any, verdicts: Dict[str, str]) -> None:
        failed = None
        try:
            slot = slots[0] if number == 0 else self._slot(number)
            if number > 0:
                slots.append(slot)
            while not self._stopping.is_set():
                case = todo.get_nowait()
                results.put(("start", case))
                made = self._depending(slot, case, verdicts)
                verdicts[case.name] = made["verdict"]
                results.put(("done", case, made))
        except queue.Empty:
            pass
        except Exception as e:
            failed = None if self._stopping.is_set() else e
        results.put(("end", failed))

    def _depending(self, slot: _Slot, case: Any,
                   verdicts: Dict[str, str]) -> Dict[str, Any]:
        lacks = missing(case, self.needs)
        if lacks:
            return result(case, None, Verdict(
                "skip", "needs", "the client does not provide "
                + ", ".join(lacks)), 0)
        for name in ("good",) + case.depends:
            if verdicts.get(name) in ("fail", "error", "skip"):
                return result(case, None, Verdict(
                    "skip", "depends", "%s has not passed" % name), 0)
        return self.case(slot, case)

    def case(self, slot: _Slot, case: Any) -> Dict[str, Any]:
        """Runs one case."""
        server = slot.server
        began = time.monotonic()
        server.connections(0)       # late ones of the case before
        server.serve(case.name, self.run)
        made = plan(case, "https://localhost:%d" % server.port, self.run,
                    "https://other.localhost:%d" % server.port)
        process = self._start(made, slot)
        # All that the case has to do is over a while after the client is.
        connections = server.connections(self.timeout + case.wait + 3)
        mine = [c for c in connections
                if c.case is None or c.case["case"] == case.name]
        got = None
        if self.got_exit and process.signal is None and not process.hung:
            got = {"result": "error" if process.exit else "response"}
        o = Observed(case, mine, process, got)
        self.traces[case.name] = [c.path for c in mine]
        entry = result(case, o, judge(o),
                       round((time.monotonic() - began) * 1000))
        if process.output:
            entry["output"] = process.output
        return entry

    def _start(self, made: Dict[str, Any], slot: _Slot) -> Process:
        urls = [each["url"] for each in made["urls"]]
        follow = [each["url"] for each in made["urls"]
                  if each.get("follow_up")]
        first = made["urls"][0]
        values = {"url": urls[0], "follow": follow[0] if follow else "",
                  "ca": slot.server.ca_out, "method": first["method"],
                  "bodyfile": self._body(first.get("body_size", 0))}
        argv: List[str] = []
        for each in self.command:
            if each == "{urls}":
                argv += urls
                continue
            for name, value in values.items():
                each = each.replace("{%s}" % name, value)
            argv.append(each)
        env = {**os.environ, "H2BAD_PLAN": json.dumps(made),
               "H2BAD_URLS": "\n".join(urls)}
        env.update(("H2BAD_" + name.upper(), value)
                   for name, value in values.items())
        return self._wait(slot.launcher, argv, env,
                          os.path.join(slot.server.directory, "output"))

    def _body(self, size: int) -> str:
        path = os.path.join(self.directory, "body-%d" % size)
        if not os.path.exists(path):
            new = "%s.%d" % (path, threading.get_ident())
            with open(new, "wb") as f:
                f.write(b"0123456789abcde\n" * (size // 16 + 1))
                f.truncate(size)
            os.rename(new, path)
        return path

    def _wait(self, launcher: Launcher, argv: List[str], env: Dict[str, str],
              out: str) -> Process:
        made = Process()
        made.crash_exits = self.crash_exits
        if self._good_rss:
            made.rss_limit_kb = self._good_rss + (self.rss_mb << 10)
        try:
            said = launcher.run(argv, env, out, self.timeout)
        except OSError as e:
            raise CommandError("%s: %s; expected a client's command" % (
                argv[0], e.strerror)) from e
        with open(out, "rb") as f:
            made.output = f.read(OUTPUT).decode("utf-8", "replace")
        made.exit, made.hung = said["exit"], said["hung"]
        made.rss_kb, made.ms = said["rss_kb"], said["ms"]
        # That it was ended by us is not its own doing.
        if not made.hung or said["signal"] in CRASHES:
            made.signal = said["signal"]
        return made
