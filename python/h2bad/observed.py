# SPDX-License-Identifier: MIT
"""What a client did in a case, from the traces of its connections."""

import datetime
import hashlib
import json
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

from h2bad.outcome import GONE, Verdict, harmless

__all__ = ["Asked", "Connection", "Observed", "Process", "judge"]

Line = Dict[str, Any]

#: Seconds within which a request may have been under way already.
UNDER_WAY = 0.2

#: How many similar frames in a row are kept of a trace.
ALIKE = 200

#: Signals that a broken program gets from itself or from the kernel.
CRASHES = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 11: "SIGSEGV"}


class Process:
    """How a client's process ended.

    exit, signal: int or None.  hung: whether it had to be killed.  rss_kb: its
    peak memory in KiB.  ms: how long it ran.  output: the beginning of what it
    printed.
    """

    def __init__(self) -> None:
        self.exit: Optional[int] = None
        self.signal: Optional[int] = None
        self.hung = False
        self.rss_kb = 0
        self.rss_limit_kb = 0       # 0: none
        self.crash_exits: Tuple[int, ...] = ()
        self.ms = 0
        self.output = ""


class Asked(NamedTuple):
    """A request.  same: whether it came on the connection of the misbehaviour.
    fields: values by name.  content: octets of DATA on its stream.  ended:
    whether END_STREAM came.
    """

    same: bool
    method: str
    fields: Dict[str, str]
    content: int
    ended: bool


def _content(line: Line) -> int:
    # Octets of content in a DATA frame: neither padding nor its length counts
    # (RFC 9113 §6.1).
    return int(line["length"]) - int(line.get("padding", -1)) - 1


class Connection:
    """A connection's trace, which may still grow.  lines: what has been read
    of it, of a flood only the beginning.  path: its file.
    """

    def __init__(self, lines: List[Line], path: str = "") -> None:
        self.lines = lines
        self.path = path
        self._at = 0        # octets of the file that have been read
        self._last: List[Any] = []
        self._alike = 0
        self._unkept: Dict[int, int] = {}   # content in no line, by stream

    def read(self) -> None:
        """Reads the whole lines that the file has got since the last call."""
        with open(self.path, "rb") as f:
            f.seek(self._at)
            for text in f:
                if not text.endswith(b"\n"):
                    break
                self._at += len(text)
                try:
                    line = json.loads(text.decode("utf-8", "replace"))
                except ValueError:      # a full disk has cut this line
                    continue
                if isinstance(line, dict) and "type" in line:
                    self._add(line)

    def _add(self, line: Line) -> None:
        # Only the first of a flood's similar frames are kept.
        key = [line.get(name) for name in (
            "dir", "type", "stream", "length", "flags")]
        self._alike = self._alike + 1 if key == self._last else 0
        self._last = key
        if self._alike < ALIKE or key[0] is None:
            self.lines.append(line)
        elif key[:2] == ["in", "DATA"]:
            stream = line["stream"]
            self._unkept[stream] = self._unkept.get(stream, 0) + _content(line)

    @property
    def began(self) -> str:
        """When the connection began, as text that sorts by time."""
        return str(self.lines[0].get("time", "")) if self.lines else ""

    @property
    def case(self) -> Optional[Line]:
        """The note with the connection's case and run.  None if there is none,
        or if the server noticed that the connection was another client's.
        """
        said = self.notes("case")
        return said[0] if said and not self.notes("mistaken") else None

    @property
    def after(self) -> List[Line]:
        """The lines from the misbehaviour on: from the last note `here`."""
        for i in range(len(self.lines) - 1, -1, -1):
            line = self.lines[i]
            if line["type"] == "note" and line["name"] == "here":
                return self.lines[i:]
        return []

    @property
    def stream(self) -> int:
        """The stream of the request to which the server misbehaved, or 0."""
        known = [line["values"]["stream"] for line in self.lines
                 if line["type"] == "note"
                 and line["name"] in ("here", "request")]
        return int(known[-1]) if known else 0

    def notes(self, name: str) -> List[Line]:
        """The values of the notes of this name."""
        return [line["values"] for line in self.lines
                if line["type"] == "note" and line["name"] == name]

    def received(self, kind: str) -> List[Line]:
        """The client's frames of this type, from the misbehaviour on."""
        return [line for line in self.after
                if line["type"] == kind and line.get("dir") == "in"]

    def sent(self, kind: str, stream: int) -> List[Line]:
        """The server's frames of this type on a stream (0: the connection),
        from the misbehaviour on."""
        return [line for line in self.after
                if line["type"] == kind and line.get("dir") == "out"
                and line["stream"] == stream]

    def requests(self) -> List[Line]:
        """The client's requests, all of the connection: the lines whose fields
        have a method.  A browser's CORS preflight requests are left out.
        """
        found = []
        for line in self.lines:
            if line["type"] in ("HEADERS", "CONTINUATION") and \
                    line.get("dir") == "in":
                names = [f[0] for f in line.get("fields", ())]
                if ":method" in names and \
                        "access-control-request-method" not in names:
                    found.append(line)
        return found

    def content(self, stream: int) -> int:
        """Octets of content in the client's DATA frames on a stream."""
        return self._unkept.get(stream, 0) + sum(
            _content(line) for line in self.lines
            if line["type"] == "DATA" and line.get("dir") == "in"
            and line["stream"] == stream)

    def at(self, name: str) -> float:
        """The time, in seconds, of the first note of this name; infinite if
        there is none.
        """
        for line in self.lines:
            if line["type"] == "note" and line["name"] == name:
                return float(line["t"])
        return float("inf")

    def clock(self, name: str = "") -> float:
        """The same on a clock that connections have in common; without a name,
        when the connection began.
        """
        try:
            began = datetime.datetime.strptime(
                self.began, "%Y-%m-%dT%H:%M:%S.%fZ").timestamp()
        except ValueError:
            began = 0.0
        return began + (self.at(name) if name else 0.0)

    @property
    def alpn(self) -> Optional[str]:
        for line in self.lines:
            if "alpn" in line:
                return str(line["alpn"])
        return None

    @property
    def is_over(self) -> bool:
        return bool(self.lines) and self.lines[-1]["type"] in ("close",
                                                               "limit")

    def end(self) -> Line:
        """How the connection ended, as the connection script noted it: kind,
        by, order, name, seconds.  Empty if it has not ended.
        """
        ends = self.notes("end")
        return ends[-1] if ends else {}


class Observed:
    """What a client did in a case; `outcome` judges it.

    connections: all of the case, oldest first.  first: the one on which the
    server misbehaved.  process: how the client's ended, if h2bad started it.
    got: what the client told, or None.
    """

    def __init__(self, case: Any, connections: Iterable[Connection],
                 process: Optional[Process] = None,
                 got: Optional[Line] = None) -> None:
        self.case = case
        self.connections = sorted(connections, key=lambda c: c.began)
        self.process = process
        self.got = got
        cases = [c for c in self.connections if c.case is not None]
        self.first = next((c for c in cases if c.after),
                          cases[0] if cases else Connection([]))
        first = self.first
        self.stream = first.stream
        self.fence_name = case.fence or "PING"
        #: paths of requests for the case; "/" if the host's name tells it
        self.paths = ("/bad/" + case.name, "/")
        fences = [line["values"] for line in first.after
                  if line["type"] == "note" and line["name"] == "fence"]
        self.fences = sum("passed" in each for each in fences)
        self.fences_sent = len(fences) - self.fences
        self.complete = first.at("complete") < float("inf")
        self.good_streams = {n["stream"] for n in first.notes("good")}
        self.violations = [str(n["text"]) for c in cases
                           for n in c.notes("violation")]
        self.canary = any(c.notes("canary") for c in self.connections)

    @property
    def goaway(self) -> Optional[str]:
        """The code of the client's GOAWAY, or None: the first one that is an
        error, if there is one.  NO_ERROR does not count once the response is
        complete or the case has ended the connection.
        """
        over = min(self.first.at("complete"), self.first.at("closing"))
        codes = [(str(line.get("code", "malformed")), line["t"] < over)
                 for line in self.first.received("GOAWAY")]
        errors = [code for code, _ in codes if code != "NO_ERROR"]
        return errors[0] if errors else \
            "NO_ERROR" if any(early for _, early in codes) else None

    @property
    def resets(self) -> Dict[int, str]:
        """The codes of the client's RST_STREAM frames, by stream, without
        those that only say that the client is done (`cleared`).
        """
        return self._resets(False)

    @property
    def cleared(self) -> Dict[int, str]:
        """The codes, by stream, of RST_STREAM frames that only say that the
        client is done (`harmless`).  Once the case has ended the connection,
        all codes in GONE count so: whether they still come is chance.
        """
        return self._resets(True)

    def _resets(self, clearing: bool) -> Dict[int, str]:
        made: Dict[int, str] = {}
        ended = set()
        closing = self.first.at("closing")
        begins = len(self.first.lines) - len(self.first.after)
        for i, line in enumerate(self.first.lines):
            if line.get("dir") == "out" and (
                    "END_STREAM" in line.get("flags", ())
                    or line["type"] == "RST_STREAM"):
                ended.add(line["stream"])
            if i >= begins and line["type"] == "RST_STREAM" and \
                    line.get("dir") == "in":
                code = str(line.get("code", "malformed"))
                if clearing == (
                        harmless(code, line["stream"] in ended, self.case)
                        or code in GONE and line["t"] >= closing):
                    made.setdefault(line["stream"], code)
        return made

    @property
    def left(self) -> str:
        """How the client ended the connection before the response was
        complete and before the server waited no more for a reaction, or "".
        """
        first = self.first
        end = first.end()
        if self.complete or end.get("by") != "client":
            return ""
        if min(first.at("closing"), first.at("over")) < float("inf"):
            return ""
        kind = end.get("kind")
        if kind == "tls_alert":
            return "alert:%s" % end.get("name")
        return "close:rst" if kind == "reset" or "RST" in end.get(
            "order", ()) else "close:fin"

    @property
    def gave_up(self) -> Optional[float]:
        """Seconds from the misbehaviour until the client reset a stream, sent
        GOAWAY or left, if it did before the response was complete.
        """
        first = self.first
        times = [float(line["t"]) for kind in ("RST_STREAM", "GOAWAY")
                 for line in first.received(kind)]
        if self.left:
            times.append(float(first.end()["seconds"]))
        early = [t for t in times if t < first.at("complete")]
        return min(early) - float(first.after[0]["t"]) if early else None

    @property
    def wrong_content(self) -> str:
        """How the content that the program got differs from the case's; "" if
        it does not, or if the program does not tell.
        """
        content, got = self.case.content, self.got or {}
        if content is None or got.get("result") != "response":
            return ""
        if got.get("length", len(content)) != len(content):
            return "the program got %s octets of content in the place of %d" \
                % (got["length"], len(content))
        digest = hashlib.sha256(content).hexdigest()
        if got.get("sha256", digest) != digest:
            return "the program got other content than was sent"
        return ""

    @property
    def said(self) -> str:
        """The last line that the client's process printed, or ""."""
        lines = self.process.output.split("\n") if self.process else []
        last = next((each for each in reversed(lines) if each.strip()), "")
        return last.strip()[:200]

    @property
    def delivered(self) -> bool:
        """Whether the response was completed and its stream not reset."""
        return self.complete and self.stream not in self.resets

    @property
    def ended_by_server(self) -> bool:
        """Whether the server ended the request's stream before it sent the
        first fence after the misbehaviour.
        """
        lines = self.first.lines
        here = len(lines) - len(self.first.after)
        for i, line in enumerate(lines):
            if i >= here and line["type"] == "note" and \
                    line["name"] == "fence":
                return False
            if line.get("dir") == "out" and line.get("stream") == self.stream \
                    and ("END_STREAM" in line.get("flags", ())
                         or line["type"] == "RST_STREAM"):
                return True
        return False

    @property
    def goodbye(self) -> bool:
        """Whether the client left, or said that it would, without a complaint:
        by GOAWAY with NO_ERROR, or by closing the connection.
        """
        return self.goaway == "NO_ERROR" or self.goaway is None and \
            self.left.startswith("close:")

    @property
    def gone(self) -> bool:
        """Whether the client left without a complaint once the stream had
        ended, as a program with one request does.
        """
        return self.ended_by_server and self.stream not in self.resets and \
            self.goodbye

    @property
    def spoke(self) -> bool:
        """Whether the client has sent its connection preface, or a request,
        after the misbehaviour.
        """
        return any(line.get("dir") == "in" and line["type"] in (
            "preface", "SETTINGS", "HEADERS") for line in self.first.after)

    @property
    def over(self) -> bool:
        """Whether the client or the case has ended the connection, so that no
        fence can be acknowledged.
        """
        return self.first.end().get("by") == "client" or \
            self.first.at("closing") < float("inf")

    @property
    def follow_up(self) -> Optional[str]:
        """Where the next request came: "same-connection",
        "new-connection", or None.
        """
        for c in self.connections:
            if c.notes("follow-up"):
                return "same-connection" if c is self.first \
                    else "new-connection"
        return None

    @property
    def reused(self) -> bool:
        """Whether the next request came on the connection of the misbehaviour
        and was not under way before: it came late, or the client has passed a
        fence and not ended the connection.
        """
        if self.follow_up != "same-connection" or not self.first.after:
            return False
        late = float(self.first.after[0]["t"]) + UNDER_WAY
        return bool(self.fences) and self.goaway is None or any(
            line["t"] >= late and path.startswith("/ok")
            for line, path in self._requests(self.first))

    @property
    def spare(self) -> bool:
        """Whether the connection of the misbehaviour was a spare one: the
        client, which may open several, has sent its requests on another one,
        and not because of what the server did.
        """
        first = self.first
        if first.requests() or self.goaway not in (None, "NO_ERROR") or \
                self.server_closed or \
                all(line["type"] != "preface" for line in first.lines):
            return False
        before = first.clock("here")
        if first.end().get("by") == "client":
            before = max(before, first.clock("end") - UNDER_WAY)
        return any(self._paths(c) and not c.after and c.clock() < before
                   for c in self.connections)

    @property
    def resumed(self) -> bool:
        """Whether the client has sent a request on that connection after its
        own GOAWAY with an error.
        """
        ended = [line["t"] for line in self.first.received("GOAWAY")
                 if line.get("code") != "NO_ERROR"]
        return bool(ended) and any(line["t"] > ended[0] for line, _ in
                                   self._requests(self.first))

    @property
    def moved(self) -> bool:
        """Whether the next request came on another connection although the
        server had not ended this one by then.
        """
        return self.follow_up == "new-connection" and \
            not self.server_closed and any(
                c.clock("follow-up") < self.first.clock("over")
                for c in self.connections)

    @property
    def server_closed(self) -> bool:
        """Whether the case itself ended the connection, or sent GOAWAY before
        the response was complete.
        """
        return self.first.at("closing") < float("inf") or any(
            line["t"] <= self.first.at("complete")
            for line in self.first.sent("GOAWAY", 0))

    def asked(self, path: str) -> List[Asked]:
        """The client's requests for this path, query aside, on all of the
        connections.
        """
        made = []
        for c in self.connections:
            for line in c.requests():
                fields = dict(line["fields"])
                if str(fields.get(":path")).partition("?")[0] == path:
                    made.append(Asked(
                        c is self.first, fields[":method"], fields,
                        c.content(line["stream"]), any(
                            "END_STREAM" in each.get("flags", ())
                            and each.get("dir") == "in"
                            and each["stream"] == line["stream"]
                            for each in c.lines)))
        return made

    @property
    def has_priorities(self) -> bool:
        """Whether the client has used anything of RFC 9218."""
        return any(
            line.get("dir") == "in" and (
                line["type"] == "PRIORITY_UPDATE"
                or any(each[0] in ("NO_RFC7540_PRIORITIES", "priority")
                       for each in (*line.get("settings", ()),
                                    *line.get("fields", ()))))
            for line in self.first.lines)

    @property
    def repeated(self) -> List[Asked]:
        """The repetitions of the case's request, for cases in which the client
        was told to send it once.
        """
        return [each for path in self.paths for each in self.asked(path)][1:]

    @property
    def asked_on(self) -> int:
        """On how many connections requests for the case came.  The follow-up
        does not count: the server may have ended the connection by then.
        """
        return sum(bool(self._paths(c)) for c in self.connections)

    @property
    def retries(self) -> int:
        """How often a request of the case came again, on any connection."""
        asked = [path for c in self.connections for path in self._paths(c)]
        return len(asked) - len(set(asked))

    @staticmethod
    def _requests(c: Connection) -> List[Tuple[Line, str]]:
        # The requests of a connection, and their paths.
        return [(line, str(dict(line["fields"]).get(":path")))
                for line in c.requests()]

    def _paths(self, c: Connection) -> List[str]:
        # The paths of requests for the case itself.
        paths = [path for _, path in self._requests(c)]
        paths += [str(n["path"]) for n in c.notes("http1")]
        return [path for path in paths
                if path.partition("?")[0] in self.paths]

    def opened_late(self, pings: int = 2) -> Optional[int]:
        """Returns a stream that the client opened although it had acknowledged
        so many PING frames that were sent after a GOAWAY frame, or None.  (One
        is no proof: its acknowledgement may overtake a request.)
        """
        unanswered: Optional[int] = None    # PINGs, once GOAWAY has been sent
        under_way = 0
        for line in self.first.lines:
            out, kind = line.get("dir") == "out", line["type"]
            if kind == "PING":
                if out != ("ACK" in line["flags"]):
                    under_way += 1 if out else -1
                    if unanswered is not None and not out:
                        unanswered -= 1
            elif kind == "GOAWAY" and out and unanswered is None:
                unanswered = under_way
            elif not out and unanswered is not None and \
                    unanswered <= -pings and line in self.first.requests():
                return int(line["stream"])
        return None

    @property
    def reaction(self) -> str:
        """The reaction in a word.  A retry says more than a reset or GOAWAY by
        which the client only cleans up.  What the client does to a connection
        that the case has ended says nothing.
        """
        first, resets = self.first, self.resets
        reset = resets.get(self.stream) or next(iter(resets.values()), None)
        if self.goaway not in (None, "NO_ERROR"):
            made = "goaway:%s" % self.goaway
        elif reset and not (reset in GONE and self.retries):
            made = "rst:" + reset
        elif self.goaway and not self.retries:
            made = "goaway:NO_ERROR"
        elif self.retries:
            made = "retry:%s-connection" % (
                "same" if all(c is first or not self._paths(c)
                              for c in self.connections) else "new")
        elif self.left:
            made = self.left
        elif self.fences:
            made = "ack"
        elif first.at("closing") < float("inf"):
            made = "server-closed"
        elif first.end().get("kind") in ("closed", "reset") and \
                first.end().get("by") == "client":
            made = "close"
        else:
            made = "timeout"
        return made


def _refused(o: Observed) -> str:
    # Why h2rig itself has ended a connection of the client, or "".
    for c in o.connections:
        for said in c.notes("violation"):
            if said.get("level") == "connection":
                return "h2rig has ended the connection by %s: %s" % (
                    said["code"], said["text"])
    return ""


def _before(o: Observed) -> Optional[Verdict]:
    # The verdict if one is due before the reaction is judged, else None
    # (CATALOGUE 6.7).
    for c in o.connections:
        for said in c.notes("error"):
            return Verdict("error", "", str(said["text"]))
    p = o.process
    if p is not None and (p.signal in CRASHES or p.exit in p.crash_exits):
        return Verdict("fail", "crash", "its process ended by %s" % (
            CRASHES[p.signal] if p.signal in CRASHES
            else "exit status %s" % p.exit))
    if p is not None and p.rss_limit_kb and p.rss_kb > p.rss_limit_kb:
        return Verdict("fail", "memory", "its process had %d MiB; at most %d "
                       "were allowed" % (p.rss_kb >> 10,
                                         p.rss_limit_kb >> 10))
    for c in o.connections:
        for said in c.notes("skip"):
            return Verdict("skip", "not-exercised", str(said["reason"]))
    if o.first.case is None:
        if any(c.notes("mistaken") for c in o.connections):
            return Verdict("skip", "not-exercised", "its connection met a case "
                           "that another client of this address had armed")
        return Verdict("skip", "no-connection", _refused(o) or "the client did "
                       "not connect, or sent no request")
    if not o.first.after:
        if o.first.alpn not in ("h2", None):
            return Verdict("skip", "no-h2", "HTTP/2 was not negotiated")
        return Verdict("skip", "no-request", _refused(o) or "no request came")
    if o.spare:
        return Verdict("skip", "not-exercised", "the request came on another "
                       "connection than the one that the server misbehaved "
                       "on, and which was not used")
    for c in o.connections:
        for said in c.notes("found"):
            return Verdict(said["verdict"], said["reason"], said["message"])
    for c in o.connections:
        if c.lines and c.lines[-1]["type"] == "limit":
            return Verdict("error", "", "the trace of a connection was full "
                           "after %d octets, and what came then was not seen"
                           % c.lines[-1]["octets"])
    return None


def judge(o: Observed) -> Verdict:
    """Returns the verdict on a client in a case."""
    made = _before(o)
    if made is None:
        own = getattr(o.case.module, "judge", None)
        made = Verdict(*own(o)) if own else o.case.expect.judge(o)
    if o.process is not None and o.process.hung and made.verdict in (
            "pass", "tolerated", "info"):
        made = Verdict("fail", "hang", "its process had to be killed: it did "
                       "not end within its time")
    if o.case.kind == "check" and made.verdict in ("pass", "tolerated",
                                                   "fail") \
            and made.reason not in ("crash", "hang", "memory"):
        made = Verdict("info", made.reason, made.message)
    return made
