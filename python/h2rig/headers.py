# SPDX-License-Identifier: MIT
"""Fields of requests and responses, and `Value`, what clients have sent."""

import functools
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Mapping,
                    Optional, Set, Tuple, TypeVar, Union)

import _h2rig

from h2rig.errors import StatusError
from h2rig.server.isomorphic import (Value, isomorphic_decode,
                                     isomorphic_encode, octets)

__all__ = ["FieldValue", "Fields", "MultiDict", "Name", "RequestHeaders",
           "ResponseHeaders", "Value", "isomorphic_decode",
           "isomorphic_encode"]

#: A field's name; text is Latin-1, but UTF-8 in calls of the writer.
Name = Union[str, bytes]

#: A field's value; an int is sent as decimal digits.
FieldValue = Union[str, bytes, int]

#: What calls take as fields: (name, value) pairs, or a dict.  In calls of the
#: writer a pair may be followed by true: never indexed (RFC 7541 §6.2.3).
Fields = Union[Iterable[Tuple[Any, ...]], Mapping[Any, Any]]

_T = TypeVar("_T")

#: Faulty fields of a response that have a record each.
MAX_FAULTS = 100

#: Characters of a name whose octets are remembered.
MAX_REMEMBERED = 100

_missing = object()
_none: List[bytes] = []

#: Names that scripts may write without their colon (RFC 9113 §8.3).
PSEUDO = frozenset((b"method", b"scheme", b"path", b"authority", b"status"))

#: Connection-specific fields (RFC 9113 §8.2.2), which HTTP/2 has no form for.
CONNECTION_SPECIFIC = frozenset((
    b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding",
    b"upgrade"))


#: Names that `normal_order` moves or leaves out.
_REORDERED = PSEUDO | CONNECTION_SPECIFIC


class MultiDict(Dict[Any, List[Any]]):
    """Several values for a key, of a query or a form: `[]` gives the first.

    Keys are `Value`s, and are found by text or bytes.  As a dict (`items`,
    `values`) it holds the list of values of each key.
    """

    def add(self, name: Union[str, bytes], value: Any) -> None:
        """Adds a value after those that name has."""
        if name in self:
            dict.__getitem__(self, name).append(value)
        else:
            dict.__setitem__(self, name, [value])

    def __setitem__(self, name: Any, value: Any) -> None:
        dict.__setitem__(self, name, [value])

    def __getitem__(self, key: Any) -> Any:
        return self.first(key)

    def first(self, key: Name, default: Any = _missing) -> Any:
        """The first value of a key; default if there is none, or KeyError
        without a default.
        """
        values = dict.get(self, key)
        if values:
            return values[0]
        if default is not _missing:
            return default
        raise KeyError(key)

    def last(self, key: Name, default: Any = _missing) -> Any:
        """The last value of a key; default if there is none, or KeyError
        without a default.
        """
        values = dict.get(self, key)
        if values:
            return values[-1]
        if default is not _missing:
            return default
        raise KeyError(key)

    def get(self, key: Name, default: Any = None) -> Any:
        """The first value of a key, or default."""
        return self.first(key, default)

    def get_list(self, key: Name) -> List[Any]:
        """All values of a key, in order; empty if there are none."""
        return dict.get(self, key, [])


def _remembered(function: Callable[[Any], _T]) -> Callable[[Any], _T]:
    # Results for short names are kept: a client may be the one who chooses
    # them, and they may be as long as what it sends.
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

    `[]` joins several fields of a name with ", " (cookies with "; ", RFC 9113
    §8.2.3).  Keys are lower-case; pseudo-header fields have no colon there,
    but are found with it too.  An ordinary field is there unless there is a
    pseudo-header field of its name.  Values are `Value`s: bytes that equal
    their text.  fields: (name, value) pairs of bytes.
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
                # RFC 9113 §8.3.1: clients send :authority instead.
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
        """The `Value` of a name as `[]` gives it, or default."""
        try:
            return self[key]
        except KeyError:
            return default

    def get_list(self, key: Name, default: Any = _missing) -> Any:
        """The list of `Value`s of a name, one for each field; default if there
        are none, or KeyError without a default.
        """
        values = self._values(key)
        if values is not None:
            return values
        if default is not _missing:
            return default
        raise KeyError(key)

    def iteritems(self) -> Iterator[Tuple[Value, Value]]:
        """(name, joined value) for each name."""
        for key in self:
            yield key, self[key]

    def itervalues(self) -> Iterator[Value]:
        """The joined value of each name."""
        for key in self:
            yield self[key]


def _names(name: Any) -> Tuple[bytes, bytes]:
    # A header name as given and in lower case.
    try:
        return _hashable_names(name)
    except TypeError:
        return _hashable_names(octets(name, "header name"))


@_remembered
def _hashable_names(name: Any) -> Tuple[bytes, bytes]:
    name = octets(name, "header name")
    return name, name.lower()


class ResponseHeaders:
    """The fields that a response is to have; several of a name keep order.

    items: (name, value) pairs.  Names and values are text (Latin-1), bytes or
    (values) int, else TypeError; text outside of Latin-1 is a ValueError.
    Those read back are `Value`s: bytes that equal their text.
    """

    __slots__ = ("data",)

    def __init__(self, items: "Fields" = ()) -> None:
        # lower-case name -> [(name as given, value)]
        self.data: Dict[bytes, List[Tuple[bytes, bytes]]] = {}
        if items:
            self.update(items)

    def set(self, key: Name, value: FieldValue) -> None:
        """Makes it the only field of this name."""
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
        """Appends each (name, value) pair of an iterable, or of a dict.
        TypeError says which item is no pair.
        """
        if type(items_iter) is not list:
            items_iter = pairs(items_iter, "headers")
        for item in items_iter:
            if type(item) is not tuple or len(item) != 2:
                (item,) = pairs((item,), "headers")
            name, value = item
            self.append(name, value)

    def get(self, key: Name, default: Any = _missing) -> Any:
        """The list of `Value`s of a name; default, or [], if there are none.
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
        """The pairs, names as given, those of one name together."""
        return iter(self)

    def __repr__(self) -> str:
        return "ResponseHeaders(%r)" % (
            [(bytes(n), bytes(v)) for n, v in self],)

    def _wire(self, status: Optional[Tuple[bytes, bytes]] = None
              ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
        # For the wire: lower-case (name, value) pairs, pseudo-header fields
        # first, and the names of connection-specific ones, which are left out.
        # status: the :status field, which is put first unless it is there.
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
    """The pairs of what a script gave as headers: an iterable of pairs, a
    `ResponseHeaders` or a dict.  TypeError says which item is no pair.
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
    """For the raw calls: octets as given, text as UTF-8, nothing changed."""
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
    """A status, text of digits too, as an int.  TypeError, which says what was
    expected; StatusError unless 100 to 999.
    """
    if isinstance(value, (str, bytes)) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("status must be %s, not %r" % (expected, value))
    if not 100 <= value <= 999:
        raise StatusError("status must be 100 to 999, not %d" % value)
    return int(value)


def log_dropped(names: Iterable[bytes], level: str = "debug") -> None:
    """Logs the names of fields that HTTP/2 has no form for."""
    if _h2rig.log_enabled(level):
        _h2rig.log(level, "left out, HTTP/2 has no form for it (RFC 9113 "
                   "8.2.2): %s" % b", ".join(names).decode("latin-1"))


def log_fault(exchange: Any, field: Tuple[bytes, ...], text: str,
              origins: Mapping[Tuple[bytes, ...], str]) -> None:
    """Logs what is wrong with a field that was sent as it stands.

    origins: file and line of fields that are from a file.
    """
    text = "stream %d, %s: %ssent as it stands: %s" % (
        exchange.id, exchange.script,
        "%s: " % origins[field] if field in origins else "", text)
    _h2rig.log("warn", text.encode("utf-8", "backslashreplace"),
               "file" if field in origins else "script")


def log_faults(exchange: Any, fields: Any,
               origins: Mapping[Tuple[bytes, ...], str]) -> None:
    """The same for each field of these that breaks a rule."""
    found = _h2rig.faults(fields)
    for i, text in found[:MAX_FAULTS]:
        log_fault(exchange, fields[i], text, origins)
    if len(found) > MAX_FAULTS:
        _h2rig.log("warn", "stream %d, %s: and %d more fields" % (
            exchange.id, exchange.script, len(found) - MAX_FAULTS))


def _never_indexed(item: Any) -> bool:
    # RFC 7541 §6.2.3; hpack's NeverIndexedHeaderTuple says it by attribute.
    return (len(item) == 3 and bool(item[2])
            or not getattr(item, "indexable", True))


def checked_fields(headers: Any, what: str = "headers"
                   ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
    """For the checked calls (RFC 9113 §8.2, §8.3): names in lower case,
    pseudo-header fields with their colon and first, connection-specific
    fields left out (their names are the second result), no white space around
    values.  Text is UTF-8.
    """
    if type(headers) is ResponseHeaders:
        return headers._wire()
    out: List[Tuple[Any, ...]] = []
    for field in raw_fields(headers, what):
        out.append((field[0].lower(), field[1].strip(b" \t")) + field[2:])
    return normal_order(out)


def normal_order(fields: List[Tuple[Any, ...]]
                 ) -> Tuple[List[Tuple[Any, ...]], List[bytes]]:
    """Fields with lower-case names as `checked_fields` describes."""
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
