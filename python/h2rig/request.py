# SPDX-License-Identifier: MIT
"""The request that a script is given."""

from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple
from urllib.parse import SplitResult, urlsplit

from h2rig import stash
from h2rig.connection import Connection, connection
from h2rig.errors import HTTPException, StreamClosedError
from h2rig.frames import FrameList, RequestData
from h2rig.headers import MultiDict, RequestHeaders
from h2rig.server import forms
from h2rig.server.body import BodyStore, RawInput, storing
from h2rig.server.config import Config, options

__all__ = ["Request", "Server"]


class Server:
    """`request.server`: what is the same for all requests."""

    __slots__ = ("_request", "_stash")

    def __init__(self, request: "Request") -> None:
        self._request = request
        self._stash: Optional[stash.Stash] = None

    @property
    def config(self) -> Config:
        """Hosts, ports and paths, by web-platform-tests' names."""
        return options.settings

    @property
    def stash(self) -> stash.Stash:
        """The store shared by all connections; its default path is the
        request's.
        """
        if self._stash is None:
            self._stash = stash.Stash(self._request.path)
        return self._stash


class _Lazy:
    # An attribute that is made when it is first asked for, and that a script
    # may assign as if it had always been there.

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self._make = make
        self._name = make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, request: Any, owner: Any = None) -> Any:
        if request is None:
            return self
        value = request.__dict__[self._name] = self._make(request)
        return value


class Request:
    """A request, from its first HEADERS frame on.

    Values from the wire are bytes that equal their Latin-1 text
    (`h2rig.server.isomorphic.Value`).  Attributes are made when asked for: few
    scripts want many, and a request is made some ten thousand times a second.

    method: text.  request_path: path with query as sent.  route_match: dict.
    frames: what has come so far.  trailers: `RequestHeaders`, empty until the
    request has ended with some.
    """

    #: What HTTP/1 had in the request line.
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

    # Where from and where to.

    @property
    def doc_root(self) -> str:
        """The document root, absolute."""
        return options.doc_root

    @property
    def path(self) -> str:
        """request_path without its query, as sent."""
        path = self.request_path
        return path.partition("?")[0] if "?" in path else path

    @_Lazy
    def scheme(self) -> Optional[str]:
        """The :scheme pseudo-header field; None if there was none."""
        return self._pseudo(b":scheme")

    @_Lazy
    def h2_stream_id(self) -> int:
        """The stream's identifier (RFC 9113 §5.1.1)."""
        number: int = self._exchange.id
        return number

    @property
    def url(self) -> str:
        """Absolute: https://AUTHORITY/PATH?QUERY."""
        if self._url is None:
            authority = self._pseudo(b":authority")
            if authority is None:
                authority = self.headers.get(b"host", b"").decode("latin-1")
            if not authority:
                authority = "localhost:%d" % options.port
            path = self.request_path
            if not path.startswith("/"):
                # "*" of OPTIONS, or none at all (CONNECT).
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
        """`urllib.parse.urlsplit` of the URL.  ValueError if the client sent
        an authority that is none.
        """
        if self._url_parts is None:
            self._url_parts = urlsplit(self.url)
        parts: SplitResult = self._url_parts
        return parts

    @property
    def connection(self) -> Connection:
        """The connection, an object that all its requests share."""
        return connection

    @property
    def client_address(self) -> Tuple[str, int]:
        """(address, port) of the client."""
        return connection.client_address

    @property
    def server(self) -> Server:
        """`config` and `stash`."""
        if self._server is None:
            self._server = Server(self)
        return self._server

    # Frames and field sections.

    @_Lazy
    def frames(self) -> FrameList:
        """The HEADERS frame and the DATA frames received so far."""
        return FrameList(self._exchange, self._bare)

    @property
    def _fields(self) -> List[Tuple[bytes, bytes]]:
        # The field section as received.
        if self._all_fields is None:
            self._all_fields = self._exchange.fields()
        return self._all_fields

    def _pseudo(self, name: bytes) -> Optional[str]:
        for key, value in self._fields:
            # Pseudo-header fields come first (RFC 9113 §8.3).
            if key[:1] != b":":
                break
            if key == name:
                return value.decode("latin-1")
        return None

    @property
    def headers(self) -> RequestHeaders:
        """The fields by case-insensitive name."""
        if self._headers is None:
            self._headers = RequestHeaders(self._fields)
        return self._headers

    @property
    def raw_headers(self) -> Dict[str, str]:
        """A plain dict: lower-case text name (pseudo-header fields without
        colon) to text value, several of a name joined as in `headers`.
        """
        if self._raw_headers is None:
            self._raw_headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in self.headers.iteritems()}
        raw: Dict[str, str] = self._raw_headers
        return raw

    @property
    def trailers(self) -> RequestHeaders:
        """The trailer fields; empty if none have come."""
        if self._trailers is None:
            return RequestHeaders()
        return self._trailers

    @property
    def priority(self) -> Tuple[int, bool]:
        """Urgency (0, first, to 7) and whether it is incremental, as they
        stand now: from the `priority` field or the last PRIORITY_UPDATE (RFC
        9218 section 4); (3, False) if there was neither.
        """
        value: Tuple[int, bool] = self._exchange.priority
        return value

    @property
    def GET(self) -> MultiDict:
        """The query's names and values.  HTTPException 400 for too many."""
        if self._GET is None:
            query = self.request_path.partition("?")[2].partition("#")[0]
            self._GET = forms.parse_urlencoded(query.encode("latin-1"), 400)
        form: MultiDict = self._GET
        return form

    @property
    def cookies(self) -> forms.Cookies:
        """The cookies; of several of a name `[]` gives the last.
        HTTPException 400 for too many.
        """
        if self._cookies is None:
            self._cookies = forms.parse_cookies(
                self.headers.get("cookie", b""))
        cookies: forms.Cookies = self._cookies
        return cookies

    @property
    def auth(self) -> forms.Authentication:
        """`.username` and `.password` of Basic credentials, or None."""
        if self._auth is None:
            self._auth = forms.Authentication(
                self.headers.get("authorization"))
        auth: forms.Authentication = self._auth
        return auth

    # Content.  What asks for some that has not come yet waits for it; for some
    # that could not be stored there is an HTTPException (413, 503).

    @property
    def body(self) -> bytes:
        """All content.  StreamClosedError if the client leaves meanwhile."""
        if not self._ended:
            self._pull(None)
        return b"" if self._store is None else self._store.whole()

    @property
    def raw_input(self) -> RawInput:
        """The content as a file."""
        if self._raw_input is None:
            self._raw_input = RawInput(self.store, self._pull,
                                       self._content_length)
        raw: RawInput = self._raw_input
        return raw

    @property
    def POST(self) -> MultiDict:
        """The fields of a form (urlencoded or multipart); uploads are
        `h2rig.server.forms.Upload`s.  HTTPException 400 for a malformed
        one, 413 for one with too many.
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
            return forms.parse_multipart(self.store, parameters[b"boundary"])
        except ValueError as e:
            raise HTTPException(400, str(e)) from None

    def _content_length(self) -> int:
        value = self.headers.get("content-length", b"")
        if value.isdigit():
            return int(value)
        self._pull(None)
        return self.store.length

    @property
    def store(self) -> BodyStore:
        """Where the content received so far is."""
        if self._store is None:
            with storing:       # another thread may be about to fill one
                if self._store is None:
                    self._store = BodyStore()
        return self._store

    def _pull(self, size: Optional[int]) -> None:
        # Takes events until size octets are stored (None: all there are).
        store = self.store
        store.check()
        while not self._ended and (size is None or store.length < size):
            if self._runner is None:
                raise StreamClosedError("the request's stream is closed")
            self._runner.pull(size)
            store.check()

    # What dispatch tells it.

    def rewritten(self, to: str) -> None:
        """A rewrite leads to this path: its query, if it has one, comes
        before that of the request.
        """
        path, _, query = to.partition("?")
        own = self.request_path.partition("?")[2]
        query = "&".join(filter(None, (query, own)))
        self.request_path = path + "?" + query if query else path
        self._url = self._url_parts = None

    def add_content(self, data: bytes, lengths: Sequence[int],
                    ended: bool) -> int:
        """Stores the content of DATA frames and notes them: where in the
        store it is.  lengths: octets of content and flow-controlled length of
        each in turn.
        """
        store = self._store
        if store is None:
            store = self.store
        offset = store.append(data)
        self.frames.add(store, offset, lengths, ended)
        self._ended = ended
        return offset

    def data_frame(self, data: Optional[bytes], offset: int, size: int,
                   flow_length: int) -> RequestData:
        """The frame that `add_content` has just noted, for handle_data."""
        return RequestData(self._exchange.id, self._store, offset,
                           size, flow_length, self._ended, data)

    def add_trailers(self, fields: List[Tuple[bytes, bytes]]) -> None:
        """The request has ended with these trailer fields."""
        self._trailers = RequestHeaders(fields)
        self._ended = True

    def release(self) -> None:
        """The request is over: lets go of what refers back to the request,
        so that a large body goes when the last reference to it does.
        """
        self._runner = self._raw_input = self._server = None
