# SPDX-License-Identifier: MIT
"""Checks that a response is well-formed (RFC 9113 §8), as it comes."""
import re
from typing import List, Optional

from badclient.hpack import Field
from badclient.rules import Rules

# NAME: RFC 9110 §5.6.2, without upper case.  VALUE: RFC 9110 §5.5, with opaque
# octets above 0x7f.
NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
VALUE = re.compile(rb"(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?")
STATUS = re.compile(rb"[1-9][0-9][0-9]")
CONNECTION_FIELDS = (b"connection", b"keep-alive", b"proxy-connection",
                     b"transfer-encoding", b"upgrade", b"te")
INFORMATIONAL_LIMIT = 100
LENGTH_LIMIT = (1 << 63) - 1


def values(fields: List[Field], name: bytes) -> List[bytes]:
    """Returns the values of all fields with this name, in order."""
    return [v for n, v in fields if n == name]


def check_fields(rules: Rules, fields: List[Field]) -> None:
    """Checks the rules for every field section (RFC 9113 §8.2)."""
    regular = False
    for name, value in fields:
        pseudo = name.startswith(b":")
        regular = regular or not pseudo
        rules.require(not (pseudo and regular), "pseudo-field",
                      f"{name!r} behind a regular field")
        rules.require(NAME.fullmatch(name[pseudo:]), "field-name",
                      f"field name {name[:60]!r}")
        rules.require(VALUE.fullmatch(value), "field-value",
                      f"value of {name[:60]!r}: {value[:60]!r}")
        rules.require(name not in CONNECTION_FIELDS, "connection-field",
                      f"connection-specific field {name!r}")


def only_pseudo_fields(rules: Rules, fields: List[Field],
                       allowed: List[bytes]) -> None:
    """Checks that a field section has each allowed pseudo-header field at most
    once, and no others (RFC 9113 §8.3)."""
    found = [name for name, _ in fields if name.startswith(b":")]
    rules.require(len(set(found)) == len(found)
                  and set(found) <= set(allowed), "pseudo-field",
                  f"pseudo-header fields {found!r}")


def content_length(rules: Rules, fields: List[Field]) -> Optional[int]:
    """Returns the value of content-length, on which all fields of that name
    must agree, or None if there is none."""
    found = set(values(fields, b"content-length"))
    if not found:
        return None
    text = found.pop()
    good = (not found and re.fullmatch(rb"[0-9]{1,19}", text) is not None
            and int(text) <= LENGTH_LIMIT)
    rules.require(good, "content-length", f"content-length {text!r}")
    return int(text) if good else None


class Response:
    """One response as it comes.  status: of the final response, None before
    it.  expected: the content-length.  received: octets of content.
    ended: END_STREAM has come."""

    def __init__(self, rules: Rules, method: bytes) -> None:
        self.rules, self.method = rules, method
        self.status: Optional[int] = None
        self.expected: Optional[int] = None
        self.received = self.informational = 0
        self.ended = self.tunnel = False

    def section(self, fields: List[Field], end: bool) -> Optional[int]:
        """Takes a field section; end: with END_STREAM.  Returns its status, or
        None if it is a trailer section."""
        check_fields(self.rules, fields)
        if self.status is None:
            return self._head(fields, end)
        self.rules.require(not self.tunnel, "tunnel", "HEADERS on a tunnel")
        self.rules.require(end, "message-order",
                           "trailers without END_STREAM")
        only_pseudo_fields(self.rules, fields, [])
        self._finish(end)
        return None

    def _head(self, fields: List[Field], end: bool) -> int:
        only_pseudo_fields(self.rules, fields, [b":status"])
        text = (values(fields, b":status") or [b""])[0]
        good = STATUS.fullmatch(text) is not None
        self.rules.require(good, "status", f"status {text!r}")
        status = int(text) if good else 200
        if status < 200:
            self.informational += 1
            self.rules.require(status != 101, "status", "101 in HTTP/2")
            self.rules.require(not end, "informational",
                               f"END_STREAM with {status}")
            self.rules.require(self.informational <= INFORMATIONAL_LIMIT,
                               "flood", f"{self.informational} responses 1xx")
            self.ended = end
            return status
        self.tunnel = self.method == b"CONNECT" and status < 300
        # A tunnel has no content (RFC 9110 §9.3.6).
        if not self.tunnel:
            self.expected = content_length(self.rules, fields)
        self.status = status
        self._finish(end)
        return status

    @property
    def empty(self) -> bool:
        """Whether the response cannot have content (RFC 9110 §6.4.1)."""
        return self.method == b"HEAD" or self.status in (204, 304)

    def data(self, length: int, end: bool) -> None:
        """Takes `length` octets of content; end: with END_STREAM."""
        self.rules.require(self.status is not None, "message-order",
                           "DATA before the final response")
        self.received += length
        self.rules.require(not (self.empty and length), "no-content",
                           f"content in a {self.status} to "
                           f"{self.method.decode()}")
        self.rules.require(
            self.expected is None or self.empty
            or self.received <= self.expected, "content-length",
            f"{self.received} octets, content-length is {self.expected}")
        self._finish(end)

    def _finish(self, end: bool) -> None:
        self.ended = self.ended or end
        self.rules.require(
            not end or self.expected in (None, self.received) or self.empty,
            "content-length",
            f"{self.received} octets, content-length is {self.expected}")
