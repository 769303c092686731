# SPDX-License-Identifier: MIT
"""Checks that a promised request is well-formed (RFC 9113 §8.4)."""
from typing import List

from badclient.hpack import Field
from badclient.message import (check_fields, content_length,
                               only_pseudo_fields, values)
from badclient.rules import Rules

REQUEST_FIELDS = [b":method", b":scheme", b":authority", b":path"]
SAFE = (b"GET", b"HEAD")                # ... and cacheable


def check_request(rules: Rules, fields: List[Field],
                  authority: bytes) -> bytes:
    """Checks a promised request, which must be for this authority.
    Returns its method."""
    check_fields(rules, fields)
    only_pseudo_fields(rules, fields, REQUEST_FIELDS)
    method, scheme, host, path = (
        (values(fields, name) or [b""])[0] for name in REQUEST_FIELDS)
    rules.require(method in SAFE, "push-request", f"promised {method!r}")
    rules.require(scheme and path, "push-request",
                  "promised request without :scheme or :path")
    rules.require(host == authority, "push-request",
                  f"promised request for {host!r}")
    rules.require(not content_length(rules, fields), "push-request",
                  "promised request with content")
    return method
