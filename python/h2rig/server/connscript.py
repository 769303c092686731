# SPDX-License-Identifier: MIT
"""Loads the script of --connection and runs its functions.

The parent reads the script, a process of its own tries it, and each
connection's process executes it and runs its functions; `dispatch` calls this.

The script has two exchanges.  On one, its functions run one after the other
for the steps of the connection and for frames; on the other its main runs.
"""

import io
import os
import re
from types import CodeType
from typing import Any, Dict, List, Optional, Tuple

import _h2rig

from h2rig import stash
from h2rig.connection import Violation, connection
from h2rig.errors import ConfigError, ConnectionEnded, StreamClosedError
from h2rig.server import codecache, names, scripts, userroutes
from h2rig.server.config import options
from h2rig.server.frametypes import (CONNECTION_FUNCTIONS, STEPS, TYPES,
                                     UNKNOWN)
from h2rig.server.received import received_frame

__all__ = ["Runner", "probe"]

#: The function for frames of all types that have no function of their own.
ANY = "handle_frame"

#: The types of frames that functions get, UNKNOWN for unknown types.
#: CONTINUATION is part of its HEADERS.
_FRAME_TYPES = {*TYPES.values(), UNKNOWN} - {TYPES["CONTINUATION"]}

_SECTION = re.compile(r"\((RFC \d+) (?:§|section )?([\d.]*\d)\)")

#: A script's functions with their names, by their number in the mask of
#: `Exchange.want`.
Functions = Dict[int, Tuple[str, Any]]

#: The functions of this process's script.
_functions: Functions = {}


def _compiled(path: str, text: bytes) -> CodeType:
    return codecache.compiled(io.BytesIO(text), path)


def _load(path: str, text: bytes) -> Dict[str, Any]:
    # Executes the script and returns its namespace.  Raises ConfigError.
    return userroutes.run(path, "connection", lambda: _compiled(path, text))


def _find(namespace: Dict[str, Any]) -> Functions:
    found = {number: (name, namespace[name])
             for number, name in CONNECTION_FUNCTIONS.items()
             if namespace.get(name) is not None}
    if namespace.get(ANY) is not None:
        for number in _FRAME_TYPES:
            found.setdefault(number, (ANY, namespace[ANY]))
    return found


def probe(path: str, text: bytes) -> None:
    """Tries a script.

    Raises ConfigError with file, line and reason if the script does not load,
    or has no function that a connection could run.
    """
    namespace = _load(path, text)
    if not _find(namespace):
        raise ConfigError(path, "defines no function of a connection%s; "
                          "expected one of %s" % (
                              names.near_miss(namespace, names.CONNECTION),
                              ", ".join(names.CONNECTION)), 1)
    names.warn_of_code(_compiled(path, text), names.CONNECTION)


class Runner:
    """Runs the script's functions for one of the two exchanges, in the order
    of its events.
    """

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        exchange.script = os.path.basename(options.connection or "")

    def start(self) -> None:
        """Does nothing: the exchange's events say what to do."""

    def run(self) -> None:
        """Handles the events that have come."""
        events: List[Any] = self.exchange.take()
        while events:
            while events:
                self.handle(events.pop())
            events = self.exchange.take()

    def handle(self, event: Tuple[Any, ...]) -> None:
        """Runs the function for an event, then lets the connection go on."""
        kind = event[0]
        if kind == _h2rig.EVENT_STEP:
            self.step(event[1])
        elif kind == _h2rig.EVENT_RECEIVED:
            number = event[1][1]
            found = _functions.get(
                number if number in _FRAME_TYPES else UNKNOWN)
            frame = connection._waiting.given(event[1])
            taken = found is not None and self.call(
                *found, "frame, connection", frame) is True
            self.proceed(taken)
        else:
            self.violation(*event[1:])

    def step(self, number: int) -> None:
        """Handles a step of the connection, by its number in STEPS.  "main" is
        the only event of the second exchange.
        """
        if number == STEPS["accept"]:
            self.load()
        found = _functions.get(number)
        if found is not None:
            self.call(*found, "connection")
        if number != STEPS["main"]:
            self.proceed(False)
        if number in (STEPS["main"], STEPS["close"]):
            self.exchange.runner = None
            self.exchange.finish()

    def violation(self, level: str, code: int, text: str,
                  received: Any) -> None:
        """Runs handle_violation."""
        found = _functions.get(STEPS["violation"])
        if found is None:
            return
        section = _SECTION.search(text)
        self.call(*found, "error, connection", Violation(
            level, code, text,
            None if section is None else "%s §%s" % section.groups(),
            None if received is None else received_frame(received)))

    def load(self) -> None:
        """Executes the script, and tells C which functions it has."""
        try:
            found = self.exchange.call(
                "(load)", _load, options.connection, options.connection_text)
            _functions.update(_find(found))
        except BaseException as e:
            self.failed(e.__cause__ or e, "(load)")
        finally:
            stash.drop_lock()
            self.exchange.want(sum(1 << number for number in _functions))

    def call(self, name: str, function: Any, parameters: str,
             *first: Any) -> Any:
        """Calls a function with first and the connection.  Returns what it
        returns, or None if it raises.

        parameters: those it is called with, for an error message.
        """
        try:
            result = self.exchange.call(name, function, *first, connection)
            stash.release_lock()
            return result
        except BaseException as e:
            self.failed(e, name, function, parameters)
            return None
        finally:
            stash.drop_lock()

    def proceed(self, taken: bool) -> None:
        """Lets the step or frame that waits for the function go on.

        taken: whether the frame is to have no effect.
        """
        try:
            self.exchange.write("proceed", 0, (), b"", 0, int(taken))
        except StreamClosedError:
            pass        # the connection has ended meanwhile

    def failed(self, e: BaseException, name: str, function: Any = None,
               parameters: str = "") -> None:
        """Logs e, which a function of this name has raised, with its place.
        """
        if isinstance(e, StreamClosedError) and _h2rig.ended()[0] and (
                isinstance(e, ConnectionEnded)
                or not connection.writer._cut):
            # The client has left, which is no fault of the script.
            level, text = "debug", "%s: %s" % (type(e).__name__, e)
        else:
            e = scripts.called_wrongly(e, name, function, parameters) or e
            level = "error"
            text = scripts.traceback_text(e, options.logs("debug"))
        if options.logs(level):
            text = "connection script %s, %s: %s" % (self.exchange.script,
                                                     name, text)
            # The name of a file in an exception can have lone surrogates.
            _h2rig.log(level, text.encode("utf-8", "backslashreplace"))
