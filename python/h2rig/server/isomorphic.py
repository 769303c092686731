# SPDX-License-Identifier: MIT
"""Converts between text and bytes.

Isomorphic encode and decode are those of the Infra Standard: each octet is the
code point of the same number (Latin-1).  `Value` is the type of everything
that a client has sent.
"""

from typing import Any, Iterable, List, Optional, Tuple, Union
from urllib.parse import unquote_to_bytes

__all__ = ["Value", "isomorphic_decode", "isomorphic_encode", "octets",
           "percent_decode", "shown"]

#: The most octets that are percent-decoded at once: each escape takes some
#: hundred octets of memory meanwhile.
BLOCK = 1 << 16

Text = Union[str, bytes]


def isomorphic_decode(s: Text) -> str:
    """Returns bytes as the text of the same code points, and text as it is.

    Raises TypeError for anything else.
    """
    if isinstance(s, str):
        return s
    if isinstance(s, (bytes, bytearray)):
        return s.decode("latin-1")
    raise TypeError("expected text or bytes, not %r" % (s,))


def isomorphic_encode(s: Text) -> bytes:
    """Returns text as the octets of its code points, and bytes as they are.

    Raises ValueError (a UnicodeEncodeError) for a character above U+00FF, and
    TypeError for anything but text and bytes.
    """
    if isinstance(s, bytes):
        return s
    if isinstance(s, str):
        return s.encode("latin-1")
    raise TypeError("expected text or bytes, not %r" % (s,))


def octets(v: Any, what: str, encoding: str = "latin-1") -> bytes:
    """Returns text, bytes or an int (its digits) from a script as bytes.

    what: the name of v in the message of the exception.  Raises ValueError if
    the encoding cannot express the text, and TypeError for other types.
    """
    if isinstance(v, bytes):
        return v
    if isinstance(v, str):
        try:
            return v.encode(encoding)
        except UnicodeEncodeError as e:
            raise ValueError(
                "%s %r has the character %r (U+%04X), which %s cannot "
                "express; use bytes" % (
                    what, v, v[e.start], ord(v[e.start]),
                    "Latin-1" if encoding == "latin-1" else encoding)
            ) from None
    if isinstance(v, int):
        return b"%d" % v
    if isinstance(v, (bytearray, memoryview)):
        return bytes(v)
    raise TypeError("%s must be text, bytes or int, not %s: %r"
                    % (what, type(v).__name__, v))


def percent_decode(s: bytes) -> bytes:
    """Decodes the escapes (RFC 3986 §2.1) in s; any other "%" stays."""
    if len(s) <= BLOCK:
        return unquote_to_bytes(s)
    out = []
    at = 0
    while at < len(s):
        # A piece must not end inside of an escape.
        end = at + BLOCK
        escape = s.find(b"%", end - 2, end)
        end = escape if escape >= 0 else end
        out.append(unquote_to_bytes(s[at:end]))
        at = end
    return b"".join(out)


def shown(v: Any, most: int = 100) -> str:
    """Returns the repr of v, which a client has sent, for a message.

    most: how many octets or characters of v are shown at most.
    """
    if len(v) <= most:
        return repr(v)
    return "%r and %d more" % (v[:most], len(v) - most)


def _arg(v: Any) -> Any:
    # For other types the method of bytes raises TypeError.
    return v.encode("latin-1") if isinstance(v, str) else v


class Value(bytes):
    """bytes from a client that equal their Latin-1 text and have its hash:
    `request.headers["accept"] == "*/*"` and `== b"*/*"` are both true.

    A Value has the methods of bytes; they also take text, and return Values.
    `[]` works as for bytes: an index gives an int.
    """

    __slots__ = ()

    # CPython gives Latin-1 text and bytes of the same octets the same hash, so
    # `{"a": 1}[Value(b"a")]` works; t/python tests that CPython does so.
    __hash__ = bytes.__hash__

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            try:
                other = other.encode("latin-1")
            except UnicodeEncodeError:
                return False
        return bytes.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        r = self.__eq__(other)
        return r if r is NotImplemented else not r

    def __lt__(self, other: Any) -> bool:
        return bytes.__lt__(self, _order(other))

    def __le__(self, other: Any) -> bool:
        return bytes.__le__(self, _order(other))

    def __gt__(self, other: Any) -> bool:
        return bytes.__gt__(self, _order(other))

    def __ge__(self, other: Any) -> bool:
        return bytes.__ge__(self, _order(other))

    def __contains__(self, v: Any) -> bool:
        try:
            return bytes.__contains__(self, _arg(v))
        except UnicodeEncodeError:
            return False

    def __add__(self, v: Any) -> "Value":
        if not isinstance(v, (str, bytes, bytearray, memoryview)):
            return NotImplemented
        return Value(bytes.__add__(self, _arg(v)))

    def __radd__(self, v: Any) -> "Value":
        if not isinstance(v, (str, bytes, bytearray, memoryview)):
            return NotImplemented
        return Value(bytes(_arg(v)) + bytes(self))

    def __getitem__(self, i: Any) -> Any:
        r = bytes.__getitem__(self, i)
        return Value(r) if isinstance(i, slice) else r

    def __mul__(self, n: Any) -> "Value":
        return Value(bytes.__mul__(self, n))

    __rmul__ = __mul__

    def __reduce__(self) -> Tuple[Any, ...]:
        return (Value, (bytes(self),))

    def startswith(self, prefix: Any, *span: Any) -> bool:
        return bytes.startswith(self, _args(prefix), *span)

    def endswith(self, suffix: Any, *span: Any) -> bool:
        return bytes.endswith(self, _args(suffix), *span)

    def find(self, sub: Any, *span: Any) -> int:
        return bytes.find(self, _arg(sub), *span)

    def rfind(self, sub: Any, *span: Any) -> int:
        return bytes.rfind(self, _arg(sub), *span)

    def index(self, sub: Any, *span: Any) -> int:
        return bytes.index(self, _arg(sub), *span)

    def rindex(self, sub: Any, *span: Any) -> int:
        return bytes.rindex(self, _arg(sub), *span)

    def count(self, sub: Any, *span: Any) -> int:
        return bytes.count(self, _arg(sub), *span)

    def split(self, sep: Any = None, maxsplit: Any = -1) -> List[Any]:
        return _values(bytes.split(self, _arg(sep), maxsplit))

    def rsplit(self, sep: Any = None, maxsplit: Any = -1) -> List[Any]:
        return _values(bytes.rsplit(self, _arg(sep), maxsplit))

    def splitlines(self, keepends: bool = False) -> List[Any]:
        return _values(bytes.splitlines(self, keepends))

    def partition(self, sep: Any) -> Any:
        return tuple(_values(bytes.partition(self, _arg(sep))))

    def rpartition(self, sep: Any) -> Any:
        return tuple(_values(bytes.rpartition(self, _arg(sep))))

    def replace(self, old: Any, new: Any, count: Any = -1) -> "Value":
        return Value(bytes.replace(self, _arg(old), _arg(new), count))

    def strip(self, chars: Any = None) -> "Value":
        return Value(bytes.strip(self, _arg(chars)))

    def lstrip(self, chars: Any = None) -> "Value":
        return Value(bytes.lstrip(self, _arg(chars)))

    def rstrip(self, chars: Any = None) -> "Value":
        return Value(bytes.rstrip(self, _arg(chars)))

    def removeprefix(self, prefix: Any) -> "Value":
        return Value(bytes.removeprefix(self, _arg(prefix)))

    def removesuffix(self, suffix: Any) -> "Value":
        return Value(bytes.removesuffix(self, _arg(suffix)))

    def join(self, items: Iterable[Any]) -> "Value":
        return Value(bytes.join(self, [_arg(i) for i in items]))

    def lower(self) -> "Value":
        return Value(bytes.lower(self))

    def upper(self) -> "Value":
        return Value(bytes.upper(self))

    def title(self) -> "Value":
        return Value(bytes.title(self))

    def capitalize(self) -> "Value":
        return Value(bytes.capitalize(self))


def _order(v: Any) -> Any:
    return v.encode("latin-1", "replace") if isinstance(v, str) else v


def _args(v: Any) -> Any:
    # startswith and endswith also take a tuple.  Text outside of Latin-1 is
    # left out, since it occurs in no Value.
    if isinstance(v, tuple):
        return tuple(_maybe(i) for i in v if _maybe(i) is not None)
    v = _maybe(v)
    return () if v is None else v


def _maybe(v: Any) -> Optional[Any]:
    try:
        return _arg(v)
    except UnicodeEncodeError:
        return None


def _values(items: Iterable[bytes]) -> List[Value]:
    return [Value(i) for i in items]
