# SPDX-License-Identifier: MIT
"""`h2rig-trace`: shows traces of `h2rig --trace`."""

import argparse
import io
import os
import sys
import time
from typing import List, NoReturn, Optional, Sequence

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from h2rig.trace.reader import WRONG, Follower, TraceError      # noqa: E402
from h2rig.trace.text import Printer                            # noqa: E402

__all__ = ["main"]

#: Seconds between two looks at a trace that grows.
LOOK = 0.1

EX_USAGE, EX_IOERR = 64, 74


def _print(printer: Printer, paths: Sequence[str], follow: bool) -> None:
    left = [Follower(path) for path in paths]
    last: Optional[Follower] = None
    while left:
        for trace in list(left):
            for line in trace.lines():
                if trace is not last and len(paths) > 1:
                    printer.heading(trace.path, last is None)
                last = trace
                try:
                    printer.line(line)
                except WRONG:
                    raise trace.lacks(line) from None
            if trace.over or not follow:
                trace.complete()
                left.remove(trace)
        sys.stdout.flush()
        if left:
            time.sleep(LOOK)


def _has_colour() -> bool:
    return (sys.stdout.isatty() and "NO_COLOR" not in os.environ
            and os.environ.get("TERM", "dumb") != "dumb")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(EX_USAGE, "h2rig-trace: %s\n" % message)


def _stream(text: str) -> int:
    if not text.isdecimal() or int(text) >= 1 << 31:
        raise argparse.ArgumentTypeError(
            "%r: expected the number of a stream" % text)
    return int(text)


def main(argv: Sequence[str], _program: str) -> int:
    """Prints the traces that argv names; returns the exit status."""
    parser = _Parser(prog="h2rig-trace", allow_abbrev=False, description=(
        "Prints traces of h2rig --trace as text, in the form of nghttp -v."))
    parser.add_argument("file", nargs="+", metavar="FILE")
    parser.add_argument("--stream", type=_stream, metavar="N",
                        help="only what belongs to stream N")
    parser.add_argument("--follow", action="store_true",
                        help="go on as the trace grows, until it ends")
    options = parser.parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):    # escapes what it has not
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        _print(Printer(sys.stdout, options.stream, _has_colour()),
               options.file, options.follow)
        sys.stdout.flush()
    except TraceError as e:
        sys.stdout.flush()
        sys.stderr.write("h2rig-trace: %s\n" % e)
        return e.status
    except KeyboardInterrupt:
        return 130
    except OSError as e:
        # What is still to be written, Python writes at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(e, BrokenPipeError):  # its reader has seen enough
            sys.stderr.write("h2rig-trace: standard output: %s\n" % e.strerror)
            return EX_IOERR
    return 0
