# SPDX-License-Identifier: MIT
"""os.register_at_fork, for modules that the parent imports.

Their hooks run when a script forks, as usual, but not when the parent forks
the child of a connection: the parent has one thread, which holds no lock then,
so there is nothing to put right but the state of the random module.  Without
them, and with faulthandler set up in the parent, a child with one request took
542 page faults instead of 667.

A process that a script forks gets the signal actions of a new Python process.
In a connection's process TERM, INT, HUP and USR1 have handlers, and do not end
it.
"""

import _signal  # type: ignore
import functools
import os
import signal
import sys
import threading
import traceback
from typing import Any, Callable, Dict, Iterable, List, Optional, Set

import _h2rig

__all__ = ["begin", "end"]

_Hook = Callable[[], Any]

_before: List[_Hook] = []
_in_parent: List[_Hook] = []
_in_child: List[_Hook] = []

#: Seeds the random module, so that connections get different numbers.
_reseed: Optional[Callable[[], Any]] = None

#: One number, 0: the parent; 1: a connection's process; 2 and more: forked by a
#: script.
_generation = [0]

#: what a connection's process has handlers for (src/proc/seat.c,
#: src/py/interp.c)
_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGURG,
            signal.SIGINT)

#: signal masks of threads that are just forking, by their number
_masks: Dict[int, Set[Any]] = {}

#: The handler that SIGINT gets when the hooks have run, if it gets one.
_interrupt: List[Any] = []


def _collect(*, before: Optional[_Hook] = None,
             after_in_child: Optional[_Hook] = None,
             after_in_parent: Optional[_Hook] = None) -> None:
    if before is not None:
        _before.append(before)
    if after_in_child is not None:
        _in_child.append(after_in_child)
    if after_in_parent is not None:
        _in_parent.append(after_in_parent)


def _run(hooks: Iterable[_Hook]) -> None:
    # As in CPython, an exception in one does not keep the others from running.
    for hook in hooks:
        try:
            hook()
        except BaseException:
            _h2rig.log("error", "at fork: " + traceback.format_exc())


def _restore_mask() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK,
                           _masks.pop(threading.get_ident(), ()))


def _run_before() -> None:
    if _generation[0] > 0:
        _run(reversed(_before))
    if _generation[0] == 1:
        # Signals to the new process wait until it has its actions.
        _masks[threading.get_ident()] = signal.pthread_sigmask(
            signal.SIG_BLOCK, _HANDLED)


def _run_in_parent() -> None:
    if _generation[0] == 1:
        _restore_mask()
    if _generation[0] > 0:
        _run(_in_parent)


def _run_in_child() -> None:
    _generation[0] += 1
    if _generation[0] > 1:
        _run(_in_child)
    if _generation[0] == 2:
        for number in _HANDLED:
            signal.signal(number, signal.SIG_DFL)
        _restore_mask()
    _interrupt[:] = [signal.default_int_handler] if _generation[0] == 2 else []
    if _generation[0] == 1 and _reseed is not None:
        _reseed()


_register = os.register_at_fork


def begin() -> None:
    """Collects the hooks that are registered from now on."""
    _register(before=_run_before, after_in_child=_run_in_child,
              after_in_parent=_run_in_parent)
    # CPython drops what a hook raises, also a KeyboardInterrupt, which any line
    # of Python may raise from here on.  So this hook has none: reduce calls
    # signal(SIGINT, handler) for the one handler in the list, or does nothing.
    _register(after_in_child=functools.partial(
        functools.reduce, _signal.signal, _interrupt, int(signal.SIGINT)))
    setattr(os, "register_at_fork", _collect)


def end() -> None:
    """Leaves hooks that are registered from now on to CPython."""
    global _reseed
    random = sys.modules.get("random")
    if random is not None:
        # Nothing has used gauss_next, the rest of its state, yet.
        _reseed = super(random.Random, random._inst).seed
    setattr(os, "register_at_fork", _register)
