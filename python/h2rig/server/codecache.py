# SPDX-License-Identifier: MIT
"""Scripts' code, compiled by one connection's process for the others.

It is kept in the server's own directory (`rundir`).  Connections' processes
alone write and read there: the parent never has what they wrote.

A file holds one script's code behind a checksum, and is named by a hash of
Python's version, the script's path and its source: so it never has to be asked
whether it is out of date.  One that is damaged is as if it were not there.  A
process that meets an error tries no more.
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

#: How many files there may be, and the octets of each: 128 MiB in all.
MAX_FILES = 2000
MAX_OCTETS = 65536

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


def disable() -> None:
    """From now on, in this process only, code is neither read nor kept."""
    global _directory
    _directory = None


def _disable(e: OSError) -> None:
    disable()
    _h2rig.log("debug", "compiled scripts are not shared: %s" % e.strerror)


def compiled(source: Any, name: str) -> CodeType:
    """The code of a script.

    source: its file, open for reading in binary.  name: its path.
    SyntaxError, and what else compile and reading raise.
    """
    text = source.read()
    file, code = None, None
    # Another spelling of a path has code of its own, which is not kept: else
    # a client could fill the directory.
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
        return      # nested too deep
    present = os.listdir(os.path.dirname(file))
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
