# SPDX-License-Identifier: MIT
"""The functions that the C program calls: in the parent for start, reload and
end, and in a connection's process for the events of each stream.

`serve` takes a request's events in order and runs the script's functions for
them.  This file decides what happens when a function returns or raises.
"""

import collections
import contextlib
import importlib.util
import os
import sys
import traceback
import types
from typing import Any, Deque, Dict, List, Optional, Tuple

import _h2rig

from h2rig import errors, frames, handlers, pipes, stash
from h2rig.errors import ConnectionEnded, HTTPException, StreamClosedError
from h2rig.handlers import FrameFunctions, apply_result
from h2rig.headers import ResponseHeaders
from h2rig.request import Request
from h2rig.response import Response
from h2rig.connection import connection
from h2rig.server import (body, codecache, connscript, names, rundir, scripts,
                          settings, userroutes, wpt_pages)
from h2rig.server.body import storing
from h2rig.server.config import options
from h2rig.server.files import FilePart, FileParts
from h2rig.server.frametypes import (ERROR_CODES, FUNCTIONS, TYPES, wanted)
from h2rig.server.router import router
from h2rig.websocket import aliases
from h2rig.websocket.serve import is_websocket, serve as serve_websocket
from h2rig.writer import CLOSE, END_STREAM

__all__ = ["configure", "probe", "read_routes", "refresh", "serve", "settle",
           "shutdown", "take_routes"]

EVENT_DATA = _h2rig.EVENT_DATA
EVENT_TRAILERS = _h2rig.EVENT_TRAILERS
EVENT_FRAME = _h2rig.EVENT_FRAME

INTERNAL_ERROR = ERROR_CODES["INTERNAL_ERROR"]

#: The function that runs after its stream has gone, the last of its request.
LAST = "handle_rst_stream"

#: Modules that the parent imports, because a script may be the first to need
#: them.
_PRELOAD = (
    "wptserve", "wptserve.config", "wptserve.constants",
    "wptserve.handlers", "wptserve.pipes", "wptserve.ranges",
    "wptserve.request", "wptserve.response", "wptserve.router",
    "wptserve.server", "wptserve.stash", "wptserve.utils", "encodings.idna",
    "encodings.latin_1", "gzip", "json.decoder",
)


def configure(values: Dict[str, Any]) -> None:
    """Sets up the package with the program's options.  The parent calls this
    once, before it forks.

    Raises ConfigError for a wrong --config, --alias or --stash, and OSError
    if the server's directory cannot be made.
    """
    options.update(values)
    options.settings = (settings.build({}) if options.config is None
                        else settings.load(options.config))
    options.aliases = settings.make_aliases(values.get("aliases") or (),
                                            options.settings)
    if options.routes is not None:
        options.routes = os.path.abspath(options.routes)
    if options.connection is not None:
        options.connection = os.path.abspath(options.connection)
    scripts.add_path(options.doc_root)
    _alias_modules()
    aliases.install()
    for name in _PRELOAD:
        importlib.import_module(name)
    router.clear()
    if options.wpt:
        wpt_pages.register(router)
    router.add_defaults()
    if options.console is not None:
        importlib.import_module("h2rig.trace.console").register(
            router, options.console)
    body.configure()
    stash.configure()


def read_routes() -> None:
    """Reads the routes file and the connection script, in the parent, without
    running them.  Raises ConfigError if one cannot be read.
    """
    if options.routes is not None:
        options.routes_candidate = userroutes.read(options.routes)
    if options.connection is not None:
        options.connection_candidate = userroutes.read(
            options.connection, "a Python file with functions of connections")


def probe() -> None:
    """Tries what connections will need: whether directories can be used, and
    whether the routes and the connection script that were read can be loaded.

    Runs in a short-lived process with the rights of scripts.  Raises
    ConfigError.
    """
    if options.user is not None:
        settings.check_access()
    if options.routes is not None:
        userroutes.probe(options.routes, options.routes_candidate)
    if options.connection is not None:
        connscript.probe(options.connection, options.connection_candidate)


def take_routes() -> None:
    """Has connections use, from now on, what `read_routes` has read."""
    options.routes_text = options.routes_candidate
    options.connection_text = options.connection_candidate


def settle() -> None:
    """Lets connections share the scripts that they compile.

    The parent calls this when it has run all code that it will run, if it is
    to fork for several connections.  Raises OSError if the server's directory
    cannot be made: then connections do not share them.
    """
    rundir.make()
    rundir.reserve()
    os.geteuid()        # binds its symbol here, since each child calls it
    codecache.enable()


def refresh() -> None:
    """Protects the server's directory.  The parent calls this regularly."""
    rundir.refresh()


def shutdown() -> None:
    """Removes the server's directory.  This is the parent's last call."""
    rundir.remove()


def _alias_modules() -> None:
    # Makes h2rig.errors the module `h2.exceptions`, so that `except` clauses
    # catch what we raise; inside the real package `h2` if it is installed.
    if importlib.util.find_spec("h2") is not None:
        h2 = importlib.import_module("h2")
    else:
        h2 = sys.modules["h2"] = types.ModuleType("h2")
        h2.__path__ = []
    setattr(h2, "exceptions", errors)
    sys.modules["h2.exceptions"] = errors
    if importlib.util.find_spec("hyperframe") is None:
        hyperframe = types.ModuleType("hyperframe")
        hyperframe.__path__ = []
        setattr(hyperframe, "frame", frames)
        sys.modules["hyperframe"] = hyperframe
        sys.modules["hyperframe.frame"] = frames


def serve(exchange: Any) -> None:
    """Runs the functions that are due for a request, or for the connection's
    own script.

    A handler thread calls this with an `_h2rig.Exchange` that has new events.
    Returns when it has no event left for now, or the exchange is over.
    """
    runner: Any = exchange.runner
    if runner is None:
        runner = exchange.runner = (
            connscript.Runner(exchange) if exchange.id == _h2rig.CONNECTION
            else Runner(exchange))
        runner.start()
    runner.run()


class Runner:
    """Runs a script's functions for the events of a request, in order."""

    functions = FrameFunctions()
    #: the functions for frames other than HEADERS and DATA that may still run
    frames: Dict[str, Any] = {}
    #: frames that have been taken and still wait for their functions, each
    #: with the name of its function
    pending: Optional[Deque[Tuple[str, Any]]] = None
    #: held from when an event is taken until its content is stored, because
    #: a thread of the script's own may take events at the same time
    storing: Any = contextlib.nullcontext()
    #: no function but LAST runs any more; content is thrown away
    dropping = False
    #: main is done, but more frames with functions may come
    completed = False
    over = False
    #: whether a function that has returned has ended our side of the stream
    ended = False

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        #: events that were taken from the exchange, newest first
        self.events: List[Tuple[Any, ...]] = exchange.take()
        _, method, path, ended = self.events.pop()
        if not ended:
            self.storing = storing
        self.request: Request = Request(self, exchange, method, path, ended)
        self.response: Response = Response(self.request, exchange)

    def run(self) -> None:
        """Handles the events that have come."""
        while not self.over:
            more = self.take()
            if self.pending:
                self.drain()
            # A thread of the script's own may have read the end.
            if self.request._ended and not (self.completed or self.over):
                self.complete()
            elif not more:
                if not self.exchange.closed:
                    return
                # Events may have come between `take` and the closing: only if
                # there are still none, no more will come.  A stream that its
                # script has reset ends here too.
                if not self.take():
                    self.finish()

    def start(self) -> None:
        """Finds the request's functions and runs handle_headers."""
        request = self.request
        exchange = self.exchange
        path = request.path
        exchange.script = path or request.connect_authority or ""
        if request.method == "CONNECT" and is_websocket(request):
            exchange.want(0)
            if not exchange.left:
                serve_websocket(self)
            return
        if options.latency_ms:
            exchange.pause(options.latency_ms)
        try:
            if router.pending is not None:
                exchange.call("(routes)", router.load)
            handler, request.route_match, to = router.find(
                request.method, path)
            if to is not None:
                request._rewritten(to)
                exchange.script = request.path
            if handler is None:
                raise HTTPException(404, router.why_none(request.method, path))
            frame_handler = getattr(handler, "frame_handler", None)
            if frame_handler is None:
                self.functions = FrameFunctions(main=handler)
            elif not exchange.left or _may_see_reset(handler, request):
                found = exchange.call("(load)", frame_handler, request)
                self.functions = (found if type(found) is FrameFunctions
                                  else _frame_functions(found))
                if self.functions.frames:
                    self.frames = self.functions.frames
        except BaseException as e:
            self.failed(e, "(load)")
            return
        finally:
            exchange.want(wanted(self.frames) if self.frames else 0)
            stash.drop_lock()
        functions = self.functions
        if not request._ended and functions.handle_data is None:
            exchange.gather()
        if functions.handle_headers is not None and not exchange.left:
            self.run_function("handle_headers", functions.handle_headers,
                              request.frames[0])
            if (functions.handle_data is None and functions.main is None
                    and not self.frames and exchange.block_open):
                self.finish()   # no function is left to end the raw block

    def next_event(self) -> Optional[Tuple[Any, ...]]:
        """Returns the next event, or None if none has come.  The caller
        holds `storing`.
        """
        if not self.events:
            self.events = self.exchange.take()
        return self.events.pop() if self.events else None

    def take(self) -> bool:
        """Handles the next event.  Returns whether there was one."""
        request = self.request
        frame = error = None
        with self.storing:
            if (request._ended and not self.completed) or self.exchange.left:
                return False
            event = self.next_event()
            if event is None:
                return False
            if event[0] != EVENT_DATA:
                self.hold_frame(event)
                return True
            _, data, lengths, ended, credit = event
            if self.dropping:
                request._ended = ended
            else:
                offset = request._add_content(data, lengths, ended)
                if self.functions.handle_data is None:
                    error = request._body_store.lost
                elif self.pending:
                    # Its turn comes after the frames that wait already.
                    self.hold("handle_data", request._data_frame(
                        None, offset, len(data), lengths[1]))
                else:
                    # It gets its data even if that could not be stored.
                    frame = request._data_frame(data, offset, len(data),
                                               lengths[1])
        if frame is not None:
            self.run_function("handle_data", self.functions.handle_data,
                              frame)
            frame._data = None
        if credit:
            self.exchange.consume(credit)
        if error is not None:
            self.failed(error, "(body)")
        return True

    def pull(self, size: Optional[int]) -> None:
        """Stores the content of one more event, for a function that wants
        size octets of the body (None: all).

        Waits for an event, unless another thread has stored enough content.
        Raises StreamClosedError if the client leaves.
        """
        request = self.request
        event: Optional[Tuple[Any, ...]] = None
        more = True
        while event is None:
            with self.storing:
                if request._ended or (size is not None
                                      and request._body_store.length >= size):
                    return
                event = self.next_event()
                while event is not None and event[0] == EVENT_FRAME:
                    self.hold_frame(event)
                    event = self.next_event()
                if event is None:
                    if not more:    # an exception has lost the last events
                        request._ended = True
                        return
                    moves = self.exchange.moves
                elif event[0] == EVENT_TRAILERS:
                    self.hold_frame(event)
                    return
                else:
                    _, data, lengths, ended, credit = event
                    offset = request._add_content(data, lengths, ended)
                    if self.functions.handle_data is not None:
                        self.hold("handle_data", request._data_frame(
                            None, offset, len(data), lengths[1]))
            if event is None:
                more = self.exchange.wait(moves)
        # Stored content counts as consumed: otherwise the client would wait
        # for credit, and the script for the client.
        self.exchange.consume(credit)

    def hold(self, name: str, frame: Any) -> None:
        """Keeps a frame for the function of that name."""
        if self.pending is None:
            self.pending = collections.deque()
        self.pending.append((name, frame))

    def hold_frame(self, event: Tuple[Any, ...]) -> None:
        """Keeps the frame of an event other than HEADERS and DATA, if it has
        a function.  The caller holds `storing`.
        """
        number = self.exchange.id
        if event[0] == EVENT_TRAILERS:
            _, fields, about, payload = event
            self.request._add_trailers(fields)
            if "handle_trailers" in self.frames:
                self.hold("handle_trailers", frames.RequestTrailers(
                    number, fields, about, payload))
            return
        _, kind, flags, payload = event
        name = FUNCTIONS.get(kind, "handle_unknown")
        if name in self.frames:
            self.hold(name, frames.ReceivedFrame(
                kind, flags, 0 if name == "handle_priority_update" else number,
                payload))
        else:
            self.exchange.begun(len(payload))

    def drain(self) -> None:
        """Runs the functions for the frames that are kept for them."""
        while self.pending:
            name, frame = self.pending.popleft()
            if self.dropping:
                continue
            if self.exchange.reset:
                return
            if type(frame) is frames.ReceivedFrame:
                self.exchange.begun(frame.length)
            self.run_function(name, self.functions._named(name), frame)

    def run_function(self, name: str, function: Any, frame: Any) -> None:
        """Runs a function for a frame."""
        try:
            result = self.exchange.call(name, function, frame, self.request,
                                        self.response)
            stash.release_lock()
            if result is not None and not isinstance(result, int):
                self.log("warn", name, "what it returned is dropped: main "
                         "returns the response")
            if self.response._writer is not None and not self.ended:
                self.ended = self.exchange.ended
        except BaseException as e:
            self.failed(e, name)

    def complete(self) -> None:
        """Runs main and responds, once the whole request has come."""
        if not self.dropping and not self.exchange.reset:
            try:
                self.respond()
            except BaseException as e:
                self.failed(e, "main")
            stash.drop_lock()
        if (not self.frames or self.exchange.closed
                or self.exchange.block_open):
            self.finish()
        else:
            self.completed = True

    def respond(self) -> None:
        """Runs main and sends what is still missing of the response."""
        exchange = self.exchange
        response = self.response
        main = self.functions.main
        result = None
        if type(main) in handlers.OWN:
            main(self.request, response)
        elif main is not None:
            result = exchange.call("main", main, self.request, response)
            # Before the client can see that the function has ended.
            stash.release_lock()
        writer = response._writer
        fields = None
        end = True
        if writer is not None:
            if exchange.block_open:
                # The script's raw output is left as it is.
                self.log("debug", "main", "ended inside of a raw header block "
                         "or frame")
                return
            if writer._finish_gathered():
                apply_result(response, result, main)
                fields = (writer._gathered_fields()
                          + response._wire_fields()[1:])
            else:
                end = not writer.stream_ended
                if exchange.headers_sent:
                    if result is not None:
                        self.log("warn", "main", "headers have been sent, "
                                 "what it returned is dropped")
                    if end and not exchange.ended:
                        exchange.write("data", 0, (), b"", END_STREAM)
                    return
                if writer.content_written:
                    return
        if fields is None:
            apply_result(response, result, main)
            self.pipe()
            fields = response._wire_fields()
        if self.send(fields, end) or exchange.block_open:
            return
        self.log("warn", "main", "headers have been sent by another stream's "
                 "script, what it set up is dropped")
        if end and not exchange.ended:
            exchange.write("data", 0, (), b"", END_STREAM)

    def pipe(self) -> None:
        """Applies the request's pipes, if any, to the response that main has
        set up.
        """
        if self.functions.pipes or "pipe" in self.request.request_path:
            text = pipes.of_request(self.request, self.functions.pipes)
            if text:
                self.exchange.call("pipe", pipes.apply, text, self.request,
                                   self.response)

    def send(self, fields: List[Tuple[bytes, ...]], end: bool) -> bool:
        """Sends the whole response.  Arguments and result are those of
        `Response._send`.
        """
        response = self.response
        body = response._body()
        if body is not None or type(response._content) in (FilePart,
                                                           FileParts):
            return response._send(fields, body, end)
        # Iterating the content runs the script's code.
        sent: bool = self.exchange.call("content of main", response._send,
                                        fields, None, end)
        return sent

    def finish(self) -> None:
        """Ends the request: nothing more is to be done for its stream."""
        if self.over:
            return
        self.over = True
        exchange = self.exchange
        if LAST in self.frames:
            self.run_last()
        try:
            if self.response.close_connection and not exchange.reset:
                exchange.write("close", 0, (), b"", 0, CLOSE["goaway"])
        except errors.H2Error as e:
            self.log("debug", "close_connection", _summary(e))
        exchange.runner = None
        connection._waiting.positions.pop(exchange.id, None)
        self.request._release()
        self.response._writer = None
        exchange.finish()

    def run_last(self) -> None:
        """Runs handle_rst_stream if the client has reset the stream and the
        connection lasts.
        """
        code = self.exchange.reset_code
        if code is not None:
            self.run_function(
                LAST, self.frames[LAST], frames.ReceivedFrame(
                    TYPES["RST_STREAM"], 0, self.exchange.id,
                    code.to_bytes(4, "big")))

    def failed(self, e: BaseException, name: str) -> None:
        """Answers with an error response, or resets the stream, because the
        function of this name has raised e.
        """
        stash.drop_lock()
        scripts.note(e)
        self.dropping = True
        self.pending = None
        exchange = self.exchange
        if isinstance(e, StreamClosedError) and (
                exchange.ended or exchange.closed or exchange.reset
                ) and not self.has_ended_it(e):
            # The client has left, or an earlier function had ended the stream.
            self.keep_frames(LAST)
            self.log("debug", name, _summary(e))
            return
        self.keep_frames()
        code, message = self.describe(e, name)
        if exchange.reset or exchange.closed:
            return
        try:
            if exchange.headers_sent or not self.send_error(code, message):
                exchange.write("reset", 0, (), b"", 0, INTERNAL_ERROR)
        except errors.H2Error as again:
            self.log("debug", name, "no error response: "
                     + _summary(again))
            self.give_up(name)

    def has_ended_it(self, e: StreamClosedError) -> bool:
        """Returns whether the function that has raised e had itself ended
        the stream.
        """
        writer = self.response._writer
        if (writer is None or self.ended or isinstance(e, ConnectionEnded)
                or self.exchange.reset_code is not None):
            return False
        return writer._cut or (e.error_code is None
                               and self.exchange.end_sent)

    def keep_frames(self, *names: str) -> None:
        """Keeps only these functions for frames: no other runs any more."""
        if self.frames:
            self.frames = {name: self.frames[name] for name in names
                           if name in self.frames}
            self.exchange.want(wanted(self.frames))

    def give_up(self, name: str) -> None:
        """Resets the stream because no error response can be sent on it."""
        if self.exchange.closed:
            return
        try:
            self.exchange.write("reset", 0, (), b"", 0, INTERNAL_ERROR)
        except errors.ProtocolError as e:
            # A raw frame is unfinished: the connection ends with the exchange.
            self.log("debug", name, "no reset: " + _summary(e))
            self.finish()

    def log(self, level: str, name: str, text: str) -> None:
        """Logs text with the stream, script and function that it is about.
        """
        if options.logs(level):
            text = "stream %d, %s, %s: %s" % (
                self.exchange.id, self.exchange.script, name, text)
            # The name of a file in an exception can have lone surrogates.
            _h2rig.log(level, text.encode("utf-8", "backslashreplace"))

    def describe(self, e: BaseException, name: str,
                 function: Any = None) -> Tuple[int, str]:
        """Logs e.  Returns the status and the message for the client.

        name, function: what has raised e; function defaults to the request's
        function of that name.
        """
        if _is_http_exception(e):
            code = getattr(e, "code")
            message = getattr(e, "message") or ""
            if isinstance(message, bytes):
                message = message.decode("utf-8", "replace")
            if isinstance(code, int) and 200 <= code <= 999:
                level = "debug" if code < 500 else "info"
                if self.exchange.headers_sent or (
                        code >= 500 and name == "(load)"):
                    level = "error"
                self.log(level, name, "HTTPException %d %s"
                         % (code, message))
                return code, str(message)
        e = scripts.called_wrongly(
            e, name, function or self.functions._named(name)) or e
        text = scripts.traceback_text(e, options.logs("debug"))
        self.log("error", name, text)
        if options.hide_tracebacks:
            text = _summary(e)
        return 500, text

    def send_error(self, code: int, message: str) -> bool:
        """Sends the JSON error response, without anything that a script has
        set.  The result is that of `Response._send`.
        """
        response = Response(self.request, self.exchange)
        response.set_error(code, message)
        if code in (204, 304):
            # These responses have no content (RFC 9110 section 6.4.1).
            response.content = b""
            response.headers = ResponseHeaders()
        response.close_connection = self.response.close_connection
        return response._send(response._wire_fields(), response._body())


def _may_see_reset(handler: Any, request: Request) -> bool:
    # If the client has left, a script is executed only if it may have a
    # function that learns of that.
    ask = getattr(handler, "_may_see_reset", None)
    return ask is None or ask(request)


def _frame_functions(found: Any) -> FrameFunctions:
    # Returns the functions of found, which is any object that a route's
    # frame_handler has returned.
    names.warn_of_object(found)
    functions = FrameFunctions(getattr(found, "handle_headers", None),
                               getattr(found, "handle_data", None),
                               getattr(found, "main", None))
    functions.frames = {name: getattr(found, name)
                        for name in FUNCTIONS.values()
                        if getattr(found, name, None) is not None}
    if functions.main is None and callable(found):
        functions.main = found
    return functions


def _is_http_exception(e: BaseException) -> bool:
    # Found by name, too: scripts may bring a wptserve of their own.
    return isinstance(e, HTTPException) or (
        any(c.__name__ == "HTTPException" for c in type(e).__mro__)
        and hasattr(e, "code") and hasattr(e, "message"))


def _summary(e: BaseException) -> str:
    if isinstance(e, SyntaxError):
        # Without the line itself: the text of a script must not be shown.
        return "%s: %s (line %s)" % (type(e).__name__, e.msg, e.lineno)
    return "".join(traceback.format_exception_only(type(e), e)).strip()
