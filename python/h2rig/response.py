# SPDX-License-Identifier: MIT
"""The response, which a script sets up, or writes in pieces."""

import datetime
import json
import logging
import os
from types import MappingProxyType
from typing import (Any, Iterable, Iterator, List, Mapping, Optional, Tuple,
                    Union)

import _h2rig

from h2rig.constants import response_codes
from h2rig.errors import ProtocolError
from h2rig.headers import (ResponseHeaders, log_dropped, log_fault,
                           log_faults, status_code)
from h2rig.server.files import FilePart, file_part
from h2rig.server.isomorphic import isomorphic_encode, octets, shown
from h2rig.server.output import script_logger
from h2rig.writer import AS_IT_STANDS, END_STREAM, ResponseWriter

__all__ = ["Response"]

#: Octets read at once from content that is a file-like object.
CHUNK = 65536

#: Octets read at once from a file's descriptor, unless CHUNK octets are enough
#: for the rest.  With the headers of four frames they fill four TLS records.
#: With 64 KiB the last 36 octets need a fifth record, and files of 10 MiB took
#: 5 % longer.
FILE_CHUNK = CHUNK - 4 * 9

_statuses = {code: (b":status", b"%d" % code) for code in range(100, 600)}

_empty: Tuple[()] = ()

_months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
           "Oct", "Nov", "Dec")
_days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Response:
    """The response to a request.  The server makes it.

    request: the `Request`.  encoding: str, the encoding of text in the content
    ("utf8").  close_connection: bool, whether the server sends GOAWAY once the
    stream has ended.  send_body_for_head_request: bool, whether the response
    to HEAD has the content too.  add_required_headers: bool, ignored; the
    server adds no field that the script did not ask for.
    """

    # Defaults, until a script or the server sets the attribute.
    encoding = "utf8"
    add_required_headers = True
    send_body_for_head_request = False
    close_connection = False
    _content: Any = _empty
    _writer: Optional[ResponseWriter] = None
    _headers: Optional[ResponseHeaders] = None
    _status: Tuple[int, Any] = (200, None)
    #: (lower-case name, value) -> file and line, of fields read from a file
    _origins: Mapping[Tuple[bytes, ...], str] = MappingProxyType({})

    def __init__(self, request: Any, exchange: Any) -> None:
        self.request = request
        self._exchange = exchange

    @property
    def writer(self) -> ResponseWriter:
        """The writer, which sends frames by checked and raw calls."""
        if self._writer is None:
            self._writer = ResponseWriter(self, self._exchange)
        return self._writer

    @property
    def status(self) -> Tuple[int, Any]:
        """The status as a pair (code, reason); (200, None) at first.

        A script may set it to an int, 100 to 999, or to such a pair; anything
        else raises ValueError or TypeError.  The reason is not sent, since
        HTTP/2 has none.
        """
        return self._status

    @status.setter
    def status(self, value: Any) -> None:
        reason: Any = None
        expected = "an int or (int, reason)"
        if isinstance(value, (str, bytes)) or (
                isinstance(value, (tuple, list)) and len(value) != 2):
            raise ValueError("status must be %s, not %r" % (expected, value))
        if isinstance(value, (tuple, list)):
            value, reason = value
            if reason is not None and not isinstance(reason, (str, bytes)):
                reason = str(reason)
        self._status = status_code(value, expected), reason

    @property
    def content(self) -> Any:
        """The content: text (sent in `encoding`), bytes, a binary or text
        file, or an iterable of text, bytes or callables that return them.

        Each item of an iterable is sent when it is produced.  At first the
        content is a new list.
        """
        if self._content is _empty:
            self._content = []
        return self._content

    @content.setter
    def content(self, value: Any) -> None:
        self._content = value

    @property
    def logger(self) -> logging.Logger:
        """A logger whose records, from level info on, go into the server's
        log.
        """
        return script_logger

    @property
    def headers(self) -> ResponseHeaders:
        """The fields to send.  A script may also set it to (name, value) pairs
        or a dict.
        """
        if self._headers is None:
            self._headers = ResponseHeaders()
        return self._headers

    @headers.setter
    def headers(self, value: Any) -> None:
        if isinstance(value, ResponseHeaders):
            self._headers = value
        else:
            self._headers = ResponseHeaders(value)

    def _add_read(self, fields: List[Tuple[bytes, bytes, str]]) -> None:
        # Adds fields that `files.load_headers` has read.
        if fields:
            self.headers.update([(name, value) for name, value, _ in fields])
            self._origins = {(name.lower(), value.strip(b" \t")): origin
                             for name, value, origin in fields}

    # Cookies.

    def set_cookie(self, name: Union[str, bytes],
                   value: Union[str, bytes, int, None],
                   path: Union[str, bytes, None] = "/",
                   domain: Union[str, bytes, None] = None,
                   max_age: Union[int, datetime.timedelta, None] = None,
                   expires: Union[datetime.datetime, datetime.timedelta, str,
                                  bytes, None] = None,
                   samesite: Union[str, bytes, None] = None,
                   secure: bool = False, httponly: bool = False,
                   comment: Union[str, bytes, None] = None) -> None:
        """Adds a Set-Cookie field (RFC 6265 §4.1).  Text is Latin-1.

        value: None makes the client forget the cookie.  max_age: seconds, or
        a timedelta.  expires: a datetime (UTC if it has no time zone), a
        timedelta from now, or text.  The other arguments set the attributes
        that have their names.
        """
        if value is None:
            value = ""
            max_age = 0
            expires = datetime.timedelta(days=-1)
        parts = [octets(name, "cookie name") + b"="
                 + octets(value, "value of cookie %r" % (name,))]
        if expires is not None:
            parts.append(b"expires=" + _expires(expires))
        if max_age is not None:
            if isinstance(max_age, datetime.timedelta):
                max_age = int(max_age.total_seconds())
            parts.append(b"Max-Age=%d" % int(max_age))
        for label, attribute in ((b"Domain=", domain), (b"Path=", path),
                                 (b"SameSite=", samesite),
                                 (b"Comment=", comment)):
            if attribute is not None:
                parts.append(label + octets(attribute, "cookie attribute"))
        if secure:
            parts.append(b"Secure")
        if httponly:
            parts.append(b"HttpOnly")
        self.headers.append("Set-Cookie", b"; ".join(parts))

    def unset_cookie(self, name: Union[str, bytes]) -> None:
        """Removes the Set-Cookie fields that set the cookie of this name."""
        start = isomorphic_encode(name) + b"="
        fields = self.headers.get("Set-Cookie")
        if fields:
            del self.headers["Set-Cookie"]
            for field in fields:
                if not field.startswith(start):
                    self.headers.append("Set-Cookie", field)

    def delete_cookie(self, name: Union[str, bytes],
                      path: Union[str, bytes, None] = "/",
                      domain: Union[str, bytes, None] = None) -> None:
        """Adds a Set-Cookie field that makes the client forget the cookie."""
        self.set_cookie(name, None, path=path, domain=domain)

    # Errors.

    def set_error(self, code: int,
                  message: Union[str, bytes, BaseException, None] = ""
                  ) -> None:
        """Turns the response into an error: sets the status, and the JSON
        content {"error": {"code": code, "message": message}} with its fields.

        code: 100 to 999.  message: text; "" stands for the reason phrase of
        the status, and an HTTPException for its code and message.
        """
        if isinstance(message, BaseException):
            code = getattr(message, "code", code)
            message = getattr(message, "message", str(message))
        if isinstance(message, bytes):
            message = message.decode("utf-8", "replace")
        code = status_code(code)
        self._status = code, None
        if not message:
            message = response_codes.get(code, ("", ""))[0]
        content = json.dumps(
            {"error": {"code": code, "message": str(message)}})
        self._headers = ResponseHeaders(
            [("Content-Type", "application/json"),
             ("Content-Length", len(content))])
        self.content = content

    # Sending.

    def iter_content(self, read_file: bool = False) -> Iterator[Any]:
        """Iterates over the pieces of the content, text or bytes.

        A callable is called, and its result is the piece.  read_file: whether
        a file is read, and its whole content is a piece; else the file itself
        is a piece.  TypeError if the content is of no kind that can be sent.
        """
        # The content that is set now, also if a script sets another one before
        # the first piece is taken.
        return self._items(self._content, read_file)

    def _items(self, content: Any, read_file: bool) -> Iterator[Any]:
        if isinstance(content, str):
            yield content.encode(self.encoding)
        elif isinstance(content, (bytes, bytearray, memoryview)):
            yield bytes(content)
        elif hasattr(content, "read"):
            yield content.read() if read_file else content
        elif isinstance(content, dict) or not _is_iterable(content):
            raise content_error("content", content)
        else:
            for item in content:
                value = item() if callable(item) else item
                if value:
                    yield value

    def write_status_headers(self) -> None:
        """Sends the status and the fields as they stand, with names in lower
        case.  ProtocolError if the state of the stream forbids it.
        """
        self.writer._write_own_headers(self.headers, self._status[0])

    def write_content(self) -> None:
        """Sends the content, with END_STREAM at its end.  In answer to HEAD it
        sends nothing, unless send_body_for_head_request is set.
        """
        if (self.request.method == "HEAD"
                and not self.send_body_for_head_request):
            return
        held: Any = None
        for item in self.iter_content():
            if held is not None:
                self.writer.write_data(held)
            held = item
        if held is not None:
            self.writer.write_data(held, last=True)

    def write(self) -> None:
        """Sends the whole response: `write_status_headers`, then
        `write_content`.
        """
        self.write_status_headers()
        self.write_content()

    def _ready_body(self) -> Optional[bytes]:
        # Returns the content as bytes if no code of the script needs to run
        # for that: it is text, bytes or a list of them.  Returns None if the
        # content must be iterated over or read.  Raises TypeError if it is of
        # no kind that can be sent.
        content = self._content
        kind = type(content)
        if kind is bytes:
            ready: bytes = content
            return ready
        if kind is str:
            body: bytes = content.encode(self.encoding)
            return body
        if isinstance(content, (bytes, bytearray, memoryview)):
            return bytes(content)
        if isinstance(content, str):
            return content.encode(self.encoding)
        if kind is tuple or kind is list:
            parts: List[bytes] = []
            for item in content:
                if isinstance(item, str):
                    parts.append(item.encode(self.encoding))
                elif isinstance(item, (bytes, bytearray, memoryview)):
                    parts.append(bytes(item))
                elif item and not callable(item) and not hasattr(
                        item, "read"):
                    raise content_error("an item of the content", item)
                else:
                    return None
            return b"".join(parts)
        if isinstance(content, dict) or not (
                hasattr(content, "read") or _is_iterable(content)):
            raise content_error("content", content)
        return None

    def _wire_fields(self) -> List[Tuple[bytes, ...]]:
        # Returns the field section: :status, and the fields of `headers`.
        code = self._status[0]
        status = _statuses.get(code) or (b":status", b"%d" % code)
        if self._headers is None:
            return [status]
        fields: List[Tuple[Any, ...]]
        fields, dropped = self._headers._wire(status)
        if dropped:
            log_dropped(dropped, "warn")
        return fields

    def _body(self) -> Optional[bytes]:
        # Returns the same as `_ready_body`, but b"" in answer to HEAD
        # (RFC 9110 §9.3.2), unless send_body_for_head_request is set.
        if (self.request.method == "HEAD"
                and not self.send_body_for_head_request):
            return b""
        return self._ready_body()

    def _send(self, fields: List[Tuple[bytes, ...]], body: Optional[bytes],
              end: bool = True) -> bool:
        # Sends a whole response: fields as they stand, also if they break a
        # rule, and body; if body is None, each piece of the content when it is
        # produced.  Returns False, and sends nothing, if HEADERS have been
        # sent already.
        #
        # end: whether END_STREAM ends the response.  Raises ValueError if the
        # status is not a final one.
        if self._status[0] < 200:
            raise ValueError("status %d: a final status is 200 to 999; "
                             "writer.write_informational sends others"
                             % self._status[0])
        write = self._exchange.write
        sent = write("response", 0, fields, body or b"",
                     AS_IT_STANDS | END_STREAM if end and body is not None
                     else AS_IT_STANDS)
        if sent & AS_IT_STANDS:
            log_faults(self._exchange, fields, self._origins)
        if not sent:
            return False
        length = self._send_content(end) if body is None else len(body)
        if self._headers is not None and b"content-length" in (
                self._headers.data) and end:
            self._check_length(length)
        return True

    def _send_content(self, end: bool) -> int:
        # Sends each piece of the content when it is produced.  Returns how
        # many octets the content had.
        write = self._exchange.write
        if type(self._content) is FilePart:
            self._send_part(self._content, end)
            return self._content.length
        length = 0
        for item in self.iter_content():
            part = file_part(item)
            if part is not None:
                self._send_part(part, False)
                length += part.length
                continue
            if hasattr(item, "read"):
                pieces = self._file_chunks(item)
            elif isinstance(item, str):
                pieces = iter((item.encode(self.encoding),))
            elif isinstance(item, (bytes, bytearray, memoryview)):
                pieces = iter((bytes(item),))
            else:
                raise content_error("an item of the content", item)
            for piece in pieces:
                write("data", 0, (), piece)
                length += len(piece)
        if end:
            write("data", 0, (), b"", END_STREAM)
        return length

    def _check_length(self, length: int) -> None:
        # Logs each content-length that differs from length.  Responses to HEAD
        # and with status 304 may lack the content that content-length is about
        # (RFC 9110 §8.6).
        if length == 0 and (self.request.method == "HEAD"
                            or self._status[0] == 304):
            return
        for _, value in self.headers.data[b"content-length"]:
            value = value.strip(b" \t")
            if value.isdigit() and value.lstrip(b"0") != (
                    b"%d" % length).lstrip(b"0"):
                log_fault(self._exchange, (b"content-length", value),
                          "content-length %s of a content of %d octets "
                          "(RFC 9113 8.1.1)" % (shown(value), length),
                          self._origins)

    def _send_part(self, part: FilePart, end: bool) -> None:
        # Sends the octets of a file, read from its descriptor.
        fd, offset, left = part.fileno(), part.offset, part.length
        while True:
            data = os.pread(fd, left if left <= CHUNK else FILE_CHUNK, offset)
            if left and not data:
                raise ProtocolError("the file is shorter than announced")
            offset += len(data)
            left -= len(data)
            self._exchange.write("data", 0, (), data,
                                 0 if left or not end else END_STREAM)
            if not left:
                return

    def _file_chunks(self, source: Any) -> Iterator[bytes]:
        """Yields the rest of a binary or text file in pieces."""
        while True:
            chunk = source.read(CHUNK)
            if not chunk:
                return
            yield chunk.encode(self.encoding) if isinstance(
                chunk, str) else chunk


def _is_iterable(content: Any) -> bool:
    return hasattr(content, "__iter__")


def content_error(what: str, value: Any) -> TypeError:
    """Returns the error for a value that cannot be sent as content.

    what: the name of the value in the error's text.
    """
    if isinstance(value, dict):
        # As an iterable, a dictionary would give its keys.
        return TypeError("%s is a dictionary; for JSON use "
                         "h2rig.handlers.json_handler, or json.dumps: %r"
                         % (what, value))
    return TypeError(
        "%s must be text, bytes, a file, or an iterable of text, bytes or "
        "callables, not %s: %r" % (what, type(value).__name__, value))


def _expires(when: Union[str, bytes, datetime.datetime, datetime.timedelta]
             ) -> bytes:
    if isinstance(when, datetime.timedelta):
        when = datetime.datetime.now(datetime.timezone.utc) + when
    if isinstance(when, datetime.datetime):
        if when.tzinfo is not None:
            when = when.astimezone(datetime.timezone.utc)
        # Without strftime, whose names follow the locale.
        when = "%s, %02d %s %04d %02d:%02d:%02d GMT" % (
            _days[when.weekday()], when.day, _months[when.month - 1],
            when.year, when.hour, when.minute, when.second)
    return octets(when, "expires of a cookie")
