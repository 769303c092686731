# SPDX-License-Identifier: MIT
"""The connection script that serves cases.

h2rig runs it for each connection.  The connection's case comes from the first
of these that there is: the file PORT.case in the directory H2BAD_DIRECTORY
(each case in flight has its own port); the server name (`h2bad.plan.host_of`);
the oldest one-shot file ADDRESS-RUN.armed in the directory; the first request's
path.  The files hold JSON: {"case": name, "run": id}.

A file ADDRESS-RUN.armed may have been made by another client of this address.
The run and case in the first request show that; then the file is put back, for
the client that made it.
"""

import json
import os
import sys
import time
import traceback
import urllib.parse
import uuid
from typing import Any, Dict, Optional, Tuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2rig import ConnectionEnded, StreamClosedError  # noqa: E402

from h2bad import catalogue, http1  # noqa: E402
from h2bad.exchange import Exchange, Request, Skip  # noqa: E402
from h2bad.sending import BODY, TARGET  # noqa: E402
from h2bad.plan import floods_off, parse_host, parse_needs  # noqa: E402

#: Seconds that an armed case waits for its connection.
ARMED = 5.0

#: Seconds to wait for a connection's first request, and for each later one.
IDLE, LINGER = 30.0, 1.0

#: Seconds for which connections of a client that tell no run belong together.
VISIT = 10.0

#: What h2rig must not do by itself (`connection.automatic`), so that only the
#: case acts.
NOT_AUTOMATIC = {"requests", "checks", "goaway", "rst_stream"}


class _Armed:
    """A file ADDRESS-RUN.armed: one connection takes it, and its case."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.at = os.stat(path).st_mtime
        self.said = _read(path)

    @staticmethod
    def oldest(address: str) -> Optional["_Armed"]:
        """Returns the oldest one of this address, or None.  Removes those that
        have waited too long.
        """
        found = []
        for name in os.listdir(_directory()):
            if name.startswith(address + "-") and name.endswith(".armed"):
                try:
                    each = _Armed(os.path.join(_directory(), name))
                    if time.time() - each.at <= ARMED:
                        found.append(each)
                    else:
                        os.unlink(each.path)
                except (OSError, ValueError):   # another connection took it
                    continue
        return min(found, key=lambda each: each.at) if found else None

    def take(self) -> bool:
        """Returns whether this connection got the file: only one does."""
        try:
            os.unlink(self.path)
            return True
        except OSError:
            return False

    def give_back(self) -> None:
        """Puts the file back, for the rest of its time, unless its client has
        made a new one.
        """
        new = "%s.%d" % (self.path, os.getpid())
        with open(new, "w", encoding="utf-8") as f:
            json.dump(self.said, f)
        os.utime(new, (self.at, self.at))
        try:
            os.link(new, self.path)
        except FileExistsError:
            pass
        os.unlink(new)


def _directory() -> str:
    return os.environ.get("H2BAD_DIRECTORY", "")


def _read(path: str) -> Dict[str, Any]:
    with open(path, encoding="utf-8") as f:
        said: Dict[str, Any] = json.load(f)
    return said


_x: Optional[Exchange] = None
_armed: Optional[_Armed] = None     # what this connection has taken


def _begin(connection: Any, name: str, run: Optional[str], via: str) -> None:
    """Makes the connection one of this case, if it has no case yet."""
    x = _x
    assert x is not None
    case = catalogue.find(name)
    if case is None or x.case is not None or case.flood and floods_off():
        return
    x.case, x.run = case, _visit(x, name, via) if run is None else run
    x.note("case", case=name, run=x.run, via=via, visit=run is None)


def _visit(x: Exchange, name: str, via: str) -> str:
    """Returns the id of a run of one case, for a connection that tells none.

    The connections of an address for the same URL share it for VISIT seconds,
    so that a retry is served well, and the case acts again for the next
    visitor.
    """
    key = uuid.uuid5(uuid.NAMESPACE_URL, "h2bad:visit:%s:%s:%s?%s" % (
        x.connection.client_address[0], via, name,
        urllib.parse.urlencode(x.query)))
    now = time.monotonic()
    with x.stash.lock:
        began = x.stash.take(key) or now
        began = began if now - began < VISIT else now
        x.stash.put(key, began)
    return uuid.uuid5(key, str(began)).hex[:12]


def _misbehaves() -> bool:
    """Returns whether the case acts on this connection: on its first one, or
    on all of them (every_connection).

    The connection that calls this first is the first one, so only those that
    take part in the case may call it.
    """
    x = _x
    if x is None or x.case is None:
        return False
    if not x.number:
        x.number = _count(x, 1)
    return x.number == 1 or x.case.every_connection and x.number > 0


def _count(x: Exchange, more: int) -> int:
    # Adds to the number of the case's connections, and returns it.
    key = uuid.uuid5(uuid.NAMESPACE_URL, "h2bad:%s:%s" % (x.run, x.case.name))
    with x.stash.lock:
        number: int = (x.stash.take(key) or 0) + more
        x.stash.put(key, number)
    return number


def _call(name: str) -> None:
    if _x is None or _x.case is None:
        return
    function = getattr(_x.case.module, name, None)
    if function is None or not _misbehaves():
        return
    if name != "misbehave":
        _x.here()
    try:
        function(_x)
    except (StreamClosedError, Skip):
        raise
    except Exception as e:
        if isinstance(e, ValueError):
            _wrong_query(_x, e)
        _x.note("error", text=traceback.format_exc(limit=-3))
        raise


def _wrong_query(x: Exchange, e: Exception) -> None:
    # If the URL gives a parameter of the case, that is why the case has
    # failed, and the client is told.
    for name in sorted(x.query.keys() & x.case.params.keys()):
        reason = "the URL has %s=%s: %s; expected a value like %s" % (
            name, x.query[name], str(e) or type(e).__name__,
            x.case.params[name])
        if not x.answered():
            x.respond(status=400, body=("h2bad: %s\n" % reason).encode())
        x.skip(reason)


def handle_accept(connection: Any) -> None:
    global _x
    _x = Exchange(connection)
    try:
        said = _read(os.path.join(_directory(), "%d.case"
                                  % connection.server_port))
        _begin(connection, said["case"], said.get("run"), "port")
    except (OSError, ValueError):
        _take_armed(connection, True)
    _call("accept")


def _take_armed(connection: Any, early: bool) -> None:
    # early: the server name is not known yet, so the file is taken only if its
    # case acts as early as that.
    global _armed
    found = _Armed.oldest(connection.client_address[0])
    if found is None:
        return
    case = catalogue.find(str(found.said.get("case")))
    if case is not None and (hasattr(case.module, "accept") or not early) and \
            found.take():
        _armed = found
        _begin(connection, case.name, found.said.get("run"), "arm")


def _give_back(x: Exchange, name: str) -> None:
    # Puts the armed file back if the request shows that the connection is of
    # another client than the one that armed it.
    global _armed
    run = x.query.get("run")
    if _armed is None or run in (None, x.run) and name in ("", x.case.name):
        return
    if x.number > 0:
        _count(x, -1)
    x.number = -1
    x.note("mistaken", run=run, case=name)
    _armed.give_back()
    _armed = None


def handle_client_hello(connection: Any) -> None:
    assert _x is not None
    if _x.case is None:
        _begin(connection, *parse_host(connection.sni or ""), "sni")
    if _x.case is None:
        _take_armed(connection, False)
    offered = connection.alpn_offered
    if "http/1.1" in offered and "h2" not in offered:
        connection.tls.alpn = "http/1.1"
    _call("client_hello")


def handle_connect(connection: Any) -> None:
    connection.automatic -= NOT_AUTOMATIC | {"window_update"}
    connection.settings = ()
    if _is_http1(connection):
        connection.engine_off()
    else:
        _call("connect")


def _is_http1(connection: Any) -> bool:
    """Returns whether to answer over HTTP/1.1: that was negotiated, and it is
    not the case's first connection.
    """
    return connection.alpn_protocol == "http/1.1" and \
        _x is not None and _x.number != 1


def main(connection: Any) -> None:
    x = _x
    assert x is not None
    try:
        if _is_http1(connection):
            http1.serve(x, _begin_http1)
        else:
            _serve(connection, x)
    except (ConnectionEnded, StreamClosedError, Skip):
        pass
    try:
        connection.writer.close("goaway")
    except StreamClosedError:
        pass


def _serve(connection: Any, x: Exchange) -> None:
    if x.case is None or not x.case.withholds:
        connection.automatic |= {"window_update"}
    if hasattr(x.case and x.case.module, "main") and _misbehaves():
        _call("main")
        return
    _call("begin")
    request = _first_request(x)
    if request is None:
        return
    directory = _begin_by("%s?%s" % (request.path, request.query))
    x.request, x.s = request, request.stream
    x.note("request", stream=x.s)
    if directory not in ("ok", "canary") and _misbehaves():
        _misbehave(x)
        if x.case.finish:
            x.finish()
        connection.automatic |= {"window_update"}
        _follow_up(x)
    else:
        connection.automatic |= {"window_update"}
        _answer(x, request)
        if directory != "ok":
            _follow_up(x)


def _begin_by(target: str) -> str:
    """Begins the case that a request's target names; returns the first segment
    of the target's path ("bad", "ok", "canary").
    """
    assert _x is not None
    path, _, query = target.partition("?")
    directory, _, name = path.lstrip("/").partition("/")
    _x.query = dict(urllib.parse.parse_qsl(query))
    if directory == "bad" and _x.case is None:
        _begin(_x.connection, name, _x.query.get("run"), "path")
    _give_back(_x, name if directory == "bad" else "")
    return directory


def _begin_http1(target: str) -> Tuple[int, bytes]:
    _begin_by(target)
    return _good(target.partition("?")[0])


def _first_request(x: Exchange) -> Optional[Request]:
    request = _next_request(x)
    while request is not None and request.method == "OPTIONS" and \
            request.get("access-control-request-method") is not None:
        _answer(x, request)         # a browser's CORS preflight request
        x.requests.remove(request)
        request = _next_request(x)
    return request


def _next_request(x: Exchange) -> Optional[Request]:
    if x.case is None or not x.case.early or not _misbehaves():
        return x.next_request(IDLE)
    request = x.next_request(x.case.wait)
    if request is None:     # the case may be why the client sends none
        x.patience()
        request = x.next_request(0.0)
    return request


#: Needs that can be seen in a request, with a test of the request.
_SHOWN = {"head": lambda r: r.method == "HEAD",
          "post": lambda r: not r.ended,
          "expect": lambda r: r.get("expect") is not None,
          "range": lambda r: r.get("range") is not None,
          "authorization": lambda r: r.get("authorization") is not None,
          "connect": lambda r: r.method == "CONNECT"
          and r.get(":protocol") is None,
          "websocket": lambda r: r.get(":protocol") == "websocket"}


def _lacks(x: Exchange) -> None:
    for need in parse_needs(x.case):
        if not _SHOWN.get(need, bool)(x.request):
            x.skip("the request is not what the case needs: " + need)


def _misbehave(x: Exchange) -> None:
    _lacks(x)
    # Settings bind the client from its acknowledgement on (RFC 9113 §6.5.3).
    x.acked(1)
    if hasattr(x.case.module, "misbehave"):
        x.here()
    try:
        _call("misbehave")
    except ConnectionEnded:
        raise
    except StreamClosedError:       # s is closed, but the connection goes on
        pass
    if not x.waited:
        x.patience()


def _answer(x: Exchange, request: Request) -> None:
    """Sends a good response, unless the case has answered the request."""
    if x.answered(request.stream):
        return
    if request.path == "/ok":       # the next case needs another connection
        x.send_goaway("NO_ERROR", request.stream)
    if request.path == "/canary":
        x.note("canary", query=request.query)
    if request.method not in ("GET", "HEAD"):
        x.body(request.stream)
    status, content = _good(request.path)
    x.respond(request.stream, status,
              b"" if request.method == "HEAD" else content)
    x.note("answered", stream=request.stream)


def _good(path: str) -> Tuple[int, bytes]:
    """Returns the status and the content of a good response, or of an error
    response to a URL whose case is not served.
    """
    x = _x
    assert x is not None
    name = path[5:] if path.startswith("/bad/") else ""
    if path == "/":
        name = parse_host(x.connection.sni or "")[0]
    if path in ("/ok", "/canary", TARGET):
        return 200, BODY
    if not name:
        return 404, b"nothing is here: try /bad/good\n"
    try:
        case = x.case if x.case and x.case.name == name else \
            catalogue.need(name)
    except catalogue.CaseError as e:
        return 404, ("h2bad: %s\n" % e).encode()
    if case.flood and floods_off():
        return 403, ("h2bad: %s\n" % floods_off()).encode()
    return 200, BODY


def _follow_up(x: Exchange) -> None:
    """Answers further requests, until none comes, the client has left or sent
    GOAWAY with an error, or the follow-up is answered.
    """
    while not x.failed and not x.followed:
        request = x.next_request(LINGER)
        if request is None:
            x.note("over")          # a later one comes on a new connection
            return
        if request.stream > x.last_stream:
            continue
        if request.path in ("/ok", ""):
            x.note("over")          # what the answer makes it do says nothing
        try:
            _answer(x, request)
        except ConnectionEnded:
            raise
        except StreamClosedError:
            pass                # the client has reset it, or it got 431
        # The follow-up ends the case, and the next case needs another
        # connection.  Of a request that got 431 the path is not known: "".
        if request.path in ("/ok", ""):
            return


def handle_violation(error: Any, connection: Any) -> None:
    connection.note("violation", level=error.level, code=error.name,
                    text=error.text)


def handle_close(connection: Any) -> None:
    end = connection.end
    connection.note("end", kind=end.kind, by=end.by, order=end.order,
                    name=end.name, seconds=end.seconds)
