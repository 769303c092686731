# SPDX-License-Identifier: MIT
"""A cache of compiled scripts, which connections' processes share.

It is in the server's own directory (`rundir`).  Only connections' processes
write and read it; the parent never reads what they wrote.

A file holds a checksum and then one script's code.  Its name is a hash of
Python's version, the script's path and its source, so that a file is never out
of date.  A damaged file counts as absent.  A process that meets an error no
longer uses the cache.
"""

import contextlib
import importlib.util
import marshal
import os
import sys
import threading
from types import CodeType
from typing import Any, Optional

import _h2rig

from h2rig.server import rundir
from h2rig.server.config import options

__all__ = ["compiled", "disable", "enable"]

#: The most files, and the most octets of each: 128 MiB in all.
MAX_FILES = 2000
MAX_OCTETS = 65536

SUFFIX = ".code"

_CHECK = 8          # octets of a checksum

_PYTHON = b"%s %d\0" % (importlib.util.MAGIC_NUMBER, sys.flags.optimize)

# Takes and returns bytes, although the declared type says otherwise.
_checksum: Any = importlib.util.source_hash

_directory: Optional[str] = None


def enable() -> None:
    """Has the processes forked from now on use the cache.

    The parent calls this, if it will serve several connections, before it
    forks for them and after it has run all code that it will run.
    """
    global _directory
    _directory = options.run_directory


def disable() -> None:
    """Stops this process from reading or writing the cache."""
    global _directory
    _directory = None


def _disable(e: OSError) -> None:
    disable()
    _h2rig.log("debug", "compiled scripts are not shared: %s" % e.strerror)


def compiled(source: Any, name: str) -> CodeType:
    """Returns the code of a script.

    source: the script's file, open for reading in binary.  name: its path.
    Raises SyntaxError, and whatever else compiling and reading raise.
    """
    text = source.read()
    file, code = None, None
    # Code names the path as it is spelt.  Only the normal spelling is cached:
    # otherwise a client could fill the directory with other spellings.
    if _directory is not None and os.path.normpath(name) == name:
        file = _place(_directory, name, text)
    try:
        if file is not None:
            code = _load(file)
        if code is None:
            code = compile(text, name, "exec", dont_inherit=True)
            if file is not None:
                _store(file, code)
    except OSError as e:
        _disable(e)
    return code or compile(text, name, "exec", dont_inherit=True)


def _place(directory: str, name: str, text: bytes) -> str:
    key = b"%b%b\0%b" % (_PYTHON, os.fsencode(name), text)
    return os.path.join(directory, _checksum(key).hex() + SUFFIX)


def _load(file: str) -> Optional[CodeType]:
    try:
        rundir.check()
    except FileNotFoundError:
        rundir.restore()
    try:
        with open(file, "rb", buffering=0) as f:
            data = f.read()
    except FileNotFoundError:
        return None
    if _checksum(data[_CHECK:]) != data[:_CHECK]:
        return None
    try:
        code = marshal.loads(memoryview(data)[_CHECK:])
    except (EOFError, ValueError, TypeError):
        return None
    return code if isinstance(code, CodeType) else None


def _store(file: str, code: CodeType) -> None:
    try:
        data = marshal.dumps(code)
    except ValueError:
        return      # nested too deeply
    present = os.listdir(os.path.dirname(file))
    if len(data) > MAX_OCTETS or (len(present) >= MAX_FILES
                                  and os.path.basename(file) not in present):
        return
    # Two threads may write the same file at once, so the name of the new file
    # has the thread's number.
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
