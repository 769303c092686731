# SPDX-License-Identifier: MIT
"""Prepares Python for a process's next connection (--connections-per-process):
removes what the last connection has left, or finds that this is not possible,
so that the process has to end.  src/py/interp.c calls this.

It removes what this package keeps for a connection, the modules that scripts
have imported from their own directories, and objects that nothing refers to.
Any other difference to a new process, no matter who made it, is reported and
ends the process.
"""

import abc
import atexit
import builtins
import codecs
import csv
import faulthandler
import gc
import importlib
import io
import linecache
import logging
import mimetypes
import os
import random
import signal
import socket
import sys
import sysconfig
import tempfile
import threading
import time
import tracemalloc
import types
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple

import _h2rig

from h2rig import stash
from h2rig.connection import connection
from h2rig.server import codecache, names, rundir, scripts
from h2rig.server.config import options
from h2rig.server.router import router
from h2rig.websocket import serve as websocket

__all__ = ["clean", "prepare"]

#: Caches of modules: their items may differ.
_CACHES = frozenset((
    "encodings._cache", "re._cache", "re._cache2", "sys.path_importer_cache",
    "warnings.onceregistry", "h2rig.server.forking._generation",
    "h2rig.server.forking._masks",
    "h2rig.server.warm_up._saved", "h2rig.stash._forgotten",
))

#: Names in modules that are bound anew and get their old values back.
_BOUND = [(codecache, "_directory"), (rundir, "_locked"),
          (tempfile, "_name_sequence")] + [
              (threading, name) for name in (     # bound by its fork hook
                  "_active_limbo_lock", "_main_thread", "_shutdown_locks",
                  "_shutdown_locks_lock")
              if hasattr(threading, name)]

#: Objects in modules whose attributes are checked as those of modules are.
_OBJECTS = (
    "logging.Logger.manager", "logging.Logger.manager.loggerDict",
    "os.environ", "os.environ._data", "json._default_decoder",
    "json._default_encoder", "logging.lastResort",
)

#: State of the interpreter that a function returns: (what is reported if it
#: has changed, function).
_ASKED = (
    ("abc", abc.get_cache_token),
    ("atexit", getattr(atexit, "_ncallbacks")), ("csv", csv.field_size_limit),
    ("csv", csv.list_dialects), ("faulthandler", faulthandler.is_enabled),
    ("h2rig.server.config.options",
     lambda: [getattr(options, name) for name in options.__slots__]),
    ("gc", gc.isenabled), ("gc", gc.get_threshold), ("gc", gc.get_debug),
    ("socket.setdefaulttimeout", socket.getdefaulttimeout),
    ("sys.setdlopenflags", sys.getdlopenflags),
    ("sys.setrecursionlimit", sys.getrecursionlimit),
    ("sys.setswitchinterval", sys.getswitchinterval),
    ("sys.set_int_max_str_digits",
     getattr(sys, "get_int_max_str_digits", lambda: None)),
    ("sys.stdin, sys.stdout or sys.stderr", lambda: [
        (f.closed, f.encoding, f.errors, f.line_buffering, f.write_through,
         dict(vars(f))) for f in (sys.stdin, sys.stdout, sys.stderr)
        if isinstance(f, io.TextIOWrapper)]),
    ("threading.stack_size", threading.stack_size),
    ("time.tzset", lambda: time.tzname),
    ("tracemalloc", tracemalloc.is_tracing),
)

#: Functions whose effect cannot be asked for: calls of them are noted.
_SETTERS = (
    (codecs, "register"), (codecs, "register_error"),
    (faulthandler, "dump_traceback_later"), (faulthandler, "register"),
    (os, "register_at_fork"),
)

#: What a warning that was not shown makes in a module.
_REGISTRY = ".__warningregistry__"

#: Modules that scripts import.  The parent imports them, because a module that
#: the server has not imported would count as left behind.
_PRELOAD = (
    "asyncio", "calendar", "copy", "dataclasses", "datetime", "decimal",
    "difflib", "encodings.cp1252", "encodings.utf_8_sig", "encodings.utf_16",
    "fractions", "glob", "hmac", "http.client", "http.cookies", "inspect",
    "pathlib", "secrets", "shutil", "ssl", "statistics", "string",
    "subprocess", "textwrap", "typing", "xml.etree.ElementTree", "zlib",
    "_strptime",
)

#: names of the _SETTERS that were called
_noted: List[str] = []
#: the state that `prepare` has found
_before: Dict[str, Any] = {}


def _noting(function: Any, name: str) -> Any:
    def note(*args: Any, **kwargs: Any) -> Any:
        _noted.append(name)
        return function(*args, **kwargs)
    return note


def prepare() -> None:
    """Records the state that each connection is to find.

    The parent calls this when it has run all code that it will run.
    """
    for name in _PRELOAD:
        importlib.import_module(name)
    mimetypes.guess_type("x")
    exec("", vars(builtins))     # because dataclasses do so
    tempfile.gettempdir()
    if options.routes is not None:
        scripts.add_path(os.path.dirname(options.routes))
    for module, name in _SETTERS:
        setattr(module, name, _noting(getattr(module, name),
                                      "%s.%s" % (module.__name__, name)))
    found = dict(
        modules=set(sys.modules), bound=[getattr(*each) for each in _BOUND],
        routes=router._routes[:], rewrites=router._rewrites[:],
        asked=[ask() for _, ask in _ASKED],
        own=tuple(os.path.join(os.path.realpath(directory), "")
                  for directory in _directories()),
        installed=tuple(os.path.join(os.path.realpath(directory), "")
                        for name, directory in sysconfig.get_paths().items()
                        if name.endswith("lib") or name == "stdlib"))
    linecache.clearcache()
    _h2rig.keep(list(_watched()))
    _before.update(found)       # without it `clean` fails, which is no harm


def _directories() -> Iterator[str]:
    # Yields the directories of scripts' modules.
    yield options.doc_root
    if options.ws_docroot:
        yield options.ws_docroot
    if options.routes is not None:
        yield os.path.dirname(options.routes)
    for alias in options.aliases:
        yield alias[1]


def _watched() -> Iterator[Tuple[str, Any]]:
    # Yields (name, object) of what must not change: modules, their classes,
    # the dicts, lists and sets in both, and some more objects.
    seen: Set[int] = {id(_noted), id(_before), id(linecache.cache),
                      id(names._looked_at), id(websocket._handlers),
                      id(vars(threading)["_active"])}
    for name, module in list(sys.modules.items()):
        if isinstance(module, types.ModuleType):
            yield from _with_parts(name, vars(module), seen)
    for path in _OBJECTS:
        o = _at(path)
        yield path, o if isinstance(o, (dict, list)) else vars(o)
    for logger in [logging.root, *logging.root.manager.loggerDict.values()]:
        if isinstance(logger, logging.Logger):
            yield from _logging("logger " + logger.name, logger)
            for handler in logger.handlers:
                yield from _logging("a handler of logger " + logger.name,
                                    handler)
    yield from _nested("request.server.config", options.settings)


def _logging(name: str, o: Any) -> Iterator[Tuple[str, Any]]:
    yield name, vars(o)
    yield name + ".filters", o.filters
    if isinstance(o, logging.Logger):
        yield name + ".handlers", o.handlers


def _nested(name: str, o: Any) -> Iterator[Tuple[str, Any]]:
    if isinstance(o, (dict, list)):
        yield name, o
        items = o.items() if isinstance(o, dict) else enumerate(o)
        for key, value in items:
            yield from _nested("%s[%r]" % (name, key), value)


def _with_parts(name: str, o: Any, seen: Set[int]
                ) -> Iterator[Tuple[str, Any]]:
    if id(o) in seen or name in _CACHES:
        return
    seen.add(id(o))
    yield name, o
    parts: Dict[str, Any] = dict(o if isinstance(o, dict) else vars(o))
    for key, value in parts.items():
        whole = "%s.%s" % (name, key)
        if type(value) in (dict, list, set):
            if id(value) not in seen and whole not in _CACHES:
                seen.add(id(value))
                yield whole, value
        elif isinstance(value, type) and _may_change(value):
            yield from _with_parts(whole, value, seen)


def _may_change(cls: type) -> bool:
    # Whether Py_TPFLAGS_HEAPTYPE is set and Py_TPFLAGS_IMMUTABLETYPE is not.
    return bool(cls.__flags__ & 1 << 9) and not cls.__flags__ & 1 << 8


def _at(path: str) -> Any:
    module, _, rest = path, "", ""
    while module not in sys.modules:
        module, _, name = module.rpartition(".")
        rest = name + ("." + rest if rest else "")
    o: Any = sys.modules[module]
    for name in rest.split(".") if rest else ():
        o = getattr(o, name)
    return o


def clean() -> Optional[bytes]:
    """Removes what a connection that has ended has left in its process, which
    has one thread.

    Returns what cannot be removed, "json.loads was changed" for example, or
    None.
    """
    found = _clean()
    deed, has_exchange = _h2rig.left()
    text = deed or found or (
        "an object of a request" if has_exchange else None)
    # A script's names may have surrogates.
    return None if text is None else text.encode("utf-8", "backslashreplace")


def _clean() -> Optional[str]:
    foreign = _drop_modules()
    for (module, name), value in zip(_BOUND, _before["bound"]):
        setattr(module, name, value)
    connection.__init__()       # type: ignore[misc]
    names._looked_at.clear()
    websocket._handlers.clear()
    linecache.clearcache()
    random.seed()
    router._routes[:] = _before["routes"]
    router._rewrites[:] = _before["rewrites"]
    router.clear_found()
    router.pending = options.routes
    active = vars(threading)["_active"]
    for ident in [i for i in active if i != threading.main_thread().ident]:
        del active[ident]
    gc.collect()
    if foreign is not None:
        return "the module %s was imported" % foreign
    if signal.set_wakeup_fd(-1) != -1:
        return "signal.set_wakeup_fd"
    # A process that keeps SQLite's file open keeps its extra files: the last
    # process that closes the file removes them.
    if stash.is_open():
        return "the stash is open"
    for calls in _noted, scripts.spoiled:
        if calls:
            return calls[0]
    changed = _h2rig.changed()
    # Warnings of files that nobody has closed make these, for example.
    while changed is not None and changed.endswith(_REGISTRY):
        del vars(sys.modules[changed[:-len(_REGISTRY)]])[_REGISTRY[1:]]
        changed = _h2rig.changed()
    if changed is not None:
        return "%s was changed" % changed
    for (what, ask), value in zip(_ASKED, _before["asked"]):
        if ask() != value:
            return what
    return None


def _drop_modules() -> Optional[str]:
    # Removes scripts' modules from sys.modules.  Returns the name of another
    # new module, or None.
    foreign = None
    if len(sys.modules) != len(_before["modules"]):
        for name in [n for n in sys.modules if n not in _before["modules"]]:
            if _is_scripts(sys.modules[name]):
                del sys.modules[name]
            else:
                foreign = foreign or name
    return foreign


def _is_scripts(module: Any) -> bool:
    # Returns whether a module is Python code from a directory of scripts; that
    # may be below or above a directory of installed modules.
    where = getattr(module, "__file__", None)
    if where is None:           # a package without __init__.py
        places = list(getattr(module, "__path__", ()))
    else:
        places = [where] if str(where).endswith(".py") else []
    places = [os.path.join(os.path.realpath(place), "") for place in places]
    return bool(places) and all(
        place.startswith(_before["own"])
        and not place.startswith(_before["installed"]) for place in places)
