# SPDX-License-Identifier: MIT
"""Parses form data, application/x-www-form-urlencoded (WHATWG URL §5.1) and
multipart/form-data (RFC 7578), cookies (RFC 6265) and Basic credentials.
"""

import binascii
import io
import re
from typing import Any, Dict, Optional, Tuple

from h2rig.errors import HTTPException
from h2rig.headers import MultiDict
from h2rig.server.body import BodyStore, StoreView
from h2rig.server.config import options
from h2rig.server.isomorphic import Value, percent_decode, shown

__all__ = ["Authentication", "Cookies", "CookieValue", "Upload",
           "parse_cookies", "parse_multipart", "parse_urlencoded",
           "parse_parameters"]

#: The most octets of the header fields of one part of a multipart body.
MAX_PART_HEADERS = 65536

#: The most characters of a boundary (RFC 2046 §5.1.1).
MAX_BOUNDARY = 70

#: The most parameters of a field's value; more are ignored.
MAX_PARAMETERS = 100

_quoted_end = re.compile(rb'["\\]')
_quoted_pair = re.compile(rb'\\(["\\])')


def check_number(found: int, what: str, status: int = 413) -> None:
    """Raises HTTPException with this status if found is more than
    --max-parameters.

    what: the name of what was counted, in the plural.
    """
    if found > options.max_parameters:
        raise HTTPException(status, "more %s than %d (--max-parameters)"
                            % (what, options.max_parameters))


def parse_urlencoded(data: bytes, status: int = 413) -> MultiDict:
    """Returns the names and values (both `Value`) of an urlencoded form; the
    value is b"" where "=" is missing.

    Raises HTTPException with this status if there are too many.
    """
    check_number(data.count(b"&") + 1, "parameters", status)
    form = MultiDict()
    at = 0
    while at < len(data):
        end = data.find(b"&", at)
        end = len(data) if end < 0 else end
        equals = data.find(b"=", at, end)
        equals = end if equals < 0 else equals
        if at < end:
            form.add(_unquote(data[at:equals]), _unquote(data[equals + 1:end]))
        at = end + 1
    return form


def _unquote(s: bytes) -> Value:
    return Value(percent_decode(s.replace(b"+", b" ")))


def parse_parameters(value: bytes) -> Tuple[bytes, Dict[bytes, bytes]]:
    """Parses a field value such as `form-data; name="a"` (RFC 9110 §5.6.6).

    Returns the first word in lower case, and the parameters by their names in
    lower case.
    """
    value = bytes(value)
    first, _, value = value.partition(b";")
    parameters: Dict[bytes, bytes] = {}
    at = 0
    for _ in range(MAX_PARAMETERS):
        equals = value.find(b"=", at)
        if equals < 0:
            break
        # A stray ";" and the octets before it are not part of the name.
        name = value[max(at, value.rfind(b";", at, equals) + 1):equals]
        at = equals + 1
        while value[at:at + 1] in (b" ", b"\t"):
            at += 1
        start = at
        if value[at:at + 1] == b'"':
            at = _after_quoted(value, at + 1)
            text = _quoted_pair.sub(rb"\1", value[start + 1:at - 1])
        end = value.find(b";", at)
        end = len(value) if end < 0 else end
        if at == start:
            text = value[start:end].strip(b" \t")
        parameters.setdefault(name.strip(b" \t").lower(), text)
        at = end + 1
    return first.strip(b" \t").lower(), parameters


def _after_quoted(value: bytes, at: int) -> int:
    # Returns the offset behind the closing quote of a quoted-string.  If the
    # quote is missing, it counts as if it followed value.
    while True:
        found = _quoted_end.search(value, at)
        if found is None:
            return len(value) + 1
        at = found.end()
        if found.group() == b'"':
            return at
        at += 1


class Upload:
    """A file of a multipart form.  The server makes it.

    name, filename: `Value`.  type: str, the media type.  type_options: dict,
    the parameters of the media type, names and values as bytes.  headers: dict
    of the part's fields, from lower-case name to `Value`.
    """

    def __init__(self, name: bytes, filename: bytes,
                 headers: Dict[Any, Value], store: BodyStore, offset: int,
                 size: int) -> None:
        self.name = Value(name)
        self.filename = Value(filename)
        self.headers = headers
        content_type = headers.get(b"content-type", Value(b"text/plain"))
        media_type, self.type_options = parse_parameters(content_type)
        self.type = media_type.decode("latin-1")
        self._file: Optional[io.BufferedReader] = None
        self._where = store, offset, size

    @property
    def file(self) -> io.BufferedReader:
        """The content as a file, which is the same object each time."""
        if self._file is None:
            self._file = io.BufferedReader(StoreView(*self._where))
        return self._file

    @property
    def value(self) -> bytes:
        """All of the content, as a `Value`.  The position of `file` stays as
        it is.
        """
        store, offset, size = self._where
        return Value(store.read(offset, size))

    def __repr__(self) -> str:
        return "Upload(%r, %r, %d octets)" % (
            bytes(self.name), bytes(self.filename), self._where[2])


def parse_multipart(store: BodyStore, boundary: bytes) -> MultiDict:
    """Returns the fields of a multipart form, as `Value`, and its files, as
    `Upload`, by name (a `Value`).

    Raises ValueError, which says what is malformed, and HTTPException 413 if
    there are too many parts.
    """
    form = MultiDict()
    if not store.length:
        return form
    if len(boundary) > MAX_BOUNDARY:
        raise ValueError("a boundary of %d characters; expected at most %d "
                         "(RFC 2046 §5.1.1)" % (len(boundary), MAX_BOUNDARY))
    parts = 0
    data = store.searchable()
    delimiter = b"--" + boundary
    at = len(delimiter)
    if data[:at] != delimiter:
        # There is a preamble (RFC 2046 §5.1.1), which the first boundary line
        # ends.
        found = _boundary(data, delimiter, 0)
        if found < 0:
            raise ValueError("multipart body without its boundary %r"
                             % boundary)
        at += found + 1
    while data[at:at + 2] != b"--":
        # Skips transport padding (RFC 2046 §5.1.1): the part's fields follow.
        start = data.find(b"\n", at)
        end = _boundary(data, delimiter, start)
        if start < 0 or end < 0:
            raise ValueError("multipart body ends without its closing "
                             "boundary %r" % (boundary,))
        stop = end - 1 if data[end - 1:end] == b"\r" else end
        parts += 1
        check_number(parts, "parts of a multipart body")
        _part(form, store, data, start + 1, stop)
        at = end + 1 + len(delimiter)
    return form


def _at(data: Any, i: int) -> bytes:
    octet: bytes = data[i:i + 1]
    return octet


def _boundary(data: Any, delimiter: bytes, start: int) -> int:
    # Returns the offset of the line feed before the next boundary line, -1 if
    # there is none.  A line with a longer boundary that begins with this one
    # is content.
    while start >= 0:
        start = data.find(b"\n" + delimiter, start)
        if start < 0 or _at(data, start + 1 + len(delimiter)) in (
                b"-", b"\r", b"\n", b" ", b"\t", b""):
            break
        start += 1
    return start


def _part(form: MultiDict, store: BodyStore, data: Any, start: int,
          stop: int) -> None:
    headers: Dict[Any, Value] = {}
    most = start + MAX_PART_HEADERS
    while True:
        end = data.find(b"\n", start, stop)
        if (stop if end < 0 else end) > most:
            raise ValueError("header fields of a multipart part are longer "
                             "than %d octets" % MAX_PART_HEADERS)
        line = data[start:stop if end < 0 else end].rstrip(b"\r")
        start = stop if end < 0 else end + 1
        if not line:
            break
        name, colon, value = line.partition(b":")
        if colon:
            headers[Value(name.strip().lower())] = Value(value.strip())
        if end < 0:
            break
    _, parameters = parse_parameters(
        headers.get(b"content-disposition", Value(b"")))
    if b"name" not in parameters:
        return
    name = Value(parameters[b"name"])
    size = max(stop - start, 0)
    if parameters.get(b"filename"):
        form.add(name, Upload(name, parameters[b"filename"], headers, store,
                              start, size))
    else:
        form.add(name, Value(data[start:start + size]))


class CookieValue:
    """A cookie of the request.  It equals its value.

    key, value: `Value`.
    """

    __slots__ = ("key", "value")

    def __init__(self, key: bytes, value: bytes) -> None:
        self.key = Value(key)
        self.value = Value(value)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CookieValue):
            return self.value == other.value
        return self.value == other

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self.value)

    def __bytes__(self) -> bytes:
        return bytes(self.value)

    def __str__(self) -> str:
        return self.value.decode("latin-1")

    def __repr__(self) -> str:
        return "CookieValue(%r, %r)" % (bytes(self.key), bytes(self.value))


class Cookies(MultiDict):
    """The cookies of a request by name.  `[]` gives the last cookie of a
    name.
    """

    def __getitem__(self, key: Any) -> Any:
        return self.last(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Returns the last cookie of the name key, or default."""
        return self.last(key, default)


def parse_cookies(header: bytes) -> Cookies:
    """Returns the cookies of a cookie field (RFC 6265 §4.2.1).

    Raises HTTPException 400 if there are too many.
    """
    check_number(header.count(b";") + 1, "cookies", 400)
    cookies = Cookies()
    for pair in bytes(header).split(b";"):
        name, equals, value = pair.strip(b" \t").partition(b"=")
        if not equals:
            continue
        value = value.strip(b" \t")
        if len(value) > 1 and value[:1] == value[-1:] == b'"':
            value = _cookie_escape.sub(_cookie_octet, value[1:-1])
        name = name.rstrip(b" \t")
        cookies.add(Value(name), CookieValue(name, value))
    return cookies


# Escapes that servers undo: \" and \ooo, which `http.cookies` writes.
_cookie_escape = re.compile(rb"\\(?:([0-3][0-7]{2})|(.))", re.DOTALL)


def _cookie_octet(match: "re.Match[bytes]") -> bytes:
    octal, other = match.groups()
    return bytes((int(octal, 8),)) if octal else other


class Authentication:
    """The credentials of the Basic scheme (RFC 7617) in a request.

    username, password: `Value`, or None if the request has no such
    credentials.
    """

    __slots__ = ("username", "password")

    def __init__(self, header: Optional[bytes]) -> None:
        self.username: Optional[Value] = None
        self.password: Optional[Value] = None
        scheme, _, data = bytes(header or b"").partition(b" ")
        if scheme.lower() != b"basic":
            return
        try:
            plain = binascii.a2b_base64(data.strip(b" "))
        except binascii.Error:
            return
        user, colon, password = plain.partition(b":")
        if colon:
            self.username = Value(user)
            self.password = Value(password)
