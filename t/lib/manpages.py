# SPDX-License-Identifier: MIT
"""The manual pages in doc: their examples, and the words of their sections.

    for example in manpages.examples("h2rig-stash.7"):
        ... example.name, example.text ...

An example is a literal display.  The line before it may be `.Pa NAME :`, which
makes it the file of that name; one that begins with "$ " is for a shell; any
other is a piece of Python.
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
    """name: of the file, or ""; line: where it begins in the page."""
    page: str
    line: int
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}, line {self.line}" + (
            f", {self.name}" if self.name else "")


def pages() -> List[str]:
    """Their names."""
    return sorted(name for name in os.listdir(DOC) if name[-2:] in (
        ".1", ".7", ".8"))


def source(page: str) -> str:
    """The page as it is written."""
    with open(os.path.join(DOC, page), encoding="utf-8") as f:
        return f.read()


def plain(text: str) -> str:
    """Text without escapes."""
    return _escape.sub(lambda m: _ESCAPES.get(m.group(1), m.group(0)), text)


def examples(page: str) -> Iterator[Example]:
    """The literal displays of a page."""
    text = source(page)
    for match in _display.finditer(text):
        yield Example(page, text.count("\n", 0, match.start(2)) + 1,
                      match.group(1) or "", plain(match.group(2)))


_valued = re.compile(r"^( *)(\S.*?)(?:  |\t)\s*# (.+)$")


def _value(line: str) -> Optional[Tuple[str, str, str]]:
    """Of a line EXPRESSION  # VALUE: what is before it, both as they stand."""
    match = _valued.match(line)
    if match is None:
        return None
    space, expression, comment = match.groups()
    try:
        return space, expression, repr(ast.literal_eval(comment))
    except (ValueError, SyntaxError):
        return None         # another comment


def is_watched(piece: str) -> bool:
    """Whether a piece of Python says what something gives."""
    return any(_value(line) for line in piece.splitlines())


def watched(piece: str) -> str:
    """A piece of Python as the middle of a function, where it adds expressions,
    what they give and what they are to give to the list _seen."""
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
    """What is for a shell, in displays and lines, without its prompt."""
    lines = [line[4:] for line in source(page).splitlines()
             if re.match(r"\.Dl [$#] ", line)]
    for example in examples(page):
        lines += example.text.splitlines()
    return [plain(line[2:]) for line in lines if line[:2] in ("$ ", "# ")]


def sections(page: str) -> Dict[str, str]:
    """Heading and text: of .Ss up to the next one, of .Sh with all that is
    below it; and "all"."""
    found: Dict[str, str] = {"all": plain(source(page))}
    for part in re.split(r"^\.Sh ", source(page), flags=re.M)[1:]:
        found[part.partition("\n")[0]] = plain(part)
        for below in re.split(r"^\.Ss ", part, flags=re.M)[1:]:
            found[below.partition("\n")[0]] = plain(below)
    return found


def words(text: str) -> set:
    """The names that a text has, with those of dotted ones."""
    return set(re.findall(r"\$?\w+", text))
