# SPDX-License-Identifier: MIT
"""Parses the Range request field (RFC 9110 §14), and makes multipart content
(RFC 2046 §5.1), in which several ranges are sent.
"""

import re
import uuid
from typing import Any, Iterable, List, Optional, Tuple, Union

from h2rig.errors import HTTPException
from h2rig.headers import ResponseHeaders
from h2rig.server.isomorphic import isomorphic_decode, shown

__all__ = ["MultipartContent", "MultipartPart", "Range", "RangeParser"]

# Matches a range without white space around it.  Nothing here may match in
# more than one way: else the time for a field of spaces would grow with the
# square of its length.
_specifier = re.compile(r"(\d*)[ \t]*-[ \t]*(\d*)\Z", re.ASCII)

#: The most ranges that one request may ask for.
MOST = 200


class Range:
    """The octets of a file from lower to upper, which is the first octet
    behind the range.

    The arguments lower and upper are as in the field: upper is the number of
    the last octet, and a missing number is None (without lower, the range is
    the last upper octets).  Raises ValueError if the file has none of the
    octets.
    """

    def __init__(self, lower: Optional[int], upper: Optional[int],
                 file_size: int) -> None:
        self.file_size = file_size
        if lower is None:
            self.lower = 0 if upper is None else max(0, file_size - upper)
            self.upper = file_size
        else:
            self.lower = lower
            self.upper = (file_size if upper is None
                          else min(file_size, upper + 1))
        if self.lower >= self.upper:
            raise ValueError("no octet of range %s-%s is among %d" % (
                "" if lower is None else lower,
                "" if upper is None else upper, file_size))

    def __repr__(self) -> str:
        return "<Range %d-%d>" % (self.lower, self.upper)

    def _key(self) -> Tuple[int, int]:
        return self.lower, self.upper

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Range) and self._key() == other._key()

    def __lt__(self, other: "Range") -> bool:
        return self._key() < other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def coalesce(self, other: "Range") -> List["Range"]:
        """Returns a list: one range if the two touch, else both in order."""
        if self.upper < other.lower or other.upper < self.lower:
            return sorted((self, other))
        return [Range(min(self.lower, other.lower),
                      max(self.upper, other.upper) - 1, self.file_size)]

    def header_value(self) -> str:
        """Returns the value for Content-Range, "bytes 0-9/100" for example."""
        return "bytes %d-%d/%d" % (self.lower, self.upper - 1, self.file_size)


class RangeParser:
    """`RangeParser()(value, file_size)` returns the ranges of a field."""

    def __call__(self, header: Union[str, bytes], file_size: int
                 ) -> List[Range]:
        """Returns the ranges in ascending order.  Ranges that touch become
        one, and ranges without an octet in the file are left out.

        Raises HTTPException 416 if the field is malformed or no range is left.
        """
        text = isomorphic_decode(header)
        unit, equals, rest = text.partition("=")
        if unit.strip().lower() != "bytes" or not equals:
            raise HTTPException(416, "range unit of %s: expected bytes="
                                % shown(text))
        if rest.count(",") >= MOST:
            raise HTTPException(416, "%d ranges: expected 1 to %d"
                                % (rest.count(",") + 1, MOST))
        parts = [p for p in rest.split(",") if p.strip()]
        if not parts:
            raise HTTPException(416, "no range in %s" % shown(text))
        ranges = []
        for part in parts:
            match = _specifier.match(part.strip(" \t"))
            if match is None or not (match.group(1) or match.group(2)):
                raise HTTPException(
                    416, "range %s: expected FIRST-LAST, FIRST- or -LENGTH"
                    % shown(part.strip()))
            first, last = (int(g.lstrip("0")[:20] or 0) if g else None
                           for g in match.groups())
            if first is not None and last is not None and first > last:
                raise HTTPException(416, "range %s ends before it begins"
                                    % shown(part.strip()))
            try:
                ranges.append(Range(first, last, file_size))
            except ValueError:
                continue
        if not ranges:
            raise HTTPException(416, "no octet of %s is among %d"
                                % (shown(text), file_size))
        return self.coalesce_ranges(ranges, file_size)

    def coalesce_ranges(self, ranges: List[Range],
                        file_size: int) -> List[Range]:
        """Returns the ranges in ascending order; those that touch become one.
        """
        rest = sorted(ranges)
        merged = rest[:1]
        for r in rest[1:]:
            merged[-1:] = merged[-1].coalesce(r)
        return merged


class MultipartPart:
    """A part of multipart content: its content and fields."""

    def __init__(self, data: bytes, content_type: Any = None,
                 headers: Optional[Iterable[Tuple[Any, Any]]] = None) -> None:
        self.headers = ResponseHeaders()
        if content_type is not None:
            self.headers.set("Content-Type", content_type)
        if headers is not None:
            for name, value in headers:
                # A content-type in headers replaces the argument.
                if name.lower() in (b"content-type", "content-type"):
                    self.headers.set(name, value)
                else:
                    self.headers.append(name, value)
        self.data = data

    def to_bytes(self) -> bytes:
        """Returns the fields, an empty line and the content."""
        return b"".join(bytes(name) + b": " + bytes(value) + b"\r\n"
                        for name, value in self.headers) + b"\r\n" + self.data


class MultipartContent:
    """Parts with a boundary between them.  Iterating over it gives one bytes
    object, so that it can be the content of a response.
    """

    def __init__(self, boundary: Optional[str] = None,
                 default_content_type: Any = None) -> None:
        self.boundary = uuid.uuid4().hex if boundary is None else boundary
        self.items: List[MultipartPart] = []
        self.default_content_type = default_content_type

    def append_part(self, data: bytes, content_type: Any = None,
                    headers: Optional[Iterable[Tuple[Any, Any]]] = None
                    ) -> None:
        """Adds a part."""
        if content_type is None:
            content_type = self.default_content_type
        self.items.append(MultipartPart(data, content_type, headers))

    def to_bytes(self) -> bytes:
        """Returns the whole content."""
        boundary = b"--" + self.boundary.encode("ascii")
        out = [b""]
        for item in self.items:
            out += [boundary, item.to_bytes()]
        return b"\r\n".join(out + [boundary + b"--", b""])

    def __call__(self) -> bytes:
        return self.to_bytes()

    def __iter__(self) -> Any:
        yield self.to_bytes()
