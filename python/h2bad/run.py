# SPDX-License-Identifier: MIT
"""Runs a client once for each case."""

import collections
import json
import os
import time
import traceback
from typing import Any, Callable, Deque, Dict, List, Optional, Sequence

from h2bad import tasks
from h2bad.launcher import Launcher
from h2bad.observed import CRASHES, Observed, Process, judge
from h2bad.outcome import Verdict
from h2bad.plan import missing, plan
from h2bad.servers import BadServer
from h2bad.tasks import Broken, Task

__all__ = ["CommandError", "Runner", "result"]

#: Ports of a server.  Cases use them in turn, so that a late connection of an
#: earlier case does not meet another case.
PORTS = 32

#: Octets of a client's output that a result keeps.
OUTPUT = 4000


def result(case: Any, o: Optional[Observed], verdict: Any, ms: int
           ) -> Dict[str, Any]:
    """Returns a case's entry of report.json.

    o: its `Observed`; None if the case was not run.
    """
    made: Dict[str, Any] = {
        "name": case.name, "group": case.group, "kind": case.kind,
        "section": case.section, "verdict": verdict.verdict,
        "reason": verdict.reason, "message": verdict.message,
        "reaction": None, "expected": list(case.expect.expected)
        if case.expect else [], "ms": ms, "connections": 0, "requests": 0,
        "retries": 0, "follow_up": None, "exit": None, "signal": None,
        "rss_kb": None, "got": None, "trace": None}
    if case.security:
        made["security"] = case.security
    if o is not None:
        made.update(reaction=o.reaction, connections=len(o.connections),
                    requests=sum(len(c.requests()) for c in o.connections),
                    retries=o.retries, follow_up=o.follow_up, got=o.got)
        if o.process is not None:
            made.update(exit=o.process.exit, signal=o.process.signal,
                        rss_kb=o.process.rss_kb)
    return made


class CommandError(Exception):
    """The client's program cannot be started; the text says why."""


class _Slot:
    """A server, and a process that starts clients: for one case at a time."""

    def __init__(self, h2rig: str, directory: str, ca: str) -> None:
        os.makedirs(directory, exist_ok=True)
        self.launcher = Launcher(directory)
        try:
            self.server = BadServer(h2rig, directory, ca, n=PORTS)
        except BaseException:
            self.launcher.stop()
            raise

    def tell_end(self) -> None:
        self.launcher.tell_end()
        self.server.tell_end()

    def stop(self) -> None:
        self.tell_end()                 # so that both end at the same time
        self.launcher.stop()
        self.server.stop()


class Runner:
    """A run.

    h2rig: the program.  command: the client's, with {url} and its like.
    directory: for traces.  jobs: cases at a time.  needs: what the client
    provides.  timeout: seconds for a client's process.  got_exit: whether its
    exit status tells if it got a response.  rss_mb: MiB that a client may use
    beyond its peak memory in `good`.  crash_exits: exit statuses of a crash.
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
        self._slots: Dict[int, _Slot] = {}
        self._verdicts: Dict[str, str] = {}

    def cases(self, cases: Sequence[Any],
              done: Callable[[Any, Dict[str, Any]], None],
              start: Callable[[Any], None],
              look: Callable[[], None] = lambda: None) -> None:
        """Runs these cases, `good` first.  Calls start(case) and
        done(case, result) when each starts and ends, and look() again and
        again.
        """
        others = [c for c in cases if c.name != "good"]
        depended = {name for c in others for name in c.depends}
        others.sort(key=lambda c: c.name not in depended)
        try:
            for todo in [c for c in cases if c.name == "good"], others:
                left = collections.deque(todo)
                tasks.run([self._work(i, left, done, start)
                           for i in range(min(self.jobs, len(todo)))], look)
        finally:
            for slot in self._slots.values():
                slot.tell_end()
            for slot in self._slots.values():
                slot.stop()

    def _work(self, number: int, todo: Deque[Any],
              done: Callable[[Any, Dict[str, Any]], None],
              start: Callable[[Any], None]) -> Task:
        # Runs cases of todo, one after the other.
        while todo:
            case = todo.popleft()
            start(case)
            made = self._unwanted(case)
            if made is None:
                made = yield from self._unbroken(number, case)
            self._verdicts[case.name] = made["verdict"]
            if case.name == "good":
                self._good_rss = made["rss_kb"] or 0
            done(case, made)

    def _unwanted(self, case: Any) -> Optional[Dict[str, Any]]:
        # Returns the result of a case that is not to be run, or None.
        lacks = missing(case, self.needs)
        if lacks:
            return result(case, None, Verdict(
                "skip", "needs", "needs %s, which the client does not provide"
                % ", ".join(lacks)), 0)
        for name in ("good",) + case.depends:
            if self._verdicts.get(name) in ("fail", "error", "skip"):
                return result(case, None, Verdict(
                    "skip", "depends", "%s has not passed" % name), 0)
        return None

    def _unbroken(self, number: int, case: Any) -> Task:
        # A failure of h2bad is this case's `error`, and the next case gets new
        # processes.
        began = time.monotonic()
        if number not in self._slots:
            slot = self._slots[number] = _Slot(
                self.h2rig, os.path.join(self.directory, str(number)), self.ca)
            yield from slot.server.ready()
        try:
            made = yield from self._case(self._slots[number], case)
            return made
        except Broken as e:
            said = str(e)
        except (CommandError, OSError):
            raise
        except Exception:
            said = traceback.format_exc(limit=-3)
        self._slots.pop(number).stop()
        return result(case, None, Verdict("error", "", said), round(
            (time.monotonic() - began) * 1000))

    def _case(self, slot: _Slot, case: Any) -> Task:
        server = slot.server
        began = time.monotonic()
        yield from server.connections(0)    # drops those of the case before
        server.serve(case.name, self.run)
        made = plan(case, "https://localhost:%d" % server.port, self.run,
                    "https://other.localhost:%d" % server.port, self.timeout)
        process = yield from self._start(made, slot)
        # The case ends its connections a while after the client has ended.
        connections = yield from server.connections(
            self.timeout + case.wait + 3)
        if not server.runs():
            raise Broken("the server has ended: " + server.why())
        if not connections:         # is it the server's fault?
            yield from server.takes()
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

    def _start(self, made: Dict[str, Any], slot: _Slot) -> Task:
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
        env = {"H2BAD_PLAN": json.dumps(made), "H2BAD_URLS": "\n".join(urls)}
        env.update(("H2BAD_" + name.upper(), value)
                   for name, value in values.items())
        return self._wait(slot.launcher, argv, env,
                          os.path.join(slot.server.directory, "output"))

    def _body(self, size: int) -> str:
        path = os.path.join(self.directory, "body-%d" % size)
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write(b"0123456789abcde\n" * (size // 16 + 1))
                f.truncate(size)
        return path

    def _wait(self, launcher: Launcher, argv: List[str], env: Dict[str, str],
              out: str) -> Task:
        made = Process()
        made.crash_exits = self.crash_exits
        if self._good_rss:
            made.rss_limit_kb = self._good_rss + (self.rss_mb << 10)
        try:
            said = yield from launcher.run(argv, env, out, self.timeout)
        except OSError as e:
            raise CommandError("%s: %s; expected a client's command" % (
                argv[0], e.strerror)) from e
        with open(out, "rb") as f:
            made.output = f.read(OUTPUT).decode("utf-8", "replace")
        made.exit, made.hung = said["exit"], said["hung"]
        made.rss_kb, made.ms = said["rss_kb"], said["ms"]
        # A signal that h2bad has sent tells nothing of the client.
        if not made.hung or said["signal"] in CRASHES:
            made.signal = said["signal"]
        return made
