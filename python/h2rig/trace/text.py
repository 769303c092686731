# SPDX-License-Identifier: MIT
"""Traces as text, in the form of `nghttp -v`.

What a client or a script has sent is printed with its control characters
escaped, so that a trace cannot command the terminal.
"""

import json
from typing import Callable, Dict, Iterator, List, Optional, Set, TextIO

from h2rig.server.frametypes import ERROR_CODES, SETTINGS
from h2rig.trace.reader import (Line, Octets, escaped, flags, number,
                                octets)

__all__ = ["Printer", "shown"]


def shown(value: Octets) -> str:
    """Returns a value as text; octets that are no text become \\xHH."""
    if isinstance(value, str):
        return escaped(value)
    return "".join(chr(c) if 0x20 <= c < 0x7f else "\\x%02x" % c
                   for c in bytes.fromhex(value["hex"]))


def _code(name: str) -> str:
    if name in ERROR_CODES:
        return "error_code=%s(0x%02x)" % (name, ERROR_CODES[name])
    return "error_code=unknown(%s)" % escaped(name)


def _priority(line: Line) -> List[str]:
    p = line.get("priority")
    return [] if p is None else ["dep_stream_id=%d" % p["dependency"],
                                 "weight=%d" % p["weight"],
                                 "exclusive=%d" % p["exclusive"]]


_COLOURS = {"time": "33", "recv": "1;36", "send": "1;35", "name": "1;34",
            "call": "32", "bad": "1;31"}


class Printer:
    """Writes the lines of a trace to out.

    stream: writes only what belongs to that stream; None: writes all.  colour:
    whether out is a terminal with colours.  streams: those that have come.
    """

    def __init__(self, out: TextIO, stream: Optional[int] = None,
                 colour: bool = False) -> None:
        self._out, self._stream, self._colour = out, stream, colour
        self.streams: Set[int] = set()

    def heading(self, name: str, first: bool) -> None:
        """Writes the name of the file that has the next lines."""
        self._out.write("%s==> %s <==\n" % ("" if first else "\n", name))

    def line(self, line: Line) -> None:
        """Writes one line of the trace, if it is wanted."""
        if not self._wanted(line):
            return
        head = self._paint("time", "[%7.3f]" % line["t"])
        lines = self._frame(line) if "stream" in line and "dir" in line \
            else self._other(line)
        self._out.write("%s %s\n" % (head, "\n          ".join(lines)))

    def _wanted(self, line: Line) -> bool:
        own = [line[name] for name in ("stream", "promised", "prioritized")
               if name in line]
        self.streams.update(own)
        # GOAWAY is about all streams: it may be why a stream has no response.
        return self._stream is None or self._stream in own or \
            "dir" not in line and not own or line["type"] == "GOAWAY"

    def _paint(self, colour: str, text: str) -> str:
        if not self._colour:
            return text
        return "\033[%sm%s\033[0m" % (_COLOURS[colour], text)

    def _frame(self, line: Line) -> List[str]:
        way = "recv" if line["dir"] == "in" else "send"
        lines = [self._paint(way, "%s %s frame" % (
            way, escaped(line["type"])))
                 + " <length=%d, flags=0x%02x, stream_id=%d>" % (
                     line["length"], flags(line), line["stream"])]
        if line["flags"]:
            lines.append("; " + " | ".join(line["flags"]))
        detail = _DETAILS.get(line["type"])
        if detail is not None and "error" not in line:
            lines += ["(%s)" % s for s in detail(line) if s]
        for name, value in line.get("settings", ()):
            known = name in SETTINGS
            lines.append("[%s(0x%02x):%d]" % (
                "SETTINGS_" + name if known else "UNKNOWN",
                number(name, SETTINGS), value))
        for name, value in line.get("fields", ()):
            lines.append("%s: %s" % (self._paint("name", shown(name)),
                                     shown(value)))
        if line.get("cut"):
            lines.append("; more %s, which the trace does not show"
                         % ("settings" if "settings" in line else "fields"))
        if "data" in line and line["type"] != "PING":
            lines.append('"%s"' % shown(line["data"]))
        return lines + self._bad(line)

    def _bad(self, line: Line) -> List[str]:
        lines = []
        if "error" in line:
            lines.append(self._paint("bad", "; " + shown(line["error"])))
        if line.get("raw"):
            lines.append('"%s"' % shown(line["raw"]))
        return lines

    def _other(self, line: Line) -> List[str]:
        kind = line["type"]
        if kind == "connection":
            return _connection(line)
        if kind == "handshake":
            return ["TLS is up"] + _handshake(line)
        if kind == "preface":
            return [self._paint("recv", "recv preface")]
        if kind == "raw":
            way = "recv" if line["dir"] == "in" else "send"
            return [self._paint(way, "%s octets" % way)
                    + " <length=%d>" % line["length"]] + self._bad(line)
        if kind == "violation":
            where = ["stream_id=%d" % line["stream"]] if "stream" in line \
                else []
            if "code" in line:
                where.append(_code(line["code"]))
            return [self._paint("bad", "violation")
                    + " <%s>" % ", ".join(where), "; " + shown(line["text"])]
        if kind in ("begin", "end"):
            raised = line.get("raised")
            return [self._paint("call", "call" if kind == "begin" else
                                "return from" if raised is None else
                                "%s from" % shown(raised))
                    + " %s in %s <stream_id=%d>" % (
                        shown(line["function"]), shown(line["script"]),
                        line["stream"])]
        if kind == "fence":
            return [self._paint("call", "fence") + " <stream_id=%d>, %.1f ms"
                    % (line["stream"], line["microseconds"] / 1000)]
        if kind == "note":
            return [self._paint("call", "note") + " %s %s" % (
                shown(line["name"]), escaped(json.dumps(line["values"])))]
        if kind == "limit":
            return ["; the trace ends here: it may have %d octets"
                    % line["octets"]]
        if kind == "close":
            return ["Closed"] + ["; " + shown(line[name])
                                 for name in ("end", "why") if name in line]
        return [escaped(json.dumps(line))]


def _connection(line: Line) -> List[str]:
    lines = ["Connected", "; %s, process %d, client %s" % (
        shown(line["server"]), line["pid"], shown(line["client"])),
        "; at " + shown(line["time"])]
    return lines + _handshake(line)


def _handshake(line: Line) -> List[str]:
    tls = [shown(line[name]) for name in ("tls", "cipher") if name in line]
    if "sni" in line:
        tls.append("for " + shown(line["sni"]))
    if line.get("resumed"):
        tls.append("resumed")
    lines = ["; " + (", ".join(tls) if tls else "cleartext" if
                     line.get("cleartext") else "no TLS was agreed on yet")]
    if "alpn" in line:
        lines.append("The negotiated protocol: " + shown(line["alpn"]))
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
        line["last_stream"], _code(line["code"]), len(octets(debug)),
        shown(debug))


_DETAILS: Dict[str, Callable[[Line], Iterator[str]]] = {
    "DATA": _data,
    "HEADERS": _headers,
    "PRIORITY": lambda line: iter([", ".join(_priority(line))]),
    "RST_STREAM": lambda line: iter([_code(line["code"])]),
    "SETTINGS": lambda line: iter(["niv=%d" % (line["length"] // 6)]),
    "PUSH_PROMISE": _push,
    "PING": lambda line: iter(["opaque_data=" + octets(line["data"]).hex()]),
    "GOAWAY": _goaway,
    "WINDOW_UPDATE": lambda line: iter(
        ["window_size_increment=%d" % line["increment"]]),
    "PRIORITY_UPDATE": lambda line: iter(
        ["prioritized_stream_id=%d, priority_field_value=[%s]" % (
            line["prioritized"], shown(line["value"]))]),
}
