# SPDX-License-Identifier: MIT
"""Reads the manual pages in doc: their examples and the words of sections.

    for example in manpages.examples("h2rig-stash.7"):
        ... example.name, example.text ...

An example is a literal display.  If the line before it is `.Pa NAME :`, it is
the file of that name.  Else it is for a shell if it begins with "$ ", and a
piece of Python if not.
"""
import ast
import os
import re
from typing import Dict, Iterator, List, NamedTuple, Optional, Tuple

DOC = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                   "doc")
_ESCAPES = {"(dq": '"', "(aq": "'", "(sc": "\u00a7", "e": "\\", "&": "",
            "-": "-", ":": ""}
_escape = re.compile(r"\\(\(..|.)")
_display = re.compile(
    r"(?:^\.Pa (\S+) :\n)?^\.Bd -literal.*\n((?:(?!^\.Ed).*\n)*)\.Ed$", re.M)


class Example(NamedTuple):
    """An example.  line: the line of the page where it begins.  name:
    of the file, or ""."""
    page: str
    line: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}" + (
            f", {self.name}" if self.name else "")


def pages() -> List[str]:
    """Returns the file names of all manual pages."""
    return sorted(name for name in os.listdir(DOC) if name[-2:] in (
        ".1", ".7", ".8"))


def source(page: str) -> str:
    """Returns the source of a page."""
    with open(os.path.join(DOC, page), encoding="utf-8") as f:
        return f.read()


def plain(text: str) -> str:
    """Returns text with its roff escapes replaced by their characters."""
    return _escape.sub(lambda m: _ESCAPES.get(m.group(1), m.group(0)), text)


def examples(page: str) -> Iterator[Example]:
    """Yields the literal displays of a page."""
    text = source(page)
    for match in _display.finditer(text):
        yield Example(page, text.count("\n", 0, match.start(2)) + 1,
                      match.group(1) or "", plain(match.group(2)))


_valued = re.compile(r"^( *)(\S.*?)(?:  |\t)\s*# (.+)$")


def _value(line: str) -> Optional[Tuple[str, str, str]]:
    """Splits a line `EXPRESSION  # VALUE` of an example.  Returns (indent,
    expression, repr of the value), or None for any other line."""
    match = _valued.match(line)
    if match is None:
        return None
    space, expression, comment = match.groups()
    try:
        return space, expression, repr(ast.literal_eval(comment))
    except (ValueError, SyntaxError):
        return None         # another comment


def is_watched(piece: str) -> bool:
    """Returns whether a piece of Python has a line `EXPRESSION  # VALUE`."""
    return any(_value(line) for line in piece.splitlines())


def watched(piece: str) -> str:
    """Returns a piece of Python, indented as a part of a function.  Each line
    `EXPRESSION  # VALUE` becomes one that appends (expression, repr of what it
    gives, repr of VALUE) to the list _seen."""
    lines = []
    for line in piece.splitlines():
        value = _value(line)
        if value is not None:
            space, expression, want = value
            line = f"{space}_seen.append(({expression!r}, repr(({expression})), " \
                   f"{want!r}))"
        lines.append("    " + line if line else "")
    return "\n".join(lines)


def commands(page: str) -> List[str]:
    """Returns a page's shell commands, from displays and .Dl lines, without
    their prompts."""
    lines = [line[4:] for line in source(page).splitlines()
             if re.match(r"\.Dl [$#] ", line)]
    for example in examples(page):
        lines += example.text.splitlines()
    return [plain(line[2:]) for line in lines if line[:2] in ("$ ", "# ")]


def sections(page: str) -> Dict[str, str]:
    """Returns {heading: text} of a page.  A .Sh section includes its .Ss ones.
    "all" stands for the whole page."""
    found: Dict[str, str] = {"all": plain(source(page))}
    for part in re.split(r"^\.Sh ", source(page), flags=re.M)[1:]:
        found[part.partition("\n")[0]] = plain(part)
        for below in re.split(r"^\.Ss ", part, flags=re.M)[1:]:
            found[below.partition("\n")[0]] = plain(below)
    return found


def words(text: str) -> set:
    """Returns the names in a text; of a dotted name, each of its parts."""
    return set(re.findall(r"\$?\w+", text))
