# SPDX-License-Identifier: MIT
"""Targets of requests without a path, for the routes of a --routes file.

    from h2rig.router import ASTERISK, AUTHORITY

    routes = [("CONNECT", AUTHORITY, tunnel),
              ("OPTIONS", ASTERISK, options)]

AUTHORITY: the host and port that CONNECT asks for (RFC 9113 §8.5), which
`request.connect_authority` has.  ASTERISK: the server itself, in `OPTIONS *`
(RFC 9110 §7.1).
"""

from typing import Final

__all__ = ["ASTERISK", "AUTHORITY"]


class Target:
    """A request's target that is no path; compared by identity."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return "h2rig.router." + self._name


AUTHORITY: Final = Target("AUTHORITY")
ASTERISK: Final = Target("ASTERISK")
