# SPDX-License-Identifier: MIT
"""Handlers, which answer the requests of the routes of a --routes file.

    from h2rig.handlers import FileHandler, handler

    @handler
    def hello(request, response):
        return [("Content-Type", "text/plain")], "hello"

    routes = [("GET", "/hello", hello),
              ("GET", "/docs/*", FileHandler("/srv/docs", "/docs"))]

A handler is a callable `(request, response)`, or an object with a method
`frame_handler(request)`.  That method returns an object, a `FrameFunctions`
for example, that has one or more of `handle_headers`, `handle_data`, `main`
and the functions for other frames, which h2rig-handlers(7) lists.
"""

import functools
import json
import os
from types import CodeType
from typing import (TYPE_CHECKING, Any, Callable, Dict, List, Optional,
                    Sequence, Tuple, Union)

import _h2rig

from h2rig import pipes
from h2rig.errors import HTTPException
from h2rig.headers import ResponseHeaders
from h2rig.server import codecache, files, names
from h2rig.server.config import options
from h2rig.server.frametypes import FUNCTIONS
from h2rig.server.static import (OWN, AsIsHandler, DirectoryHandler,
                                 FileHandler, as_is_handler, directory_handler,
                                 file_handler)

if TYPE_CHECKING:
    from h2rig.request import Request
    from h2rig.response import Response

__all__ = [
    "AsIsHandler", "BasicAuthHandler", "DirectoryHandler", "ErrorHandler",
    "FileHandler", "FrameFunctions", "FunctionHandler", "HTTPException",
    "JsonHandler", "PythonScriptHandler", "StaticHandler", "StringHandler",
    "as_is_handler", "basic_auth_handler", "directory_handler",
    "file_handler", "handler", "json_handler", "python_script_handler",
]

#: The most paths of scripts whose code is kept, and the most characters of
#: such a path.  Limits are needed because a client can write the path of one
#: script in many ways.
MAX_SCRIPTS = 1000
MAX_PATH = 1024


def apply_result(response: "Response", result: Any, main: Any = None) -> None:
    """Sets up a response with the value that a `main` has returned.

    result: None, content, (headers, content) or (status, headers, content).
    main: the function.  Any other result raises TypeError or ValueError, which
    name the function and say what it returned.
    """
    if result is None:
        return
    if type(result) is tuple or isinstance(result, tuple):
        if len(result) == 3:
            response.status, headers, result = result
        elif len(result) == 2:
            headers, result = result
            if isinstance(headers, int) or (
                    isinstance(headers, tuple) and len(headers) == 2
                    and isinstance(headers[0], int)):
                raise TypeError(
                    "%s returned %r and content; two items are headers, "
                    "which are (name, value) pairs, and content. With a "
                    "status: return %r, [], content" % (
                        _name(main), headers, headers))
        else:
            raise ValueError(
                "%s returned a tuple of %d items; expected content, "
                "(headers, content) or (status, headers, content)"
                % (_name(main), len(result)))
        if headers:
            response.headers.update(headers)
        elif headers is None:
            raise TypeError("%s returned None as headers; expected "
                            "(name, value) pairs" % _name(main))
        if result is None:
            raise TypeError("%s returned None as content; expected text, "
                            "bytes, a file or an iterable" % _name(main))
    response.content = result


def _name(main: Any) -> str:
    name = getattr(main, "__name__", "main")
    return name if isinstance(name, str) else "main"


class FunctionHandler:
    """A handler that calls func(request, response) and sends the result.

    func returns None (response is sent as func has set it up), content,
    (headers, content) or (status, headers, content).
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        functools.update_wrapper(self, func)
        self.func = func

    def __call__(self, request: "Request", response: "Response") -> None:
        apply_result(response, self.func(request, response), self.func)


class JsonHandler(FunctionHandler):
    """A `FunctionHandler` that sends func's content as JSON, with Content-Type
    application/json.  TypeError if JSON cannot express the content.
    """

    def __call__(self, request: "Request", response: "Response") -> None:
        apply_result(response, self.handle_request(request, response),
                     self.func)

    def handle_request(self, request: "Request", response: "Response") -> Any:
        """Calls func, and returns its result with the content as JSON text.

        Also sets Content-Type and Content-Length in response.
        """
        result = self.func(request, response)
        response.headers.set("Content-Type", "application/json")
        if isinstance(result, tuple):
            text = json.dumps(result[-1])
            result = result[:-1] + (text,)
        else:
            result = text = json.dumps(result)
        response.headers.set("Content-Length", len(text))
        return result


def handler(func: Callable[..., Any]) -> FunctionHandler:
    """Decorates func(request, response): makes it a `FunctionHandler`."""
    return FunctionHandler(func)


def json_handler(func: Callable[..., Any]) -> JsonHandler:
    """Decorates func(request, response): makes it a `JsonHandler`."""
    return JsonHandler(func)


#: Names of a script's functions for frames other than the request's HEADERS
#: and DATA.
_FOR_FRAMES = frozenset(FUNCTIONS.values())

_none: Dict[str, Any] = {}


class FrameFunctions:
    """The functions that answer one request.

    handle_headers, handle_data: functions of (frame, request, response).
    main: a function of (request, response).  Each is None if it is missing.
    pipes: the pipes for the response, as in `?pipe=`; "" for none.  frames:
    the functions for other frames, by name; ValueError for an unknown name.
    """

    __slots__ = ("handle_headers", "handle_data", "main", "pipes", "frames")

    def __init__(self, handle_headers: Any = None, handle_data: Any = None,
                 main: Any = None, pipes: str = "",
                 frames: Dict[str, Any] = _none) -> None:
        self.handle_headers = handle_headers
        self.handle_data = handle_data
        self.main = main
        self.pipes = pipes
        self.frames = frames
        if frames and not frames.keys() <= _FOR_FRAMES:
            raise ValueError("frames has %s; expected functions by the names "
                             "%s" % (", ".join(sorted(
                                 repr(n) for n in {*frames} - _FOR_FRAMES)),
                                     ", ".join(FUNCTIONS.values())))

    def _named(self, name: str) -> Any:
        # Returns the function with this name, or None.
        return self.frames.get(name) or getattr(self, name, None)


#: If a script's code has none of these names and no `import *`, the script
#: defines no function for other frames, and no request needs to look for one.
_DEFINING = _FOR_FRAMES | names.DYNAMIC


def _may_define(code: CodeType) -> bool:
    # Returns whether the code may define a function for other frames.
    return (not _DEFINING.isdisjoint(code.co_names)
            or ("*",) in code.co_consts
            or any(_may_define(inner) for inner in code.co_consts
                   if isinstance(inner, CodeType)))


class _Script:
    # A script's code, and the stamp of its file from when it was compiled.

    __slots__ = ("path", "stamp", "code", "pipes", "for_frames")

    def __init__(self, path: str, stamp: bytes, code: Any) -> None:
        self.path = path
        self.pipes = pipes.of_name(path)
        self.stamp = stamp
        self.code = code
        self.for_frames = _may_define(code)


class PythonScriptHandler:
    """Runs Python scripts.  A script is compiled again when its file has
    changed, and executed in a new namespace for each request.

    base_path: the directory whose scripts have paths below url_base; None
    means the document root.  The path of a directory leads to its default.py.
    """

    def __init__(self, base_path: Optional[str] = None,
                 url_base: str = "/") -> None:
        self.base_path = base_path
        self.url_base = url_base
        self._scripts: Dict[str, _Script] = {}

    def frame_handler(self, request: "Request") -> FrameFunctions:
        """Executes the request's script, and returns its functions.

        HTTPException 403 or 404 if the script cannot be opened, and 500 if it
        has no function; SyntaxError; any exception that the script raises.
        """
        script = self._find(request.path)
        namespace: Dict[str, Any] = {"__file__": script.path}
        exec(script.code, namespace)
        get = namespace.get
        functions = FrameFunctions(get("handle_headers"), get("handle_data"),
                                   get("main"), script.pipes)
        if script.for_frames:
            functions.frames = {name: get(name) for name in _FOR_FRAMES
                                if get(name) is not None}
        if (functions.main is None and functions.handle_headers is None
                and functions.handle_data is None and not functions.frames):
            raise HTTPException(
                500, "No main function or handlers in script %s%s" % (
                    script.path, self._why_none(request.path, namespace)))
        return functions

    @staticmethod
    def _why_none(path: str, namespace: Dict[str, Any]) -> str:
        # Returns the end of the message that a script has no function: a hint
        # at what the script defines instead, or "".
        if namespace.keys().isdisjoint(names.WEBSOCKET):
            return names.near_miss(namespace, names.REQUEST)
        text = "; it is a WebSocket script, for an extended CONNECT"
        url, ending, rest = path.rpartition("_wsh.py")
        return text if rest or not ending or options.ws_docroot else (
            "%s of %s" % (text, url))

    def _may_see_reset(self, request: "Request") -> bool:
        # Returns whether the request's script may define handle_rst_stream.
        # Raises HTTPException 403 or 404, or SyntaxError.
        return self._find(request.path).for_frames

    def _forget(self) -> None:
        # Drops the code of all scripts.
        self._scripts.clear()

    def _find(self, path: str) -> _Script:
        # Scripts are kept by the path that the client sent.  If the stamp (a
        # stat) is the same as before, the path still leads to that file, also
        # through symbolic links.
        script = self._scripts.get(path)
        if script is not None:
            try:
                if script.stamp == _h2rig.stamp(script.path):
                    return script
            except OSError as e:
                raise files.not_found(e) from None
        place = files.requested(path, self.base_path, self.url_base)[1]
        if os.path.isdir(place.path):
            place = place.plus("/default.py")
        name = place.path
        with files.open_file(place, script=True)[0] as source:
            stamp = _h2rig.stamp(source.fileno())
            code = codecache.compiled(source, name)
        if not name.endswith("_wsh.py"):
            names.warn_of_code(code, names.REQUEST)
        script = _Script(name, stamp, code)
        if len(path) <= MAX_PATH:
            if len(self._scripts) >= MAX_SCRIPTS:
                self._scripts.clear()
            self._scripts[path] = script
        return script


class ErrorHandler:
    """Answers with an error: the status and JSON content of
    `Response.set_error`.

    status: 100 to 999.
    """

    def __init__(self, status: int) -> None:
        self.status = status

    def __call__(self, request: "Request", response: "Response") -> None:
        response.set_error(self.status)


class StringHandler:
    """Answers each request with the same content.

    data: the content.  headers: more fields; `_` in a name stands for "-".
    """

    def __init__(self, data: Union[str, bytes],
                 content_type: Union[str, bytes],
                 **headers: Union[str, bytes, int]) -> None:
        self.data = data
        self.headers: List[Tuple[str, Union[str, bytes, int]]] = [
            ("Content-Type", content_type)] + [
            (name.replace("_", "-"), value)
            for name, value in headers.items()]

    def __call__(self, request: "Request", response: "Response") -> None:
        response.headers.update(self.headers)
        response.content = self.data


class StaticHandler(StringHandler):
    """Answers with the content that a file had when the handler was made.

    path: the path of a file, or a list of paths, whose contents are joined.
    format_args: a dict, or another value for the `%` operator, which inserts
    it into the text; if None or empty, the text stays as it is.  headers: as
    in `StringHandler`.  OSError if a file cannot be read.
    """

    def __init__(self, path: Union[str, Sequence[str]], format_args: Any,
                 content_type: Union[str, bytes],
                 **headers: Union[str, bytes, int]) -> None:
        data = b""
        for name in [path] if isinstance(path, (str, os.PathLike)) else path:
            with files.open_regular(name)[0] as f:
                data += f.read()
        if format_args:
            data = (data.decode("utf-8") % format_args).encode("utf-8")
        super().__init__(data, content_type, **headers)


class BasicAuthHandler:
    """Asks for credentials of the Basic scheme (RFC 7617) before another
    handler answers: status 401 without credentials, 403 with wrong ones.

    handler: the other handler, a callable or an object with `frame_handler`.
    user, password: the right credentials; if user is None, all credentials
    are right.
    """

    def __init__(self, handler: Any, user: Union[str, bytes, None],
                 password: Union[str, bytes, None]) -> None:
        self.handler = handler
        self.user = user
        self.password = password

    def _refused(self, request: Any, response: Any) -> bool:
        if "authorization" not in request.headers:
            response.status = 401
            response.headers.set("WWW-Authenticate", "Basic")
            return True
        auth = request.auth
        if self.user is None or (auth.username == self.user
                                 and auth.password == self.password):
            return False
        response.set_error(403, "Invalid username or password")
        return True

    def __call__(self, request: "Request", response: "Response") -> Any:
        if not self._refused(request, response):
            return self.handler(request, response)
        return None

    def frame_handler(self, request: "Request") -> Any:
        """Returns the functions that answer this request: those of the other
        handler, or, if that has no `frame_handler` or the credentials are
        refused, this handler as `main`.
        """
        probe = _Unsent()
        if self._refused(request, probe) or not hasattr(
                self.handler, "frame_handler"):
            return FrameFunctions(main=self)
        return self.handler.frame_handler(request)


class _Unsent:
    # Stands in for a response, to find out whether the credentials are
    # refused; it is never sent.

    def __init__(self) -> None:
        self.status = 200
        self.headers = ResponseHeaders()

    def set_error(self, code: int, message: str) -> None:
        """Does nothing, since only the refusal matters."""


#: The handler of the default route for scripts.
python_script_handler = PythonScriptHandler()
#: Serves files to clients that send any Basic credentials.
basic_auth_handler = BasicAuthHandler(file_handler, None, None)
