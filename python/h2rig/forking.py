# SPDX-License-Identifier: MIT
"""os.register_at_fork, for modules that the parent imports.

What they register runs in processes that a script forks, as ever.  It does not
run in the child of a connection: the parent has one thread, which holds no
lock when it forks, so that there is nothing to put right but the state of the
random module.  Without that, and with faulthandler set up in the parent, a
child with one request took 542 page faults instead of 667.
"""

import os
import sys
import traceback
from typing import Any, Callable, Iterable, List, Optional

import _h2rig

__all__ = ["begin", "end"]

_Hook = Callable[[], Any]

_before: List[_Hook] = []
_in_parent: List[_Hook] = []
_in_child: List[_Hook] = []

#: so that no two connections get the same numbers from the random module
_reseed: Optional[Callable[[], Any]] = None

#: this process was forked by the parent; what it forks are a script's
_is_child = False


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
    # As CPython does: what one raises does not keep the others from running.
    for hook in hooks:
        try:
            hook()
        except BaseException:
            _h2rig.log("error", "at fork: " + traceback.format_exc())


def _run_before() -> None:
    if _is_child:
        _run(reversed(_before))


def _run_in_parent() -> None:
    if _is_child:
        _run(_in_parent)


def _run_in_child() -> None:
    global _is_child
    if _is_child:
        _run(_in_child)
        return
    _is_child = True
    if _reseed is not None:
        _reseed()


_register = os.register_at_fork


def begin() -> None:
    """Collects what is registered from now on."""
    _register(before=_run_before, after_in_child=_run_in_child,
              after_in_parent=_run_in_parent)
    setattr(os, "register_at_fork", _collect)


def end() -> None:
    """What is registered from now on is CPython's again."""
    global _reseed
    random = sys.modules.get("random")
    if random is not None:
        # Its other state, gauss_next, is as new.
        _reseed = super(random.Random, random._inst).seed
    setattr(os, "register_at_fork", _register)
