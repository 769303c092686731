# SPDX-License-Identifier: MIT
"""`h2bad`: what a client does when a server misbehaves."""

import argparse
import contextlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from typing import Any, Dict, List, NoReturn, Optional, Sequence, Set, Tuple

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2bad import __version__, catalogue  # noqa: E402
from h2bad.catalogue import CaseError  # noqa: E402
from h2bad.keep import Kept, trace_text  # noqa: E402
from h2bad.observed import Observed, judge  # noqa: E402
from h2bad.plan import NEEDS, wanted  # noqa: E402
from h2bad.report import (Baseline, Progress, ReportError, junit,  # noqa: E402
                          tap, text)
from h2bad.report.model import put  # noqa: E402
from h2bad.run import CommandError, Runner, result  # noqa: E402
from h2bad.serve import Serving  # noqa: E402
from h2bad.servers import BadServer, ServerError  # noqa: E402

__all__ = ["main"]

#: Exit statuses, those of h2rig where it has the same reason.
DIFFERS, EX_USAGE, EX_OSERR, SKIPPED, EX_CONFIG = 1, 64, 71, 77, 78

SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        if "unrecognized" in message and "--" not in sys.argv:
            message += "; expected -- before a client's command"
        self.exit(EX_USAGE, "h2bad: %s\n" % message)


def _number(least: float, what: str) -> Any:
    def parse(word: str) -> float:
        try:
            number = float(word)
            if not least <= number < 1e6:
                raise ValueError
        except ValueError:
            raise argparse.ArgumentTypeError("%r: expected %s" % (
                word, what)) from None
        return int(number) if number == int(number) else number
    return parse


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError("%r: expected a port" % word)
    return int(word)


def _needs(word: str) -> Set[str]:
    names = {name for name in word.split(",") if name}
    if "all" in names:
        return set(NEEDS)
    unknown = sorted(names - NEEDS - {"get"})
    if unknown:
        raise argparse.ArgumentTypeError("%r: expected all, get, %s" % (
            unknown[0], ", ".join(sorted(NEEDS))))
    return names - {"get"}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="h2bad", allow_abbrev=False, description=__doc__)
    parser.add_argument("--version", action="version",
                        version="h2bad " + __version__)
    commands = parser.add_subparsers(dest="name", required=True,
                                     parser_class=_Parser, metavar="COMMAND")

    def command(name: str, what: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=what, description=what,
                                   allow_abbrev=False)

    run = command("run", "start a client once for each case: h2bad run "
                  "[GLOB ...] -- COMMAND, in which {url}, {urls}, {follow}, "
                  "{ca}, {method} and {bodyfile} are replaced")
    run.add_argument("globs", nargs="*", metavar="GLOB")
    run.add_argument("-j", "--jobs", metavar="N", type=_number(
        1, "a number of cases"), default=4 * (os.cpu_count() or 1),
        help="cases at a time [4 for each processor]")
    run.add_argument("--client", metavar="NAME",
                     help="in the report [the first line of --version]")
    run.add_argument("--timeout", metavar="SECONDS", default=10, type=_number(
        0.1, "seconds"), help="for a client's process [10]")
    run.add_argument("--rss", metavar="MB", default=256, type=_number(
        1, "MiB"), help="of memory, more than `good` needs [256]")
    run.add_argument("--needs", metavar="LIST", type=_needs, default=set(),
                     help="what the client can do beside a GET: all, or some "
                     "of " + ", ".join(sorted(NEEDS)))
    run.add_argument("--exclude", metavar="GLOB", action="append", default=[])
    run.add_argument("--got", choices=["exit"],
                     help="the exit status tells whether it had a response")
    run.add_argument("--crash-exit", metavar="N", action="append", default=[],
                     type=int, help="this exit status is a crash")
    run.add_argument("--expect", metavar="FILE", help="what is known to fail")
    run.add_argument("--update-expect", action="store_true",
                     help="write that file")
    run.add_argument("--tap", action="store_true",
                     help="print TAP, also on a terminal")
    for form, what in (("junit", "as JUnit XML"), ("json", "as JSON"),
                       ("html", "as a page")):
        run.add_argument("--" + form, metavar="FILE",
                         help="write the report %s" % what)
    run.add_argument("--traces", metavar="DIR",
                     help="keep the traces of all cases in DIR")
    run.add_argument("--dir", metavar="DIR", help="keep the report in all "
                     "forms, and traces of failures, in DIR/CLIENT")

    serve = command("serve", "serve all cases, with pages and verdicts for "
                    "browsers and loops, until stopped")
    serve.add_argument("--control", type=_port, default=8443, metavar="PORT",
                       help="of pages, lists and reports [8443]")
    serve.add_argument("--bad", type=_port, default=8444, metavar="PORT",
                       help="of the cases [8444]")
    serve.add_argument("--addr", action="append", metavar="ADDRESS",
                       help="[127.0.0.1 and ::1]")
    serve.add_argument("--ca-out", metavar="FILE",
                       help="write the CA's certificate to FILE")
    serve.add_argument("--floods", action="store_true",
                       help="let clients ask for floods")
    serve.add_argument("--dir", metavar="DIR", help="of reports, kept "
                       "[a directory that is removed at the end]")

    one = command("one", "serve one case, once, and print trace and verdict")
    one.add_argument("case", metavar="NAME")
    one.add_argument("--port", type=_port, default=8444, metavar="PORT",
                     help="[8444]")
    one.add_argument("--wait", action="store_true", help="go on serving it")
    one.add_argument("--ca-out", metavar="FILE",
                     help="write the CA's certificate to FILE")

    listing = command("list", "list cases")
    listing.add_argument("globs", nargs="*", metavar="GLOB")
    listing.add_argument("--json", action="store_true")

    show = command("show", "print a case's page")
    show.add_argument("case", metavar="NAME")

    report = command("report", "make all forms, and the matrix, of reports")
    report.add_argument("dirs", nargs="+", metavar="DIR")
    report.add_argument("--matrix", metavar="FILE",
                        help="[matrix.html in the first DIR]")
    return parser


def _case(name: str) -> Any:
    found = catalogue.find(name)
    if found is None:
        raise CaseError("no case is named %r; expected a name that `h2bad "
                        "list` shows" % name)
    return found


def _text(word: str) -> str:
    # An argument may be no UTF-8, a report is.
    return word.encode("utf-8", "replace").decode()


def _client(options: argparse.Namespace, command: Sequence[str]) -> str:
    if options.client:
        return _text(options.client)
    try:
        said = subprocess.run(
            [command[0], "--version"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=5,
            check=False).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    first = said.strip().split("\n")[0].strip()
    return first[:100] or os.path.basename(command[0])


class _Interrupted(BaseException):
    """By a signal, whose number it has."""


def _interrupt(number: int, _: Any) -> NoReturn:
    for each in SIGNALS:            # what is to be cleared away now, is
        signal.signal(each, signal.SIG_IGN)
    raise _Interrupted(number)


def _run(options: argparse.Namespace, command: List[str], h2rig: str) -> int:
    if not command:
        print("h2bad: no command; expected h2bad run [GLOB ...] -- COMMAND "
              "{url}", file=sys.stderr)
        return EX_USAGE
    if shutil.which(command[0]) is None:
        print("h2bad: %s: no such program; expected a client's command"
              % command[0], file=sys.stderr)
        return EX_USAGE
    baseline = None
    if options.update_expect and not options.expect:
        print("h2bad: --update-expect: expected --expect FILE too",
              file=sys.stderr)
        return EX_USAGE
    if options.expect and (os.path.exists(options.expect)
                           or not options.update_expect):
        baseline = Baseline.load(options.expect)
    cases = catalogue.select(catalogue.all_cases(), options.globs,
                             options.exclude)
    if cases and cases[0].name != "good":
        cases.insert(0, _case("good"))
    with tempfile.TemporaryDirectory(prefix="h2bad-") as work:
        runner = Runner(h2rig, command, work, options.jobs,
                        sorted(options.needs | wanted(command)),
                        options.timeout, options.got == "exit", options.rss,
                        options.crash_exit)
        kept = Kept(_client(options, command), runner.run,
                    {"command": [_text(word) for word in command],
                     "timeout": options.timeout,
                     "needs": list(runner.needs)}, options.dir)
        if options.traces:
            os.makedirs(options.traces, exist_ok=True)
        return _finish(options, baseline, kept, cases,
                       _go(options, runner, kept, cases))


def _go(options: argparse.Namespace, runner: Runner, kept: Kept,
        cases: Sequence[Any]) -> int:
    # 0, or the number of the signal that ended it.
    progress = Progress(len(cases), sys.stderr)

    def done(case: Any, made: Dict[str, Any]) -> None:
        kept.add(made, runner.traces.get(case.name, ()), to=options.traces)
        progress.done(made)

    try:
        runner.cases(cases, done, lambda case: progress.start(case.name))
    except _Interrupted as e:
        return int(e.args[0])
    finally:
        kept.finish([case.name for case in cases])
        progress.end(kept.report["summary"])
    return 0


def _finish(options: argparse.Namespace, baseline: Optional[Baseline],
            kept: Kept, cases: Sequence[Any], interrupted: int) -> int:
    report = kept.report
    if interrupted:
        kept.finish([case.name for case in cases], True)
    if options.update_expect:
        baseline = (baseline or Baseline(options.expect)).update(report)
        baseline.write(options.expect)
    if options.tap or not sys.stdout.isatty():
        sys.stdout.write(tap(report, baseline))
    else:
        sys.stdout.write(text(report, baseline,
                              "NO_COLOR" not in os.environ))
    sys.stdout.flush()
    for path, made in (
            (options.junit, lambda: junit(report, kept.texts.get)),
            (options.json, lambda: json.dumps(report, indent=1) + "\n"),
            (options.html, lambda: _page(report))):
        if path:
            put(path, made())
    if interrupted:
        return 128 + interrupted
    return _status(report, baseline)


def _page(report: Dict[str, Any]) -> str:
    pages: Any = importlib.import_module("h2bad.report.pages")
    made: str = pages.html(report)
    return made


def _status(report: Dict[str, Any], baseline: Optional[Baseline]) -> int:
    good = report["cases"][0] if report["cases"] else None
    if good is not None and good["verdict"] == "skip":
        print("h2bad: the client has tried nothing: %s; expected a request to "
              "{url} over HTTP/2%s" % (good["message"], _said(good)),
              file=sys.stderr)
        return SKIPPED
    if baseline is not None:
        return DIFFERS if baseline.compare(report) else 0
    return DIFFERS if report["summary"]["fail"] + report["summary"]["error"] \
        else 0


def _said(made: Dict[str, Any]) -> str:
    lines = made.get("output", "").strip().split("\n")
    return "; it said: %s" % lines[-1][:300] if lines[-1] else ""


def _one(options: argparse.Namespace, h2rig: str) -> int:
    case = _case(options.case)
    with tempfile.TemporaryDirectory(prefix="h2bad-") as work:
        ca = os.path.join(work, "ca.pem")
        server = BadServer(h2rig, work, ca, port=options.port,
                           binds=("127.0.0.1", "::1"))
        try:
            server.serve(case.name, "one")
            if options.ca_out:
                shutil.copyfile(server.ca_out, options.ca_out)
            print("h2bad: %s: https://localhost:%d/bad/%s" % (
                case.name, server.port, case.name), flush=True)
            status = SKIPPED
            while True:
                status = _judge_one(server, case)
                if not options.wait:
                    return status
                server.serve(case.name, "one-%d" % time.monotonic_ns())
        finally:
            server.stop()


def _judge_one(server: BadServer, case: Any) -> int:
    # Waits for the case's first connection, and for those that follow it.
    connections: List[Any] = []
    quiet = time.monotonic()
    while not any(c.case for c in connections) or \
            time.monotonic() - quiet < 1:
        new = [c for c in server.connections(60) if c.lines]
        if new:
            connections += new
            quiet = time.monotonic()
        time.sleep(0.05)
    o = Observed(case, connections)
    made = judge(o)
    sys.stdout.write(trace_text([c.path for c in connections]))
    print("verdict %s%s: %s%s (%s)" % (
        made.verdict, made.reason and ", " + made.reason, o.reaction,
        made.message and "; " + made.message, case.section), flush=True)
    if made.verdict == "skip":
        return SKIPPED
    return DIFFERS if made.verdict in ("fail", "error") else 0


def _serve(options: argparse.Namespace, h2rig: str) -> int:
    with contextlib.ExitStack() as stack:
        below = options.dir or stack.enter_context(
            tempfile.TemporaryDirectory(prefix="h2bad-"))
        serving = Serving(h2rig, below, options.control, options.bad,
                          options.addr or ("127.0.0.1", "::1"),
                          options.floods)
        stack.callback(serving.stop)
        if options.ca_out:
            shutil.copyfile(serving.bad.ca_out, options.ca_out)
        for what, port in (("control", serving.control.port),
                           ("bad", serving.bad.port)):
            print("h2bad: %s: listening on https://localhost:%d"
                  % (what, port), flush=True)
        try:
            serving.run()
        except _Interrupted:
            return 0
        print("h2bad: a server has ended; its log is in %s" % below,
              file=sys.stderr)
    return EX_OSERR


def _list(options: argparse.Namespace) -> int:
    cases = catalogue.select(catalogue.all_cases(), options.globs)
    if options.json:
        print(json.dumps([case.as_dict() for case in cases], indent=1))
        return 0
    for case in cases:
        print("%-32s %-6s %-20s %s" % (case.name, case.kind, case.section,
                                       case.title))
    return 0


def _show(options: argparse.Namespace) -> int:
    case = _case(options.case)
    title, _, rest = case.text.partition("\n")
    print("%s\n\n    %s, %s, expects %s%s%s\n%s" % (
        title, case.name, case.section, case.expect,
        "; needs " + ", ".join(case.needs) if case.needs else "",
        " (%s)" % case.kind, rest))
    return 0


def _report(options: argparse.Namespace) -> int:
    from h2bad.keep import write_forms
    from h2bad.report import index, reports
    pages: Any = importlib.import_module("h2bad.report.pages")
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
    put(to, pages.matrix([each for _, each in found], [
        os.path.relpath(path, os.path.dirname(os.path.abspath(to)))
        for path, _ in found]))
    print(to)
    return 0


def main(argv: Sequence[str], h2rig: str) -> int:
    """Runs a command; returns the exit status."""
    own, command = list(argv), []
    if "--" in own:
        at = own.index("--")
        own, command = own[:at], own[at + 1:]
    options = _parser().parse_args(own)
    for number in SIGNALS:          # but nohup's
        if number != signal.SIGHUP or \
                signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _interrupt)
    try:
        if options.name == "run":
            return _run(options, command, h2rig)
        if options.name == "serve":
            return _serve(options, h2rig)
        if options.name == "one":
            return _one(options, h2rig)
        return {"list": _list, "show": _show, "report": _report}[
            options.name](options)
    except _Interrupted as e:
        return 128 + int(e.args[0])
    except (CaseError, CommandError) as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_USAGE
    except ReportError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_CONFIG
    except ServerError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_OSERR
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_OSERR
    except OSError as e:
        print("h2bad: %s: %s" % (e.filename or "h2bad", e.strerror),
              file=sys.stderr)
        return EX_OSERR
