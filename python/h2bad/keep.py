# SPDX-License-Identifier: MIT
"""What is kept of a run: its report in all forms, and traces."""

import datetime
import importlib
import io
import itertools
import json
import os
import platform
import shutil
from typing import Any, Dict, List, Optional, Sequence

from h2bad import __version__
from h2bad.report import (Baseline, directory, index, junit, summary, tap,
                          wptreport, write)
from h2bad.report.brief import brief, ends
from h2bad.report.model import put
from h2rig.trace import html, pcapng
from h2rig.trace.reader import Follower, TraceError
from h2rig.trace.text import Printer

__all__ = ["Kept", "brief_of", "trace_text"]


def trace_text(paths: Sequence[str], colour: bool = False) -> str:
    """Returns traces of a case as text, one connection after the other."""
    out = io.StringIO()
    printer = Printer(out, None, colour)
    for i, path in enumerate(paths):
        trace = Follower(path)
        if len(paths) > 1:
            printer.heading("connection %d" % (i + 1), i == 0)
        for line in trace.lines():
            printer.line(line)
    return out.getvalue()


def _trace_name(i: int) -> str:
    # The file name of the trace of a case's connection i, from 0 on.
    return "trace%s.jsonl" % ("" if i == 0 else "-%d" % (i + 1))


def brief_of(result: Dict[str, Any], there: str) -> str:
    """Returns the trace of a result in a few lines.

    there: its client's directory.
    """
    if not result.get("trace"):
        return "There is no trace.\n"
    below = os.path.join(there, os.path.dirname(result["trace"]))
    paths = itertools.takewhile(os.path.exists, (
        os.path.join(below, _trace_name(i)) for i in itertools.count()))
    try:
        return brief([Follower(path).lines() for path in paths])
    except TraceError as e:
        return "%s\n" % e


class Kept:
    """A report that grows, and its client's directory.

    client: its name.  run: the run's id.  options: as the report has them.
    below: the directory that has the client's; None: nothing is kept on disk.
    """

    def __init__(self, client: str, run: str, options: Dict[str, Any],
                 below: Optional[str]) -> None:
        #: text traces of cases, by name; of long ones the ends
        self.texts: Dict[str, str] = {}
        self._began = datetime.datetime.now(datetime.timezone.utc)
        self.below = below
        self.report: Dict[str, Any] = {
            "h2bad": __version__, "client": client, "run": run,
            "started": self._began.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "seconds": 0.0, "platform": "%s %s" % (platform.system(),
                                                   platform.machine()),
            "options": options, "summary": summary([]), "cases": []}
        self.directory = None if below is None else os.path.join(
            below, directory(client))
        if below is not None:
            # A run that is killed leaves this report.  A matrix that is made
            # during the run reads it.
            write(dict(self.report, interrupted=True), below)

    def add(self, result: Dict[str, Any], traces: Sequence[str],
            everything: bool = False, to: Optional[str] = None) -> None:
        """Adds the result of a case that has ended.

        everything: keep its traces whatever its verdict is.  to: a directory
        that gets the traces of all cases too.
        """
        self.report["cases"].append(result)
        name = result["name"]
        if to is not None and traces:
            _replace(traces, os.path.join(to, name))
        if self.directory is not None:      # removes those of an earlier run
            shutil.rmtree(os.path.join(self.directory, name),
                          ignore_errors=True)
        if traces and (everything or result["verdict"] in ("fail", "error")):
            try:
                self.texts[name] = ends(trace_text(traces))
                if self.directory is not None:
                    _replace(traces, os.path.join(self.directory, name))
                    result["trace"] = name + "/trace.jsonl"
            except TraceError as e:     # a full disk has cut the trace
                self.texts[name] = "%s\n" % e

    def finish(self, order: Sequence[str], interrupted: bool = False) -> None:
        """Ends the report: sorts cases in this order, and writes all forms."""
        report = self.report
        places = {name: i for i, name in enumerate(order)}
        report["cases"].sort(key=lambda r: places.get(r["name"], len(places)))
        now = datetime.datetime.now(datetime.timezone.utc)
        report["seconds"] = round((now - self._began).total_seconds(), 1)
        report["summary"] = summary(report["cases"])
        if interrupted:
            report["interrupted"] = True
        if self.below is not None and self.directory is not None:
            write(report, self.below)
            write_forms(report, self.directory, texts=self.texts)
            index(self.below)


def _replace(paths: Sequence[str], there: str) -> None:
    # Replaces the directory there by these traces: trace.jsonl, trace-2.jsonl,
    # ..., and all of them as one text, page and capture.
    shutil.rmtree(there, ignore_errors=True)
    os.makedirs(there)
    kept = []
    for i, path in enumerate(paths):
        kept.append(os.path.join(there, _trace_name(i)))
        shutil.copyfile(path, kept[-1])
    put(os.path.join(there, "trace.txt"), trace_text(kept))
    for name, module in ("html", html), ("pcapng", pcapng):
        with open(os.path.join(there, "trace." + name), "wb") as out:
            module.write([Follower(path) for path in kept], out)


def write_forms(report: Dict[str, Any], there: str,
                baseline: Optional[Baseline] = None,
                texts: Optional[Dict[str, str]] = None) -> List[str]:
    """Writes report.tap, .xml, .wpt.json and .html into a client's directory;
    returns their paths.  texts: text traces, by case.
    """
    forms = {"report.tap": tap(report, baseline),
             "report.xml": junit(report, (texts or {}).get),
             "report.wpt.json": json.dumps(wptreport(report, baseline),
                                           indent=1) + "\n"}
    page = _page(report)
    if page is not None:
        forms["report.html"] = page
    for name, text in forms.items():
        put(os.path.join(there, name), text)
    return [os.path.join(there, name) for name in forms]


def _page(report: Dict[str, Any]) -> Optional[str]:
    try:
        pages: Any = importlib.import_module("h2bad.report.pages")
    except ImportError:
        return None
    made: str = pages.html(report)
    return made
