# SPDX-License-Identifier: MIT
"""The runs of `h2bad serve`: files that its processes share.

DIR/runs/ID/run.json    what was asked for: a `Run` as JSON
            results     a line of JSON for each verdict, as they come
            next        how many URLs the request for `next` has got
            got-NAME    what the client told of a case
            asked-*     a report waits for the verdicts on what has come
            done        the client has finished
            over        all cases have their verdicts
"""

import fcntl
import glob
import json
import os
import re
import secrets
import shutil
import time
from typing import Any, Dict, List, Optional, Sequence, Set

from h2bad import catalogue
from h2bad.plan import host_of, missing, plan
from h2bad.report.model import (VERSION, ReportError, directory, load, put,
                                summary)

__all__ = ["BusyError", "Run", "RunError"]

ID = re.compile(r"[0-9a-f]{12}\Z")

#: Runs that are kept, and clients that have reports, at most.
RUNS, CLIENTS = 200, 1000

#: The client's name of runs that no one has asked for, and how many stay.
VISIT, VISITS = "visit", 10

#: Seconds that a report waits for its verdicts, and between two looks.
WAIT, LOOK = 20.0, 0.05


class RunError(Exception):
    """What was asked for is wrong; the text says what was expected."""


class BusyError(RunError):
    """Too many runs are not over, or too many clients have reports."""


def _age(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:                 # another process has dropped the run
        return 0.0


class Run:
    """A run: id, client, cases (names), needs, via ("arm" or "sni"), created
    (seconds since the epoch), visit (whether it was made for a request without
    a run).
    """

    def __init__(self, below: str, said: Dict[str, Any]) -> None:
        self.id: str = said["id"]
        self.client: str = said["client"]
        self.cases: List[str] = said["cases"]
        self.via: str = said["via"]
        self.needs: List[str] = said["needs"]
        self.created: float = said["created"]
        self.visit: bool = said.get("visit", False)
        self._below = below
        self.directory = os.path.join(below, "runs", self.id)

    @classmethod
    def new(cls, below: str, client: str, globs: Sequence[str],
            exclude: Sequence[str], needs: Sequence[str], via: str,
            floods: bool) -> "Run":
        """Makes a run, and drops old ones.  RunError; CaseError for a glob
        that matches no case.
        """
        if not 1 <= len(client) <= 200:
            raise RunError("client has %d characters; expected 1 to 200"
                           % len(client))
        if via not in ("arm", "sni"):
            raise RunError("via is %r; expected arm or sni" % via)
        cases = [case for case in catalogue.select(globs, exclude)
                 if not missing(case, needs) and (floods or not case.flood)]
        # These come last: after HTTP_1_1_REQUIRED a browser goes on with
        # HTTP/1.1 until it ends.
        names = sorted((case.name for case in cases),
                       key=lambda name: "http11" in name)
        if not os.path.exists(os.path.join(below, directory(client))) and len(
                glob.glob(os.path.join(glob.escape(below), "*",
                                       "report.json"))) >= CLIENTS:
            raise BusyError("%d clients have reports, and %r has none; "
                            "expected directories of old ones to be removed"
                            % (CLIENTS, client))
        return cls._make(below, client, via, needs,
                         names if "good" in names else ["good"] + names)

    @classmethod
    def of_visit(cls, below: str, run: str, case: str) -> "Run":
        """Makes a run of one case, under an id that the bad server has given
        it.  BusyError.
        """
        return cls._make(below, VISIT, "arm", (), [case], run)

    @classmethod
    def _make(cls, below: str, client: str, via: str, needs: Sequence[str],
              cases: List[str], run: str = "") -> "Run":
        made = cls(below, {
            "id": run or secrets.token_hex(6), "client": client, "via": via,
            "cases": cases, "needs": sorted(needs), "created": time.time(),
            "visit": bool(run)})
        cls._drop(below, made.visit)
        os.makedirs(made.directory)
        put(made.path("run.json"), json.dumps({
            name: getattr(made, name) for name in (
                "id", "client", "cases", "via", "needs", "created",
                "visit")}))
        return made

    @classmethod
    def _drop(cls, below: str, visits: bool) -> None:
        # Drops the oldest runs that are over, so that there is room for one
        # more.  visits: for one more visit.
        ids = cls.ids(below)
        over = sorted(glob.glob(os.path.join(
            glob.escape(below), "runs", "*", "over")), key=_age)
        if visits:
            ids = {name for name in ids
                   if getattr(cls.find(below, name), "visit", False)}
            over = [path for path in over
                    if os.path.basename(os.path.dirname(path)) in ids]
        too_many = len(ids) + 1 - (VISITS if visits else RUNS)
        if too_many <= 0:
            return
        if len(over) < too_many:
            raise BusyError("%d runs are not over; expected fewer, and a run "
                            "without requests is over after a minute" % RUNS)
        for path in over[:too_many]:
            shutil.rmtree(os.path.dirname(path), ignore_errors=True)

    @classmethod
    def find(cls, below: str, run: str) -> Optional["Run"]:
        """Returns the run of this id, or None."""
        if not ID.match(run):
            return None
        try:
            with open(os.path.join(below, "runs", run, "run.json"),
                      encoding="utf-8") as f:
                return cls(below, json.load(f))
        except (OSError, ValueError):
            return None

    @staticmethod
    def ids(below: str) -> Set[str]:
        """Returns the ids of all runs."""
        return {name for name in os.listdir(os.path.join(below, "runs"))
                if ID.match(name)}

    @classmethod
    def newest(cls, below: str) -> Optional["Run"]:
        """Returns the run that was made last, or None."""
        found = [run for run in (cls.find(below, name)
                                 for name in cls.ids(below))
                 if run is not None]
        return max(found, key=lambda run: run.created) if found else None

    def path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def plans(self, bad: int, control: str) -> List[Dict[str, Any]]:
        """Returns the plans of all cases, in order.  bad: the bad port.
        control: the origin of the control port.
        """
        made = []
        for name in self.cases:
            case = catalogue.find(name)
            if case is None:
                continue
            host = "localhost"
            if self.via == "sni" and case.early and len(name) < 64:
                host = host_of(case, self.id)
            each = plan(case, "https://%s:%d" % (host, bad), self.id,
                        "https://other.localhost:%d" % bad)
            if self.via == "arm" and case.early:
                each["urls"].insert(0, {
                    "method": "GET", "expect": "ok", "arm": True,
                    "url": "%s/run/%s/arm/%s" % (control, self.id, name)})
            made.append(each)
        return made

    def urls(self, bad: int, control: str) -> List[str]:
        """Returns all URLs, in order."""
        return [url["url"] for each in self.plans(bad, control)
                for url in each["urls"]]

    def next_url(self, bad: int, control: str) -> Optional[str]:
        """Returns the next URL, or None at the end.  Each is returned once."""
        with open(self.path("next"), "a+", encoding="ascii") as f:
            fcntl.flock(f, fcntl.LOCK_EX)
            f.seek(0)
            n = int(f.read() or 0)
            urls = self.urls(bad, control)
            if n >= len(urls):
                return None
            f.truncate(0)
            f.write(str(n + 1))
            return urls[n]

    def results(self, since: int = 0) -> List[Dict[str, Any]]:
        """Returns the results so far, from number since on."""
        try:
            with open(self.path("results"), encoding="utf-8") as f:
                lines = [line for line in f if line.endswith("\n")]
        except OSError:
            return []
        return [json.loads(line) for line in lines[since:]]

    def keeper(self) -> Optional[str]:
        """Returns the id of the run whose report and traces are kept for the
        client, which may be another run of the same client, or None.
        """
        try:
            found = load(os.path.join(self._below, directory(self.client)))
            return str(found["run"])
        except (OSError, ReportError):
            return None

    def size(self) -> int:
        """Returns the octets of the results so far, which grow with each."""
        try:
            return os.stat(self.path("results")).st_size
        except OSError:
            return 0

    def add(self, result: Dict[str, Any]) -> None:
        """Adds a result.  Only one process may do this."""
        with open(self.path("results"), "a", encoding="utf-8") as f:
            f.write(json.dumps(result) + "\n")

    def got(self, case: str) -> Optional[Dict[str, Any]]:
        """Returns what the client has told of a case, or None."""
        try:
            with open(self.path("got-" + case), encoding="utf-8") as f:
                said = json.load(f)
                return said if isinstance(said, dict) else None
        except (OSError, ValueError):
            return None

    def settle(self) -> None:
        """Waits until what has come so far is judged, for WAIT seconds at
        most.  So a client that asks for the report as soon as it has its last
        response gets the verdict on the last case too.
        """
        path = self.path("asked-" + secrets.token_hex(6))
        end = time.monotonic() + WAIT
        try:
            with open(path, "wb"):
                pass
            while os.path.exists(path) and not os.path.exists(
                    self.path("over")) and time.monotonic() < end:
                time.sleep(LOOK)
            os.unlink(path)
        except OSError:     # it was answered, the run dropped, the disk full
            pass

    def asked(self) -> List[str]:
        """Returns the files asked-* of the reports that wait."""
        return glob.glob(os.path.join(glob.escape(self.directory), "asked-*"))

    def report(self) -> Dict[str, Any]:
        """Returns the report, or one of the results so far."""
        results = self.results()
        try:
            found: Dict[str, Any] = load(os.path.join(
                self._below, directory(self.client)))
            if found["run"] == self.id and \
                    len(found["cases"]) >= len(results):
                return found
        except (OSError, ReportError):
            pass
        return {"h2bad": VERSION, "client": self.client, "run": self.id,
                "started": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                         time.gmtime(self.created)),
                "seconds": 0.0, "platform": "", "options": {"via": self.via},
                "summary": summary(results), "cases": results}

    @property
    def is_done(self) -> bool:
        return os.path.exists(self.path("done"))
