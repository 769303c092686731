# SPDX-License-Identifier: MIT
"""`h2rig-trace`: traces of `h2rig --trace` as text, in the form of
`nghttp -v`.

What a client or a script has sent is printed with its control characters
escaped, so that a trace cannot command the terminal.
"""

import argparse
import io
import json
import os
import sys
import time
from typing import Any, BinaryIO, Callable, Dict, Iterator, List, NoReturn
from typing import Optional, Sequence, TextIO, Union

__all__ = ["Follower", "Printer", "TraceError", "main"]

#: Of the form of traces that this program reads.
VERSION = 1

#: Octets of a line, at most; those of h2rig are shorter.
LINE_MAX = 1 << 24

#: What wrong values in a line raise.
_WRONG = (ArithmeticError, AttributeError, LookupError, RecursionError,
          TypeError, ValueError)

#: Seconds between two looks at a trace that grows.
LOOK = 0.1

EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_IOERR = 64, 65, 66, 74

_FLAGS = {"END_STREAM": 0x1, "ACK": 0x1, "END_HEADERS": 0x4, "PADDED": 0x8,
          "PRIORITY": 0x20}
_SETTINGS = {"HEADER_TABLE_SIZE": 1, "ENABLE_PUSH": 2,
             "MAX_CONCURRENT_STREAMS": 3, "INITIAL_WINDOW_SIZE": 4,
             "MAX_FRAME_SIZE": 5, "MAX_HEADER_LIST_SIZE": 6,
             "ENABLE_CONNECT_PROTOCOL": 8, "NO_RFC7540_PRIORITIES": 9}
_CODES = ("NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR",
          "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
          "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL",
          "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
          "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED")
_COLOURS = {"time": "33", "recv": "1;36", "send": "1;35", "name": "1;34",
            "call": "32", "bad": "1;31"}

Line = Dict[str, Any]
Octets = Union[str, Dict[str, str]]


class TraceError(Exception):
    """The file is no trace, or could not be read; the text says which and
    why.  status: what the program exits with."""

    def __init__(self, text: str, status: int = EX_DATAERR) -> None:
        super().__init__(text)
        self.status = status


# ---- text

def _escaped(text: str) -> str:
    return "".join(
        c if c.isprintable() else "\\x%02x" % ord(c) if ord(c) < 0x100
        else "\\u%04x" % ord(c) for c in text)


def _octets(value: Octets) -> str:
    # As text; what is no text has its octets as \xHH.
    if isinstance(value, str):
        return _escaped(value)
    return "".join(chr(c) if 0x20 <= c < 0x7f else "\\x%02x" % c
                   for c in bytes.fromhex(value["hex"]))


def _hex(value: Octets) -> str:
    return value["hex"] if isinstance(value, dict) else value.encode().hex()


def _code(name: str) -> str:
    if name in _CODES:
        return "error_code=%s(0x%02x)" % (name, _CODES.index(name))
    return "error_code=unknown(%s)" % _escaped(name)


def _flags(names: Sequence[str]) -> int:
    return sum(_FLAGS[n] if n in _FLAGS else int(n, 16) for n in names)


def _priority(line: Line) -> List[str]:
    p = line.get("priority")
    return [] if p is None else ["dep_stream_id=%d" % p["dependency"],
                                 "weight=%d" % p["weight"],
                                 "exclusive=%d" % p["exclusive"]]


class Printer:
    """Writes the lines of a trace to out.

    stream: only what belongs to that stream, if it is not None; colour:
    whether out is a terminal that has it.
    """

    def __init__(self, out: TextIO, stream: Optional[int] = None,
                 colour: bool = False) -> None:
        self._out, self._stream, self._colour = out, stream, colour

    def heading(self, name: str, first: bool) -> None:
        """The name of the file that the next lines are of."""
        self._out.write("%s==> %s <==\n" % ("" if first else "\n", name))

    def line(self, line: Line) -> None:
        """One line of the trace."""
        if not self._wanted(line):
            return
        head = self._paint("time", "[%7.3f]" % line["t"])
        lines = self._frame(line) if "stream" in line and "dir" in line \
            else self._other(line)
        self._out.write("%s %s\n" % (head, "\n          ".join(lines)))

    def _wanted(self, line: Line) -> bool:
        if self._stream is None or "dir" not in line and "stream" not in line:
            return True
        return self._stream in (line.get("stream"), line.get("promised"),
                                line.get("prioritized"))

    def _paint(self, colour: str, text: str) -> str:
        if not self._colour:
            return text
        return "\033[%sm%s\033[0m" % (_COLOURS[colour], text)

    def _frame(self, line: Line) -> List[str]:
        way = "recv" if line["dir"] == "in" else "send"
        lines = [self._paint(way, "%s %s frame" % (
            way, _escaped(line["type"])))
                 + " <length=%d, flags=0x%02x, stream_id=%d>" % (
                     line["length"], _flags(line["flags"]), line["stream"])]
        if line["flags"]:
            lines.append("; " + " | ".join(line["flags"]))
        detail = _DETAILS.get(line["type"])
        if detail is not None and "error" not in line:
            lines += ["(%s)" % s for s in detail(line) if s]
        for name, value in line.get("settings", ()):
            known = name in _SETTINGS
            lines.append("[%s(0x%02x):%d]" % (
                "SETTINGS_" + name if known else "UNKNOWN",
                _SETTINGS[name] if known else int(name, 16), value))
        for name, value in line.get("fields", ()):
            lines.append("%s: %s" % (self._paint("name", _octets(name)),
                                     _octets(value)))
        if line.get("cut"):
            lines.append("; more fields, which the trace does not show")
        if "data" in line and line["type"] != "PING":
            lines.append('"%s"' % _octets(line["data"]))
        return lines + self._bad(line)

    def _bad(self, line: Line) -> List[str]:
        lines = []
        if "error" in line:
            lines.append(self._paint("bad", "; " + _octets(line["error"])))
        if line.get("raw"):
            lines.append('"%s"' % _octets(line["raw"]))
        return lines

    def _other(self, line: Line) -> List[str]:
        kind = line["type"]
        if kind == "connection":
            return _connection(line)
        if kind == "preface":
            return [self._paint("recv", "recv preface")]
        if kind == "raw":
            way = "recv" if line["dir"] == "in" else "send"
            return [self._paint(way, "%s octets" % way)
                    + " <length=%d>" % line["length"]] + self._bad(line)
        if kind == "violation":
            where = "stream_id=%d, " % line["stream"] if "stream" in line \
                else ""
            return [self._paint("bad", "violation")
                    + " <%s%s>" % (where, _code(line["code"])),
                    "; " + _octets(line["text"])]
        if kind in ("begin", "end"):
            raised = line.get("raised")
            return [self._paint("call", "call" if kind == "begin" else
                                "return from" if raised is None else
                                "%s from" % _octets(raised))
                    + " %s in %s <stream_id=%d>" % (
                        _octets(line["function"]), _octets(line["script"]),
                        line["stream"])]
        if kind == "limit":
            return ["; the trace ends here: it may have %d octets"
                    % line["octets"]]
        if kind == "close":
            return ["Closed"] + ["; " + _octets(line[name])
                                 for name in ("end", "why") if name in line]
        return [_escaped(json.dumps(line))]


def _connection(line: Line) -> List[str]:
    lines = ["Connected", "; %s, process %d, client %s" % (
        _octets(line["server"]), line["pid"], _octets(line["client"])),
        "; at " + _octets(line["time"])]
    tls = [_octets(line[name]) for name in ("tls", "cipher") if name in line]
    if "sni" in line:
        tls.append("for " + _octets(line["sni"]))
    if line.get("resumed"):
        tls.append("resumed")
    lines.append("; " + (", ".join(tls) if tls else "cleartext" if
                         line.get("cleartext") else "no TLS was agreed on"))
    if "alpn" in line:
        lines.append("The negotiated protocol: " + _octets(line["alpn"]))
    return lines


def _headers(line: Line) -> Iterator[str]:
    yield ", ".join(["padlen=%d" % line.get("padding", 0)] + _priority(line))


def _push(line: Line) -> Iterator[str]:
    yield "padlen=%d, promised_stream_id=%d" % (line.get("padding", 0),
                                                line["promised"])


def _data(line: Line) -> Iterator[str]:
    if "padding" in line:
        yield "padlen=%d" % line["padding"]


def _goaway(line: Line) -> Iterator[str]:
    debug = line["debug"]
    yield "last_stream_id=%d, %s, opaque_data(%d)=[%s]" % (
        line["last_stream"], _code(line["code"]), len(_hex(debug)) // 2,
        _octets(debug))


_DETAILS: Dict[str, Callable[[Line], Iterator[str]]] = {
    "DATA": _data,
    "HEADERS": _headers,
    "PRIORITY": lambda line: iter([", ".join(_priority(line))]),
    "RST_STREAM": lambda line: iter([_code(line["code"])]),
    "SETTINGS": lambda line: iter(["niv=%d" % len(line.get("settings", ()))]),
    "PUSH_PROMISE": _push,
    "PING": lambda line: iter(["opaque_data=" + _hex(line["data"])]),
    "GOAWAY": _goaway,
    "WINDOW_UPDATE": lambda line: iter(
        ["window_size_increment=%d" % line["increment"]]),
    "PRIORITY_UPDATE": lambda line: iter(
        ["prioritized_stream_id=%d, priority_field_value=[%s]" % (
            line["prioritized"], _octets(line["value"]))]),
}


# ---- files

class Follower:
    """A trace that may still grow."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.over = False
        self._number = self._pid = 0
        self._rest = b""
        try:
            self._file: BinaryIO = open(path, "rb")
        except OSError as e:
            self._fail(e)

    def _fail(self, e: OSError) -> NoReturn:
        raise TraceError("%s: %s" % (self.path, e.strerror), EX_NOINPUT)

    def lines(self) -> Iterator[Line]:
        """Those that have come since the last call, whole ones only."""
        gone = self._is_gone()      # then nothing comes after this look
        while True:
            try:
                text = self._file.readline(LINE_MAX)
            except OSError as e:
                self._fail(e)
            self._rest += text
            if len(self._rest) >= LINE_MAX:
                raise self._wrong(self._number + 1)
            if not self._rest.endswith(b"\n"):
                break
            text, self._rest = self._rest, b""
            self._number += 1
            yield self._parse(text)
        self.over = self.over or gone

    def _is_gone(self) -> bool:
        # The process that writes it, if that is one of this machine.
        if not self._pid:
            return False
        try:
            os.kill(self._pid, 0)
        except (OverflowError, ProcessLookupError):
            return True
        except OSError:
            pass
        return False

    def _parse(self, text: bytes) -> Line:
        try:
            line = json.loads(text.decode("utf-8"))
            if self._number == 1:
                if (line["type"], line["version"]) != ("connection", VERSION):
                    raise ValueError
                self._pid = int(line["pid"])
            self.over = line["type"] in ("close", "limit")
            float(line["t"])
        except _WRONG:
            raise self._wrong(self._number) from None
        return line

    def _wrong(self, number: int) -> TraceError:
        return TraceError("%s, line %d: expected a line of a trace that "
                          "h2rig --trace has written" % (self.path, number))

    def complete(self) -> None:
        """Has it been a trace?  TraceError if not."""
        if self._number == 0 and self._rest:
            raise TraceError("%s: expected a trace that h2rig --trace has "
                             "written" % self.path)


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
                except _WRONG:
                    raise TraceError("%s: a line lacks what its type has: %s"
                                     % (trace.path, _escaped(json.dumps(line))
                                        )) from None
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
