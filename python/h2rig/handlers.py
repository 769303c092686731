# SPDX-License-Identifier: MIT
"""What a route leads to.

A handler is a callable `(request, response)`, or an object with
`frame_handler(request)`, which returns one with any of `handle_headers`,
`handle_data` and `main`.
"""

import functools
import json
import os
import stat
from typing import Any, Callable, Dict, List, Tuple

from h2rig import files
from h2rig.errors import HTTPException

__all__ = ["FileHandler", "FrameFunctions", "HTTPException",
           "PythonScriptHandler", "apply_result", "handler", "json_handler"]

#: Scripts whose code is kept, and how long a path may be to have it kept: a
#: client can write the path of one script in many ways.
MAX_SCRIPTS = 1000
MAX_PATH = 1024


def apply_result(response: Any, result: Any) -> None:
    """Sets up response with what a `main` returned.

    None, content, (headers, content) or (status, headers, content).
    ValueError says what else it was.
    """
    if result is None:
        return
    if type(result) is tuple or isinstance(result, tuple):
        if len(result) == 3:
            response.status, headers, result = result
        elif len(result) == 2:
            headers, result = result
        else:
            raise ValueError(
                "main returned a tuple of %d items; expected content, "
                "(headers, content) or (status, headers, content)"
                % len(result))
        if headers:
            response.headers.update(headers)
        elif headers is None:
            raise TypeError("main returned None as headers; expected "
                            "(name, value) pairs")
        if result is None:
            raise TypeError("main returned None as content; expected text, "
                            "bytes, a file or an iterable")
    response.content = result


class _Wrapped:
    # A function as a handler: what it returns is put in the response.

    def __init__(self, func: Callable[..., Any]) -> None:
        functools.update_wrapper(self, func)
        self.func = func

    def __call__(self, request: Any, response: Any) -> None:
        apply_result(response, self.func(request, response))


class FunctionHandler(_Wrapped):
    """A handler that runs func(request, response)."""


class JsonHandler(_Wrapped):
    """A handler whose func returns what is to be sent as JSON."""

    def __call__(self, request: Any, response: Any) -> None:
        apply_result(response, self.handle_request(request, response))

    def handle_request(self, request: Any, response: Any) -> Any:
        """What func returned, its content as JSON text."""
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
    """Decorator: func(request, response) as a handler."""
    return FunctionHandler(func)


def json_handler(func: Callable[..., Any]) -> JsonHandler:
    """Decorator: the content that func returns is sent as JSON."""
    return JsonHandler(func)


class FrameFunctions:
    """The functions that answer one request; None: there is none."""

    __slots__ = ("handle_headers", "handle_data", "main")

    def __init__(self, handle_headers: Any = None, handle_data: Any = None,
                 main: Any = None) -> None:
        self.handle_headers = handle_headers
        self.handle_data = handle_data
        self.main = main


class _Script:
    # A script's code, and what its file was like when it was compiled.

    __slots__ = ("path", "stamp", "code")

    def __init__(self, path: str, stamp: Tuple[int, ...], code: Any) -> None:
        self.path = path
        self.stamp = stamp
        self.code = code


def _stamp(s: os.stat_result) -> Tuple[int, ...]:
    return s.st_mtime_ns, s.st_size, s.st_ino, s.st_dev, s.st_ctime_ns


class PythonScriptHandler:
    """Python scripts below the document root.

    Compiled once per change of the file, executed in a fresh namespace for
    each request.
    """

    def __init__(self) -> None:
        self._scripts: Dict[str, _Script] = {}

    def frame_handler(self, request: Any) -> FrameFunctions:
        """Executes the request's script.  HTTPException 404; SyntaxError and
        whatever the script raises.
        """
        script = self._find(request.path)
        namespace: Dict[str, Any] = {"__file__": script.path}
        exec(script.code, namespace)
        get = namespace.get
        functions = FrameFunctions(get("handle_headers"), get("handle_data"),
                                   get("main"))
        if (functions.main is None and functions.handle_headers is None
                and functions.handle_data is None):
            raise HTTPException(500, "No main function or handlers in script "
                                + script.path)
        return functions

    def _find(self, path: str) -> _Script:
        # By the path as sent: a stat that still fits means that neither the
        # file nor a symbolic link on the way leads elsewhere now.
        script = self._scripts.get(path)
        if script is not None:
            try:
                s = os.stat(script.path)
            except OSError as e:
                raise files.not_found(e) from None
            if script.stamp == (s.st_mtime_ns, s.st_size, s.st_ino, s.st_dev,
                                s.st_ctime_ns):
                return script
        decoded = files.decode_path(path)
        if decoded is None:
            raise HTTPException(404, "Not Found")
        name = files.locate(decoded)
        source, status = files.open_file(name)
        with source:
            text = source.read()
        code = compile(text, name, "exec", dont_inherit=True)
        script = _Script(name, _stamp(status), code)
        if len(path) <= MAX_PATH:
            if len(self._scripts) >= MAX_SCRIPTS:
                self._scripts.clear()
            self._scripts[path] = script
        return script


class FileHandler:
    """Files below the document root."""

    def __call__(self, request: Any, response: Any) -> None:
        decoded = files.decode_path(request.path)
        if decoded is None:
            raise HTTPException(404, "Not Found")
        path = files.locate(decoded)
        try:
            mode = os.stat(path).st_mode
        except (OSError, ValueError) as e:
            if isinstance(e, OSError):
                raise files.not_found(e) from None
            raise HTTPException(404, "Not Found") from None
        if stat.S_ISDIR(mode):
            self._directory(request, response, path, decoded)
        else:
            self._file(response, path)

    def _file(self, response: Any, path: str) -> None:
        source, status = files.open_file(path)
        try:
            fields: List[Tuple[Any, Any]] = list(files.load_headers(path))
            names = {name.lower() for name, _ in fields}
            if b"content-type" not in names:
                fields.insert(
                    0, ("Content-Type", files.guess_content_type(path)))
            if b"content-length" not in names:
                fields.append(("Content-Length", status.st_size))
            response.headers.update(fields)
            if status.st_size > files.SMALL:
                response.content, source = source, None
            else:
                response.content = source.read()
        finally:
            if source is not None:
                source.close()

    def _directory(self, request: Any, response: Any, path: str,
                   decoded: str) -> None:
        if not decoded.endswith("/"):
            raw_path, question, query = request.request_path.partition("?")
            # One slash in front: two would name another host.
            response.status = 301
            response.headers.set("Location", "/" + raw_path.lstrip("/") + "/"
                                 + question + query)
            response.content = ""
            return
        index = os.path.join(path, "index.html")
        if os.path.isfile(index):
            self._file(response, files.locate(decoded + "index.html"))
            return
        try:
            page = files.directory_listing(path, decoded)
        except OSError as e:
            raise files.not_found(e) from None
        response.headers.set("Content-Type", "text/html; charset=utf-8")
        response.content = page


class ErrorHandler:
    """Answers with a status."""

    def __init__(self, status: int) -> None:
        self.status = status

    def __call__(self, request: Any, response: Any) -> None:
        response.set_error(self.status)


#: The ones of the default routes.
python_script_handler = PythonScriptHandler()
file_handler = FileHandler()
