# SPDX-License-Identifier: MIT
"""Verdicts that are known and expected: the file of `h2bad run --expect`.

Each line has a case, the verdict that is expected of it, its reaction if that
is to be compared too, and why:

    flood-settings   fail                         # BUG-1234
    ping-many        tolerated goaway:ENHANCE_YOUR_CALM
    preface-silent   info      server-closed
    push             skip                         # push is off

Cases without a line are expected to pass.  A line without a reaction takes any
reaction.  With `info` the reaction is the result, so an update writes it.  The
other verdicts come from a rule, and do not change with the reaction.
"""

import re
from typing import (Any, Dict, Iterable, List, Mapping, NamedTuple, Optional,
                    Tuple)

from h2bad.report.model import RESULT, ReportError, line, put

__all__ = ["Baseline", "Change", "Expected"]

#: Grades of verdicts, 0 the best; those that are not here have _BAD.
_GRADES = {"pass": 0, "tolerated": 1, "info": 1}
_BAD = 2


class Expected(NamedTuple):
    """What the file expects of a case."""

    verdict: str
    reaction: Optional[str] = None
    reason: str = ""                    # the comment after it
    above: Tuple[str, ...] = ()         # lines of comment before it
    number: int = 0                     # its line's, from 1


class Change(NamedTuple):
    """A case whose result is not the expected one.

    way: "better", "worse", or "other", which is neither (another reaction of
    the same verdict, tolerated for info)."""

    name: str
    way: str
    expected: Expected
    verdict: str
    reaction: Optional[str]

    def __str__(self) -> str:
        was = " ".join(filter(None, self.expected[:2]))
        now = " ".join(filter(None, (self.verdict, self.reaction)))
        return "%s: %s was expected, and it is %s" % (self.name, was, now)


def _way(old: str, new: str) -> str:
    before, after = _GRADES.get(old, _BAD), _GRADES.get(new, _BAD)
    if old == new or before == after == _GRADES["info"]:
        return "other"
    # Another bad verdict is worse too: it is not the failure that was known.
    return "better" if after < before else "worse"


class Baseline:
    """The expected verdicts.  name: the file that they come from."""

    def __init__(self, name: str = "baseline") -> None:
        self.name = name
        self._head: List[str] = []          # comment above all entries
        self._foot: List[str] = []
        self._entries: Dict[str, Expected] = {}

    @classmethod
    def load(cls, path: str) -> "Baseline":
        """Returns the baseline of a file.  ReportError names the line if the
        file is damaged; OSError if it cannot be read."""
        with open(path, "rb") as f:
            octets = f.read()
        try:
            text = octets.decode("utf-8")
        except UnicodeDecodeError as e:
            raise ReportError("%s:%d: expected UTF-8" % (
                path, octets.count(b"\n", 0, e.start) + 1)) from None
        return cls.parse(text, path)

    @classmethod
    def parse(cls, text: str, name: str = "baseline") -> "Baseline":
        """Returns the baseline of a file's text; ReportError if it is damaged.
        """
        self = cls(name)
        above: List[str] = []
        for number, whole in enumerate(text.split("\n"), 1):
            entry, mark, reason = _split(whole)
            if entry:
                self._add(number, entry, reason, above)
                above = []
            elif mark:
                above.append(whole.strip())
            elif not self._entries:         # a blank line ends the head
                self._head += above
                above = []
        self._foot = above
        return self

    def _add(self, number: int, words: List[str], reason: str,
             above: List[str]) -> None:
        def wrong(text: str) -> ReportError:
            return ReportError("%s:%d: %s" % (self.name, number, text))
        if not 2 <= len(words) <= 3:
            raise wrong("%r: expected NAME VERDICT [REACTION] [# REASON]"
                        % line(" ".join(words)))
        for what, word in zip(("name", "verdict", "reaction"), words):
            if not RESULT[what].test(word):
                raise wrong("%r: expected a %s, %s" % (
                    line(word), what, RESULT[what].words))
        name = words[0]
        if name in self._entries:
            raise wrong("%s: expected once, and it is in line %d too" % (
                name, self._entries[name].number))
        self._entries[name] = Expected(
            words[1], words[2] if len(words) > 2 else None, reason,
            tuple(above), number)

    def expected(self, name: str) -> Expected:
        """Returns what is expected of a case."""
        return self._entries.get(name, _PASS)

    def unknown(self, names: Iterable[str]) -> List[str]:
        """Returns an error message for each entry whose case is not in names.
        """
        there = set(names)
        return ["%s:%d: %s: expected the name of a case" % (
            self.name, entry.number, name)
            for name, entry in self._entries.items() if name not in there]

    def change(self, result: Mapping[str, Any]) -> Optional[Change]:
        """Returns how a result differs from what is expected, or None."""
        expected = self.expected(result["name"])
        verdict, reaction = result["verdict"], result["reaction"]
        if expected.verdict == verdict and (
                expected.reaction is None
                or _word(expected.reaction) == _word(reaction)):
            return None
        return Change(result["name"], _way(expected.verdict, verdict),
                      expected, verdict, reaction)

    def compare(self, report: Mapping[str, Any]) -> List[Change]:
        """Returns the differences of all cases that the report has."""
        changes = map(self.change, report["cases"])
        return [change for change in changes if change is not None]

    def told(self, report: Mapping[str, Any]) -> str:
        """Returns a line that says which cases differ; "" if none does."""
        changes = self.compare(report)
        return changes and "%s from %s: %s" % (
            "1 case differs" if len(changes) == 1
            else "%d cases differ" % len(changes), line(self.name), ", ".join(
                "%s (%s)" % (each.name, each.way) for each in changes)) or ""

    def update(self, report: Mapping[str, Any]) -> "Baseline":
        """Returns a baseline with the results of the report; entries of cases
        that the report does not have stay.

        Entries keep their comments.  An entry has a reaction only if it had
        one, or if it is new and its verdict is `info`."""
        new = Baseline(self.name)
        new._head, new._foot = self._head, self._foot
        new._entries = dict(self._entries)
        for change in self.compare(report):
            if change.verdict == "pass":
                # Also if it passes with another reaction than expected.
                new._entries.pop(change.name, None)
                continue
            keeps = change.expected.reaction is not None or \
                change.name not in self._entries and change.verdict == "info"
            new._entries[change.name] = change.expected._replace(
                verdict=change.verdict,
                reaction=_word(change.reaction) if keeps else None)
        return new

    def __str__(self) -> str:
        """Returns the text of the file, sorted by the names of cases."""
        names = sorted(self._entries)
        entries = [self._entries[name] for name in names]
        columns = [max(map(len, column), default=0) for column in (
            names, [e.verdict for e in entries],
            [e.reaction or "" for e in entries])]
        lines = self._head + [""] if self._head else []
        for name, entry in zip(names, entries):
            words = (name, entry.verdict, entry.reaction or "")
            text = "  ".join(map(str.ljust, words, columns))
            lines += entry.above
            lines.append("%s  # %s" % (text, entry.reason) if entry.reason
                         else text.rstrip())
        return "".join(text + "\n" for text in lines + self._foot)

    def write(self, path: str) -> None:
        """Writes the file, whole or not at all; OSError if it cannot."""
        put(path, str(self))


_PASS = Expected("pass")


def _word(reaction: Optional[str]) -> Optional[str]:
    # Whether TCP ends by FIN or by RST is chance: closing a connection with
    # unread octets resets it.
    return "close" if reaction in ("close:fin", "close:rst") else reaction


def _split(text: str) -> Tuple[List[str], str, str]:
    # Returns the words before a comment, "#" or "", and the comment.
    found = re.match(r"(.*?)(?:(?:^|\s)(#)\s*(.*))?$", text)
    assert found is not None        # it matches anything
    return found[1].split(), found[2] or "", (found[3] or "").strip()
