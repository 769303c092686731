# SPDX-License-Identifier: MIT
"""Request targets that are not paths, for the routes of a --routes file.

    from h2rig.router import ASTERISK, AUTHORITY

    routes = [("CONNECT", AUTHORITY, tunnel),
              ("OPTIONS", ASTERISK, options)]

AUTHORITY: the host and port that CONNECT asks for (RFC 9113 §8.5); a script
finds them in `request.connect_authority`.  ASTERISK: the server itself, the
target of `OPTIONS *` (RFC 9110 §7.1).
"""

from typing import Final

__all__ = ["ASTERISK", "AUTHORITY"]


class Target:
    """A request target that is not a path.  Compare targets by identity."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return "h2rig.router." + self._name


AUTHORITY: Final = Target("AUTHORITY")
ASTERISK: Final = Target("ASTERISK")
