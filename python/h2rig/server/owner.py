# SPDX-License-Identifier: MIT
"""The user and the group that scripts run as, and the environment that they
see.  The processes of connections change to that user in C.
"""

import grp
import os
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
        os.environ.pop(name, None)
    if user is not None:
        uid, gid = _take_user(user)
    if group is not None:
        gid = _find_group(group)
    options.owner = uid, gid
    return uid, gid


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
            os.environ.pop("USER", None)
            os.environ.pop("LOGNAME", None)
            os.environ["HOME"] = "/"
            return uid, uid
    os.environ["USER"] = os.environ["LOGNAME"] = entry.pw_name
    os.environ["HOME"] = entry.pw_dir
    return entry.pw_uid, entry.pw_gid


def _find_group(text: str) -> int:
    try:
        return grp.getgrnam(text).gr_gid
    except KeyError:
        return _number(text, "--group", "group")
