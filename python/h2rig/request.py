# SPDX-License-Identifier: MIT
"""The request, which is an argument of a script's functions."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple
from urllib.parse import SplitResult, urlsplit

from h2rig.connection import Connection, Server, connection
from h2rig.errors import HTTPException, StreamClosedError
from h2rig.frames import FrameList, RequestData
from h2rig.headers import MultiDict, RequestHeaders
from h2rig.server import forms
from h2rig.server.body import BodyStore, RawInput, storing
from h2rig.server.config import options
from h2rig.server.forms import Authentication, Cookies, CookieValue, Upload

__all__ = ["Authentication", "CookieValue", "Cookies", "RawInput", "Request",
           "Server", "Upload"]


class _Lazy:
    # An attribute whose value is made on first access.  A script may assign it
    # like any other attribute.

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __repr__(self) -> str:
        return "<made when it is first asked for>"      # for pydoc

    def __get__(self, request: Any, owner: Any = None) -> Any:
        if request is None:
            return self
        value = request.__dict__[self._name] = self._make(request)
        return value


class Request:
    """A request.  The server makes it when the request's HEADERS have come.

    Names and values that the client has sent are `Value`s: bytes that equal
    their Latin-1 text.

    method: str.  request_path: str, the path with its query, as sent.
    route_match: a dict of str, with the parts of the path that the pattern of
    the route has matched.
    """

    # Most attributes are made on first access, since few scripts need many of
    # them, and the server makes some ten thousand requests a second.


    #: For handlers written for HTTP/1; HTTP/2 has no request line.
    request_line = ""
    url_base = "/"
    protocol_version = "HTTP/2.0"

    route_match: Dict[str, str]
    _all_fields: Optional[List[Tuple[bytes, bytes]]] = None
    _headers: Optional[RequestHeaders] = None
    _store: Optional[BodyStore] = None
    _trailers: Optional[RequestHeaders] = None
    _server: Optional[Server] = None
    _raw_headers: Any = None
    _raw_input: Any = None
    _url: Any = None
    _url_parts: Any = None
    _GET: Any = None
    _POST: Any = None
    _cookies: Any = None
    _auth: Any = None

    def __init__(self, runner: Any, exchange: Any, method: str, path: str,
                 ended: bool) -> None:
        self._runner = runner
        self._exchange = exchange
        self.method = method
        self.request_path = path
        self._ended = self._bare = ended

    def __repr__(self) -> str:
        return "<Request %s %s>" % (self.method, self.url)

    # Origin and target.

    @property
    def doc_root(self) -> str:
        """The absolute path of the document root."""
        return options.doc_root

    @property
    def path(self) -> str:
        """The path as sent, without its query."""
        path = self.request_path
        return path.partition("?")[0] if "?" in path else path

    @_Lazy
    def scheme(self) -> Optional[str]:
        """The :scheme pseudo-header field, or None without one."""
        return self._pseudo(b":scheme")

    @_Lazy
    def h2_stream_id(self) -> int:
        """The stream's identifier (RFC 9113 §5.1.1)."""
        number: int = self._exchange.id
        return number

    @property
    def connect_authority(self) -> Optional[str]:
        """The host and port that CONNECT asks for (RFC 9113 §8.5).  None for
        other methods, and for an extended CONNECT, which has a path.
        """
        if self.method == "CONNECT" and not self.request_path:
            return self._pseudo(b":authority")
        return None

    @property
    def url(self) -> str:
        """The absolute URL, https://AUTHORITY/PATH?QUERY."""
        if self._url is None:
            authority = self._pseudo(b":authority")
            if authority is None:
                authority = self.headers.get(b"host", b"").decode("latin-1")
            if not authority:
                authority = "localhost:%d" % connection.server_port
            path = self.request_path
            if not path.startswith("/"):
                # The target is "*" (OPTIONS), or there is no path (CONNECT).
                path = "/" + path if path else ""
            self._url = "%s://%s%s" % (options.scheme, authority, path)
        url: str = self._url
        return url

    @url.setter
    def url(self, value: str) -> None:
        self._url = value
        self._url_parts = None

    @property
    def url_parts(self) -> SplitResult:
        """The parts of the URL, by `urllib.parse.urlsplit`.  ValueError if the
        authority that the client sent is malformed.
        """
        if self._url_parts is None:
            self._url_parts = urlsplit(self.url)
        parts: SplitResult = self._url_parts
        return parts

    @property
    def connection(self) -> Connection:
        """The connection, an object that all requests of it share."""
        return connection

    @property
    def client_address(self) -> Tuple[str, int]:
        """The (address, port) of the client."""
        return connection.client_address

    @property
    def server(self) -> Server:
        """The `config` and the `stash` of the server."""
        if self._server is None:
            self._server = Server(self.path)
        return self._server

    # Frames and field sections.

    @_Lazy
    def frames(self) -> FrameList:
        """The HEADERS frame, and the DATA frames received so far."""
        return FrameList(self._exchange, self._bare)

    @property
    def _received(self) -> List[Tuple[bytes, bytes]]:
        # The field section as received.
        if self._all_fields is None:
            self._all_fields = self._exchange.fields()
        return self._all_fields

    def _pseudo(self, name: bytes) -> Optional[str]:
        for key, value in self._received:
            # Pseudo-header fields come first (RFC 9113 §8.3).
            if key[:1] != b":":
                break
            if key == name:
                return value.decode("latin-1")
        return None

    @property
    def headers(self) -> RequestHeaders:
        """The field section, by case-insensitive name."""
        if self._headers is None:
            self._headers = RequestHeaders(self._received)
        return self._headers

    @property
    def raw_headers(self) -> Dict[str, str]:
        """The field section as a plain dict of text.

        Names are in lower case, those of pseudo-header fields without colon.
        The values of several fields of a name are joined as in `headers`.
        """
        if self._raw_headers is None:
            self._raw_headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in self.headers.iteritems()}
        raw: Dict[str, str] = self._raw_headers
        return raw

    @property
    def trailers(self) -> RequestHeaders:
        """The trailer fields; empty until the client has sent them."""
        if self._trailers is None:
            return RequestHeaders()
        return self._trailers

    @property
    def priority(self) -> Tuple[int, bool]:
        """The current (urgency, incremental) of the request, RFC 9218 §4.

        They are from the `priority` field or the last PRIORITY_UPDATE, and
        (3, False) without either.  urgency: 0, the most urgent, to 7.
        """
        value: Tuple[int, bool] = self._exchange.priority
        return value

    @property
    def GET(self) -> MultiDict:
        """The names and values of the query.  HTTPException 400 if there are
        too many (--max-parameters).
        """
        if self._GET is None:
            query = self.request_path.partition("?")[2].partition("#")[0]
            self._GET = forms.parse_urlencoded(query.encode("latin-1"), 400)
        form: MultiDict = self._GET
        return form

    @property
    def cookies(self) -> Cookies:
        """The cookies; if several have the same name, `[]` returns the last.
        HTTPException 400 if there are too many (--max-parameters).
        """
        if self._cookies is None:
            self._cookies = forms.parse_cookies(
                self.headers.get("cookie", b""))
        cookies: Cookies = self._cookies
        return cookies

    @property
    def auth(self) -> Authentication:
        """The Basic credentials (RFC 7617): `username` and `password`, each a
        `Value`, or None if the request has no credentials.
        """
        if self._auth is None:
            self._auth = Authentication(
                self.headers.get("authorization"))
        auth: Authentication = self._auth
        return auth

    # Content.  Reading content that has not come yet waits for it; reading
    # content that could not be stored raises HTTPException (413, 503).

    @property
    def body(self) -> bytes:
        """All of the content; waits until it has come.  StreamClosedError if
        the client leaves meanwhile; HTTPException 413 or 503 if the content
        could not be stored.
        """
        if not self._ended:
            self._pull(None)
        return b"" if self._store is None else self._store.whole()

    @property
    def raw_input(self) -> RawInput:
        """The content as a binary file.  Reading waits for content that has
        not come yet, and raises the exceptions of `body`.
        """
        if self._raw_input is None:
            self._raw_input = RawInput(self._body_store, self._pull,
                                       self._content_length)
        raw: RawInput = self._raw_input
        return raw

    @property
    def POST(self) -> MultiDict:
        """The fields of a form, urlencoded or multipart; waits for the whole
        content.  Files are `Upload`s, the other values are `Value`s.

        HTTPException 400 for a malformed form, 413 for a form with too many
        fields (--max-parameters); also the exceptions of `body`.
        """
        if self._POST is None:
            if not self._ended:
                self._pull(None)
            self._POST = self._parse_form()
        form: MultiDict = self._POST
        return form

    def _parse_form(self) -> MultiDict:
        default = (b"application/x-www-form-urlencoded"
                   if self.method == "POST" else b"")
        kind, parameters = forms.parse_parameters(
            self.headers.get("content-type", default))
        if kind == b"application/x-www-form-urlencoded":
            return forms.parse_urlencoded(self.body)
        if kind != b"multipart/form-data":
            return MultiDict()
        if not parameters.get(b"boundary"):
            raise HTTPException(400, "multipart/form-data without a boundary")
        try:
            return forms.parse_multipart(self._body_store,
                                         parameters[b"boundary"])
        except ValueError as e:
            raise HTTPException(400, str(e)) from None

    def _content_length(self) -> int:
        value = self.headers.get("content-length", b"")
        if value.isdigit():
            return int(value)
        self._pull(None)
        return self._body_store.length

    @property
    def _body_store(self) -> BodyStore:
        # The store of the content received so far.
        if self._store is None:
            with storing:       # another thread may be about to fill one
                if self._store is None:
                    self._store = BodyStore()
        return self._store

    def _pull(self, size: Optional[int]) -> None:
        # Takes events until size octets are stored (None: all of the content).
        store = self._body_store
        store.check()
        while not self._ended and (size is None or store.length < size):
            runner = self._runner   # the handler thread may end the request
            if runner is None:
                raise StreamClosedError("the request's stream is closed")
            runner.pull(size)
            store.check()

    # For the server.

    def _rewritten(self, to: str) -> None:
        # Sets the path that a rewrite leads to.  The query of that path, if it
        # has one, comes before the query of the request.
        path, _, query = to.partition("?")
        own = self.request_path.partition("?")[2]
        query = "&".join(filter(None, (query, own)))
        self.request_path = path + "?" + query if query else path
        self._url = self._url_parts = None

    def _add_content(self, data: bytes, lengths: Sequence[int],
                     ended: bool) -> int:
        # Stores the content of DATA frames, adds the frames to `frames`, and
        # returns the offset of the content in the store.  lengths: for each
        # frame its octets of content, then its flow-controlled length.
        store = self._store
        if store is None:
            store = self._body_store
        offset = store.append(data)
        self.frames._add(store, offset, lengths, ended)
        self._ended = ended
        return offset

    def _data_frame(self, data: Optional[bytes], offset: int, size: int,
                    flow_length: int) -> RequestData:
        # Returns the frame that `_add_content` has just added, for
        # handle_data.
        return RequestData(self._exchange.id, self._store, offset,
                           size, flow_length, self._ended, data)

    def _add_trailers(self, fields: List[Tuple[bytes, bytes]]) -> None:
        # Notes that the request has ended with these trailer fields.
        self._trailers = RequestHeaders(fields)
        self._ended = True

    def _release(self) -> None:
        # Ends the request: drops objects that refer back to it, so that a
        # large body is freed with the last reference to the request.
        self._runner = self._raw_input = self._server = None
