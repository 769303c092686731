# SPDX-License-Identifier: MIT
"""The console: pages about the server itself, below /.h2rig/ (--console).

    /.h2rig/                    the connections, newest first
    /.h2rig/events              events with the connections, as they come
    /.h2rig/trace/NAME          one connection
    /.h2rig/trace/NAME/events   events with its lines, as they come
    /.h2rig/manual/PAGE         the manual, h2rig.8 for example
    /.h2rig/site/FILE           the site of `make html`, if it was made

The pages show all that clients send, so they are only for users of this
machine.  The console refuses requests that pages of other origins make, and
requests to a name that others may have made to lead here.
"""

import errno
import ipaddress
import json
import os
import re
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional, Tuple

from h2rig.errors import HTTPException
from h2rig.server.config import options
from h2rig.server.files import guess_content_type
from h2rig.server.static import OWN
from h2rig.trace import html, manual
from h2rig.trace.connections import TOP, Connections, Lines
from h2rig.trace.reader import NAME

if TYPE_CHECKING:
    from h2rig.request import Request
    from h2rig.response import Response

__all__ = ["Console", "register"]

#: Milliseconds between looks at one trace, at the directory, and at the
#: directory if there is more to read.
LOOK_TRACE, LOOK_LIST, LOOK_ON = 100, 250, 10

#: Seconds that a response with events lasts; then the browser asks again.
LIFE = 60.0

#: Milliseconds until the browser asks again.
RETRY = 500

_TRACE = re.compile("%s/trace/(?P<name>%s)(?P<events>/events)?" % (
    re.escape(TOP), NAME.pattern), re.ASCII)

_LIVE = "; connect-src 'self'"

_MANUAL = TOP + "/manual/"

_SITE = TOP + "/site/"

_LINKS = (' <a href="%s/">Connections</a> <a href="%sh2rig.8">Manual</a>'
          % (TOP, _MANUAL))
if manual.site("index.html") is not None:
    _LINKS += ' <a href="%sindex.html">Documents</a>' % _SITE

#: The fields of each response.
_FIELDS = [
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]


def _is_local(authority: str) -> bool:
    # Returns whether authority names this machine alone.  The owner of another
    # name can make it lead here, for a page of that name to see the responses.
    host = authority.rpartition(":")[0] if authority[-1:].isdigit() and \
        ":" in authority else authority
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(request: "Request") -> None:
    headers = request.headers
    authority = headers.get(b"host", b"").decode("latin-1")
    if not _is_local(authority):
        raise HTTPException(421, "expected localhost or a loopback address as "
                                 "the authority")
    origin = headers.get(b"origin")
    ours = "%s://%s" % (options.scheme, authority)
    if (headers.get(b"sec-fetch-site", b"none") not in (b"none", b"same-origin")
            or origin is not None
            and origin.decode("latin-1").lower() != ours.lower()):
        raise HTTPException(403, "expected no request of another site's page")


class _Page:
    """A page; its script may get lines by events."""

    def __init__(self, template: str, styles: Tuple[str, ...],
                 scripts: Tuple[str, ...] = (), body: str = "") -> None:
        policy, before, after = html.page(template, styles, scripts,
                                          _LIVE if scripts else "", _LINKS)
        self._text = (before + body + after).encode()
        self._fields = [*_FIELDS, ("content-type", "text/html; charset=utf-8"),
                        ("content-security-policy",
                         policy + "; frame-ancestors 'none'")]

    def send(self, response: "Response", status: int = 200) -> None:
        """Sends the page as the response."""
        # The writer sends it, so that no pipe in the query is applied.
        response.writer.write_headers(
            [*self._fields, ("content-length", str(len(self._text)))], status)
        if response.request.method != "HEAD":
            response.writer.write_data(self._text, last=True)


def _send_manual(name: str, response: "Response") -> None:
    body = manual.body(name) if name in manual.PAGES else None
    if body is None:
        raise HTTPException(404, "Not Found: expected one of %s, installed"
                            % ", ".join(manual.PAGES))
    links = "".join('<li><a href="%s">%s</a> %s</li>' % (
        page, _shown(page), about) for page, about in manual.PAGES.items())
    _Page("manual.html", ("page.css", "manual.css"), (),
          '<h1>%s</h1>\n<nav aria-label="Pages of the manual"><ul>%s</ul></nav>'
          "</header>\n<main>\n%s" % (
              _shown(name), links, body)).send(response)


def _send_site(name: str, response: "Response") -> None:
    data = manual.site(name)
    if data is None:
        raise HTTPException(404, "Not Found")
    response.writer.write_headers(
        [*_FIELDS, ("content-type", guess_content_type(name)),
         ("content-length", str(len(data))),
         ("content-security-policy", "default-src 'none'; img-src 'self'; "
          "style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")], 200)
    if response.request.method != "HEAD":
        response.writer.write_data(data, last=True)


def _shown(name: str) -> str:
    # "h2rig(8)" of "h2rig.8"
    return "%s(%s)" % tuple(name.rsplit(".", 1))


class _Events:
    """A response with server-sent events (WHATWG HTML, section 9.2)."""

    def __init__(self, request: "Request", response: "Response") -> None:
        self._exchange = request._exchange
        self._writer = response.writer
        life = LIFE
        if options.run_limit_ms:
            life = min(life, options.run_limit_ms / 2000)
        self._until = time.monotonic() + life
        self._writer.write_headers(
            [*_FIELDS, ("content-type", "text/event-stream")], 200,
            last=request.method == "HEAD")
        if request.method == "HEAD":
            self._until = 0.0
        else:
            self._writer.write_data("retry: %d\n\n" % RETRY)

    def last(self) -> bool:
        """Returns whether this response is to end: its time is over, the
        client has left, or the server is to stop, which nothing must delay.
        """
        exchange = self._exchange
        return bool(exchange.draining or exchange.left
                    or time.monotonic() >= self._until)

    def send(self, data: List[bytes], kind: str = "", number: int = -1
             ) -> None:
        """Sends an event with these lines as its data, and with kind and
        number (its ID) if they are given.
        """
        head = "event: %s\n" % kind if kind else ""
        if number >= 0:
            head += "id: %d\n" % number
        self._writer.write_data(head.encode() + b"".join(
            b"data: " + line + b"\n" for line in data) + b"\n")

    def pause(self, ms: float) -> None:
        """Waits these milliseconds, or until the client leaves."""
        self._exchange.pause(int(ms))


class Console:
    """The handler of the whole console.  directory: where the traces are."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._connections = Connections(directory)
        self._list = _Page("list.html", ("page.css", "list.css"), (
            "dom.js", "words.js", "rules.js", "trace.js", "list.js"))
        self._trace = _Page("page.html", ("page.css",),
                            (*html.SCRIPTS, "live.js"))

    def __call__(self, request: "Request", response: "Response") -> None:
        _check(request)
        if request.method not in ("GET", "HEAD"):
            response.writer.write_headers([*_FIELDS, ("allow", "GET, HEAD")],
                                          405, last=True)
            return
        path = request.path
        trace = _TRACE.fullmatch(path)
        if path == TOP:
            response.writer.write_headers(
                [*_FIELDS, ("location", TOP + "/")], 308, last=True)
        elif path == TOP + "/":
            self._list.send(response)
        elif path == TOP + "/events":
            self._send_list(request, response)
        elif path.startswith(_MANUAL):
            _send_manual(path[len(_MANUAL):], response)
        elif path.startswith(_SITE):
            _send_site(path[len(_SITE):], response)
        elif trace is None:
            raise HTTPException(404, "Not Found")
        elif trace["events"]:
            self._send_lines(self._path(trace["name"]), request, response)
        else:
            self._trace.send(response, 200 if os.path.exists(
                self._path(trace["name"])) else 404)

    def _path(self, name: str) -> str:
        return os.path.join(self._directory, name)

    def _send_list(self, request: "Request", response: "Response") -> None:
        # The first event has all connections, so it does not matter which
        # events the client has missed.
        before = request.GET.first(b"before", b"").decode("latin-1")
        events = _Events(request, response)
        known: Optional[Dict[str, str]] = None
        had_older = False
        while not events.last():
            since = time.monotonic()
            shown, older, more = self._connections.look(before)
            old = known or {}
            changed = [text for name, text in shown.items()
                       if old.get(name) != text]
            removed = [name for name in old if name not in shown]
            if known is None or changed or removed or older != had_older:
                events.send([json.dumps({
                    "first": known is None, "older": older,
                    "server": "h2rig %s serves %s and writes traces to %s" % (
                        options.version, options.doc_root, self._directory),
                    "removed": removed, "changed": changed}).encode()])
            known, had_older = shown, older
            # The pause is longer after a long look, which must not use all of
            # the processor's time.
            took = (time.monotonic() - since) * 1000
            events.pause(max(LOOK_ON if more else LOOK_LIST, 4 * took))

    def _send_lines(self, path: str, request: "Request",
                    response: "Response") -> None:
        seen = request.headers.get(b"last-event-id", b"0")
        try:
            trace = Lines(path, int(seen) if seen.isdigit() else -1)
        except OSError as e:
            why = b"removed" if e.errno == errno.ENOENT else str(
                e.strerror).encode()
            _Events(request, response).send([why], "over")
            return
        except ValueError:
            raise HTTPException(400, "Last-Event-ID: expected that of an event "
                                     "of this trace") from None
        try:
            self._follow(trace, _Events(request, response))
        finally:
            trace.close()

    @staticmethod
    def _follow(trace: Lines, events: _Events) -> None:
        told = False
        while not events.last():
            lines = trace.read()
            if trace.left_out and not told:
                told = True
                events.send([b"some"], "own")
            if lines:
                events.send(lines, number=trace.offset)
            if trace.over:
                events.send([trace.over.encode()], "over")
                return
            if not lines:
                events.pause(LOOK_TRACE)


def register(router: Any, directory: str) -> None:
    """Makes the console the handler of all paths below TOP.  Raises OSError if
    a part of its pages cannot be read.
    """
    OWN.add(Console)        # it runs no code of a script
    router.reserve(TOP, Console(directory))
