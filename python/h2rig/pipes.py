# SPDX-License-Identifier: MIT
"""Pipes, which change a response before it is sent.

A request asks for pipes by `?pipe=NAME(ARGS)|NAME(ARGS)`, a file by `.sub.` in
its name.

    gzip()                         compresses the content
    header(name, value[, append])  sets a field; adds one if append is true
    slice(start[, end])            keeps the octets start to end, numbers as in
                                   Python's slices, or null for None
    status(code)                   sets the status
    sub([html|none])               substitutes {{...}}, see `template`
    trickle(d1:100:d2:r2)          waits 1 s, sends 100 octets, waits 2 s,
                                   repeats the last 2 steps

In arguments a backslash removes the special meaning of the character that
follows; \\n, \\r and \\t are the usual characters.  The end of the text closes
the arguments.  After closed arguments the next pipe may follow without |.

Content that is not in memory goes through a pipe piece by piece.
"""

import os
import re
import time
import zlib
from typing import (Any, Callable, Dict, Iterator, List, NamedTuple, Optional,
                    Tuple, Union)

from h2rig.errors import StreamClosedError
from h2rig.response import status_code
from h2rig.server.files import FilePart
from h2rig.server.isomorphic import octets, shown
from h2rig.server.template import template

__all__ = ["PipeError", "Pipeline", "template"]

#: Endings of paths for which `sub` escapes values for HTML.
MARKUP = (".html", ".htm", ".xht", ".xhtml", ".xml", ".svg")

#: The most pipes that a request may ask for.
MOST = 100

#: The most octets of content that a pipe takes at once.  Content that is in
#: memory already may be longer, except for `sub`.
WHOLE = 4 << 20

#: The most digits of a number in an argument.
DIGITS = 20

#: Seconds between two checks of whether the client has left.
POLL = 0.1

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class PipeError(ValueError):
    """A pipe is unknown, has wrong arguments, or cannot take the content.  The
    exception's text says which.
    """


def of_name(path: str) -> str:
    """Returns the pipes that a file's name asks for: "" or "sub"."""
    return "sub" if ".sub." in os.path.basename(path) else ""


def of_request(request: Any, given: str = "") -> str:
    """Returns the pipes in given, followed by those of the request's query."""
    asked = request.GET.last("pipe", None)
    if not asked:
        return given
    text: str = asked.decode("utf-8", "replace")
    return given + "|" + text if given else text


def apply(text: str, request: Any, response: Any) -> None:
    """Runs a response through pipes, unless it has been through some before.

    text: the pipes, as in the query.
    """
    if response.__dict__.get("_piped"):
        return
    response._piped = True
    Pipeline(text)(request, response)


class Pipeline:
    """Pipes through which a call runs a response:
    `Pipeline("slice(0,10)|gzip()")(request, response)`.

    text: the pipes, as in the query.  PipeError for an unknown pipe or wrong
    arguments.  The call also raises PipeError, for content that a pipe cannot
    take.
    """

    def __init__(self, text: str) -> None:
        self.pipes: List[Tuple[Callable[..., None], List[Any]]] = []
        for name, arguments in _parse(text):
            pipe = PIPES.get(name)
            if pipe is None:
                raise PipeError("unknown pipe %s; known are %s" % (
                    shown(name), ", ".join(sorted(PIPES))))
            if len(self.pipes) == MOST:
                raise PipeError("more than %d pipes" % MOST)
            self.pipes.append((pipe.function, pipe.convert(name, arguments)))

    def __call__(self, request: Any, response: Any) -> Any:
        """Runs response through the pipes, and returns it."""
        for function, arguments in self.pipes:
            function(request, response, *arguments)
        return response


_name = re.compile(r"[^(|]*")
_plain = re.compile(r"[^\\,)]+")


def _parse(text: str) -> Iterator[Tuple[str, List[str]]]:
    # Yields each pipe's name with its arguments.
    at = 0
    while at < len(text):
        end = _name.match(text, at).end()       # type: ignore[union-attr]
        name = text[at:end]
        arguments: List[str] = []
        at = end + 1
        if text[end:at] == "(":
            arguments, at = _arguments(text, name, at)
        elif not name:
            continue
        yield name, arguments


def _arguments(text: str, name: str, at: int) -> Tuple[List[str], int]:
    # Returns the arguments, which end at the closing parenthesis or the end of
    # the text, and the index after them.
    found: List[str] = []
    parts: List[str] = []
    start = at
    while at < len(text):
        plain = _plain.match(text, at)
        if plain is not None:
            parts.append(plain.group())
            at = plain.end()
            continue
        c = text[at]
        at += 1
        if c == "\\":
            if at == len(text):
                raise PipeError("pipe %s: expected a character after the last "
                                "backslash" % shown(name + "(" + text[start:]))
            parts.append(_ESCAPES.get(text[at], text[at]))
            at += 1
        elif c == ",":
            found.append("".join(parts))
            parts.clear()
        else:
            break
    if found or parts:
        found.append("".join(parts))
    return found, at


# Arguments.

def _field(v: str) -> bytes:
    return octets(v, "header")


def _int(v: str, expected: str = "a number") -> int:
    v = v.strip()
    if len(v) > DIGITS:     # int() takes quadratic time
        raise ValueError("more than %d digits" % DIGITS)
    try:
        return int(v)
    except ValueError:
        raise ValueError("expected " + expected) from None


def _code(v: str) -> int:
    return status_code(_int(v, "a status, 100 to 999"))


def _nullable(v: str) -> Optional[int]:
    return None if v.strip().lower() == "null" else _int(v, "a number or null")


def _one_of(values: Dict[str, Any]) -> Callable[[str], Any]:
    def convert(v: str) -> Any:
        v = v.strip().lower()
        if v not in values:
            raise ValueError("expected " + " or ".join(values))
        return values[v]
    return convert


_boolean = _one_of({"true": True, "1": True, "false": False, "0": False})
_escape = _one_of({"html": "html", "none": "none"})


class _Pipe(NamedTuple):
    function: Callable[..., None]
    form: str                   # how arguments are written, for messages
    required: int
    types: Tuple[Callable[[str], Any], ...]

    def convert(self, name: str, arguments: List[str]) -> List[Any]:
        """Returns the arguments in the types that the function takes.
        PipeError if they are wrong.
        """
        if not self.required <= len(arguments) <= len(self.types):
            raise PipeError("pipe %s has %d arguments; expected %s%s" % (
                name, len(arguments), name, self.form))
        out = []
        for kind, argument in zip(self.types, arguments):
            try:
                out.append(kind(argument))
            except ValueError as e:
                raise PipeError("pipe %s: argument %s: %s, in %s%s" % (
                    name, shown(argument), e, name, self.form)) from None
        return out


# What pipes do.

def _status(request: Any, response: Any, code: int) -> None:
    response.status = code


def _header(request: Any, response: Any, name: bytes, value: bytes,
            append: bool = False) -> None:
    if append:
        response.headers.append(name, value)
    else:
        response.headers.set(name, value)


def _slice(request: Any, response: Any, start: Optional[int],
           end: Optional[int] = None) -> None:
    content = response.content
    if isinstance(content, FilePart):
        first, stop, _ = slice(start, end).indices(content.length)
        response.content = content.part(first, max(first, stop))
        return
    if min(start or 0, end or 0) < 0 or response._ready_body() is not None:
        whole = _whole(response, "slice from the end")
        _replace(response, whole, whole[start:end])
        return
    given = response.headers.get("Content-Length")
    if len(given) == 1 and given[0].isdigit() and len(given[0]) < DIGITS:
        response.headers.set("Content-Length", len(
            range(int(given[0]))[start:end]))
    source = _Source(_pieces(response))
    for _ in source.take(start or 0):
        pass
    response.content = source.take(
        None if end is None else max(0, end - (start or 0)))


def _gzip(request: Any, response: Any) -> None:
    headers = response.headers
    headers.set("Content-Encoding", "gzip")
    content = response.content
    if response._ready_body() is not None or (
            isinstance(content, FilePart) and content.length <= WHOLE):
        response.content = b"".join(_compressed(_pieces(response)))
        headers.set("Content-Length", len(response.content))
        return
    if "Content-Length" in headers:
        del headers["Content-Length"]
    response.content = _compressed(_pieces(response))


def _compressed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    # The gzip header has no time (RFC 1952), so that equal content gives equal
    # octets.
    stream = zlib.compressobj(zlib.Z_DEFAULT_COMPRESSION, zlib.DEFLATED,
                              16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()


def _sub(request: Any, response: Any, escape: Optional[str] = None) -> None:
    if escape is None:
        extension = os.path.splitext(request.path)[1].lower()
        escape = "html" if extension in MARKUP else "none"
    whole = _whole(response, "sub")
    if len(whole) > WHOLE:
        raise _too_large("sub")
    _replace(response, whole, template(request, whole, escape))


def _too_large(what: str) -> PipeError:
    return PipeError("pipe %s: the content has more octets than %d, which it "
                     "takes at most" % (what, WHOLE))


def _whole(response: Any, what: str) -> bytes:
    # Returns the whole content.  Raises PipeError if the content is not in
    # memory and is longer than WHOLE.
    ready: Optional[bytes] = response._ready_body()
    if ready is not None:
        return ready
    parts = list(_Source(_pieces(response)).take(WHOLE + 1))
    if sum(map(len, parts)) > WHOLE:
        raise _too_large(what)
    return b"".join(parts)


def _pieces(response: Any) -> Iterator[bytes]:
    # Yields the pieces of the content that response has now.
    return _octets(response, response.content, response.iter_content())


def _octets(response: Any, content: Any, items: Iterator[Any]
            ) -> Iterator[bytes]:
    try:
        for item in items:
            if hasattr(item, "read"):
                yield from response._file_chunks(item)
            elif isinstance(item, str):
                yield item.encode(response.encoding)
            else:
                yield bytes(item)
    finally:
        if hasattr(content, "close"):
            content.close()


class _Source:
    # A sequence of pieces, from which any number of octets can be taken.

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""
        self._at = 0

    def ended(self) -> bool:
        """Returns whether no octet is left."""
        while self._at == len(self._held):
            piece = next(self._pieces, None)
            if piece is None:
                return True
            self._held, self._at = piece, 0
        return False

    def take(self, size: Optional[int]) -> Iterator[bytes]:
        """Yields the next size octets (None: all), or fewer at the end."""
        while size != 0 and not self.ended():
            end = len(self._held)
            if size is not None:
                end = min(end, self._at + size)
                size -= end - self._at
            part = self._held[self._at:end]
            self._at = end
            yield part


def _replace(response: Any, old: bytes, new: bytes) -> None:
    # A Content-Length that was right is adapted to the new content; any other
    # one is deliberate, and stays.
    if response.headers.get("Content-Length") == [b"%d" % len(old)]:
        response.headers.set("Content-Length", len(new))
    response.content = new


# trickle

Step = Tuple[str, Union[int, float]]


def _steps(text: str) -> Tuple[List[Step], int]:
    # Returns the steps, ("delay", seconds) or ("send", octets), and how many
    # of the last steps are repeated until the end of the content (if there are
    # fewer steps, all are).  Raises ValueError.
    steps: List[Step] = []
    tokens = text.split(":")
    for i, token in enumerate(tokens):
        token = token.strip()
        if token[:1] == "r":
            repeat = _step(token, 1, int, "r and a number of steps, as r2")
            if i == len(tokens) - 1:
                if repeat < 1 or not any(kind == "send" and n for kind, n
                                         in steps[-repeat:]):
                    raise ValueError("%s repeats nothing that sends"
                                     % shown(token))
                return steps, repeat
            token = "d0"    # r has no meaning here, but counts as a step
        if token[:1] == "d":
            number: Union[int, float] = _step(
                token, 1, float, "d and seconds, as d0.5")
            steps.append(("delay", number))
        else:
            number = _step(token, 0, int, "octets, as 100, d and seconds, as "
                           "d0.5, or at the end r and steps, as r2")
            steps.append(("send", number))
        if not 0 <= number < float("inf"):
            raise ValueError("%s is out of range" % shown(token))
    return steps, 0


def _step(token: str, at: int, kind: Callable[[str], Any], expected: str
          ) -> Any:
    # Returns the number in a step, which begins at index `at`.
    text = token[at:]
    if kind is int and len(text) > DIGITS:
        raise ValueError("%s: more than %d digits" % (shown(token), DIGITS))
    try:
        return kind(text)
    except ValueError:
        raise ValueError("%s: expected %s" % (shown(token), expected)
                         ) from None


def _trickle(request: Any, response: Any, plan: Tuple[List[Step], int]
             ) -> None:
    headers = response.headers
    if not any(name in headers for name in (
            "Cache-Control", "Pragma", "Expires")):
        headers.set("Cache-Control", "no-cache, no-store, must-revalidate")
        headers.set("Pragma", "no-cache")
        headers.set("Expires", "0")
    response.content = _trickled(request, _Source(_pieces(response)), *plan)


def _trickled(request: Any, source: _Source, steps: List[Step],
              repeat: int) -> Iterator[bytes]:
    while steps:
        for kind, number in steps:
            if kind == "delay":
                _wait(request, float(number))
            else:
                yield from source.take(int(number))
        steps = steps[-repeat:] if repeat and not source.ended() else []
    yield from source.take(None)


def _wait(request: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return
        if request._runner is None or request._exchange.reset:
            raise StreamClosedError("the client has left")
        time.sleep(min(left, POLL))


PIPES: Dict[str, _Pipe] = {
    "gzip": _Pipe(_gzip, "()", 0, ()),
    "header": _Pipe(_header, "(name, value[, append])", 2,
                    (_field, _field, _boolean)),
    "slice": _Pipe(_slice, "(start[, end])", 1, (_nullable, _nullable)),
    "status": _Pipe(_status, "(code)", 1, (_code,)),
    "sub": _Pipe(_sub, "([html|none])", 0, (_escape,)),
    "trickle": _Pipe(_trickle, "(delay and size, as d1:100:d2:r2)", 1,
                     (_steps,)),
}
