# SPDX-License-Identifier: MIT
"""The commands of `h2bad` that serve cases or read reports: run, one, serve
and report.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import sys
import time
import traceback
from typing import (Any, Callable, Dict, List, NoReturn, Optional, Sequence,
                    Tuple)

from h2bad import catalogue, say, tasks
from h2bad.keep import Kept, brief_of, trace_text, write_forms
from h2bad.launcher import Launcher
from h2bad.observed import Observed, judge
from h2bad.plan import wanted
from h2bad.report import (Baseline, Progress, ReportError, html, index, junit,
                          matrix, reports, tap, text)
from h2bad.report.brief import ends
from h2bad.report.model import can_fill, can_put, directory, put
from h2bad.report.unblocked import Unblocked
from h2bad.run import CommandError, Runner
from h2bad.runs import Run, RunError
from h2bad.scratch import scratch
from h2bad.serve import Serving
from h2bad.servers import BadServer, ServerError
from h2bad.tasks import Broken
from h2bad.webdriver import EXCLUDE, Browser, WebDriverError, drive

__all__ = ["perform"]

#: Exit statuses; the same as h2rig's where the reason is the same.
DIFFERS, EX_USAGE, EX_SOFTWARE, EX_OSERR, SKIPPED, EX_CONFIG = \
    1, 64, 70, 71, 77, 78

#: Seconds for a client's --version.
VERSION = 5.0

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class _Interrupted(BaseException):
    """A signal has come; its number is the argument."""


class _Signals:
    """Signals raise _Interrupted.  While `later` is set, the first one waits
    for `look`, so that nothing is left half done.
    """

    later = False
    number = 0

    @classmethod
    def take(cls, number: int, _: Any) -> None:
        if cls.later and not cls.number:
            cls.number = number
            return
        for each in SIGNALS:        # nothing interrupts the cleaning up
            signal.signal(each, signal.SIG_IGN)
        raise _Interrupted(number)

    @classmethod
    def look(cls) -> None:
        if cls.number:
            raise _Interrupted(cls.number)


def perform(options: argparse.Namespace, command: List[str], h2rig: str
            ) -> int:
    """Runs the command that options name; returns the exit status.

    command: the client's, for run.  h2rig: the program.
    """
    for number in SIGNALS:          # not SIGHUP if nohup has it ignored
        if number != signal.SIGHUP or \
                signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _Signals.take)
    try:
        if options.name == "run":
            return _run(options, command, h2rig)
        return {"serve": _serve, "one": _one, "report": _report}[
            options.name](options, h2rig)
    except _Interrupted as e:
        return 128 + int(e.args[0])
    except CommandError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_USAGE
    except ReportError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_CONFIG
    except (ServerError, WebDriverError, Broken) as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_OSERR
    except (OSError, catalogue.CaseError):
        raise
    except Exception as e:
        traceback.print_exc()
        print("h2bad: the fault is its own: %s: %s" % (type(e).__name__, e),
              file=sys.stderr)
        return EX_SOFTWARE


# ---- run

def _text(word: str) -> str:
    # An argument need not be UTF-8; a report has to be.
    return word.encode("utf-8", "replace").decode()


def _client(options: argparse.Namespace, command: Sequence[str],
            work: str) -> str:
    # The client's name.  work: a directory for what its --version prints.
    if options.client:
        return _text(options.client)
    name = os.path.basename(command[0])
    out = os.path.join(work, "version")
    launcher = Launcher(work)
    try:
        ended = tasks.wait(launcher.run([command[0], "--version"], {}, out,
                                        VERSION))
    except OSError:
        return _text(name)
    finally:
        launcher.stop()
    with open(out, "rb") as f:
        printed = f.read(4096).decode("utf-8", "replace").strip()
    first = printed.split("\n")[0]
    # Of "curl 7.88.1 (...) ..." or "v18.19.0", all up to the version.
    found = re.match(r"\s*(?:[^\s\d]+\s+){0,2}\S*\d\S*", first)
    if ended["exit"] != 0 or found is None:
        return _text(name)
    said = found[0].split()
    return " ".join(said if len(said) > 1 else [_text(name), *said])[:100]


def _lacks(options: argparse.Namespace, command: Sequence[str]) -> str:
    # Returns what is wrong with the command line, or "".
    if options.webdriver:
        if command:
            return "%s: expected either --webdriver or a command" % command[0]
    elif not command:
        return "no command; expected h2bad run [GLOB ...] -- COMMAND {url}"
    elif shutil.which(command[0]) is None:
        return "%s: %s; expected a client's command" % (
            command[0], "not a program that can be run" if os.path.exists(
                command[0]) else "no such program")
    if options.update_expect and not options.expect:
        return "--update-expect: expected --expect FILE too"
    return ""


def _run(options: argparse.Namespace, command: List[str], h2rig: str) -> int:
    wrong = _lacks(options, command)
    if wrong:
        print("h2bad: " + wrong, file=sys.stderr)
        return EX_USAGE
    _Signals.later = True
    errors = Unblocked(sys.stderr)
    try:
        return _tried(options, command, h2rig, errors)
    finally:
        errors.drain(1.0)


def _tried(options: argparse.Namespace, command: List[str], h2rig: str,
           errors: Unblocked) -> int:
    baseline = None
    if options.expect and (os.path.exists(options.expect)
                           or not options.update_expect):
        baseline = _baseline(options.expect)
    for path in (options.junit, options.json, options.html,
                 options.update_expect and options.expect):
        if path:                    # fail now, not after minutes
            can_put(path)
    for there in options.traces, options.dir:
        if there:
            can_fill(there)
    if options.webdriver:
        return _browse(options, h2rig, baseline, errors)
    cases = catalogue.select(options.globs, options.exclude)
    if cases and cases[0].name != "good":
        cases.insert(0, catalogue.need("good"))
    with scratch() as work:
        runner = Runner(h2rig, command, work, options.jobs,
                        sorted(options.needs | wanted(command)),
                        options.timeout, options.got == "exit", options.rss,
                        options.crash_exit)
        kept = Kept(_client(options, command, work), runner.run,
                    {"command": [_text(word) for word in command],
                     "timeout": options.timeout,
                     "needs": list(runner.needs)}, options.dir)
        ended = _go(options, runner, kept, cases, errors)
        return _finish(options, baseline, kept.report, kept.texts.get,
                       kept.directory, ended, errors)


def _baseline(path: str) -> Baseline:
    try:
        made = Baseline.load(path)
    except FileNotFoundError as e:
        raise FileNotFoundError(e.errno, "%s; --update-expect makes it"
                                % e.strerror, path) from None
    for unknown in made.unknown(catalogue.names()):
        raise ReportError(unknown)
    return made


def _go(options: argparse.Namespace, runner: Runner, kept: Kept,
        cases: Sequence[Any], errors: Unblocked) -> Optional[BaseException]:
    # Runs the cases; returns what ended the run early, or None.
    progress = Progress(len(cases), errors)
    ended: Optional[BaseException] = None

    def done(case: Any, made: Dict[str, Any]) -> None:
        kept.add(made, runner.traces.get(case.name, ()), to=options.traces)
        progress.done(made)

    try:
        runner.cases(cases, done, lambda case: progress.start(case.name),
                     _Signals.look)
    except (_Interrupted, Exception) as e:
        ended = e
    kept.finish([case.name for case in cases], ended is not None)
    progress.end(kept.report["summary"])
    return ended


def _browse(options: argparse.Namespace, h2rig: str,
            baseline: Optional[Baseline], errors: Unblocked) -> int:
    # Has a browser run the cases.
    with scratch() as below:
        serving = Serving(h2rig, below, 0, 0, ("127.0.0.1", "::1"), True)
        try:
            run, ended = _driven(options, serving, errors)
        finally:
            serving.stop()
        report = run.report()
        there = os.path.join(below, directory(run.client))
        texts, kept = {}, None
        for name in [c["name"] for c in report["cases"] if c["trace"]]:
            with open(os.path.join(there, name, "trace.txt"),
                      encoding="utf-8") as f:
                texts[name] = ends(f.read())
            if options.traces:
                shutil.copytree(os.path.join(there, name), os.path.join(
                    options.traces, name), dirs_exist_ok=True)
        if options.dir and os.path.exists(there):
            kept = os.path.join(options.dir, directory(run.client))
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(there, kept)
            index(options.dir)
        return _finish(options, baseline, report, texts.get, kept, ended,
                       errors)


def _driven(options: argparse.Namespace, serving: Serving, errors: Unblocked
            ) -> Tuple[Run, Optional[BaseException]]:
    # Returns the run, and what ended it early, or None.
    browser = Browser(options.webdriver)
    try:
        run = Run.new(serving.below, options.client or browser.name,
                      options.globs, [*options.exclude, *EXCLUDE],
                      sorted(options.needs),
                      "arm", bool(options.globs))
        progress = Progress(len(run.cases), errors)
        told = 0

        def look() -> None:
            nonlocal told
            for each in run.results(told):
                told += 1
                progress.done(each)
            _Signals.look()

        drive(browser, serving, run, look)
        look()
        return run, None
    except RunError as e:
        raise CommandError(str(e)) from None
    except (_Interrupted, WebDriverError, Broken) as e:
        return run, e
    finally:
        browser.close()


def _finish(options: argparse.Namespace, baseline: Optional[Baseline],
            report: Dict[str, Any], text_of: Callable[[str], Optional[str]],
            there: Optional[str], ended: Optional[BaseException],
            errors: Unblocked) -> int:
    # there: the directory of the report, if it is kept.
    if options.update_expect:
        baseline = (baseline or Baseline(options.expect)).update(report)
        baseline.write(options.expect)
    for path, made in (
            (options.junit, lambda: junit(report, text_of)),
            (options.json, lambda: json.dumps(report, indent=1) + "\n"),
            (options.html, lambda: html(report))):
        if path:
            put(path, made())
    _Signals.later = False          # printing may block: nobody reads
    errors.drain(1.0 if _Signals.number else None)
    shown = {**report, "cases": [{**each, "trace": there and each["trace"]
                                  and os.path.join(there, each["trace"])}
                                 for each in report["cases"]]}
    if options.tap or not sys.stdout.isatty():
        say(tap(shown, baseline))
    else:
        say(text(shown, baseline, "NO_COLOR" not in os.environ))
    if ended is not None:
        raise ended
    _Signals.look()
    return _status(report, baseline)


def _status(report: Dict[str, Any], baseline: Optional[Baseline]) -> int:
    good = report["cases"][0] if report["cases"] else None
    if good is not None and good["verdict"] == "skip":
        print("h2bad: no case could be tried: %s; expected a request to {url} "
              "over HTTP/2%s" % (good["message"], _said(good)),
              file=sys.stderr)
        return SKIPPED
    if baseline is not None:
        told = baseline.told(report)
        if told:
            print("h2bad: " + told, file=sys.stderr)
        return DIFFERS if told else 0
    return DIFFERS if report["summary"]["fail"] + report["summary"]["error"] \
        else 0


def _said(made: Dict[str, Any]) -> str:
    lines = made.get("output", "").strip().split("\n")
    return "; it said: %s" % lines[-1][:300] if lines[-1] else ""


# ---- one

def _one(options: argparse.Namespace, h2rig: str) -> int:
    case = catalogue.need(options.case)
    with scratch() as work:
        ca = os.path.join(work, "ca.pem")
        server = BadServer(h2rig, work, ca, port=options.port)
        try:
            tasks.wait(server.ready())
            server.serve(case.name, "one")
            if options.ca_out:
                shutil.copyfile(server.ca_out, options.ca_out)
            say("h2bad: %s: https://localhost:%d/bad/%s\n" % (
                case.name, server.port, case.name))
            while True:
                status = _judge_one(case, tasks.wait(_met(server)))
                if not options.wait:
                    return status
                server.serve(case.name, "one-%d" % time.monotonic_ns())
        finally:
            server.stop()


def _met(server: BadServer) -> tasks.Task:
    # Waits for the case's first connection, and for those that follow it, each
    # within a second; returns them.
    connections: List[Any] = []
    quiet = time.monotonic()
    while not any(c.case for c in connections) or \
            time.monotonic() - quiet < 1:
        new = [c for c in (yield from server.connections(60)) if c.lines]
        if new:
            connections += new
            quiet = time.monotonic()
        elif not server.runs():
            raise ServerError("the server has ended: " + server.why())
        yield -1
    return connections


def _judge_one(case: Any, connections: List[Any]) -> int:
    o = Observed(case, connections)
    made = judge(o)
    say(trace_text([c.path for c in connections]))
    say("verdict %s%s: %s%s (%s)\n" % (
        made.verdict, made.reason and ", " + made.reason, o.reaction,
        made.message and "; " + made.message, case.section))
    if made.verdict == "skip":
        return SKIPPED
    return DIFFERS if made.verdict in ("fail", "error") else 0


# ---- serve, report

def _serve(options: argparse.Namespace, h2rig: str) -> int:
    with contextlib.ExitStack() as stack:
        below = options.dir or stack.enter_context(scratch())
        serving = Serving(h2rig, below, options.control, options.bad,
                          options.addr or (), options.floods)
        stack.callback(serving.stop)
        if options.ca_out:
            shutil.copyfile(serving.bad.ca_out, options.ca_out)
        _Signals.later = True
        for what, port in (("control", serving.control.port),
                           ("bad", serving.bad.port)):
            say("h2bad: %s: listening on https://localhost:%d\n"
                % (what, port))
        serving.run(lambda: _Signals.number > 0)
        if _Signals.number:
            return 0
        print("h2bad: a server has ended; its log is in %s" % below,
              file=sys.stderr)
    return EX_OSERR


def _report(options: argparse.Namespace, h2rig: str) -> int:
    found: List[Tuple[str, Dict[str, Any]]] = []
    for below in options.dirs:
        here = reports(below)
        if not here:
            print("h2bad: %s: no reports; expected a directory of --dir, with "
                  "CLIENT/report.json" % below, file=sys.stderr)
            return EX_USAGE
        for name, each in here:
            write_forms(each, os.path.join(below, name))
            found.append((os.path.join(below, name), each))
        index(below)
    to = options.matrix or os.path.join(options.dirs[0], "matrix.html")
    put(to, matrix([each for _, each in found], [
        os.path.relpath(path, os.path.dirname(os.path.abspath(to)))
        for path, _ in found], None, (lambda i, result: brief_of(
            result, found[i][0])) if options.standalone else None))
    say(to + "\n")
    return 0
