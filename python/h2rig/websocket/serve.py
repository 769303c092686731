# SPDX-License-Identifier: MIT
"""The opening handshake of a WebSocket (RFC 8441), and the script that
handles it.

`dispatch` calls `serve` for a CONNECT with `:protocol` websocket.  The script
is below `options.ws_docroot`, or below the document root if that is not set.
It is executed once in a connection's process, and again when its file has
changed.
"""

import os
import threading
from typing import (Any, Callable, Dict, Iterator, List, Mapping, Optional,
                    Tuple, Union)

import _h2rig

from h2rig import stash
from h2rig.errors import (H2Error, HTTPException, ServerStoppingError,
                          StreamClosedError)
from h2rig.headers import checked_fields
from h2rig.server import codecache, files, names, scripts
from h2rig.server.config import options
from h2rig.server.isomorphic import octets
from h2rig.server.literal import LiteralReader
from h2rig.websocket.extensions import (ExtensionParameter,
                                        PerMessageDeflateExtensionProcessor,
                                        format_extensions, parse_extensions)
from h2rig.websocket.stream import (STATUS_INTERNAL_ENDPOINT_ERROR,
                                    STATUS_NORMAL_CLOSURE,
                                    STATUS_UNSUPPORTED_DATA,
                                    ConnectionTerminatedException,
                                    InvalidFrameException,
                                    InvalidUTF8Exception,
                                    ServerStoppingException,
                                    UnsupportedFrameException, WebSocketStream)
from h2rig.writer import END_STREAM

__all__ = ["AbortedByUserException", "HandshakeException", "Tunnel",
           "VersionException", "WebSocketRequest", "is_websocket", "serve"]

CANCEL = 0x8

#: The path with this ending is the name of the script's file.
ENDING = "_wsh.py"

Field = Tuple[bytes, bytes]


class HandshakeException(Exception):
    """Raise it to refuse a handshake: the client gets this HTTP status.

    name: text of the response's JSON content.  status: 200 to 999; None: 400.
    """

    def __init__(self, name: str, status: Optional[int] = 400) -> None:
        super().__init__(name)
        self.name = name
        self.status = 400 if status is None else status


class VersionException(HandshakeException):
    """The Sec-WebSocket-Version is not 13.

    supported_versions: the value of Sec-WebSocket-Version in the response.
    """

    def __init__(self, name: str, supported_versions: str = "13") -> None:
        super().__init__(name, 400)
        self.supported_versions = supported_versions


class AbortedByUserException(Exception):
    """Raise it to leave a handler's function; the server sends nothing more.
    During the handshake, what the function has written to
    `request.connection` is the response.
    """


class TextHeaders(Mapping[str, str]):
    """`request.headers_in`: a read-only mapping of case-insensitive name to
    value, Latin-1 text.
    """

    def __init__(self, headers: Any) -> None:
        self._headers = headers

    def __getitem__(self, name: Any) -> str:
        value: str = self._headers[name].decode("latin-1")
        return value

    def __contains__(self, name: Any) -> bool:
        return name in self._headers

    def __iter__(self) -> Iterator[str]:
        for name in self._headers:
            yield name.decode("latin-1")

    def __len__(self) -> int:
        return len(self._headers)

    def get_all(self, name: Any, default: Any = None) -> Any:
        """The list of the values of a name, or default if there are none."""
        values = self._headers.get_list(name, None)
        if values is None:
            return default
        return [value.decode("latin-1") for value in values]


class Tunnel:
    """`request.connection`: the octets beneath the WebSocket."""

    def __init__(self, runner: Any) -> None:
        self._runner = runner
        self._exchange = runner.exchange
        self._unread = b""
        #: what the handler has written before the handshake was answered
        self.written = b""

    @property
    def remote_addr(self) -> Tuple[str, int]:
        """(host, port) of the client."""
        address: Tuple[str, int] = self._runner.request.client_address
        return address

    def write(self, data: Union[str, bytes]) -> None:
        """Sends octets as they are; text is Latin-1.

        Before the handshake has been answered the octets are kept.  When the
        handler's function has ended, an HTTP/1 response in them is sent as
        HTTP/2, instead of the handshake's response.  Raises
        ConnectionTerminatedException if the client has left.
        """
        data = octets(data, "what is written")
        if not self._exchange.headers_sent:
            self.written += data
            return
        try:
            self._exchange.write("data", 0, (), data)
        except StreamClosedError as e:
            raise ConnectionTerminatedException(str(e)) from None

    def receive(self) -> bytes:
        """Waits for octets and returns all that have come, at least one; b""
        if the client has ended the stream.

        Raises ConnectionTerminatedException if the client has left, and
        ServerStoppingException if the server stops and nothing has come.
        """
        if self._unread:
            data, self._unread = self._unread, b""
            return data
        request = self._runner.request
        while not request._ended:
            with self._runner.storing:
                event = self._runner.next_event()
                moves = self._exchange.moves
            if event is None:
                request._ended = not self._wait(moves)
            elif event[0] == _h2rig.EVENT_DATA:
                _, data, lengths, request._ended, _ = event
                self._exchange.consume(lengths[1])
                if data:
                    octets_read: bytes = data
                    return octets_read
            else:
                request._ended = True
        return b""

    def _wait(self, moves: int) -> bool:
        # Returns whether more octets may come.
        try:
            more: bool = self._exchange.wait(moves, True)
            return more
        except ServerStoppingError as e:
            raise ServerStoppingException(str(e)) from None
        except StreamClosedError as e:
            raise ConnectionTerminatedException(str(e)) from None

    def read(self, length: int = -1) -> bytes:
        """Waits for length octets and returns them; returns fewer only if the
        client has ended the stream.  A negative length means all octets until
        then.  Raises what `receive` raises.
        """
        parts: List[bytes] = []
        size = 0
        while length < 0 or size < length:
            data = self.receive()
            if not data:
                break
            parts.append(data)
            size += len(data)
        whole = b"".join(parts)
        if 0 <= length < len(whole):
            whole, self._unread = whole[:length], whole[length:]
        return whole


class WebSocketRequest:
    """The argument of a handler's functions.  The server makes it.

    uri (str): path with query.  headers_in: `TextHeaders`.  connection:
    `Tunnel`.  ws_stream: `WebSocketStream`, once the handshake is answered.
    request: the `h2rig.request.Request`.  ws_origin: str or None.
    ws_requested_protocols (list of str), ws_requested_extensions (list of
    `ExtensionParameter`): what the client offers, or None.

    For `web_socket_do_extra_handshake` to set: ws_protocol (str), the
    subprotocol; status (int), headers_out (dict) and extra_headers ((name,
    value) pairs) of the response; ws_extension_processors, a list with one
    processor for each extension to accept.  on_ping_handler, on_pong_handler:
    functions (request, bytes), or None.

    ws_close_code (int), ws_close_reason (str): of the client's Close frame.
    client_terminated: whether a Close frame was received.  server_terminated:
    whether one was sent.
    """

    ws_version = 13
    protocol = "HTTP/2"

    def __init__(self, runner: Any, handler: "Handler") -> None:
        request = runner.request
        self._handler = handler
        self.request = request
        self.server = request.server
        self.method = request.method
        self.uri = self.unparsed_uri = self.ws_resource = (
            request.request_path)
        self.headers_in = TextHeaders(request.headers)
        self.connection = Tunnel(runner)
        self.ws_origin = self.headers_in.get("origin")
        self.ws_requested_protocols = _tokens(
            self.headers_in.get("sec-websocket-protocol"))
        self.ws_protocol: Any = None
        self.ws_requested_extensions = self._extensions()
        self.ws_extension_processors: List[Any] = [
            PerMessageDeflateExtensionProcessor(e)
            for e in self.ws_requested_extensions or ()
            if e.name() == PerMessageDeflateExtensionProcessor.NAME]
        self.ws_extensions: Optional[List[ExtensionParameter]] = None
        self.status = 200
        self.headers_out: Dict[Any, Any] = {}
        self.extra_headers: List[Tuple[Any, Any]] = []
        self.ws_stream: Optional[WebSocketStream] = None
        self.ws_close_code: Optional[int] = None
        self.ws_close_reason: Optional[str] = None
        self.client_terminated = self.server_terminated = False
        self.on_ping_handler: Optional[Callable[..., Any]] = None
        self.on_pong_handler: Optional[Callable[..., Any]] = None

    def _extensions(self) -> Optional[List[ExtensionParameter]]:
        value = self.headers_in.get("sec-websocket-extensions")
        if value is None:
            return None
        try:
            return parse_extensions(value)
        except ValueError as e:
            raise HandshakeException(str(e)) from None

    @property
    def remote_host(self) -> str:
        """The client's address."""
        return self.connection.remote_addr[0]

    def is_https(self) -> bool:
        """Whether the connection has TLS."""
        return options.scheme == "https"

    def passive_closing_handshake(self) -> Tuple[Optional[int], str]:
        """Returns (code, reason) for the answer to the client's Close frame:
        what `web_socket_passive_closing_handshake` returns, or code 1000.
        """
        function = self._handler.passive_closing_handshake
        if function is None:
            return STATUS_NORMAL_CLOSURE, ""
        answer = function(self)
        if not isinstance(answer, tuple) or len(answer) != 2:
            raise TypeError("web_socket_passive_closing_handshake returned "
                            "%r; expected (code, reason)" % (answer,))
        code, reason = answer
        return code, reason


def _tokens(value: Optional[str]) -> Optional[List[str]]:
    # Parses a list of tokens (RFC 9110 §5.6.1).
    if value is None:
        return None
    return [t for t in (part.strip() for part in value.split(",")) if t]


# Handlers.

class Handler:
    """A script's functions."""

    def __init__(self, namespace: Dict[str, Any], path: str) -> None:
        get = namespace.get
        self.do_extra_handshake: Any = get("web_socket_do_extra_handshake")
        self.transfer_data: Any = get("web_socket_transfer_data")
        self.passive_closing_handshake: Any = get(
            "web_socket_passive_closing_handshake")
        for name in ("do_extra_handshake", "transfer_data"):
            if not callable(getattr(self, name)):
                raise HTTPException(500, "no web_socket_%s in script %s%s" % (
                    name, path, names.near_miss(
                        namespace, ("web_socket_" + name,))))


_handlers: Dict[str, Tuple[Tuple[int, ...], Handler]] = {}
#: guards changes of _handlers; not held while a script runs
_handlers_lock = threading.Lock()


def find(path: str) -> Handler:
    """Returns the handler for a request's path, given as it was sent.  Raises
    HTTPException 404 or 500.
    """
    decoded = files.decode_path(path)
    if decoded is None:
        raise HTTPException(404, "Not Found")
    place = files.locate(decoded + ENDING, options.ws_docroot or None)
    name = place.path
    try:
        source, status = files.open_file(place, script=True)
    except HTTPException as e:
        raise HTTPException(e.code, _why_not(path, e)) from None
    with source:
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = _handlers.get(name)
        if known is not None and known[0] == stamp:
            return known[1]
        code = codecache.compiled(source, name)
    names.warn_of_code(code, names.WEBSOCKET)
    namespace = {"__file__": name,
                 "__name__": os.path.basename(name)[:-len(".py")]}
    exec(code, namespace)
    handler = Handler(namespace, name)
    with _handlers_lock:
        # Several streams may load a script at once: all get the first handler.
        known = _handlers.get(name)
        if known is None or known[0] != stamp:
            known = _handlers[name] = stamp, handler
    return known[1]


def _why_not(path: str, e: HTTPException) -> Optional[str]:
    # Returns the message of e.  Browsers do not show a response that refuses a
    # WebSocket, so a script's author looks for the reason in the log.
    text = e.message
    if path.endswith(ENDING):
        text = "%s: the URL of a WebSocket script is that of its file "\
            "without %s, %s" % (text, ENDING, path[:-len(ENDING)])
        _h2rig.log("warn", "CONNECT %s: %s" % (path, text))
    return text


# A request.

def is_websocket(request: Any) -> bool:
    """Returns whether a request is an extended CONNECT for a WebSocket (RFC
    8441 §5).
    """
    return (request.method == "CONNECT"
            and (b":protocol", b"websocket") in request._received)


def serve(runner: Any) -> None:
    """Handles a WebSocket from its handshake until the server ends its side.
    """
    exchange = runner.exchange
    request = _handshake(runner)
    # The runner reads and drops what the client sends from now on, except what
    # the tunnel takes before.
    runner.dropping = True
    if request is None:
        return
    try:
        exchange.call("web_socket_transfer_data", _transfer, runner, request)
        stash.release_lock()
        if not exchange.ended:
            exchange.write("data", 0, (), b"", END_STREAM)
    except BaseException as e:
        runner.failed(e, "web_socket_transfer_data")


def _handshake(runner: Any) -> Optional[WebSocketRequest]:
    # Answers the request and returns what the handler gets; None if the
    # handshake was refused.
    exchange = runner.exchange
    name = "(load)"
    function = None
    try:
        from h2rig.websocket import framing
        if not framing.available:
            _h2rig.log("error", "WebSockets need the Python package wsproto "
                       "(Debian: python3-wsproto), which is not installed")
            raise HTTPException(501, "WebSockets are not available: the "
                                "server has no wsproto")
        _check_version(runner.request)
        handler = exchange.call(name, find, runner.request.path)
        request = WebSocketRequest(runner, handler)
        name = "web_socket_do_extra_handshake"
        aborted = False
        try:
            function = handler.do_extra_handshake
            exchange.call(name, function, request)
        except AbortedByUserException:
            aborted = True
        name = "(handshake)"
        if aborted or request.connection.written:
            _answer_by_hand(runner, request.connection.written)
            return None
        _check_subprotocol(request)
        extensions = _choose_extensions(request)
        exchange.write("headers", 0, _response_fields(request))
        request.ws_stream = WebSocketStream(request, extensions)
        return request
    except BaseException as e:
        _refuse(runner, e, name, function)
    finally:
        stash.drop_lock()
    return None


def _answer_by_hand(runner: Any, written: bytes) -> None:
    # Sends the HTTP/1 response that a handler has written.
    exchange = runner.exchange
    literal = LiteralReader()
    if not literal.feed(written):
        literal.finish()
    status = literal.status
    if status == 101:
        status = 200        # means the same in HTTP/2 (RFC 8441 §5)
    if status is None or status < 200:
        runner.log("debug", "(handshake)", "no response: %r" % written)
        # In HTTP/1, the TCP connection would be aborted (RFC 8441 §5).
        exchange.write("reset", 0, (), b"", 0, CANCEL)
        return
    exchange.write(
        "headers", 0,
        checked_fields([(":status", status)] + literal.fields)[0],
        literal.rest, END_STREAM)


def _check_version(request: Any) -> None:
    version = request.headers.get("sec-websocket-version")
    if version is None:
        raise HandshakeException("no Sec-WebSocket-Version (RFC 6455 §4.1)")
    if version != b"13":
        raise VersionException("Sec-WebSocket-Version %s, not 13"
                               % version.decode("latin-1"))


def _check_subprotocol(request: WebSocketRequest) -> None:
    # As in pywebsocket, the server must choose a subprotocol if the client
    # offers any (RFC 6455 §4.2.2 lets it choose none).
    if request.ws_requested_protocols is None:
        if request.ws_protocol is not None:
            raise HandshakeException(
                "ws_protocol is %r, and the client has asked for no "
                "subprotocol" % (request.ws_protocol,))
    elif request.ws_protocol is None:
        raise HandshakeException(
            "ws_protocol is None: expected one of the subprotocols that the "
            "client has asked for, %s"
            % ", ".join(request.ws_requested_protocols))


def _choose_extensions(request: WebSocketRequest) -> List[Any]:
    # Accepts the first offer that can be accepted (RFC 7692 §5).
    for processor in request.ws_extension_processors:
        response = processor.get_extension_response()
        if response is not None:
            request.ws_extensions = [response]
            return [processor.extension]
    return []


def _response_fields(request: WebSocketRequest) -> List[Tuple[Any, ...]]:
    # RFC 8441 §5.1: a 2xx status; no Sec-WebSocket-Accept.
    fields: List[Tuple[Any, Any]] = [(":status", request.status)]
    if request.ws_protocol is not None:
        fields.append(("sec-websocket-protocol", request.ws_protocol))
    if request.ws_extensions:
        fields.append(("sec-websocket-extensions",
                       format_extensions(request.ws_extensions)))
    return checked_fields(fields + list(request.headers_out.items())
                          + list(request.extra_headers),
                          "headers_out and extra_headers")[0]


def _refuse(runner: Any, e: BaseException, name: str,
            function: Any) -> None:
    # Answers the request: its handshake has raised e.
    scripts.note(e)
    if isinstance(e, VersionException):
        runner.response.headers.set("Sec-WebSocket-Version",
                                    e.supported_versions)
        runner.log("debug", name, str(e))
        try:
            runner.response.status = e.status
            runner.exchange.write("headers", 0, runner.response._wire_fields(),
                                  b"", END_STREAM)
        except H2Error as again:
            runner.failed(again, name)
        return
    if isinstance(e, HandshakeException):
        e = HTTPException(e.status, e.name)
    elif name == "web_socket_do_extra_handshake" and not isinstance(
            e, (HTTPException, StreamClosedError)):
        # As scripts for pywebsocket expect, any exception is a refusal.
        e = HTTPException(403, runner.describe(e, name, function)[1])
    runner.failed(e, name)


def _transfer(runner: Any, request: WebSocketRequest) -> None:
    # Runs the handler's function, then closes the WebSocket if still open.
    stream = request.ws_stream
    assert stream is not None
    try:
        try:
            request._handler.transfer_data(request)
            stream.close_connection()
        except (AbortedByUserException, ConnectionTerminatedException):
            raise
        except (InvalidFrameException, InvalidUTF8Exception) as e:
            runner.log("info", "web_socket_transfer_data",
                       "%s: %s" % (type(e).__name__, e))
            stream.close_connection(e.code, wait_response=False)
        except UnsupportedFrameException as e:
            runner.log("info", "web_socket_transfer_data", str(e))
            stream.close_connection(STATUS_UNSUPPORTED_DATA)
        except BaseException as e:
            scripts.note(e)
            runner.describe(e, "web_socket_transfer_data",
                            request._handler.transfer_data)
            stream.close_connection(STATUS_INTERNAL_ENDPOINT_ERROR)
    except (AbortedByUserException, ConnectionTerminatedException,
            InvalidFrameException,
            InvalidUTF8Exception) as e:
        # Nothing more can be sent, or nothing more is to be sent.
        runner.log("debug", "web_socket_transfer_data",
                   "%s: %s" % (type(e).__name__, e))
