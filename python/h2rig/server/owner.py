# SPDX-License-Identifier: MIT
"""The user and the group that scripts run as, and the environment that they
see.  The processes of connections change to that user in C.
"""

import grp
import os
import posix
import pwd
from typing import Optional, Tuple

from h2rig.errors import ConfigError
from h2rig.server.config import options

__all__ = ["resolve"]

#: Variables of supervisors, which do not concern scripts.
_SUPERVISION = (
    "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "LISTEN_PIDFDID",
    "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "MAINPID",
    "INVOCATION_ID", "JOURNAL_STREAM", "CREDENTIALS_DIRECTORY",
    "PROTO", "TCPCONNNUM", "TCPLOCALHOST", "TCPLOCALIP", "TCPLOCALPORT",
    "TCPREMOTEHOST", "TCPREMOTEINFO", "TCPREMOTEIP", "TCPREMOTEPORT")


def resolve(user: Optional[str], group: Optional[str]) -> Tuple[int, int]:
    """Looks up --user and --group, and makes the environment that of scripts.

    Returns uid and gid, -1 for one that stays as it is.  Raises ConfigError.
    """
    uid = gid = -1
    for name in _SUPERVISION:
        _set(name, None)
    if user is not None:
        uid, gid = _take_user(user)
    if group is not None:
        gid = _find_group(group)
    options.owner = uid, gid
    return uid, gid


def _set(name: str, value: Optional[str]) -> None:
    """Sets or removes a variable, also in what os.environ was made of."""
    octets = os.fsencode(name)
    if value is None:
        os.environ.pop(name, None)
        posix.environ.pop(octets, None)
    else:
        os.environ[name] = value
        posix.environ[octets] = os.fsencode(value)


def _number(text: str, option: str, what: str) -> int:
    # The largest number means "none" in C.
    if (text.isascii() and text.isdigit() and len(text) <= 10
            and int(text) < (1 << 32) - 1):
        return int(text)
    raise ConfigError('%s: "%s"' % (option, text),
                      "expected a %s's name or number" % what)


def _take_user(text: str) -> Tuple[int, int]:
    """Returns uid and gid of a user, and sets what login(1) sets.  A user
    without a passwd entry gets the group of the same number, no name, and / as
    home.
    """
    try:
        entry = pwd.getpwnam(text)
    except KeyError:
        uid = _number(text, "--user", "user")
        try:
            entry = pwd.getpwuid(uid)
        except KeyError:
            _set("USER", None)
            _set("LOGNAME", None)
            _set("HOME", "/")
            return uid, uid
    _set("USER", entry.pw_name)
    _set("LOGNAME", entry.pw_name)
    _set("HOME", entry.pw_dir)
    return entry.pw_uid, entry.pw_gid


def _find_group(text: str) -> int:
    try:
        return grp.getgrnam(text).gr_gid
    except KeyError:
        return _number(text, "--group", "group")
