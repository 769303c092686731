# SPDX-License-Identifier: MIT
"""Fields of requests and responses; `Value`, the type of received values."""

import functools
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Mapping,
                    Optional, Set, Tuple, TypeVar, Union)

import _h2rig

from h2rig.errors import StatusError
from h2rig.server.config import options
from h2rig.server.isomorphic import (Value, isomorphic_decode,
                                     isomorphic_encode, octets)

__all__ = ["FieldValue", "Fields", "MultiDict", "Name", "RequestHeaders",
           "ResponseHeaders", "Value", "isomorphic_decode",
           "isomorphic_encode"]

#: A field's name.  Text is Latin-1; in calls of the writer it is UTF-8.
Name = Union[str, bytes]

#: A field's value.  Text as in a name; an int is sent as decimal digits.
FieldValue = Union[str, bytes, int]

#: Fields as calls take them: (name, value) pairs, or a dict.  In calls of the
#: writer a third item that is true makes the field never indexed (RFC 7541
#: §6.2.3).
Fields = Union[Iterable[Tuple[Any, ...]], Mapping[Any, Any]]

_T = TypeVar("_T")

#: The most faulty fields of a response that get a log record each.
MAX_FAULTS = 100

#: The most characters of a name whose conversion to octets is cached.
MAX_REMEMBERED = 100

_missing = object()
_none: List[bytes] = []

#: Names of pseudo-header fields (RFC 9113 §8.3), which scripts may write
#: without the colon.
PSEUDO = frozenset((b"method", b"scheme", b"path", b"authority", b"status"))

#: Connection-specific fields, which HTTP/2 does not allow (RFC 9113 §8.2.2).
CONNECTION_SPECIFIC = frozenset((
    b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding",
    b"upgrade"))


#: Names of fields that `normal_order` moves or leaves out.
_REORDERED = PSEUDO | CONNECTION_SPECIFIC


class MultiDict(Dict[Any, List[Any]]):
    """The names and values of a query or a form; a name may have several
    values, and `[]` returns the first.

    Keys are `Value`s, and are found by text or bytes.  The methods of dict
    (`items`, `values`) give the list of values of each key.
    """

    def add(self, name: Union[str, bytes], value: Any) -> None:
        """Adds a value after the values that name already has."""
        if name in self:
            dict.__getitem__(self, name).append(value)
        else:
            dict.__setitem__(self, name, [value])

    def __setitem__(self, name: Any, value: Any) -> None:
        dict.__setitem__(self, name, [value])

    def __getitem__(self, key: Any) -> Any:
        return self.first(key)

    def first(self, key: Name, default: Any = _missing) -> Any:
        """Returns the first value of a key.  If there is none, returns
        default, or raises KeyError without a default.
        """
        values = dict.get(self, key)
        if values:
            return values[0]
        if default is not _missing:
            return default
        raise KeyError(key)

    def last(self, key: Name, default: Any = _missing) -> Any:
        """Returns the last value of a key.  If there is none, returns default,
        or raises KeyError without a default.
        """
        values = dict.get(self, key)
        if values:
            return values[-1]
        if default is not _missing:
            return default
        raise KeyError(key)

    def get(self, key: Name, default: Any = None) -> Any:
        """Returns the first value of a key, or default if there is none."""
        return self.first(key, default)

    def get_list(self, key: Name) -> List[Any]:
        """Returns all values of a key, in order; [] if there are none."""
        return dict.get(self, key, [])


def _remembered(function: Callable[[Any], _T]) -> Callable[[Any], _T]:
    # Caches a function's results, but only for short names: the names may be
    # chosen by a client, which may send long ones.
    kept = functools.lru_cache(maxsize=1024)(function)

    def look(name: Any) -> _T:
        if isinstance(name, (str, bytes)) and len(name) > MAX_REMEMBERED:
            return function(name)
        return kept(name)
    return look


@_remembered
def _request_key(name: Any) -> Value:
    return Value(isomorphic_encode(name).lower())


class RequestHeaders(Dict[Any, List[Value]]):
    """A request's field section, by case-insensitive name; read-only.

    `[]` joins the values of several fields of a name with ", ", and cookies
    with "; " (RFC 9113 §8.2.3).  Keys are in lower case.  The keys of
    pseudo-header fields have no colon; lookups find these fields with the
    colon and without it.  An ordinary field is left out if the request has a
    pseudo-header field of the same name.  Values are `Value`s: bytes that
    equal their text.  fields: (name, value) pairs of bytes.
    """

    def __init__(self, fields: Iterable[Tuple[bytes, ...]] = ()) -> None:
        super().__init__()
        self._pseudo: Set[bytes] = set()
        for field in fields:
            name = field[0]
            # Pseudo-header fields come first (RFC 9113 §8.3).
            if name[:1] == b":":
                name = name[1:]
                self._pseudo.add(name)
            elif name in self._pseudo:
                continue
            value = Value(field[1])
            values = dict.get(self, name)
            if values is None:
                dict.__setitem__(self, Value(name), [value])
            else:
                values.append(value)

    def _values(self, key: Any) -> Optional[List[Value]]:
        key = _request_key(key)
        values = dict.get(self, key)
        if values is None:
            if key == b"host":
                # Clients send :authority instead of host (RFC 9113 §8.3.1).
                key = b":authority"
            if key[:1] == b":" and key[1:] in self._pseudo:
                values = dict.get(self, key[1:])
        return values

    def __getitem__(self, key: Any) -> Any:
        values = self._values(key)
        if values is None:
            raise KeyError(key)
        if len(values) == 1:
            return values[0]
        return Value((b"; " if _request_key(key) == b"cookie"
                      else b", ").join(values))

    def __setitem__(self, key: Any, value: Any) -> None:
        raise TypeError("request headers are read-only")

    def __contains__(self, key: Any) -> bool:
        return self._values(key) is not None

    def get(self, key: Name, default: Any = None) -> Any:
        """Returns the `Value` that `[]` returns for a name, or default if
        there is none.
        """
        try:
            return self[key]
        except KeyError:
            return default

    def get_list(self, key: Name, default: Any = _missing) -> Any:
        """Returns the list of `Value`s of a name, one for each field.  If
        there are none, returns default, or raises KeyError without a default.
        """
        values = self._values(key)
        if values is not None:
            return values
        if default is not _missing:
            return default
        raise KeyError(key)

    def iteritems(self) -> Iterator[Tuple[Value, Value]]:
        """Iterates over (name, joined value), one pair for each name."""
        for key in self:
            yield key, self[key]

    def itervalues(self) -> Iterator[Value]:
        """Iterates over the joined values, one for each name."""
        for key in self:
            yield self[key]


def _names(name: Any) -> Tuple[bytes, bytes]:
    # Returns a header name as given, and in lower case.
    try:
        return _hashable_names(name)
    except TypeError:
        return _hashable_names(octets(name, "header name"))


@_remembered
def _hashable_names(name: Any) -> Tuple[bytes, bytes]:
    name = octets(name, "header name")
    return name, name.lower()


class ResponseHeaders:
    """The fields of a response.  Fields of one name keep their order.

    items: (name, value) pairs, or a dict.  Names are text (Latin-1) or bytes,
    values also int; other types raise TypeError, and text outside of Latin-1
    raises ValueError.  Names and values that are read back are `Value`s: bytes
    that equal their text.
    """

    __slots__ = ("data",)

    def __init__(self, items: "Fields" = ()) -> None:
        # name in lower case -> [(name as given, value)]
        self.data: Dict[bytes, List[Tuple[bytes, bytes]]] = {}
        if items:
            self.update(items)

    def set(self, key: Name, value: FieldValue) -> None:
        """Sets the field, and removes other fields of this name."""
        name, lower = _names(key)
        self.data[lower] = [(name, _value(key, value))]

    def append(self, key: Name, value: FieldValue) -> None:
        """Adds a field after those of the same name."""
        name, lower = _names(key)
        if type(value) is not bytes:
            value = _value(key, value)
        if lower in self.data:
            self.data[lower].append((name, value))
        else:
            self.data[lower] = [(name, value)]

    def update(self, items_iter: "Fields") -> None:
        """Appends a field for each (name, value) pair of items_iter, an
        iterable or a dict.  TypeError says which item is not a pair.
        """
        if type(items_iter) is not list:
            items_iter = pairs(items_iter, "headers")
        for item in items_iter:
            if type(item) is not tuple or len(item) != 2:
                (item,) = pairs((item,), "headers")
            name, value = item
            self.append(name, value)

    def get(self, key: Name, default: Any = _missing) -> Any:
        """Returns the list of `Value`s of a name.  If there are none, returns
        default, or [] without a default.
        """
        try:
            return self[key]
        except KeyError:
            return [] if default is _missing else default

    def __getitem__(self, key: Any) -> List[Value]:
        found = self.data.get(_names(key)[1])
        if found is None:
            raise KeyError(key)
        return [Value(value) for _, value in found]

    def __setitem__(self, key: Any, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: Any) -> None:
        if self.data.pop(_names(key)[1], None) is None:
            raise KeyError(key)

    def __contains__(self, key: Any) -> bool:
        return _names(key)[1] in self.data

    def __iter__(self) -> Iterator[Tuple[Value, Value]]:
        for found in list(self.data.values()):
            for name, value in found:
                yield Value(name), Value(value)

    def __len__(self) -> int:
        return sum(map(len, self.data.values()))

    def items(self) -> Iterator[Tuple[Value, Value]]:
        """Iterates over the (name, value) pairs, with names as given.  Fields
        of one name follow each other.
        """
        return iter(self)

    def __repr__(self) -> str:
        return "ResponseHeaders(%r)" % (
            [(bytes(n), bytes(v)) for n, v in self],)

    def _wire(self, status: Optional[Tuple[bytes, bytes]] = None
              ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
        # Returns the fields to send, with names in lower case and
        # pseudo-header fields first, and the names of the connection-specific
        # fields, which are left out.  status: the :status field; it is put
        # first unless it is there already.
        out: List[Tuple[Any, ...]] = [] if status is None else [status]
        special = False
        for lower, found in self.data.items():
            if lower in _REORDERED or lower[:1] == b":":
                special = True
            for _, value in found:
                out.append((lower, value.strip(b" \t")))
        if not special:
            return out, _none
        out, dropped = normal_order(out)
        if status is not None and out[1:] and out[1] == status:
            del out[0]
        return out, dropped


def _value(key: Any, value: Any) -> bytes:
    if type(value) is str and value.isascii():
        return value.encode("ascii")
    return octets(value, "value of header %r" % (key,))


def pairs(headers: Any, what: str) -> Iterator[Any]:
    """Iterates over the pairs of the headers that a script gave: an iterable
    of pairs, a `ResponseHeaders`, a `RequestHeaders` or a dict.

    what: the name of the headers in a TypeError, which says which item is not
    a pair.
    """
    if isinstance(headers, RequestHeaders):
        for name in headers:
            for value in headers.get_list(name):
                yield name, value
        return
    if isinstance(headers, dict):
        headers = headers.items()
    elif isinstance(headers, (str, bytes)) or not hasattr(
            headers, "__iter__"):
        raise TypeError("%s must be (name, value) pairs, not %r"
                        % (what, headers))
    for item in headers:
        if (not isinstance(item, (tuple, list)) or len(item) < 2
                or len(item) > 3):
            raise TypeError("%s: expected a (name, value) pair, not %r"
                            % (what, item))
        yield item


def raw_fields(headers: Any, what: str = "headers") -> List[Tuple[Any, ...]]:
    """Returns the fields for a raw call: bytes as given, text in UTF-8, with
    nothing changed.
    """
    out: List[Tuple[Any, ...]] = []
    for item in pairs(headers, what):
        name = octets(item[0], "header name", "utf-8")
        value = octets(item[1], "value of header %r" % (item[0],), "utf-8")
        if _never_indexed(item):
            out.append((name, value, True))
        else:
            out.append((name, value))
    return out


def status_code(value: Any, expected: str = "an int") -> int:
    """Returns a status, which may also be text of digits, as an int.

    StatusError unless it is 100 to 999.  expected: what the TypeError for a
    value of another type says was expected.
    """
    if isinstance(value, (str, bytes)) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("status must be %s, not %r" % (expected, value))
    if not 100 <= value <= 999:
        raise StatusError("status must be 100 to 999, not %d" % value)
    return int(value)


def log_dropped(names: Iterable[bytes], level: str = "debug") -> None:
    """Logs the names of fields that were left out (RFC 9113 §8.2.2)."""
    if options.logs(level):
        _h2rig.log(level, "left out, HTTP/2 has no form for it (RFC 9113 "
                   "8.2.2): %s" % b", ".join(names).decode("latin-1"))


def log_fault(exchange: Any, field: Tuple[bytes, ...], text: str,
              origins: Mapping[Tuple[bytes, ...], str]) -> None:
    """Logs which rule a field breaks that was sent as it stands.

    text: the rule.  origins: the file and line of each field that was read
    from a file.
    """
    text = "stream %d, %s: %ssent as it stands: %s" % (
        exchange.id, exchange.script,
        "%s: " % origins[field] if field in origins else "", text)
    _h2rig.log("warn", text.encode("utf-8", "backslashreplace"),
               "file" if field in origins else "script")


def log_faults(exchange: Any, fields: Any,
               origins: Mapping[Tuple[bytes, ...], str]) -> None:
    """Calls `log_fault` for each of these fields that breaks a rule."""
    found = _h2rig.faults(fields)
    for i, text in found[:MAX_FAULTS]:
        log_fault(exchange, fields[i], text, origins)
    if len(found) > MAX_FAULTS:
        _h2rig.log("warn", "stream %d, %s: and %d more fields" % (
            exchange.id, exchange.script, len(found) - MAX_FAULTS))


def _never_indexed(item: Any) -> bool:
    # RFC 7541 §6.2.3.  A third item says it, or, in a NeverIndexedHeaderTuple
    # of the package hpack, an attribute.
    return (len(item) == 3 and bool(item[2])
            or not getattr(item, "indexable", True))


def checked_fields(headers: Any, what: str = "headers"
                   ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
    """Returns the fields for a checked call (RFC 9113 §8.2, §8.3), and the
    names of connection-specific fields, which are left out.

    Names are in lower case, pseudo-header fields come first and have their
    colon, and values have no white space around them.  Text is UTF-8.
    """
    if type(headers) is ResponseHeaders:
        return headers._wire()
    out: List[Tuple[Any, ...]] = []
    for field in raw_fields(headers, what):
        out.append((field[0].lower(), field[1].strip(b" \t")) + field[2:])
    return normal_order(out)


def normal_order(fields: List[Tuple[Any, ...]]
                 ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
    """Returns fields in the order of `checked_fields`, with colons, and the
    names of the fields that are left out.  Names must be in lower case.
    """
    pseudo: List[Tuple[Any, ...]] = []
    rest: List[Tuple[Any, ...]] = []
    dropped: List[bytes] = []
    for field in fields:
        name = field[0]
        if name in PSEUDO:
            pseudo.append((b":" + name,) + field[1:])
        elif name[:1] == b":":
            pseudo.append(field)
        elif name in CONNECTION_SPECIFIC:
            dropped.append(name)
        elif name == b"te" and field[1] != b"trailers":
            dropped.append(name)
        else:
            rest.append(field)
    return pseudo + rest, dropped
