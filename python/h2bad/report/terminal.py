# SPDX-License-Identifier: MIT
"""A report as text for people, and how far a run is."""

import os
from typing import (Any, Dict, Iterator, List, Mapping, Optional, TextIO,
                    Union)

from h2bad.report.baseline import Baseline
from h2bad.report.model import (VERDICTS, Report, by_group, line, plural,
                                skipped)
from h2bad.report.unblocked import Unblocked

__all__ = ["MARKS", "Progress", "text"]

#: Signs before a case, so that a verdict is seen at once; then those in ASCII.
MARKS = {"pass": "\u2714", "tolerated": "~", "fail": "\u2716", "info": "i",
         "skip": "-", "error": "!"}
_ASCII = {"pass": "+", "fail": "x"}
_COLOURS = {"pass": "32", "tolerated": "33", "fail": "1;31", "info": "36",
            "skip": "2", "error": "1;35"}


class _Form:
    """How a report is printed: whether with colours, whether in ASCII."""

    def __init__(self, colour: bool, ascii_only: bool) -> None:
        self._colour = colour
        self._marks = {**MARKS, **_ASCII} if ascii_only else MARKS

    def mark(self, verdict: str) -> str:
        return self.paint(verdict, self._marks[verdict])

    def paint(self, verdict: str, words: str) -> str:
        if not self._colour:
            return words
        return "\033[%sm%s\033[0m" % (_COLOURS[verdict], words)


def _expected(words: str) -> str:
    # Returns "GOAWAY PROTOCOL_ERROR" for "goaway:PROTOCOL_ERROR".
    what, _, detail = words.partition(":")
    if what in ("goaway", "rst"):
        return line("%s %s" % (what.upper(), detail)).strip()
    return line(words)


def _result(result: Mapping[str, Any], form: _Form) -> Iterator[str]:
    verdict = result["verdict"]
    note = {"pass": "", "fail": result["reason"] or "fail"}.get(
        verdict, "%s: %s" % (verdict, skipped(result) if verdict == "skip" else
                             result["reason"] or result["reaction"]
                             or result["message"]))
    yield "    %s %s%s" % (form.mark(verdict), line(result["name"]),
                           note and "  " + form.paint(verdict, line(note)))
    if verdict in ("fail", "error"):
        yield "      -> %s (%s, %s)" % (line(result["message"]), line(
            result["section"]), result["kind"])
        for i, words in enumerate(result["expected"]):
            yield "         %s %s" % ("or       " if i else "Expected:",
                                      _expected(words))
        yield "         Actual:   %s" % _expected(
            result["reaction"] or "no reaction")
        if result.get("trace"):
            yield "         Trace:    %s" % result["trace"]


def _totals(counts: Mapping[str, int], form: _Form) -> str:
    return ", ".join(form.paint(verdict, "%d %s" % (counts[verdict], verdict))
                     if counts[verdict] else "0 " + verdict
                     for verdict in VERDICTS)


def text(report: Report, baseline: Optional[Baseline] = None,
         colour: bool = False, ascii_only: bool = False) -> str:
    """Returns the report for a terminal: each group's cases with a sign, and
    for those that failed what was required, expected and seen; then how many
    there are of each verdict, and what differs from the baseline.

    colour: with the escape sequences of terminals; ascii_only: in ASCII alone.
    No characters of the report command the terminal.
    """
    form = _Form(colour, ascii_only)
    lines = [line(report["client"]), ""]
    for group, results in by_group(report["cases"]).items():
        lines.append("  " + line(group))
        for result in results:
            lines += _result(result, form)
        lines.append("")
    lines.append("%s in %.1f s: %s" % (
        plural(len(report["cases"]), "case"), report["seconds"],
        _totals(report["summary"], form)))
    if report.get("interrupted"):
        lines.append("The run was interrupted.")
    if baseline is not None:
        lines += _changes(report, baseline)
    whole = "".join(each + "\n" for each in lines)
    return whole.encode("ascii", "backslashreplace").decode() if ascii_only \
        else whole


def _changes(report: Report, baseline: Baseline) -> Iterator[str]:
    titles = {"worse": "worse", "better": "fixed: update the file",
              "other": "different"}
    changes = baseline.compare(report)
    for way, title in titles.items():
        of_it = [change for change in changes if change.way == way]
        if of_it:
            yield ""
            yield "Other than in %s, %s:" % (line(baseline.name), title)
            yield from ("    " + str(change) for change in of_it)
    if not changes:
        yield "As in %s." % line(baseline.name)


class Progress:
    """Shows how far a run is: on a terminal by one line that changes, below
    the cases that failed; elsewhere by a line for each case that has ended.

    total: how many cases there are; stream: a text stream, mostly standard
    error.
    """

    def __init__(self, total: int, stream: Union[TextIO, Unblocked]) -> None:
        self._total, self._stream = total, stream
        self._terminal = stream.isatty() and \
            os.environ.get("TERM", "dumb") != "dumb"
        encoding = (getattr(stream, "encoding", None) or "ascii").lower()
        self._form = _Form(self._terminal and "NO_COLOR" not in os.environ,
                           encoding not in ("utf-8", "utf8"))
        self._counts = dict.fromkeys(VERDICTS, 0)
        self._now: Dict[str, None] = {}         # in the order of their starts

    def start(self, name: str) -> None:
        """A case begins; several may run at the same time."""
        self._now[name] = None
        self._show()

    def done(self, result: Mapping[str, Any]) -> None:
        """A case has ended; result: an item of the report's "cases"."""
        self._now.pop(result["name"], None)
        self._counts[result["verdict"]] += 1
        if not self._terminal:
            self._put("%*d/%d " % (len(str(self._total)), self._done(),
                                   self._total) + self._said(result))
        elif result["verdict"] in ("fail", "error"):
            self._put("\r\033[K" + self._said(result))
        self._show()

    def end(self, summary: Mapping[str, int]) -> None:
        """The run is over; summary: that of the report."""
        self._now.clear()
        self._put(("\r\033[K" if self._terminal else "") +
                  _totals(summary, self._form))

    def _done(self) -> int:
        return sum(self._counts.values())

    def _said(self, result: Mapping[str, Any]) -> str:
        words = [self._form.mark(result["verdict"]), line(result["name"])]
        if result["verdict"] == "skip":
            return " ".join(words + ["skip:", skipped(result)])
        if result["verdict"] != "pass":
            words.append(result["verdict"] + ":" * bool(result["reason"]))
        words += [line(result[name]) for name in ("reason", "reaction")
                  if result[name] and (name != "reaction"
                                       or result[name] != result["reason"])]
        return " ".join(words)

    def _put(self, words: str) -> None:
        if getattr(self._stream, "encoding", None):
            encoding = self._stream.encoding
            words = words.encode(encoding, "backslashreplace").decode(encoding)
        self._stream.write(words + "\n")
        self._stream.flush()

    def _show(self) -> None:
        # The line that changes; it never wraps.
        if not self._terminal or not self._now:
            return
        words: List[str] = ["%d/%d" % (self._done(), self._total)]
        words += ["%d %s" % (self._counts[verdict], verdict)
                  for verdict in ("fail", "error") if self._counts[verdict]]
        words.append("now: " + ", ".join(map(line, self._now)))
        try:
            wide = os.get_terminal_size(self._stream.fileno()).columns
        except (OSError, ValueError):
            wide = 0
        self._stream.write("\r\033[K" + "  ".join(words)[:(wide or 80) - 1])
        self._stream.flush()
