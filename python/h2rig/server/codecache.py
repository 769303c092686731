# SPDX-License-Identifier: MIT
"""Scripts' code, compiled by one connection's process for the others.

It is kept in the server's own directory (`rundir`).  Connections' processes
alone write and read there: the parent never has what they wrote.

A file holds one script's code: a checksum, a key that says of which file in
which state, and the code.  One that is damaged, or is about another state, is
as if it were not there.  A process that meets an error tries no more.
"""

import contextlib
import importlib.util
import marshal
import os
import sys
import threading
import time
from types import CodeType
from typing import Any, Optional

import _h2rig

from h2rig.server import rundir
from h2rig.server.config import options

__all__ = ["compiled", "enable"]

#: How many files there may be, and the octets of each: 128 MiB in all.
MAX_FILES = 2000
MAX_OCTETS = 65536

#: Seconds without a change that a file must have had to be kept: a later
#: change might leave its size and, by the grain of clocks, its times.
SETTLE = 2

SUFFIX = ".code"

_CHECK = 8          # octets of a checksum

_PYTHON = b"%s %d\0" % (importlib.util.MAGIC_NUMBER, sys.flags.optimize)

# Octets, whatever its type says.
_checksum: Any = importlib.util.source_hash

_directory: Optional[str] = None


def enable() -> None:
    """From now on: called in the parent, before it forks for connections and
    when it has run all that it will run, if there will be several.
    """
    global _directory
    _directory = options.run_directory


def _disable(e: OSError) -> None:
    # In this process only.
    global _directory
    _directory = None
    _h2rig.log("debug", "compiled scripts are not shared: %s" % e.strerror)


def compiled(source: Any, name: str, stamp: bytes) -> CodeType:
    """The code of a script.

    source: its file, open for reading in binary and without a buffer.  name:
    its path.  stamp: what `_h2rig.stamp` gives for it.  SyntaxError, and
    what else compile and reading raise.
    """
    directory = _directory
    if directory is None:
        return _compile(source, name)
    path = os.fsencode(name)
    # By path, not by state: new code takes the place of old.
    file = os.path.join(directory, _checksum(os.path.normpath(path)).hex()
                        + SUFFIX)
    key = _PYTHON + stamp + path + b"\0"
    try:
        code = _load(file, key)
    except OSError as e:
        _disable(e)
        code = None
    if code is None:
        code = _compile(source, name)
        try:
            if _directory is not None and _settled(source.fileno(), stamp):
                _store(directory, file, key, code)
        except OSError as e:
            _disable(e)
    return code


def _compile(source: Any, name: str) -> CodeType:
    code: CodeType = compile(source.read(), name, "exec", dont_inherit=True)
    return code


def _load(file: str, key: bytes) -> Optional[CodeType]:
    try:
        rundir.check()
    except FileNotFoundError:
        rundir.restore()
    try:
        with open(file, "rb", buffering=0) as f:
            data = f.read()
    except FileNotFoundError:
        return None
    if (not data.startswith(key, _CHECK)
            or _checksum(data[_CHECK:]) != data[:_CHECK]):
        return None
    try:
        code = marshal.loads(memoryview(data)[_CHECK + len(key):])
    except (EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _settled(fd: int, stamp: bytes) -> bool:
    # Whether the file, which has been read, is still what the stamp says and
    # was so for a while.
    status = os.fstat(fd)
    return (max(status.st_mtime, status.st_ctime) <= time.time() - SETTLE
            and _h2rig.stamp(fd) == stamp)


def _store(directory: str, file: str, key: bytes, code: CodeType) -> None:
    try:
        data = key + marshal.dumps(code)
    except ValueError:
        return      # nested too deep
    present = os.listdir(directory)
    if len(data) > MAX_OCTETS or (len(present) >= MAX_FILES
                                  and os.path.basename(file) not in present):
        return
    # Threads of a process may write the same file at once.
    new = "%s.%d.%d" % (file, os.getpid(), threading.get_ident())
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC,
                 0o600)
    try:
        with os.fdopen(fd, "wb") as f:
            f.write(_checksum(data) + data)
        os.replace(new, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
