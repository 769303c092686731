# SPDX-License-Identifier: MIT
"""Starts the package in the parent, before the first fork, and says what an
exception means for the program.  src/py/interp.c calls this.
"""

import os
import sys
from typing import Any, Dict, Tuple

from h2rig.errors import ConfigError
from h2rig.server import forking

__all__ = ["explain", "start"]

#: Calls until CPython has adapted a function to what it does.
ADAPTED = 32


def start(values: Dict[str, Any]) -> Tuple[int, int, int]:
    """Imports the package, and sets up the interpreter for all processes.

    values: the options, as for `dispatch.configure`, and group; stack_file, a
    descriptor that leads to each process's own output; stack_signal, for which
    faulthandler writes a stack to it; switch_interval, in seconds.

    Returns uid and gid of scripts, and how many octets of memory a process may
    have by default.  Raises what `owner.resolve` and `dispatch.configure`
    raise.
    """
    forking.begin()
    import _h2rig
    # First, so that no other hook may take the connection for its own.
    os.register_at_fork(after_in_child=getattr(_h2rig, "_after_fork"))
    sys.unraisablehook = getattr(_h2rig, "_unraisable")
    # Only now, so that the hooks of what these import are collected.
    import faulthandler
    from h2rig.server import dispatch, machine, output, owner
    output.install()
    uid, gid = owner.resolve(values["user"], values["group"])
    dispatch.configure(values)
    for _ in range(ADAPTED):
        output.drain()
    sys.setswitchinterval(values["switch_interval"])
    # To enable it in a child would write to pages that are shared otherwise.
    faulthandler.enable(values["stack_file"])
    faulthandler.register(values["stack_signal"], values["stack_file"],
                          all_threads=False, chain=True)
    forking.end()
    # Importing from the document root must not leave __pycache__ in somebody's
    # test tree.
    sys.dont_write_bytecode = True
    return uid, gid, machine.child_memory()


def explain(doing: str, e: BaseException) -> Tuple[int, bytes]:
    """Returns the exit status for e, and a line about it.

    The text of a ConfigError stands by itself.  All else is a fault of the
    package or of the system, which was found while doing something.
    """
    status, text = os.EX_OSERR, "%s: %r" % (doing, e)
    if isinstance(e, ConfigError):
        status, text = os.EX_CONFIG, str(e)
    try:
        return status, os.fsencode(text)
    except UnicodeEncodeError:
        return status, text.encode("utf-8", "backslashreplace")
