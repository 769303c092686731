# SPDX-License-Identifier: MIT
"""The control port of `h2bad serve`: pages, lists, runs and reports.

h2rig takes `routes` from here.  Verdicts are made elsewhere (`h2bad.watch`).
"""

import errno
import glob
import json
import os
import sys
import time
import urllib.parse
from typing import Any, Dict, List, Optional, Set, Tuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from h2bad import catalogue  # noqa: E402
from h2bad import report as _report_package  # noqa: E402
from h2bad.observed import Connection  # noqa: E402
from h2bad.plan import floods_off, parse_needs, provided  # noqa: E402
from h2bad.report import ReportError  # noqa: E402
from h2bad.report.model import put  # noqa: E402
from h2bad.runs import BusyError, Run, RunError  # noqa: E402

#: The package that makes the pages.
report: Any = _report_package

#: Seconds between two looks for verdicts, and after which a stream of events
#: ends (the browser then asks for a new one).
LOOK, EVENTS = 0.2, 120.0

#: Octets that a client may send to `got`.
GOT_MAX = 1 << 16


def _is_text(value: Any) -> bool:
    # An unpaired surrogate cannot be written in UTF-8.
    return isinstance(value, str) and len(value) <= 1000 and \
        value == value.encode("utf-8", "replace").decode()


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < 1e15


#: The members of `got` that are kept, and the test of their values.
GOT = {"result": _is_text, "status": _is_number, "length": _is_number,
       "sha256": _is_text, "error": _is_text, "ms": _is_number}

TYPES = {"html": "text/html;charset=utf-8", "txt": "text/plain;charset=utf-8",
         "json": "application/json", "tap": "text/plain;charset=utf-8",
         "xml": "application/xml", "jsonl": "application/x-ndjson",
         "pcapng": "application/vnd.tcpdump.pcap", "js":
         "text/javascript;charset=utf-8", "css": "text/css;charset=utf-8"}

#: Content-Security-Policy: pages load nothing from other origins, but fetch()
#: reaches the cases on the bad port.
POLICY = ("default-src 'none'; script-src 'self' 'unsafe-inline'; "
          "style-src 'self' 'unsafe-inline'; img-src data:; "
          "connect-src https:; form-action 'self'; base-uri 'none'")

Answer = Tuple[int, List[Tuple[str, str]], Any]


class _Error(Exception):
    """An error response: its status, and the text that the client gets."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _below() -> str:
    return os.environ["H2BAD_DIRECTORY"]


def _bad_port() -> int:
    return int(os.environ["H2BAD_PORT"])


def _answer(content: Any, form: str = "html", status: int = 200,
            *fields: Tuple[str, str]) -> Answer:
    return status, [("content-type", TYPES[form]),
                    ("cache-control", "no-store"),
                    ("access-control-allow-origin", "*"),
                    ("x-content-type-options", "nosniff"),
                    ("content-security-policy", POLICY), *fields], content


def _cases(request: Any) -> List[Any]:
    cases = catalogue.all_cases()
    known = {"group": [name for name, _ in catalogue.GROUPS],
             "kind": list(catalogue.KINDS),
             "wave": sorted({str(c.wave) for c in cases})}
    for name, words in known.items():
        wanted = _query(request, name)
        for each in wanted:
            if each not in words:
                raise _Error(400, "%s is %r; expected %s" % (
                    name, each, ", ".join(words)))
        if wanted:
            cases = [c for c in cases if str(getattr(c, name)) in wanted]
    if _query(request, "needs"):
        needs = _needs(request)
        cases = [c for c in cases if parse_needs(c).keys() <= needs]
    return cases


def _needs(request: Any) -> Set[str]:
    try:
        return provided(_query(request, "needs"))
    except ValueError as e:
        raise _Error(400, "needs: %s" % e) from None


def _query(request: Any, name: str) -> List[str]:
    words = urllib.parse.parse_qs(request.url_parts.query).get(name, [])
    return [each for word in words for each in word.split(",") if each]


def index(request: Any, response: Any) -> Answer:
    return _answer(report.catalogue_page(
        [c.as_dict() for c in catalogue.all_cases()] + [
            {"group": group, "name": name, "not_built": reason}
            for group, name, reason in catalogue.not_built()],
        dict(catalogue.GROUPS)))


def cases(request: Any, response: Any) -> Answer:
    if request.url_parts.path.endswith(".json"):
        return _answer(json.dumps([c.as_dict() for c in _cases(request)]),
                       "json")
    return _answer("".join(c.name + "\n" for c in _cases(request)), "txt")


def case(request: Any, response: Any) -> Answer:
    name = request.url_parts.path[len("/case/"):]
    plain = name[:-5] if name.endswith(".json") else name
    found = catalogue.find(plain)
    if found is None:
        raise _Error(404, "no case is named %r; /cases.txt lists them" % plain)
    if plain != name:
        return _answer(json.dumps(found.as_dict()), "json")
    # A request's URL comes too late for a case that acts before it.
    urls = [] if found.early else ["https://localhost:%d/bad/%s" % (
        _bad_port(), plain)]
    if len(plain) < 64:         # fits a host name's label (RFC 1035 §2.3.4)
        urls.insert(0, "https://%s.localhost:%d/" % (plain, _bad_port()))
    who, path = _passed(plain)
    return _answer(report.case_page(
        found.as_dict(), _drawn(path), urls, who, "/client/%s/%s/trace.html" % (
            urllib.parse.quote(report.directory(who)), plain) if who else ""))


def _passed(name: str) -> Tuple[str, str]:
    """Returns the client that has passed the case last, and its trace's path,
    or "" and "".
    """
    try:
        with open(os.path.join(_below(), "index.json"), encoding="utf-8") as f:
            known = json.load(f)
    except (OSError, ValueError):
        return "", ""
    found = []
    for who, results in known.items():
        if results.get(name, {}).get("verdict") == "pass":
            path = os.path.join(_below(), report.directory(who), name,
                                "trace.jsonl")
            if os.path.exists(path):
                found.append((os.stat(path).st_mtime, who, path))
    return max(found)[1:] if found else ("", "")


def _drawn(path: str) -> List[Dict[str, Any]]:
    # Returns the lines of one of the case's traces, to draw them: that of the
    # connection on which the server misbehaved, if there is one.
    best: List[Dict[str, Any]] = []
    for each in sorted(glob.glob(glob.escape(path[:-6]) + "*.jsonl")
                       if path else ()):
        c = Connection([], each)
        try:
            c.read()
        except OSError:
            continue
        if c.case is not None and c.after:
            return c.lines
        best = best or c.lines
    return best


def new(request: Any, response: Any) -> Answer:
    client = dict(urllib.parse.parse_qsl(request.url_parts.query)).get(
        "client") or request.headers.get("user-agent", b"unnamed").decode(
            "latin-1")[:200]
    if _query(request, "floods") and floods_off():
        raise _Error(403, floods_off())
    try:
        run = Run.new(_below(), client, _query(request, "cases"),
                      _query(request, "exclude"),
                      sorted(_needs(request)),
                      (_query(request, "via") or ["arm"])[0],
                      bool(_query(request, "floods")))
    except BusyError as e:
        raise _Error(503, str(e)) from None
    except (RunError, catalogue.CaseError) as e:
        raise _Error(400, str(e)) from None
    start = "?auto=1" if _query(request, "auto") == ["1"] else ""
    return _answer("", "txt", 303, ("location", "/run/%s/%s" % (run.id, start)))


def _run(request: Any) -> Tuple[Run, List[str]]:
    _, _, name, *rest = request.url_parts.path.split("/")
    run = Run.find(_below(), name)
    if run is None:
        raise _Error(404, "no run has the id %r; /new makes one" % name)
    return run, rest


def _base(request: Any) -> str:
    return "https://%s" % request.headers.get(
        ":authority", b"localhost").decode("latin-1")


def run(request: Any, response: Any) -> Optional[Answer]:
    made, rest = _run(request)
    name = rest[0] if rest else ""
    if name == "arm" and len(rest) == 2:
        return _arm(request, made, rest[1])
    if name == "got" and request.method == "POST":
        return _got(request, made)
    if name.startswith("report.") and len(rest) == 1:
        return _report(made, name.partition(".")[2])
    if len(rest) == 2:
        return _trace(made, name, rest[1])
    if name not in _PAGES or len(rest) > 1:
        raise _Error(404, "a run has urls, urls.json, next, done, events, "
                          "arm/NAME, got, report.{html,json,tap,xml,wpt.json} "
                          "and NAME/trace.{jsonl,txt,html,pcapng}")
    return _PAGES[name](request, response, made)


def _page(request: Any, response: Any, made: Run) -> Answer:
    return _answer(report.run_page(made.id, made.client, made.cases))


def _urls(request: Any, response: Any, made: Run) -> Answer:
    return _answer("".join(url + "\n" for url in made.urls(
        _bad_port(), _base(request))), "txt")


def _urls_json(request: Any, response: Any, made: Run) -> Answer:
    return _answer(json.dumps(made.plans(_bad_port(), _base(request))),
                   "json")


def _next(request: Any, response: Any, made: Run) -> Answer:
    url = made.next_url(_bad_port(), _base(request))
    if url is None:
        return _answer("", "txt", 204)
    return _answer("", "txt", 303, ("location", url))


def _done(request: Any, response: Any, made: Run) -> Answer:
    put(made.path("done"), "")
    return _answer("", "txt", 204)


def _events(request: Any, response: Any, made: Run) -> None:
    """Sends verdicts as server-sent events (WHATWG HTML §9.2)."""
    last = request.headers.get("last-event-id", b"")
    since = int(last[:9]) if last.isdigit() else 0
    status, fields, _ = _answer("")
    response.writer.write_headers(
        [("content-type", "text/event-stream")] + fields[1:], status)
    end = time.monotonic() + EVENTS
    size = -1
    while time.monotonic() < end:
        over = made.is_done
        if not over and size == made.size():
            time.sleep(LOOK)
            continue
        size = made.size()
        for each in made.results(since):
            since += 1
            response.writer.write_data("id: %d\ndata: %s\n\n" % (
                since, json.dumps(dict({n: each[n] for n in (
                    "verdict", "reaction", "reason", "message")},
                    case=each["name"]))))
        if over and len(made.results()) <= since and \
                since >= len(made.cases):
            response.writer.write_data("event: done\ndata: {}\n\n")
            break
        time.sleep(LOOK)
    response.writer.write_data("", last=True)


_PAGES = {"": _page, "urls": _urls, "urls.json": _urls_json, "next": _next,
          "done": _done, "events": _events}


def _arm(request: Any, made: Run, name: str) -> Answer:
    if name not in made.cases:
        raise _Error(404, "run %s has no case %r" % (made.id, name))
    put(os.path.join(_below(), "bad", "%s-%s.armed" % (
        request.client_address[0], made.id)),
        json.dumps({"case": name, "run": made.id}))
    return _answer("", "txt", 204)


def _got(request: Any, made: Run) -> Answer:
    name = (_query(request, "case") or [""])[0]
    if name not in made.cases:
        raise _Error(404, "run %s has no case %r" % (made.id, name))
    body = request.raw_input.read(GOT_MAX + 1)
    try:
        said = json.loads(body)
        if len(body) > GOT_MAX or not isinstance(said, dict) or \
                said.get("result") not in ("response", "error", "skip"):
            raise ValueError
    except (RecursionError, ValueError):
        raise _Error(400, "expected an object of JSON with \"result\": "
                          "\"response\", \"error\" or \"skip\"") from None
    if any(each["name"] == name for each in made.results()):
        raise _Error(409, "%s has its verdict already; expected this before "
                          "the case's last URL was fetched" % name)
    put(made.path("got-" + name), json.dumps(
        {each: said[each] for each, valid in GOT.items()
         if valid(said.get(each))}))
    return _answer("", "txt", 204)


def _report(made: Run, form: str) -> Answer:
    made.settle()
    found = made.report()
    if form == "json":
        return _answer(json.dumps(found, indent=1), "json")
    if form == "tap":
        return _answer(report.tap(found), "tap")
    if form == "xml":
        return _answer(report.junit(found), "xml")
    if form == "wpt.json":
        return _answer(json.dumps(report.wptreport(found)), "json")
    if form == "html":
        return _answer(report.html(found, "", "/case"))
    raise _Error(404, "expected report.html, .json, .tap, .xml or .wpt.json")


def _trace(made: Run, name: str, file: str) -> Answer:
    form = file.rpartition(".")[2]
    if name not in made.cases or form not in TYPES or \
            not file.startswith("trace") or "/" in file:
        raise _Error(404, "expected NAME/trace.jsonl, .txt, .html or .pcapng")
    results = made.results()
    if results and made.keeper() != made.id:
        raise _Error(404, "run %s has no traces: the report that is kept of "
                          "client %r is that of run %s" % (
                              made.id, made.client, made.keeper()))
    if not any(each["name"] == name for each in results):
        raise _Error(404, "%s has no verdict yet" % name)
    path = os.path.join(_below(), report.directory(made.client), name, file)
    try:
        with open(path, "rb") as f:
            return _answer(f.read(), form)
    except OSError:
        raise _Error(404, "%s has no such trace" % name) from None


def matrix(request: Any, response: Any) -> Answer:
    found = report.reports(_below())
    return _answer(report.matrix([each for _, each in found],
                                 ["/client/" + name for name, _ in found]))


def clients(request: Any, response: Any) -> Answer:
    return _answer(json.dumps(report.index(_below())), "json")


def client(request: Any, response: Any) -> Answer:
    """Answers /client/DIRECTORY/report.html and its traces."""
    _, _, name, *rest = urllib.parse.unquote(
        request.url_parts.path).split("/")
    form = rest[-1].rpartition(".")[2] if rest else ""
    path = os.path.join(_below(), name, *rest)
    inside = "\0" not in path and os.path.realpath(path).startswith(
        os.path.join(os.path.realpath(_below()), name) + os.sep)
    if form not in TYPES or not inside or name in ("", "bad", "runs"):
        raise _Error(404, "expected /client/NAME/report.html, or a trace")
    try:
        with open(path, "rb") as f:
            return _answer(f.read(), form)
    except OSError:
        raise _Error(404, "no such file") from None


def last(request: Any, response: Any) -> Answer:
    newest = Run.newest(_below())
    if newest is None:
        raise _Error(404, "no run has been made yet; /new makes one")
    return _answer("", "txt", 303, ("location", "/run/%s/" % newest.id))


def _guarded(function: Any) -> Any:
    def handler(request: Any, response: Any) -> Any:
        try:
            return function(request, response)
        except _Error as e:
            return _answer("h2bad: %s\n" % e, "txt", e.status)
        except (ReportError, catalogue.CaseError) as e:
            return _answer("h2bad: %s\n" % e, "txt", 500)
        except OSError as e:
            return _answer("h2bad: the server cannot use its directory: %s\n"
                           % e.strerror, "txt", 507 if e.errno in (
                               errno.ENOSPC, errno.EDQUOT) else 500)
    return handler


routes = [
    ("GET", "/", _guarded(index)),
    ("GET", "/cases.txt", _guarded(cases)),
    ("GET", "/cases.json", _guarded(cases)),
    ("GET", "/case/*", _guarded(case)),
    ("GET", "/new", _guarded(new)),
    ("any", "/run/*", _guarded(run)),
    ("GET", "/matrix.html", _guarded(matrix)),
    ("GET", "/index.json", _guarded(clients)),
    ("GET", "/client/*", _guarded(client)),
    ("GET", "/last", _guarded(last)),
]
