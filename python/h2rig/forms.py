# SPDX-License-Identifier: MIT
"""Form data: application/x-www-form-urlencoded (WHATWG URL §5.1) and
multipart/form-data (RFC 7578), cookies (RFC 6265) and Basic credentials.
"""

import binascii
import io
from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import unquote_to_bytes

from h2rig.body import BodyStore, StoreView
from h2rig.headers import MultiDict
from h2rig.isomorphic import Value

__all__ = ["Authentication", "Cookies", "CookieValue", "Upload",
           "parse_cookies", "parse_multipart", "parse_urlencoded",
           "parse_parameters"]

#: Octets of header fields that a part of a multipart body may have.
MAX_PART_HEADERS = 65536


def parse_urlencoded(data: bytes) -> MultiDict:
    """Names and values (both `Value`), those without "=" with b""."""
    form = MultiDict()
    for pair in data.split(b"&"):
        if not pair:
            continue
        name, _, value = pair.partition(b"=")
        form.add(_unquote(name), _unquote(value))
    return form


def _unquote(s: bytes) -> Value:
    return Value(unquote_to_bytes(s.replace(b"+", b" ")))


def parse_parameters(value: bytes) -> Tuple[bytes, Dict[bytes, bytes]]:
    """A field value such as `form-data; name="a"`: the first word in lower
    case, and the parameters by lower-case name (RFC 9110 §5.6.6).
    """
    first, _, rest = bytes(value).partition(b";")
    parameters: Dict[bytes, bytes] = {}
    while rest:
        name, equals, rest = rest.partition(b"=")
        if not equals:
            break
        rest = rest.lstrip(b" \t")
        if rest[:1] == b'"':
            text, rest = _quoted(rest)
            rest = rest.partition(b";")[2]
        else:
            text, _, rest = rest.partition(b";")
            text = text.strip(b" \t")
        # What stood before a stray ";" is no part of the name.
        name = name.rpartition(b";")[2].strip(b" \t").lower()
        parameters.setdefault(name, text)
    return first.strip(b" \t").lower(), parameters


def _quoted(s: bytes) -> Tuple[bytes, bytes]:
    # A quoted-string at the start of s, unquoted, and what follows it.
    end = 1
    while end < len(s) and s[end] != 0x22:
        end += 2 if s[end] == 0x5c else 1
    text = s[1:end].replace(b"\\\\", b"\0").replace(b'\\"', b'"')
    return text.replace(b"\0", b"\\"), s[end + 1:]


class Upload:
    """A file of a multipart form.

    name, filename (`Value`), type (media type, text), headers (dict of
    lower-case name to `Value`), file (a binary file), value (all of it).
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
        self.file = io.BufferedReader(StoreView(store, offset, size))
        self._where = store, offset, size

    @property
    def value(self) -> bytes:
        """The content, whatever was read from `file`."""
        store, offset, size = self._where
        return Value(store.read(offset, size))

    def __repr__(self) -> str:
        return "Upload(%r, %r, %d octets)" % (
            bytes(self.name), bytes(self.filename), self._where[2])


def parse_multipart(store: BodyStore, boundary: bytes) -> MultiDict:
    """Fields as `Value`, files as `Upload`, by name (a `Value`).

    ValueError says what is malformed.
    """
    form = MultiDict()
    if not store.length:
        return form
    data = store.searchable()
    delimiter = b"--" + boundary
    at = len(delimiter)
    if data[:at] != delimiter:
        # A preamble (RFC 2046 §5.1.1) ends at a line of its own.
        found = _boundary(data, delimiter, 0)
        if found < 0:
            raise ValueError("multipart body without its boundary %r"
                             % (boundary,))
        at += found + 1
    while data[at:at + 2] != b"--":
        # Transport padding (RFC 2046 §5.1.1), then the part's fields.
        start = data.find(b"\n", at)
        end = _boundary(data, delimiter, start)
        if start < 0 or end < 0:
            raise ValueError("multipart body ends without its closing "
                             "boundary %r" % (boundary,))
        stop = end - 1 if data[end - 1:end] == b"\r" else end
        _part(form, store, data, start + 1, stop)
        at = end + 1 + len(delimiter)
    return form


def _at(data: Any, i: int) -> bytes:
    octet: bytes = data[i:i + 1]
    return octet


def _boundary(data: Any, delimiter: bytes, start: int) -> int:
    # Where the line feed before the next boundary line is; -1: nowhere.  A
    # longer boundary that begins alike is content.
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
    """A cookie of the request: equals its value; `.value` is it."""

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
    """The cookies of a request by name; `[]` gives the last of a name."""

    def __getitem__(self, key: Any) -> Any:
        return self.last(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """The last value of key, or default."""
        return self.last(key, default)


def parse_cookies(header: bytes) -> Cookies:
    """The pairs of a cookie field (RFC 6265 §4.2.1)."""
    cookies = Cookies()
    for pair in bytes(header).split(b";"):
        name, equals, value = pair.strip(b" \t").partition(b"=")
        if not equals:
            continue
        value = value.strip(b" \t")
        if len(value) > 1 and value[:1] == value[-1:] == b'"':
            value = _cookie_unquote(value[1:-1])
        name = name.rstrip(b" \t")
        cookies.add(Value(name), CookieValue(name, value))
    return cookies


def _cookie_unquote(s: bytes) -> bytes:
    # As browsers' servers do: \" and \ooo, which `http.cookies` writes.
    out: List[bytes] = []
    i = 0
    while i < len(s):
        if s[i] != 0x5c or i + 1 == len(s):
            out.append(s[i:i + 1])
            i += 1
        elif s[i + 1:i + 4].isdigit() and len(s[i + 1:i + 4]) == 3:
            try:
                out.append(bytes((int(s[i + 1:i + 4], 8),)))
            except ValueError:
                out.append(s[i:i + 4])
            i += 4
        else:
            out.append(s[i + 1:i + 2])
            i += 2
    return b"".join(out)


class Authentication:
    """Credentials of the Basic scheme (RFC 7617): username and password, both
    `Value`, or None when the request has no such credentials.
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
