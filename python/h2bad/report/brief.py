# SPDX-License-Identifier: MIT
"""Traces in a few lines, for a page with the traces of many failures."""

import re
from collections import deque
from itertools import islice
from typing import (Any, Iterable, Iterator, Mapping, Optional, Sequence,
                    Tuple)

from h2bad.report.diagram import frame_words
from h2bad.report.model import plural
from h2rig.trace.text import shown

__all__ = ["CUT", "brief", "ends"]

#: Lines that are kept at the beginning, and at the end.
ENDS = 16

#: The same for a text in a report, and characters of such a line.  Parsers of
#: XML refuse texts of 10 MB.
TEXT_ENDS, WIDTH = 200, 1000

#: Seconds of silence from which on it is told.
SILENCE = 1.0

#: What a reader has to know of these texts.
CUT = ("The traces are cut: of each frame there is a line with its type, its "
       "stream and the first values; of a request the method and the path; of "
       "frames of one kind in a row the first one and how many more there are; "
       "of long traces the first and the last %d lines. Left out are times "
       "below %d second, names of runs, ports, and what the server answers to "
       "the request after the case." % (ENDS, SILENCE))

#: Parts of URLs that differ between runs.
_RUN = re.compile(r"(?<=[?&])run=\w+&?|(?<=localhost):\d+")

Line = Mapping[str, Any]


def _without_run(value: Any) -> Any:
    return _RUN.sub("", value).rstrip("?") if isinstance(value, str) else value


def _frame(line: Line) -> str:
    fields = [(name, _without_run(value))
              for name, value in line.get("fields", ())]
    if line["dir"] == "in" and any(name == ":path" for name, _ in fields):
        fields = [each for each in fields if each[0] in (":method", ":path")]
    return ("server: " if line["dir"] == "out" else "client: ") + " ".join(
        frame_words({**line, "fields": fields})).rstrip()


def _other(line: Line) -> str:
    kind, values = line["type"], line.get("values", {})
    if kind == "note":
        kind, line = line["name"], values
    if kind == "here":
        return "(the case begins)"
    if kind == "canary":
        return "(the client has believed it)"
    if kind == "violation":
        return "(the client breaks a rule: %s)" % shown(line["text"])
    if kind == "limit":
        return "(the trace ends here)"
    if kind == "close":
        return "(%s)" % "; ".join(shown(line[name]) for name in ("end", "why")
                                  if name in line)
    return ""


def _follow_up(line: Line) -> int:
    # The stream of the follow-up request if the line is that request, else 0.
    return line["stream"] if line.get("dir") == "in" and any(
        name == ":path" and isinstance(value, str) and value.startswith("/ok?")
        for name, value in line.get("fields", ())) else 0


def _told(trace: Iterable[Line]) -> Iterator[str]:
    # The lines of text of one connection.
    key: Optional[Tuple[Any, ...]] = None
    more, time, after = 0, 0.0, 0
    for line in trace:
        words = _frame(line) if "dir" in line else _other(line)
        after = after or _follow_up(line)
        if not words or after and line.get("dir") == "out" and after in (
                line.get("stream"), line.get("last_stream")):
            continue
        new = (line.get("dir"), line["type"], line.get("stream"),
               line.get("error"), *line.get("flags", ()))
        silence, time = line["t"] - time, line["t"]
        if new == key and "dir" in line and silence < SILENCE:
            more += 1
            continue
        if more:
            yield "        and %d more" % more
        if silence >= SILENCE and key is not None:
            yield "(%d s later)" % round(silence)
        key, more = new, 0
        yield words
    if more:
        yield "        and %d more" % more


def _all(traces: Sequence[Iterable[Line]]) -> Iterator[str]:
    for i, trace in enumerate(traces, 1):
        if len(traces) > 1:
            yield "connection %d:" % i
        yield from _told(trace)


def brief(traces: Sequence[Iterable[Line]]) -> str:
    """Returns lines of text.

    traces: the traces of a case's connections, in their order, each as lines
    (doc/trace.md).
    """
    return _ends(_all(traces), ENDS)


def ends(text: str) -> str:
    """Returns the first and the last lines of a long text."""
    return _ends((each if len(each) <= WIDTH else each[:WIDTH] + "..."
                  for each in text.splitlines()), TEXT_ENDS)


def _ends(lines: Iterator[str], n: int) -> str:
    made = list(islice(lines, n))
    rest = deque(enumerate(lines, 1), maxlen=n)
    left = rest[0][0] - 1 if rest else 0
    if left:
        made.append("(and %s)" % plural(left, "line"))
    return "\n".join(made + [words for _, words in rest]) + "\n"
