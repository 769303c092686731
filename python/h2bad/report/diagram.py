# SPDX-License-Identifier: MIT
"""A diagram of a connection's frames, drawn from the lines of a trace
(doc/trace.md).
"""

from typing import Any, Iterator, List, Mapping, Sequence, Tuple

from h2bad.report.markup import Markup, el, unseen
from h2rig.trace.text import shown

__all__ = ["diagram", "frame_words"]

#: Lines of a trace that are drawn; a flood has more.
LINES = 60

#: Fields of a section, and settings of a frame, that are shown.
FIELDS, SETTINGS = 4, 8

#: Flags that have another word here, or none: END_HEADERS is not shown.
_FLAGS = {"END_STREAM": "ES", "END_HEADERS": ""}


def _values(line: Mapping[str, Any]) -> Iterator[str]:
    fields, settings = line.get("fields", ()), line.get("settings", ())
    for name, value in fields[:FIELDS]:
        yield "%s %s" % (_cut(shown(name)), _cut(shown(value)))
    for name, value in settings[:SETTINGS]:
        yield "%s=%d" % (name, value)
    more = len(fields[FIELDS:]) + len(settings[SETTINGS:])
    if more:
        yield "and %d more" % more
    for name in ("code", "increment", "promised", "last_stream"):
        if name in line:
            yield str(line[name]) if name == "code" else \
                "%s %s" % (name.replace("_", " "), line[name])
    if line["type"] == "DATA":
        yield "%d octets" % line["length"]
    for flag in line.get("flags", ()):
        if _FLAGS.get(flag, flag):
            yield _FLAGS.get(flag, flag)
    if "error" in line:
        yield shown(line["error"])


def _cut(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "\u2026"


def frame_words(line: Mapping[str, Any]) -> Tuple[str, str]:
    """Returns the type of a frame, and its values that matter, as text."""
    name = {"preface": "connection preface",
            "raw": "%d octets" % line.get("length", 0)}.get(
                line["type"], line["type"])
    stream = "stream %d " % line["stream"] if line.get("stream") else ""
    return name, stream + ", ".join(_values(line))


def _frame(line: Mapping[str, Any]) -> Markup:
    ours = line["dir"] == "out"
    name, words = frame_words(line)
    return el(
        "li", unseen("server: " if ours else "client: "),
        el("span", el("b", name), " ", words),
        class_=("server" if ours else "client") +
        (" wrong" if "error" in line and ours else ""))


def _other(line: Mapping[str, Any]) -> str:
    if line["type"] == "fence":
        return "fence: what was sent before has been read"
    if line["type"] == "note" and line["name"] == "here":
        return "what the case is about begins"
    if line["type"] == "close":
        return "the connection ends: " + shown(line["end"])
    return ""


def diagram(trace: Sequence[Mapping[str, Any]]) -> Markup:
    """Returns an ordered list of the frames, with the client's on the left and
    the server's on the right.
    """
    items: List[Markup] = []
    for line in trace:
        if "dir" in line:
            items.append(_frame(line))
        elif _other(line):
            items.append(el("li", _other(line), class_="both"))
    left = len(items) - LINES
    if left > 0:
        items[LINES:] = [el("li", "and %d more" % left, class_="both")]
    return el("div", el("p", el("span", "client"), el("span", "server"),
                        class_="ends", aria_hidden="true"),
              el("ol", ((item, "\n") for item in items), class_="diagram"))
