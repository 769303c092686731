# SPDX-License-Identifier: MIT
"""The connection script that serves cases.

Which case a connection is: that of the file PORT.case in the directory
H2BAD_DIRECTORY (a port for each case in flight), else that of a one-shot file
ADDRESS.armed there, else the one whose name is the first label of the server
name, else the one in the first request's path.  The first two hold JSON:
{"case": name, "run": id}.
"""

import json
import os
import sys
import time
import traceback
import urllib.parse
import uuid
from typing import Any, Dict, Optional

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2rig import ConnectionEnded, StreamClosedError  # noqa: E402

from h2bad import catalogue, http1  # noqa: E402
from h2bad.exchange import Exchange, Request, Skip  # noqa: E402
from h2bad.sending import BODY, TARGET  # noqa: E402
from h2bad.plan import parse_needs  # noqa: E402

#: Seconds that an armed case waits for its connection.
ARMED = 5.0

#: Seconds that a connection waits for a request, and for one more.
IDLE, LINGER = 30.0, 1.0

#: What the engine does not do by itself, so that nothing but the case is seen.
NOT_AUTOMATIC = {"requests", "checks", "goaway", "rst_stream"}

_x: Optional[Exchange] = None
_run: Optional[str] = None


def _directory() -> str:
    return os.environ.get("H2BAD_DIRECTORY", "")


def _read(name: str, once: bool) -> Optional[Dict[str, Any]]:
    path = os.path.join(_directory(), name)
    try:
        if once:
            taken = "%s.%d" % (path, os.getpid())
            os.rename(path, taken)      # of several connections one has it
            path = taken
            old = time.time() - os.stat(path).st_mtime > ARMED
        with open(path, encoding="utf-8") as f:
            said: Dict[str, Any] = json.load(f)
        if once:
            os.unlink(path)
            return None if old else said
        return said
    except (OSError, ValueError):
        return None


def _begin(connection: Any, name: str, run: Optional[str], via: str) -> None:
    """The connection is one of this case."""
    global _run
    x = _x
    assert x is not None
    case = catalogue.find(name)
    if case is None or x.case is not None:
        return
    _run = run
    x.case, x.run = case, run
    x.note("case", case=name, run=run, via=via)


def _misbehaves() -> bool:
    """It is the case's first connection, or one of those that are all bad.
    The first to come here is the first: so nobody does who has no part in it.
    """
    x = _x
    if x is None or x.case is None:
        return False
    if not x.number:
        key = uuid.uuid5(uuid.NAMESPACE_URL, "h2bad:%s:%s" % (_run,
                                                              x.case.name))
        with x.stash.lock:
            x.number = (x.stash.take(key) or 0) + 1
            x.stash.put(key, x.number)
    return x.number == 1 or x.case.every_connection


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
    except StreamClosedError:
        raise
    except Skip as e:
        _x.note("skip", reason=str(e))
        raise
    except Exception:
        _x.note("error", text=traceback.format_exc(limit=-3))
        raise


def handle_accept(connection: Any) -> None:
    global _x
    _x = Exchange(connection)
    said = _read("%d.case" % connection.server_port, False)
    via = "port"
    if said is None:
        via = "arm"
        said = _read("%s.armed" % connection.client_address[0], True)
    if said is not None:
        _begin(connection, said["case"], said.get("run"), via)
    _call("accept")


def handle_client_hello(connection: Any) -> None:
    assert _x is not None
    name, dot, _ = (connection.sni or "").lower().partition(".")
    if dot and _x.case is None:
        _begin(connection, name, None, "sni")
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
    """It has to be answered over HTTP/1.1: it is not the one of the case."""
    return connection.alpn_protocol == "http/1.1" and \
        _x is not None and _x.number != 1


def main(connection: Any) -> None:
    x = _x
    assert x is not None
    try:
        if _is_http1(connection):
            http1.serve(x, _begin_by)
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
    """Begins the case that a request's target names; returns its directory."""
    assert _x is not None
    path, _, query = target.partition("?")
    directory, _, name = path.lstrip("/").partition("/")
    _x.query = dict(urllib.parse.parse_qsl(query))
    if directory == "bad" and _x.case is None:
        _begin(_x.connection, name, _x.query.get("run"), "path")
    return directory


def _first_request(x: Exchange) -> Optional[Request]:
    if x.case is None or not x.case.early or not _misbehaves():
        return x.next_request(IDLE)
    request = x.next_request(x.case.wait)
    if request is None:             # the client may well be right in that
        x.patience()
        request = x.next_request(0.0)
    return request


#: What shows in a request that the client does what a case needs.
_SHOWN = {"head": lambda r: r.method == "HEAD",
          "post": lambda r: not r.ended,
          "expect": lambda r: r.get("expect") is not None,
          "range": lambda r: r.get("range") is not None}


def _lacks(x: Exchange) -> None:
    for need in parse_needs(x.case):
        if not _SHOWN.get(need, bool)(x.request):
            x.note("skip", reason="the request is not what the case needs: "
                   + need)
            raise Skip


def _misbehave(x: Exchange) -> None:
    _lacks(x)
    # RFC 9113 §6.5.3: what binds the client binds it from its ACK on.
    x.acked(1)
    if hasattr(x.case.module, "misbehave"):
        x.here()
    try:
        _call("misbehave")
    except ConnectionEnded:
        raise
    except StreamClosedError:       # of s: the connection goes on
        pass
    if not x.waited:
        x.patience()


def _answer(x: Exchange, request: Request) -> None:
    """A good answer, if the case has not answered it."""
    if x.answered(request.stream):
        return
    directory, _, name = request.path.lstrip("/").partition("/")
    if request.path == "/ok":           # what comes next is not to begin here
        x.send_goaway("NO_ERROR", request.stream)
    if request.path == "/canary":
        x.note("canary", query=request.query)
    known = directory in ("ok", "bad", "canary") or request.path == TARGET
    if request.method not in ("GET", "HEAD"):
        x.body(request.stream)
    x.respond(request.stream, 200 if known else 404,
              b"" if request.method == "HEAD" else BODY if known
              else b"nothing is here: try /bad/good\n")
    x.note("answered", stream=request.stream)


def _follow_up(x: Exchange) -> None:
    """Answers what else comes until the client goes, or is done."""
    while x.goaway is None and not x.followed:
        request = x.next_request(LINGER)
        if request is None:
            return
        if request.stream > x.last_stream:
            continue
        try:
            _answer(x, request)
        except ConnectionEnded:
            raise
        except StreamClosedError:
            continue                    # the client has reset it
        if request.path == "/ok":       # the case is over: what comes next
            return                      # is not to meet this connection


def handle_violation(error: Any, connection: Any) -> None:
    connection.note("violation", level=error.level, code=error.name,
                    text=error.text)


def handle_close(connection: Any) -> None:
    end = connection.end
    connection.note("end", kind=end.kind, by=end.by, order=end.order,
                    name=end.name, seconds=end.seconds)
