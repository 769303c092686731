# SPDX-License-Identifier: MIT
"""`h2rig-trace`: shows traces of `h2rig --trace`."""

import argparse
import functools
import importlib
import io
import os
import resource
import sys
import time
from typing import NoReturn, Optional, Sequence, Tuple

sys.path.insert(1, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from h2rig.trace.reader import WRONG, Follower, TraceError      # noqa: E402
from h2rig.trace.text import Printer                            # noqa: E402

__all__ = ["main"]

#: Seconds between two looks at a trace that grows.
LOOK = 0.1

EX_NO_STREAM, EX_USAGE, EX_IOERR = 1, 64, 74

#: Modules of h2rig.trace with a write(traces, out).
FORMS = {"html": "write a page for browsers to OUT",
         "pcapng": "write a capture for Wireshark and tshark to OUT"}


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


def _lacks(printer: Printer, stream: Optional[int]) -> Optional[TraceError]:
    # That nothing is printed has to have a reason.
    if stream in printer.streams or stream is None:
        return None
    there = sorted(each for each in printer.streams
                   if isinstance(each, int) and each > 0)
    return TraceError("--stream %d: no such stream; expected one of %s" % (
        stream, ", ".join(map(str, there[:20])) + ", ..." * (len(there) > 20)
        if there else "a trace that has streams"), EX_NO_STREAM)


def _starts_as_a_trace(path: str) -> bool:
    try:
        with open(path, "rb") as f:
            return f.read(5) == b'{"t":'
    except OSError:
        return False


def _write(form: str, to: str, paths: Sequence[str]) -> None:
    # "-" is the standard output.
    write = importlib.import_module("h2rig.trace." + form).write
    traces = [Follower(path) for path in paths]
    if to == "-":
        write(traces, sys.stdout.buffer)
        return
    if os.path.isfile(to) and _starts_as_a_trace(to):
        raise TraceError("--%s %s: expected a file to be written, and this is "
                         "a trace" % (form, to), EX_USAGE)
    try:
        # As the traces are: their user's alone, if it is a new file.
        with open(to, "wb", opener=functools.partial(os.open, mode=0o600)
                  ) as out:
            write(traces, out)
    except OSError as e:
        raise TraceError("%s: %s" % (to, e.strerror), EX_IOERR) from None


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


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="h2rig-trace", description=(
        "Prints traces of h2rig --trace as text, in the form of nghttp -v."))
    parser.add_argument("file", nargs="+", metavar="FILE")
    parser.add_argument("--stream", type=_stream, metavar="N",
                        help="only what belongs to stream N")
    parser.add_argument("--follow", action="store_true",
                        help="go on as the trace grows, until it ends")
    for form, what in FORMS.items():
        parser.add_argument("--" + form, metavar="OUT", dest="outputs",
                            action="append", default=[], help=what,
                            type=functools.partial(_output, form))
    options = parser.parse_args(argv)
    if len(options.outputs) > 1:
        parser.error("expected one of %s, and once" % " and ".join(
            "--" + form for form, _ in options.outputs))
    if options.outputs and (options.follow or options.stream is not None):
        parser.error("--stream and --follow are for text, and not for --%s"
                     % options.outputs[0][0])
    return options


def _output(form: str, to: str) -> Tuple[str, str]:
    return form, to


def _raise_file_limit() -> None:
    # Traces are open together.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main(argv: Sequence[str], _program: str) -> int:
    """Shows the traces that argv names; returns the exit status."""
    options = _options(argv)
    _raise_file_limit()
    if isinstance(sys.stdout, io.TextIOWrapper):    # escapes what it has not
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if options.outputs:
            form, to = options.outputs[0]
            _write(form, to, options.file)
        else:
            printer = Printer(sys.stdout, options.stream, _has_colour())
            _print(printer, options.file, options.follow)
            lacks = _lacks(printer, options.stream)
            if lacks is not None:
                raise lacks
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
