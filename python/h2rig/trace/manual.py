# SPDX-License-Identifier: MIT
"""Makes HTML of the manual pages, and reads the site that `make html` made.

This module knows only the part of mdoc(7) that the manual pages use.
"""

import gzip
import html
import os
import re
from typing import Callable, Dict, Iterator, List, Optional, Tuple

__all__ = ["PAGES", "body", "site"]

#: The names of the manual pages, and what they are about.
PAGES = {
    "h2rig.8": "the server",
    "h2rig-handlers.7": "scripts for requests",
    "h2rig-files.7": "files, pipes, routes",
    "h2rig-stash.7": "what requests share",
    "h2rig-websocket.7": "scripts for WebSockets",
    "h2rig-connection.7": "scripts for connections",
    "h2rig-trace.1": "traces",
    "h2rig-wpt.1": "web-platform-tests",
    "h2bad.1": "misbehaviours",
}

_TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))

#: Where manual pages are, below _TOP: in the source, and where `make install`
#: puts them.
_PLACES = ("doc/%(name)s", "../man/man%(section)s/%(name)s",
           "../man/man%(section)s/%(name)s.gz")

#: Where the site is, in the same way.
_SITES = ("html", "../doc/h2rig/html")

#: The name of a file of the site.
_file = re.compile(r"(?:[\w-]+/)?[\w-]+(?:\.\d)?\.(?:html|css|svg)", re.ASCII)

#: Macros that have words as arguments, and the HTML elements of these words.
_WORDS = {"Ar": "var", "Va": "code", "Li": "code", "Pa": "code", "Ev": "code",
          "Fa": "var", "Cm": "code", "Ql": "code", "Dv": "code", "Sy": "b",
          "Em": "em"}

#: Macros that enclose the rest of the line, and what stands around it.
_AROUND = {"Dq": ("\u201c", "\u201d"), "Sq": ("\u2018", "\u2019"),
           "Pq": ("(", ")"), "Op": ("[", "]")}

_MACROS = {*_WORDS, *_AROUND, "Fl", "Fn", "No", "Ns", "Nm", "Sx",
           "Xr"}

_CLOSING, _OPENING = {*".,:;)]?!"}, {*"(["}

_ESCAPES = {"(dq": '"', "(aq": "'", "(sc": "\u00a7", "e": "\\", "&": "",
            "-": "-", ":": ""}

_token = re.compile(r'"((?:[^"]|"")*)"|(\S+)')
_escape = re.compile(r"\\(\(..|.)")


def _text(text: str) -> str:
    return html.escape(_escape.sub(
        lambda m: _ESCAPES.get(m.group(1), m.group(1)), text), quote=False)


def _anchor(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "_", text)


class _Line:
    """Makes HTML of the arguments of one line."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._left = [a if a is not None else b for a, b in (
            (m.group(1), m.group(2)) for m in _token.finditer(text))]
        self._out = ""
        self._glue = True
        self._again = ""    # the macro that goes on after punctuation

    def all(self) -> str:
        """Returns HTML of the rest of the line."""
        while self._left:
            self._next()
        return self._out

    def _put(self, piece: str, closing: bool = False) -> None:
        self._out += piece if self._glue or closing else " " + piece
        self._glue = False

    def _words(self) -> List[str]:
        # Takes the words of a macro: up to punctuation or the next macro.
        words = []
        while self._left and self._left[0] not in _MACROS | _CLOSING:
            words.append(self._left.pop(0))
        return words

    def _next(self) -> None:
        word = self._left.pop(0)
        if word in _CLOSING:
            self._put(word, closing=True)
        elif word in _OPENING:
            self._put(word)
            self._glue = True
        elif word == "Ns":
            self._glue = True
        elif word in _AROUND:
            left, right = _AROUND[word]
            inside, ends = self._inside()
            self._put(left + inside + right + ends)
        elif word in _MACROS:
            self._again = word if word in _WORDS or word == "Fl" else ""
            self._put(self._macro(word, self._words()))
        elif self._again:
            self._put(self._macro(self._again, [word, *self._words()]))
        else:
            self._put(_text(word))

    def _inside(self) -> Tuple[str, str]:
        # Takes the rest of the line: returns what is to be enclosed, and the
        # punctuation at its end, which stands behind the enclosing mark.
        line, ends = _Line(self._name, ""), ""
        line._left, self._left = self._left, []
        while line._left and line._left[-1] in _CLOSING:
            ends = line._left.pop() + ends
        return line.all(), ends

    def _macro(self, word: str, words: List[str]) -> str:
        texts = [_text(w) for w in words]
        if word == "Fl":
            return " ".join("<code>-%s</code>" % w for w in texts or [""])
        if word == "Nm":
            return "<b>%s</b>" % (texts[0] if texts else self._name)
        if word == "Fn":
            return "<code>%s</code>(%s)" % (texts[0], ", ".join(
                "<var>%s</var>" % w for w in texts[1:]))
        if word == "Sx":
            return '<a href="#%s">%s</a>' % (_anchor(" ".join(words)),
                                             " ".join(texts))
        if word == "Xr":
            page = ".".join(words[:2])
            shown = "%s(%s)" % tuple(texts[:2])
            return ('<a href="%s">%s</a>' % (page, shown) if page in PAGES
                    else shown)
        if word == "No":
            return " ".join(texts)
        if word == "Ar" and not words:
            texts = ["file ..."]
        return "<%s>%s</%s>" % (_WORDS[word], " ".join(texts), _WORDS[word])


class _Page:
    """A page, line by line."""

    def __init__(self, name: str) -> None:
        self._name = name.partition(".")[0]
        self._open: List[str] = []      # the elements of open lists
        self._synopsis = 0              # in SYNOPSIS: 1, plus commands so far
        self._blocks: Dict[str, Callable[[str], Iterator[str]]] = {
            "Sh": self._heading("h2"), "Ss": self._heading("h3"),
            "Bl": self._begin_list, "It": self._item, "El": self._end_list,
            "Bd": self._begin_literal, "Ed": self._end_literal,
            "Dl": self._one_literal, "Pp": lambda _: iter(("<p>",)),
            "Nd": lambda text: iter(("\u2013 " + _text(text),)),
            **dict.fromkeys(("Dd", "Dt", "Os", "Rs", "Re"),
                            lambda _: iter(()))}

    def line(self, line: str) -> Iterator[str]:
        """Yields HTML of one line."""
        macro, _, text = line[1:].partition(" ")
        if line.startswith('.\\"'):
            return
        if not line.startswith("."):
            yield _text(line)
        elif macro in self._blocks:
            yield from self._blocks[macro](text)
        elif macro.startswith("%"):
            yield _text(text) + ("." if macro == "%R" else ",")
        else:
            if macro == "Nm" and self._synopsis:
                yield "<br>" if self._synopsis > 1 else ""
                self._synopsis += 1
            yield _Line(self._name, line[1:]).all()

    def _heading(self, element: str) -> Callable[[str], Iterator[str]]:
        def heading(text: str) -> Iterator[str]:
            self._synopsis = text == "SYNOPSIS"
            yield '<%s id="%s">%s</%s>\n<p>' % (
                element, _anchor(text), _text(text), element)
        return heading

    def _begin_list(self, text: str) -> Iterator[str]:
        self._open.append("ul" if "-bullet" in text else "dl")
        yield "<%s>" % self._open[-1]

    def _item(self, text: str) -> Iterator[str]:
        if self._open[-1] == "ul":
            yield "<li>"
        else:
            yield "<dt>%s</dt><dd>" % _Line(self._name, text).all()

    def _end_list(self, _: str) -> Iterator[str]:
        yield "</%s>\n<p>" % self._open.pop()

    def _begin_literal(self, _: str) -> Iterator[str]:
        yield '<pre tabindex="0">'

    def _end_literal(self, _: str) -> Iterator[str]:
        yield "</pre>\n<p>"

    def _one_literal(self, text: str) -> Iterator[str]:
        yield '<pre tabindex="0">%s</pre>\n<p>' % _text(text)


def body(name: str) -> Optional[str]:
    """Returns HTML of one of PAGES; None if it is not installed."""
    for place in _PLACES:
        path = os.path.join(_TOP, place % {"name": name, "section": name[-1]})
        if os.path.exists(path):
            break
    else:
        return None
    with open(path, "rb") as f:
        octets = f.read()
    if path.endswith(".gz"):
        octets = gzip.decompress(octets)
    page = _Page(name)
    text = octets.decode().replace("\\\n", "")     # a continued line
    return "\n".join(piece for line in text.splitlines()
                     for piece in page.line(line))


def site(name: str) -> Optional[bytes]:
    """Returns a file of the site that `make html` has made, or None."""
    for place in _SITES:
        path = os.path.join(_TOP, place, name)
        if _file.fullmatch(name) and os.path.exists(path):
            with open(path, "rb") as f:
                return f.read()
    return None
