# SPDX-License-Identifier: MIT
"""Room in TMPDIR for the content of requests: who may have how much of it.

What each connection has in files is counted in memory that all share
(`_h2rig.stored`).  It is counted before it is written, so that connections
which write at the same time do not pass a bound together.
"""

import os
import tempfile

import _h2rig

from h2rig.connection import connection
from h2rig.errors import HTTPException
from h2rig.server.config import options

__all__ = ["NoRoom", "configure", "free", "give", "refusal", "take"]


class NoRoom(HTTPException):
    """Content cannot be stored: 413 where the connection has had its share,
    503 where the server has no room.
    """


def configure() -> None:
    """Called in the parent, at start: --max-stored-total, if not given."""
    if not options.max_stored_total:
        options.max_stored_total = free() * 3 // 4


def free() -> int:
    """Octets that TMPDIR has for a user without privileges."""
    status = os.statvfs(tempfile.gettempdir())
    if not status.f_blocks:
        return 1 << 62      # the file system does not tell
    return status.f_bavail * status.f_frsize


def take(n: int) -> None:
    """Counts n octets more of this connection's.  NoRoom: they are not
    counted.
    """
    own, everybody, _ = _h2rig.stored(n)
    if not everybody:
        return              # this process serves no connection
    left = min(options.max_stored_total - everybody, free() - n)
    if options.max_stored and own > options.max_stored:
        code, reason = 413, ("a connection may have %d octets stored "
                             "(--max-stored)" % options.max_stored)
    elif left < 0:
        code, reason = 503, ("all may have %d octets stored "
                             "(--max-stored-total), as far as TMPDIR has room"
                             % options.max_stored_total)
    elif not options.max_stored and own > left:
        code, reason = 413, ("a connection may have no more stored than it "
                             "leaves room for (--max-stored)")
    else:
        return
    give(n)
    raise refusal(code, reason)


def give(n: int) -> None:
    """Takes n octets of this connection's out of the count."""
    _h2rig.stored(-n)


def refusal(code: int, reason: str) -> NoRoom:
    """The exception for content that is not stored, which is logged: whose it
    is, and who has most of what is there.
    """
    own, _, most = _h2rig.stored(0)
    host, port = connection.client_address
    _h2rig.log("warn", "content of %s is not stored, status %d: %s; it has %d "
               "octets stored; %s has most" % (
                   "[%s]:%d" % (host, port) if ":" in host
                   else "%s:%d" % (host, port), code, reason, own, most))
    return NoRoom(code, "the content cannot be stored: " + reason)
