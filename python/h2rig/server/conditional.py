# SPDX-License-Identifier: MIT
"""Validators of files and conditional requests (RFC 9110 §8.8, §13).

A file's `.headers` may have validators; with --validators the server adds
those that are missing.  `static` calls this.
"""

import email.utils
import os
import re
import time
from typing import Any, Optional

__all__ = ["add_validators", "evaluate", "range_applies"]

#: The most octets of an HTTP date (RFC 9110 §5.6.7), with its white space.
MAX_DATE = 64

_entity_tag = re.compile(rb'(?:W/)?"[^"]*"')


def add_validators(response: Any, status: os.stat_result) -> None:
    """Sets etag and last-modified, unless the file's `.headers` have set them.

    status: the file's.
    """
    if "ETag" not in response.headers:
        response.headers.set("ETag", '"%x-%x"' % (
            status.st_mtime_ns, status.st_size))
    if "Last-Modified" not in response.headers:
        response.headers.set("Last-Modified", email.utils.formatdate(
            status.st_mtime, usegmt=True))


def evaluate(request: Any, response: Any) -> Optional[int]:
    """Evaluates the request's conditions (RFC 9110 §13.2.2).

    Returns the status to answer with, 304 or 412, or None if they hold.
    """
    headers = request.headers
    etag = response.headers["ETag"][0]
    modified = _time(response.headers["Last-Modified"][0])
    if "if-match" in headers:
        if not _matches(headers["if-match"], etag, True):
            return 412
    elif "if-unmodified-since" in headers:
        since = _time(headers["if-unmodified-since"])
        if None not in (since, modified) and modified > since:
            return 412
    if "if-none-match" in headers:
        if _matches(headers["if-none-match"], etag, False):
            return 304 if request.method in ("GET", "HEAD") else 412
    elif "if-modified-since" in headers and request.method in ("GET", "HEAD"):
        since = _time(headers["if-modified-since"])
        if None not in (since, modified) and modified <= since:
            return 304
    return None


def range_applies(request: Any, response: Any) -> bool:
    """Returns whether If-Range lets the Range field apply (RFC 9110 §13.1.5):
    whether its value is the response's validator, and a strong one.
    """
    value = request.headers.get("if-range")
    if value is None:
        return True
    if _entity_tag.fullmatch(value):
        etags = response.headers.get("ETag")
        return bool(etags) and _matches(value, etags[0], True)
    # A date is strong once its second is over (§8.8.2.2).
    wanted = _time(value)
    return wanted is not None and wanted + 1 <= time.time() and any(
        wanted == _time(date) for date in response.headers.get(
            "Last-Modified"))


def _matches(field: bytes, etag: bytes, strong: bool) -> bool:
    # Strong or weak comparison: RFC 9110 §8.8.3.2.
    if field.strip() == b"*":
        return True
    tags = (match.group() for match in _entity_tag.finditer(bytes(field)))
    etag = bytes(etag)
    if strong:
        return not etag.startswith(b"W/") and etag in tags
    return _opaque(etag) in map(_opaque, tags)


def _opaque(tag: bytes) -> bytes:
    return tag[2:] if tag.startswith(b"W/") else tag


def _time(value: bytes) -> Any:
    # Returns an HTTP date in seconds since 1970, or None for anything else,
    # which is ignored (§13.1.3).
    if len(value) > MAX_DATE:
        return None
    try:
        return email.utils.parsedate_to_datetime(
            bytes(value).decode("latin-1")).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
