# SPDX-License-Identifier: MIT
"""Shows what an HTTP/2 client does when the server misbehaves; h2bad(1)."""

import signal

if signal.getsignal(signal.SIGINT) == signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)    # an import has no cleaning

import argparse  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
from typing import Any, List, NoReturn, Sequence, Set  # noqa: E402

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2bad import __version__, catalogue, say  # noqa: E402
from h2bad.catalogue import CaseError  # noqa: E402
from h2bad.plan import NEEDS, provided  # noqa: E402

__all__ = ["main"]

EX_USAGE, EX_OSERR = 64, 71


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        if "unrecognized" in message and "--" not in sys.argv and \
                self.prog == "h2bad run":
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


def _exit_status(word: str) -> int:
    if not word.isdecimal() or not 1 <= int(word) <= 255:
        raise argparse.ArgumentTypeError("%r: expected an exit status from 1 "
                                         "to 255" % word)
    return int(word)


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65535:
        raise argparse.ArgumentTypeError("%r: expected a port" % word)
    return int(word)


def _needs(word: str) -> Set[str]:
    try:
        return provided(name for name in word.split(",") if name)
    except ValueError as e:
        raise argparse.ArgumentTypeError(str(e)) from None


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="h2bad", description=__doc__)
    parser.add_argument("--version", action="version",
                        version="h2bad " + __version__)
    commands = parser.add_subparsers(dest="name", required=True,
                                     parser_class=_Parser, metavar="COMMAND")

    def command(name: str, what: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=what, description=what)

    run = command("run", "start a client once for each case: h2bad run "
                  "[GLOB ...] -- COMMAND, in which {url}, {urls}, {follow}, "
                  "{ca}, {method} and {bodyfile} are replaced")
    cases = "names of cases, or GROUP/NAME; * and ? match [all cases]"
    run.add_argument("globs", nargs="*", metavar="GLOB", help=cases)
    run.add_argument("-j", "--jobs", metavar="N", type=_number(
        1, "a number of cases"), default=4 * (os.cpu_count() or 1),
        help="run N cases at a time [4 for each processor]")
    run.add_argument("--client", metavar="NAME",
                     help="name the client in the report [the program's "
                     "name and version, as its --version prints them]")
    run.add_argument("--timeout", metavar="SECONDS", default=10, type=_number(
        0.1, "seconds"), help="end the client's process after so long [10]")
    run.add_argument("--rss", metavar="MB", default=256, type=_number(
        1, "MiB"), help="let the client use so many MiB of memory more than "
        "in the case good [256]")
    run.add_argument("--needs", metavar="LIST", type=_needs, default=set(),
                     help="say what the client can do besides a GET: all, or "
                     "some of " + ", ".join(sorted(NEEDS)))
    run.add_argument("--webdriver", metavar="URL", help="run a browser, whose "
                     "driver has this URL, instead of a command")
    run.add_argument("--exclude", metavar="GLOB", action="append", default=[],
                     help="leave out these cases; repeatable")
    run.add_argument("--got", choices=["exit"],
                     help="take the client's exit status for its result: 0 "
                     "if it got a response, else an error")
    run.add_argument("--crash-exit", metavar="N", action="append", default=[],
                     type=_exit_status, help="take this exit status for a "
                     "crash; repeatable")
    run.add_argument("--expect", metavar="FILE",
                     help="compare the verdicts with this baseline")
    run.add_argument("--update-expect", action="store_true",
                     help="write the verdicts to the baseline")
    run.add_argument("--tap", action="store_true",
                     help="print TAP, even on a terminal")
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
                       help="the port of pages, lists and reports [8443]")
    serve.add_argument("--bad", type=_port, default=8444, metavar="PORT",
                       help="the port of the cases [8444]")
    serve.add_argument("--addr", action="append", metavar="ADDRESS",
                       help="listen on this address; repeatable [127.0.0.1 "
                       "and ::1]")
    serve.add_argument("--ca-out", metavar="FILE",
                       help="write the CA's certificate to FILE")
    serve.add_argument("--floods", action="store_true",
                       help="let clients ask for floods")
    serve.add_argument("--dir", metavar="DIR", help="keep runs, reports and "
                       "traces in DIR [one that is removed at the end]")

    one = command("one", "serve one case, once, and print trace and verdict")
    one.add_argument("case", metavar="NAME", help="the name of a case")
    one.add_argument("--port", type=_port, default=8444, metavar="PORT",
                     help="listen on this port [8444]")
    one.add_argument("--wait", action="store_true",
                     help="go on serving the case")
    one.add_argument("--ca-out", metavar="FILE",
                     help="write the CA's certificate to FILE")

    listing = command("list", "list cases")
    listing.add_argument("globs", nargs="*", metavar="GLOB", help=cases)
    listing.add_argument("--json", action="store_true",
                         help="print the cases as JSON")

    show = command("show", "print a case's page")
    show.add_argument("case", metavar="NAME", help="the name of a case")

    report = command("report", "make all forms of reports, and a matrix of "
                     "clients and cases")
    report.add_argument("dirs", nargs="+", metavar="DIR",
                        help="a directory of reports, as --dir makes it")
    report.add_argument("--matrix", metavar="FILE", help="write the matrix to "
                        "FILE [matrix.html in the first DIR]")
    report.add_argument("--standalone", action="store_true",
                        help="put the traces of failures, shortened, into the "
                        "matrix, so that it needs no other file")
    return parser


def _list(options: argparse.Namespace) -> str:
    cases = catalogue.select(options.globs)
    if options.json:
        import json
        return json.dumps([case.as_dict() for case in cases], indent=1) + "\n"
    return "".join("%-32s %-6s %-20s %s\n" % (
        case.name, case.kind, case.section, case.title) for case in cases)


def _show(options: argparse.Namespace) -> str:
    case = catalogue.need(options.case)
    title, _, rest = case.text.partition("\n")
    return "%s\n\n    %s, %s, expects %s%s%s\n%s\n" % (
        title, case.name, case.section, case.expect,
        "; needs " + ", ".join(case.needs) if case.needs else "",
        " (%s)" % case.kind, rest)


def main(argv: Sequence[str], h2rig: str) -> int:
    """Runs a command; returns the exit status."""
    own, command = list(argv), []
    if "--" in own:
        at = own.index("--")
        own, command = own[:at], own[at + 1:]
    options = _parser().parse_args(own)
    try:
        if options.name in ("list", "show"):
            say((_list if options.name == "list" else _show)(options))
            return 0
        from h2bad import commands      # which takes longer than those two
        return commands.perform(options, command, h2rig)
    except CaseError as e:
        print("h2bad: %s" % e, file=sys.stderr)
        return EX_USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_OSERR
    except OSError as e:
        print("h2bad: %s: %s" % (e.filename or "h2bad", e.strerror),
              file=sys.stderr)
        # What is still to be written, Python writes at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EX_OSERR
