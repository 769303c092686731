# SPDX-License-Identifier: MIT
"""Replaces os.register_at_fork for the modules that the parent imports.

The hooks of these modules run as usual when a script forks, but not when the
parent forks a connection's child.  The parent has one thread, which holds no
lock at that time, so only the state of the random module has to be put right.
Without the hooks, and with faulthandler set up in the parent, a child with one
request took 542 page faults instead of 667.

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
from typing import (Any, Callable, Dict, Iterable, List, NoReturn, Optional,
                    Set)

import _h2rig

__all__ = ["begin", "end", "leave"]

_Hook = Callable[[], Any]

_before: List[_Hook] = []
_in_parent: List[_Hook] = []
_in_child: List[_Hook] = []

#: Seeds the random module, so that connections get different numbers.
_reseed: Optional[Callable[[], Any]] = None

#: One number.  0: this is the parent; 1: a connection's process; 2 or more: a
#: process that a script forked.
_generation = [0]

#: Signals that a connection's process has handlers for (src/proc/seat.c,
#: src/py/interp.c).
_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGURG,
            signal.SIGINT)

#: Signal masks of the threads that are forking now, by the thread's number.
_masks: Dict[int, Set[Any]] = {}

#: The handler that SIGINT gets after the hooks have run; empty: none.
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
    # As in CPython, the other hooks run even if one of them raises.
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
        # Signals to the new process wait until it has its signal actions.
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
    # CPython drops exceptions of hooks, also a KeyboardInterrupt, which any
    # line of Python may raise once SIGINT has its default handler.  So the
    # hook that sets this handler has no line of Python: reduce calls
    # signal(SIGINT, handler) for the one handler in the list, or does nothing.
    _register(after_in_child=functools.partial(
        functools.reduce, _signal.signal, _interrupt, int(signal.SIGINT)))
    setattr(os, "register_at_fork", _collect)


def end() -> None:
    """Has CPython itself run the hooks that are registered from now on."""
    global _reseed
    random = sys.modules.get("random")
    if random is not None:
        # Sets all of its state but gauss_next, which nothing has used yet.
        _reseed = super(random.Random, random._inst).seed
    setattr(os, "register_at_fork", _register)


def leave(e: Optional[BaseException]) -> NoReturn:
    """Ends this process, which a script has forked, with the status that the
    interpreter would give it.

    The C program calls this when the script's function has raised e, or None:
    it has returned.
    """
    code = 0 if e is None else 1
    try:
        if isinstance(e, SystemExit):
            if e.code is None or isinstance(e.code, int):
                code = (e.code or 0) & 0xff
        elif e is not None:
            _show(e)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _show(e: BaseException) -> None:
    try:
        sys.excepthook(type(e), e, e.__traceback__)
    except BaseException:       # a script has set another one
        traceback.print_exc()
        sys.__excepthook__(type(e), e, e.__traceback__)
