# SPDX-License-Identifier: MIT
"""Handlers that answer with files, listings of directories and literal
responses.
"""

import os
import uuid
from typing import TYPE_CHECKING, Any, List, Optional, Set, Tuple

from h2rig import pipes
from h2rig.errors import HTTPException
from h2rig.server import conditional, files
from h2rig.server.config import options
from h2rig.server.files import FilePart, FileParts, Place
from h2rig.server.isomorphic import shown
from h2rig.server.ranges import MultipartPart, Range, RangeParser
from h2rig.server.template import template

if TYPE_CHECKING:
    from h2rig.request import Request
    from h2rig.response import Response

__all__ = ["AsIsHandler", "DirectoryHandler", "FileHandler", "OWN",
           "as_is_handler", "directory_handler", "file_handler"]


class TreeHandler:
    """A base class of handlers for the files below a directory.

    base_path: the directory that stands for url_base (None: the document
    root).
    """

    def __init__(self, base_path: Optional[str] = None,
                 url_base: str = "/") -> None:
        self.base_path = base_path
        self.url_base = url_base


class DirectoryHandler(TreeHandler):
    """Answers with a listing of a directory, or, if the path does not end in a
    slash, with a redirection (301) to the path that does.

    base_path: the directory that stands for url_base (None: the document
    root).
    """

    def __call__(self, request: "Request", response: "Response") -> None:
        decoded, place = files.requested(request.path, self.base_path,
                                         self.url_base)
        try:
            place.check()
            if not decoded.endswith("/"):
                self._redirect(request, response)
                return
            page = files.directory_listing(place.path, decoded)
        except OSError as e:
            raise files.not_found(e) from None
        response.headers.set("Content-Type", "text/html")
        response.content = page

    @staticmethod
    def _redirect(request: "Request", response: "Response") -> None:
        # Redirects the client to the same path with a slash at its end.
        raw_path, question, query = request.request_path.partition("?")
        # Only one slash may be in front: two would begin the name of a host.
        response.status = 301, None
        response.headers.set("Location", "/" + raw_path.lstrip("/") + "/"
                             + question + query)
        response.content = ""


class FileHandler(TreeHandler):
    """Answers with a file, or with the `index.html` or listing of a directory.
    Applies `.headers` files, the Range field and pipes to a file.

    base_path: the directory that stands for url_base (None: the document
    root).
    """

    def __init__(self, base_path: Optional[str] = None,
                 url_base: str = "/") -> None:
        super().__init__(base_path, url_base)
        self.directory_handler = DirectoryHandler(base_path, url_base)

    def __call__(self, request: "Request", response: "Response") -> None:
        decoded, place = files.requested(request.path, self.base_path,
                                         self.url_base)
        try:
            found = self._open(decoded, place)
        except OSError as e:
            raise files.not_found(e) from None
        if found is None:
            self.directory_handler(request, response)
        else:
            self._file(request, response, *found)

    @staticmethod
    def _open(decoded: str, place: Place
              ) -> Optional[Tuple[Place, Any, os.stat_result]]:
        # Opens the file, or the index.html of a directory.  Returns None for a
        # directory without index.html.
        try:
            return (place, *files.open_below(place))
        except IsADirectoryError:
            index = place.plus("index.html")
        if decoded.endswith("/"):
            try:
                return (index, *files.open_below(index))
            except (FileNotFoundError, IsADirectoryError):
                pass
        return None

    def _file(self, request: Any, response: Any, place: Place, source: Any,
              status: os.stat_result) -> None:
        try:
            self._add_fields(request, response, place)
            piping = pipes.of_name(place.path)
            if "pipe" in request.request_path:
                piping = pipes.of_request(request, piping)
            ranges: Optional[List[Range]] = None
            if options.validators and not piping:
                conditional.add_validators(response, status)
                code = conditional.evaluate(request, response)
                if code is not None:
                    response.status = code
                    return
            if "range" in request.headers and request.method == "GET":
                ranges = self._ranges(request, response, status.st_size)
                if ranges == []:
                    return
            self._set_content(response, source, status.st_size, ranges)
            source = None
        finally:
            if source is not None:
                source.close()
        if piping:
            pipes.apply(piping, request, response)
        if "Content-Length" not in response.headers:
            content = response.content
            if isinstance(content, (bytes, FilePart, FileParts)):
                response.headers.set(
                    "Content-Length", len(content) if isinstance(
                        content, bytes) else content.length)
        if type(response.content) is bytes and not piping:
            self._remember(request, response, place.path, status)

    def _remember(self, request: Any, response: Any, path: str,
                  status: os.stat_result) -> None:
        # Lets C code answer the next request for this file without Python, if
        # the answer depends only on the file and its directory.
        runner = request._runner
        if (type(self) is FileHandler and runner is not None
                and runner.functions.main is self
                and "?" not in request.request_path
                and response.status[0] == 200
                and not options.validators and not options.latency_ms
                and not files.has_headers(path)):
            runner.exchange.remember_file(
                os.fsencode(path), status.st_dev, status.st_ino,
                response._wire_fields(), response.content)

    @staticmethod
    def _add_fields(request: Any, response: Any, place: Place) -> None:
        fields = files.load_headers(
            place, lambda data: template(request, data, "field"))
        if not any(name.lower() == b"content-type" for name, _, _ in fields):
            response.headers.append("Content-Type",
                                    files.guess_content_type(place.path))
        response._add_read(fields)

    @staticmethod
    def _ranges(request: Any, response: Any, size: int
                ) -> Optional[List[Range]]:
        # Returns the ranges; None: the whole file; []: the response is an
        # error.
        value = request.headers["range"]
        if not value.strip().lower().startswith("bytes="):
            return None     # an unknown unit is ignored (RFC 9110 §14.2)
        if not conditional.range_applies(request, response):
            return None
        try:
            return RangeParser()(value, size)
        except HTTPException as e:
            response.set_error(e.code, e.message)
            response.headers.set("Content-Range", "bytes */%d" % size)
            return []

    @staticmethod
    def _set_content(response: Any, source: Any, size: int,
                     ranges: Optional[List[Range]]) -> None:
        # Takes over source, which is closed when it has been sent.
        if ranges is None and size <= files.SMALL:
            with source:
                response.content = source.read()
            return
        whole = FilePart(source, 0, size)
        if ranges is not None:
            response.status = 206
        if ranges is None or len(ranges) == 1:
            if ranges is not None:
                response.headers.set("Content-Range",
                                     ranges[0].header_value())
                whole = whole.part(ranges[0].lower, ranges[0].upper)
            if whole.length > files.SMALL:
                response.content = whole
                return
            response.content = whole.read()
        else:
            boundary = uuid.uuid4().hex
            kind = response.headers["Content-Type"][-1]
            content = FileParts()
            for r in ranges:
                fields = MultipartPart(
                    b"", kind, [("Content-Range", r.header_value())])
                content += [b"\r\n--%s\r\n" % boundary.encode()
                            + fields.to_bytes(),
                            whole.part(r.lower, r.upper)]
            content.append(b"\r\n--%s--\r\n" % boundary.encode())
            response.headers.set(
                "Content-Type", "multipart/byteranges; boundary=%s"
                % boundary)
            response.content = content


class AsIsHandler(TreeHandler):
    """Answers with the HTTP/1 response that a file holds: sends its status,
    fields and content.

    base_path: the directory that stands for url_base (None: the document
    root).
    """

    def __call__(self, request: "Request", response: "Response") -> None:
        place = files.requested(request.path, self.base_path,
                                self.url_base)[1]
        with files.open_file(place)[0] as source:
            data = source.read(files.SMALL)
            line = data.split(b"\n", 1)[0].strip()
            words = line.split()
            if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not (
                    words[0][7:].isdigit() and len(words[1]) == 3
                    and words[1].isdigit() and words[1] >= b"100"):
                raise ValueError("%s, line 1: expected a status line such as "
                                 "\"HTTP/1.1 200 OK\", not %s"
                                 % (place.path, shown(line)))
            while data and response.writer.write(data):
                data = source.read(files.SMALL)


#: The handlers of the default routes.
directory_handler = DirectoryHandler()
file_handler = FileHandler()
as_is_handler = AsIsHandler()

#: Handlers that run no code of a script, and so need no run-time limit.
OWN: Set[type] = {AsIsHandler, DirectoryHandler, FileHandler}
