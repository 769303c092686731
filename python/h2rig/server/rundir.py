# SPDX-License-Identifier: MIT
"""The server's own directory, of mode 0700, for the files that connections'
processes share: the stash and the code of scripts.

The parent makes the directory, gives it to the user that scripts run as, and
removes it when it ends.  A parent that is killed leaves it behind.

The directory is usually below /tmp, where cleaners remove files that have not
changed for a long time.  The parent protects it by timestamps (`refresh`), and
by a lock that systemd-tmpfiles respects.  If the directory is removed
nevertheless, the process that needs it makes it again (`restore`).
"""

import contextlib
import errno
import fcntl
import itertools
import os
import shutil
import stat
import tempfile
from typing import Optional

import _h2rig

from h2rig.server.config import options

__all__ = ["check", "free_space", "give_room", "make", "refresh", "remove",
           "reserve", "restore"]

#: The most octets that are reserved for the stash, and the name of the file
#: that holds them.
RESERVE = 8 << 20
RESERVED = "reserve"

#: The most files that are protected from cleaners.  Other files can be made
#: again.
MAX_FILES = 5000

#: The parent's descriptor of the directory, which holds the lock; -1: none.
_locked = -1


def free_space() -> int:
    """Returns how many octets TMPDIR has free for a user without privileges.
    """
    status = os.statvfs(tempfile.gettempdir())
    if not status.f_blocks:
        return 1 << 62      # the file system does not tell its size
    return status.f_bavail * status.f_frsize


def make() -> None:
    """Makes the directory unless this process has made it.  Raises OSError.
    """
    if options.run_directory is None:
        options.run_directory = tempfile.mkdtemp(prefix="h2rig-")
        # At once: later the scripts' user may put something else in its place.
        if options.owner != (-1, -1):
            os.chown(options.run_directory, *options.owner)
        refresh()


def reserve() -> None:
    """Reserves room for the stash, in case other files fill TMPDIR.  The
    parent calls this.
    """
    size = min(RESERVE, free_space() // 8)
    with contextlib.suppress(OSError):
        # By descriptor: the scripts' user may own the path by now.
        fd = os.open(RESERVED, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600,
                     dir_fd=_locked)
        with open(fd, "wb") as f:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size)
            else:
                f.write(bytes(size))


def give_room() -> bool:
    """Gives the reserved room to the stash if TMPDIR has less than that free.
    Returns whether it has done so.
    """
    if free_space() >= RESERVE:
        return False
    try:
        os.unlink(os.path.join(options.run_directory or "", RESERVED))
    except OSError:
        return False
    _h2rig.log("warn", "TMPDIR is full: the stash takes the room that was "
               "reserved for it")
    return True


def refresh() -> None:
    """Protects the directory from cleaners for a while.  The parent calls
    this regularly.
    """
    global _locked
    directory = options.run_directory
    if directory is None:
        return
    with contextlib.suppress(OSError):
        # The scripts' user may have put something else in its place.
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
                     | os.O_CLOEXEC)
        if _locked != -1:
            os.close(_locked)
        _locked = fd
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.utime(fd)
        with os.scandir(fd) as files:
            for file in itertools.islice(files, MAX_FILES):
                # Only files without other links: a script may have made a
                # link here to a file from elsewhere.
                if file.stat(follow_symlinks=False).st_nlink == 1:
                    os.utime(file.name, dir_fd=fd, follow_symlinks=False)


def check() -> None:
    """Raises OSError unless the directory is ours alone: after it was removed,
    another user may have made one with the same name.

    The set-group-ID bit does not count, since it may be inherited.
    """
    assert options.run_directory is not None
    status = os.lstat(options.run_directory)
    if (not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid()
            or status.st_mode & 0o777 != 0o700):
        raise PermissionError(errno.EPERM, "the directory is not ours alone")


def restore() -> None:
    """Makes the directory again if it was removed.  Connections' processes
    call this.  Raises OSError.
    """
    assert options.run_directory is not None
    with contextlib.suppress(FileExistsError):
        os.mkdir(options.run_directory, 0o700)
        _h2rig.log("warn", "the server's directory %s was removed, and is "
                   "made anew" % options.run_directory)
    check()


def remove() -> None:
    """Removes the directory and its files, if it exists."""
    global _locked
    if _locked != -1:
        os.close(_locked)
        _locked = -1
    if options.run_directory is not None:
        shutil.rmtree(options.run_directory, ignore_errors=True)
        options.run_directory = None
