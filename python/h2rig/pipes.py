# SPDX-License-Identifier: MIT
"""Pipes: what `?pipe=NAME(ARGS)|NAME(ARGS)` and `.sub.` in a file's name do
to a response before it is sent.

In arguments a backslash takes the special meaning from the character that
follows; \\n, \\r and \\t are the usual ones.
"""

import gzip
import io
import os
import time
from typing import (Any, Callable, Dict, Iterator, List, NamedTuple, Optional,
                    Tuple, Union)

from h2rig.errors import StreamClosedError
from h2rig.files import FilePart
from h2rig.isomorphic import octets
from h2rig.response import status_code
from h2rig.template import template

__all__ = ["PipeError", "Pipeline", "apply", "of_name", "of_request",
           "template"]

#: Files whose names end so have values escaped for HTML by `sub`.
MARKUP = (".html", ".htm", ".xht", ".xhtml", ".xml", ".svg")

#: Seconds between two looks for whether the client has left.
POLL = 0.1

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


class PipeError(ValueError):
    """An unknown pipe, or wrong arguments; its text names them."""


def of_name(path: str) -> str:
    """The pipes that a file's name asks for: "" or "sub"."""
    return "sub" if ".sub." in os.path.basename(path) else ""


def of_request(request: Any, given: str = "") -> str:
    """given, and after it the pipes of the request's query."""
    asked = request.GET.last("pipe", None)
    if not asked:
        return given
    text: str = asked.decode("utf-8", "replace")
    return given + "|" + text if given else text


def apply(text: str, request: Any, response: Any) -> None:
    """Runs a response through pipes, unless that was done already."""
    if response.__dict__.get("_piped"):
        return
    response._piped = True
    Pipeline(text)(request, response)


class Pipeline:
    """`Pipeline("slice(0,10)|gzip()")(request, response)`."""

    def __init__(self, text: str) -> None:
        self.pipes: List[Tuple[Callable[..., None], List[Any]]] = []
        for name, arguments in _parse(text):
            pipe = PIPES.get(name)
            if pipe is None:
                raise PipeError("unknown pipe %r; known are %s" % (
                    name, ", ".join(sorted(PIPES))))
            self.pipes.append((pipe.function, pipe.convert(name, arguments)))

    def __call__(self, request: Any, response: Any) -> Any:
        for function, arguments in self.pipes:
            function(request, response, *arguments)
        return response


def _parse(text: str) -> Iterator[Tuple[str, List[str]]]:
    # Names with their arguments.
    at = 0
    while at < len(text):
        end = at
        while end < len(text) and text[end] not in "(|":
            end += 1
        name = text[at:end]
        arguments: List[str] = []
        if text[end:end + 1] == "(":
            arguments, end = _arguments(text, name, end + 1)
            if text[end:end + 1] not in ("", "|"):
                raise PipeError("pipe %s(...) is followed by %r; expected |"
                                % (name, text[end:]))
        at = end + 1
        if name:
            yield name, arguments


def _arguments(text: str, name: str, at: int) -> Tuple[List[str], int]:
    # What stands between the parentheses, and where it goes on behind them.
    found: List[str] = []
    argument = ""
    while at < len(text):
        c = text[at]
        at += 1
        if c == "\\" and at < len(text):
            argument += _ESCAPES.get(text[at], text[at])
            at += 1
        elif c == ",":
            found.append(argument)
            argument = ""
        elif c == ")":
            if found or argument:
                found.append(argument)
            return found, at
        else:
            argument += c
    raise PipeError("pipe %s(%s: expected a closing parenthesis"
                    % (name, ",".join(found + [argument])))


# Arguments.

def _field(v: str) -> bytes:
    return octets(v, "header")


def _code(v: str) -> int:
    return status_code(int(v))


def _nullable(v: str) -> Optional[int]:
    return None if v.strip() == "null" else int(v)


def _boolean(v: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[
        v.strip().lower()]


def _escape(v: str) -> str:
    return {"html": "html", "none": "none"}[v.strip()]


class _Pipe(NamedTuple):
    function: Callable[..., None]
    form: str                   # of the arguments, for messages
    required: int
    types: Tuple[Callable[[str], Any], ...]

    def convert(self, name: str, arguments: List[str]) -> List[Any]:
        """The arguments as the function takes them.  PipeError."""
        if not self.required <= len(arguments) <= len(self.types):
            raise PipeError("pipe %s has %d arguments; expected %s%s" % (
                name, len(arguments), name, self.form))
        out = []
        for kind, argument in zip(self.types, arguments):
            try:
                out.append(kind(argument))
            except (ValueError, KeyError) as e:
                text = "" if isinstance(e, KeyError) else ": %s" % e
                raise PipeError("pipe %s: argument %r%s; expected %s%s" % (
                    name, argument, text, name, self.form)) from None
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
    whole = _content(response)
    _replace(response, whole, whole[start:end])


def _gzip(request: Any, response: Any) -> None:
    # No time in it: equal content is to give equal octets.
    data = gzip.compress(_content(response), mtime=0)
    response.headers.set("Content-Encoding", "gzip")
    response.headers.set("Content-Length", len(data))
    response.content = data


def _sub(request: Any, response: Any, escape: Optional[str] = None) -> None:
    if escape is None:
        extension = os.path.splitext(request.path)[1].lower()
        escape = "html" if extension in MARKUP else "none"
    whole = _content(response)
    _replace(response, whole, template(request, whole, escape))


def _content(response: Any) -> bytes:
    # All of it, as bytes.
    out = []
    for item in response.iter_content(read_file=True):
        if isinstance(item, str):
            item = item.encode(response.encoding)
        elif hasattr(item, "read"):
            item = item.read()
        out.append(bytes(item))
    if hasattr(response.content, "close"):
        response.content.close()
    return b"".join(out)


def _replace(response: Any, old: bytes, new: bytes) -> None:
    # A length that was right stays right; one that was not is meant so.
    if response.headers.get("Content-Length") == [b"%d" % len(old)]:
        response.headers.set("Content-Length", len(new))
    response.content = new


# trickle

Step = Tuple[str, Union[int, float]]


def _steps(text: str) -> Tuple[List[Step], int]:
    # ("delay", seconds) and ("send", octets), and how many of the last are
    # repeated until the end.  ValueError.
    steps: List[Step] = []
    tokens = text.split(":")
    for i, token in enumerate(tokens):
        token = token.strip()
        if token[:1] == "r":
            repeat = int(token[1:])
            if i != len(tokens) - 1:
                raise ValueError("%r is not the last" % token)
            if not 1 <= repeat <= len(steps):
                raise ValueError("%r repeats more than there is, or nothing"
                                 % token)
            if not any(kind == "send" and n for kind, n in steps[-repeat:]):
                raise ValueError("%r repeats nothing that sends" % token)
            return steps, repeat
        if token[:1] == "d":
            number: Union[int, float] = float(token[1:])
            steps.append(("delay", number))
        else:
            number = int(token)
            steps.append(("send", number))
        if not 0 <= number < float("inf"):
            raise ValueError("%r is out of range" % token)
    return steps, 0


def _trickle(request: Any, response: Any, plan: Tuple[List[Step], int]
             ) -> None:
    headers = response.headers
    if not any(name in headers for name in (
            "Cache-Control", "Pragma", "Expires")):
        headers.set("Cache-Control", "no-cache, no-store, must-revalidate")
        headers.set("Pragma", "no-cache")
        headers.set("Expires", "0")
    source = response.content
    if not isinstance(source, FilePart):
        source = io.BytesIO(_content(response))
    response.content = _trickled(request, source, *plan)


def _trickled(request: Any, source: Any, steps: List[Step],
              repeat: int) -> Iterator[bytes]:
    left = source.seek(0, os.SEEK_END)
    source.seek(0)
    while steps:
        for kind, number in steps:
            if kind == "delay":
                _wait(request, float(number))
            elif left and number:
                size = min(left, int(number))
                left -= size
                yield from _pieces(source, size)
        steps = steps[-repeat:] if repeat and left else []
    yield from _pieces(source, left)


def _pieces(source: Any, size: int) -> Iterator[bytes]:
    while size:
        data = source.read(min(size, 1 << 16))
        if not data:
            raise OSError("the file has become shorter")
        size -= len(data)
        yield data


def _wait(request: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return
        if request._exchange is None or request._exchange.stream.reset:
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
