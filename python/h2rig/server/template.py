# SPDX-License-Identifier: MIT
"""Substitutes `{{...}}` in files and in what scripts send.

An expression is a name with indices and arguments: `{{host}}`,
`{{ports[h2][0]}}`, `{{GET[name]}}`, `{{header_or_default(name, text)}}`.
`{{$name:expression}}` also keeps the value, for later `{{$name}}`.

A name that does not exist and a field that was not sent are errors; a
parameter of the query that was not sent is the empty text.  Text after the
last index or argument list is ignored.
"""

import base64
import hashlib
import html
import os
import re
import uuid
from typing import Any, AnyStr, Callable, Dict, List, Tuple

from h2rig.errors import HTTPException
from h2rig.server import files
from h2rig.server.isomorphic import shown

__all__ = ["SubstitutionError", "template"]

_token = re.compile(r"\[([^\]]*)\]|\(([^)]*)\)")
_name = re.compile(r"(?:(\$\w+):|(?!\$\w+:))(\$?\w+)")
#: An index that is a number; a negative one counts from the end.
_place = re.compile(r"\s*[+-]?[0-9]{1,9}\s*")

HASHES = ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")

_PORTS = {"https": 443, "http": 80}

#: The most characters of an expression that a message shows.
MAX_SHOWN = 200

Tokens = List[Tuple[str, Any]]


class SubstitutionError(ValueError):
    """An expression cannot be substituted.  The exception's text names it.
    """


def template(request: Any, content: AnyStr,
             escape_type: str = "html") -> AnyStr:
    """Returns content with every `{{...}}` replaced: text for text, bytes for
    bytes.

    request: the `Request` whose values are put in.  escape_type: "html"
    (values are escaped for HTML), "none", or "field" (as "none", but for lines
    of header fields: a value that would end its line is an error).  Raises
    SubstitutionError.
    """
    if escape_type not in ("html", "none", "field"):
        raise ValueError("escape_type must be \"html\", \"none\" or "
                         "\"field\", not %r" % (escape_type,))
    if isinstance(content, str):
        return _substitute(request, content.encode("utf-8"),
                           escape_type).decode("utf-8")
    return _substitute(request, bytes(content), escape_type)


def _substitute(request: Any, content: bytes, escape_type: str) -> bytes:
    variables: Dict[str, Any] = {}
    out: List[bytes] = []
    at = 0
    # Without a regular expression, which would look for the closing braces
    # again from each of many opening ones.
    while True:
        start = content.find(b"{{", at)
        end = content.find(b"}", start + 2)
        if start < 0 or end < 0:
            break
        if content[end + 1:end + 2] != b"}":
            out.append(content[at:end + 1])
            at = end + 1
            continue
        out.append(content[at:start])
        value = _octets(_evaluate(request, content[start + 2:end], variables),
                        escape_type == "html")
        if escape_type == "field" and any(c in value for c in b"\0\r\n"):
            raise SubstitutionError(
                "%s: no header field can have NUL, CR or LF as in %s" % (
                    _named(content[start + 2:end].decode("utf-8", "replace")),
                    shown(value)))
        out.append(value)
        at = end + 2
    return b"".join(out) + content[at:]


def _octets(value: Any, escape: bool) -> bytes:
    # Returns the text that replaces an expression with this value.
    if isinstance(value, int):
        return str(value).encode("ascii")
    encoding, errors = "utf-8", "surrogateescape"   # keeps a path's octets
    if isinstance(value, bytes):
        # Sent by the client, in an encoding that is not known.
        encoding, errors = "latin-1", "strict"
        value = value.decode(encoding)
    text: str = html.escape(value, quote=True) if escape else value
    return text.encode(encoding, errors)


def _named(text: str) -> str:
    # Returns an expression in the form for a message.
    return "{{%s}}" % (text if len(text) <= MAX_SHOWN
                       else text[:MAX_SHOWN] + "...")


def _evaluate(request: Any, octets: bytes, variables: Dict[str, Any]) -> Any:
    # Returns the value of an expression: text, bytes or int.
    text = octets.decode("utf-8", "replace")
    match = _name.match(text)
    if match is None:
        raise SubstitutionError(
            "%s: expected a name after {{" % _named(text))
    variable, name = match.groups()
    tokens = _tokens(text, match.end())
    try:
        value = _start(request, name, tokens, variables)
        for kind, argument in tokens:
            if kind != "index":
                raise SubstitutionError(
                    "%s: %s takes no arguments" % (_named(text), name))
            value = _at(value, argument)
    except (LookupError, TypeError, UnicodeError) as e:
        raise SubstitutionError("%s: there is no such value (%s: %s)" % (
            _named(text), type(e).__name__, str(e)[:MAX_SHOWN])) from None
    except _Unknown as e:
        raise SubstitutionError("%s: %s" % (
            _named(text), str(e)[:MAX_SHOWN])) from None
    if not isinstance(value, (str, bytes, int)):
        raise SubstitutionError(
            "%s is %s; expected what leads to text or a number"
            % (_named(text), "nothing" if value is None
               else type(value).__name__))
    if variable is not None:
        variables[variable] = value
    return value


class _Unknown(Exception):
    pass


def _tokens(text: str, at: int) -> Tokens:
    tokens: Tokens = []
    match = _token.match(text, at)
    while match is not None:
        index, arguments = match.groups()
        if index is not None:
            tokens.append(("index", index))
        else:
            tokens.append(("arguments", re.split(r",\s*", arguments)
                           if arguments else []))
        match = _token.match(text, match.end())
    return tokens


def _at(value: Any, index: str) -> Any:
    # An index of a list, text or bytes is a number, else a name.
    if isinstance(value, (list, str, bytes)) and _place.fullmatch(index):
        return value[int(index)]
    return value[index]


def _start(request: Any, name: str, tokens: Tokens,
           variables: Dict[str, Any]) -> Any:
    # Returns the value of the name.  For a function, that is what it returns
    # for the arguments in the first token, which is removed.
    if name in variables:
        return variables[name]
    function = _FUNCTIONS.get(name)
    if function is not None:
        call, least, most, form = function
        if not tokens or tokens[0][0] != "arguments" or not (
                least <= len(tokens[0][1]) <= most):
            raise _Unknown("expected %s%s" % (name, form))
        return call(request, *tokens.pop(0)[1])
    start = _NAMES.get(name)
    if start is not None:
        return start(request)
    config = request.server.config
    if name in config:
        return config[name]
    if name.startswith("$"):
        raise _Unknown("no {{%s:...}} stands before it" % name)
    raise _Unknown("unknown name %s; known are %s and the settings" % (
        name, ", ".join(sorted([*_NAMES, *_FUNCTIONS]))))


# Names.

def _location(request: Any) -> Dict[str, Any]:
    parts = request.url_parts
    hostname = parts.hostname or ""
    if ":" in hostname:
        hostname = "[%s]" % hostname
    port = parts.port or _PORTS[parts.scheme]
    host = "%s:%d" % (hostname, port)
    return {
        "scheme": parts.scheme, "hostname": hostname, "port": port,
        "host": host, "server": "%s://%s" % (parts.scheme, host),
        "path": parts.path, "pathname": parts.path,
        "query": "?" + parts.query}


class _First:
    # Indexed by a name, gives the first value of that name in a query or form.
    def __init__(self, values: Any) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Any:
        return self._values.first(key.encode("utf-8"), b"")


_NAMES: Dict[str, Callable[[Any], Any]] = {
    "GET": lambda request: _First(request.GET),
    "domains": lambda request: request.server.config["all_domains"][""],
    "headers": lambda request: request.headers,
    "host": lambda request: request.server.config["browser_host"],
    "hosts": lambda request: request.server.config["all_domains"],
    "location": _location,
    "url_base": lambda request: request.url_base,
}


# Functions.

def _uuid(request: Any) -> str:
    return str(uuid.uuid4())


def _file_hash(request: Any, algorithm: str, path: str) -> str:
    if algorithm not in HASHES:
        raise _Unknown("unknown algorithm %r; known are %s" % (
            algorithm, ", ".join(HASHES)))
    digest = getattr(hashlib, algorithm)()
    try:
        source = files.open_file(files.locate(path), script=True)[0]
    except (HTTPException, ValueError):
        raise _Unknown("cannot read %r; expected a file below the document "
                       "root" % path) from None
    with source:
        while True:
            chunk = source.read(1 << 16)
            if not chunk:
                break
            digest.update(chunk)
    return base64.b64encode(digest.digest()).decode("ascii")


def _fs_path(request: Any, path: str) -> str:
    # Returns a file's path.  path is relative to the request's directory, or,
    # with a leading slash, to the document root.
    root = request.doc_root
    if not path.startswith("/"):
        own = files.decode_path(request.path) or "/"
        path = own.rpartition("/")[0] + "/" + path
    full = os.path.normpath(os.path.join(root, path.lstrip("/")))
    if full != root and not full.startswith(root.rstrip("/") + "/"):
        raise _Unknown("%r leaves the document root" % path)
    return full


def _header_or_default(request: Any, name: str, default: str) -> Any:
    return request.headers.get(name, default)


#: name: function, least and most arguments, text that shows their form
_FUNCTIONS: Dict[str, Tuple[Callable[..., Any], int, int, str]] = {
    "file_hash": (_file_hash, 2, 2, "(algorithm, path)"),
    "fs_path": (_fs_path, 1, 1, "(path)"),
    "header_or_default": (_header_or_default, 2, 2, "(name, default)"),
    "uuid": (_uuid, 0, 0, "()"),
}
