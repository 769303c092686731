# SPDX-License-Identifier: MIT
"""One URL of the plan: its request, what came back, and whether and where the
client sends the request again."""
import math
import time
import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Tuple
from urllib.parse import urldefrag, urljoin, urlsplit

from badclient.hpack import Field
from badclient.message import values
from badclient.rules import HTTP_1_1_REQUIRED, Rules
from badclient.tunnel import Tunnel, Upload, WebSocket

RETRIES, REDIRECTS = 3, 20
EXPECT_PATIENCE = 1.0
CODINGS, CONTENT_LIMIT = 3, 256 << 20
IDEMPOTENT = (b"GET", b"HEAD", b"OPTIONS", b"PUT", b"DELETE", b"TRACE")
SECRETS = ("authorization", "cookie", "proxy-authorization")
SLOW = 0.05             # seconds between the parts of a slow upload
NAIVE_PAUSE = 0.01      # between the attempts of a client that never gives up


class Target(NamedTuple):
    """Where a request goes.  h1: over HTTP/1.1 only."""
    scheme: str
    host: str
    port: int
    h1: bool = False


class Outcome(NamedTuple):
    """How an attempt ended.  status: 0 without a response.  code: of the
    RST_STREAM or GOAWAY, or None.  unprocessed: the server says that it did
    not process the request.  reused: the connection had been used before."""
    status: int
    why: str = ""
    code: Optional[int] = None
    unprocessed: bool = False
    reused: bool = False


class Decoded:
    """Decodes content (RFC 9110 §8.4) of bounded size and drops the result."""

    def __init__(self, codings: List[str]) -> None:
        self.faulty = len(codings) > CODINGS or any(
            c not in ("gzip", "x-gzip", "deflate") for c in codings)
        self.stages = [] if self.faulty else [
            zlib.decompressobj(31 if "gzip" in c else 15)
            for c in reversed(codings)]
        self.size = 0

    def add(self, octets: bytes) -> bool:
        """Decodes octets.  Returns False if they do not decode or the content
        is too large."""
        try:
            for i, stage in enumerate(self.stages):
                octets = stage.decompress(octets, CONTENT_LIMIT)
        except zlib.error:
            self.faulty = True
        self.size += len(octets)
        self.faulty = self.faulty or self.size > CONTENT_LIMIT
        return not self.faulty

    @property
    def whole(self) -> bool:
        """Whether the content is complete for each coding."""
        return not self.faulty and all(s.eof for s in self.stages)


class Exchange:
    """An entry of the plan, and the state of its newest attempt.  outcome: of
    that attempt, None while it goes on."""

    def __init__(self, rules: Rules, entry: Dict[str, Any]) -> None:
        self.rules, self.entry = rules, entry
        self.kind = entry.get("kind")
        self.method: bytes = (b"CONNECT" if self.kind else
                              entry.get("method", "GET").encode())
        body = entry.get("body")
        self.body: bytes = (body.encode() if body is not None else
                            b"0123456789abcdef" * (entry.get("body_size", 0)
                                                   // 16 + 1)
                            )[:None if body is not None
                              else entry.get("body_size", 0)]
        self.has_body = body is not None or "body_size" in entry
        self.headers: List[Tuple[str, str]] = [
            (name.lower(), value) for name, value in entry.get("headers", [])]
        self.retries = self.redirects = 0
        self.once: List[int] = []           # statuses that were retried
        self.h1 = self.elsewhere = self.settled = False
        self.not_before = 0.0
        self.go_to(entry["url"])

    # ---- the request

    def go_to(self, url: str) -> None:
        """Begins an attempt at this URL.  Raises ValueError for a URL that is
        not http or https."""
        self.url = urldefrag(url)[0]
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{self.url!r} is no http or https URL")
        self.target = Target(parts.scheme, parts.hostname, parts.port or
                             (443 if parts.scheme == "https" else 80))
        self.authority = parts.netloc.rpartition("@")[2].encode()
        self.path = ((parts.path or "/")
                     + (f"?{parts.query}" if parts.query else "")).encode()
        self.begin()

    def begin(self) -> None:
        """Begins a new attempt."""
        self.outcome: Optional[Outcome] = None
        self.opened = False
        self.status, self.fields_received = 0, []  # type: int, List[Field]
        self.received, self.resume_at = 0, 0.0
        self.content = Decoded([])
        self.upload = Upload(self.body, self.kind is None,
                             SLOW if self.entry.get("slow") else 0.0)
        self.tunnel: Optional[Tunnel] = None
        if self.kind:
            kind = WebSocket if self.kind == "websocket" else Tunnel
            self.tunnel = kind(self.rules, self.upload)

    @property
    def needs_connect_protocol(self) -> bool:
        return self.kind == "websocket"

    @property
    def expects(self) -> bool:
        """Whether the request has an Expect field."""
        return any(name == "expect" for name, _ in self.headers)

    def fields(self) -> List[Field]:
        """Returns the request's fields, and marks the attempt as opened."""
        self.opened = True
        if self.expects and self.rules.keeps("expect"):
            self.upload.ready_at = time.monotonic() + EXPECT_PATIENCE
        out: List[Tuple[str, str]] = []
        if self.kind != "connect":
            out = [(":scheme", self.target.scheme), (":path", "")]
        if self.kind == "websocket":
            out += [(":protocol", "websocket"),
                    ("sec-websocket-version", "13")]
        elif self.kind is None:
            out += [("accept", "*/*"), ("accept-encoding", "gzip, deflate"),
                    ("priority", "u=2")]
            if self.has_body:
                out.append(("content-length", str(len(self.body))))
        if self.rules.keeps("request-fields"):
            out += [("te", "trailers"), ("user-agent", "badclient")]
        else:
            out += [("TE", "gzip"), ("Connection", "close")]
        out += self.headers
        return [(b":method", self.method), (b":authority", self.authority)] + [
            (name.encode(), self.path if name == ":path"
             else value.encode("latin-1")) for name, value in out]

    # ---- what the connection reports

    def informational(self, status: int) -> None:
        """Takes a 1xx response."""
        if status == 100:
            self.upload.ready_at = 0.0

    def head(self, status: int, fields: List[Field]) -> None:
        """Takes the final response's status and fields."""
        self.status, self.fields_received = status, fields
        # Content that was announced cannot be left out: the stream is reset.
        stays = (status == 417 and self.expects and self.rules.keeps("expect")
                 and self.rules.keeps("reset"))
        self.upload.ready_at = math.inf if stays else 0.0
        if self.tunnel is not None and 200 <= status < 300:
            self._open_tunnel(self.tunnel, fields)
        elif self.tunnel is not None:
            self.upload.closed = True
        elif self.rules.keeps("content-coding"):
            codings = b",".join(values(fields, b"content-encoding"))
            self.content = Decoded([
                c.strip().lower() for c in codings.decode("latin-1").split(",")
                if c.strip().lower() not in ("", "identity")])

    def _open_tunnel(self, tunnel: Tunnel, fields: List[Field]) -> None:
        unasked = (values(fields, b"sec-websocket-protocol")
                   + values(fields, b"sec-websocket-extensions"))
        if unasked and self.rules.keeps("websocket"):
            tunnel.failed = f"{unasked[0]!r} was not asked for"
        tunnel.start()

    def data(self, octets: bytes) -> bool:
        """Takes content.  Returns False if no more of it is wanted."""
        before, self.received = self.received, self.received + len(octets)
        pause = self.entry.get("pause_after")
        if pause is not None and before <= pause < self.received:
            self.resume_at = (time.monotonic()
                              + self.entry.get("pause_seconds", 1))
        cancel = self.entry.get("cancel_after")
        if cancel is not None and self.received >= cancel:
            return False
        if self.tunnel is not None and 200 <= self.status < 300:
            return not self.tunnel.failed and self.tunnel.data(octets)
        # A response to HEAD has a coding, but no content to decode.
        return not octets or self.content.add(octets)

    def reading(self) -> bool:
        """Returns whether the application takes content now."""
        return time.monotonic() >= self.resume_at

    def trailers(self, fields: List[Field]) -> None:
        """Ignores a trailer section."""

    def remote_end(self) -> None:
        """Takes END_STREAM; the request may still go on."""
        if self.tunnel is not None:
            self.tunnel.end()

    def complete(self) -> None:
        """Sets the outcome after a whole response."""
        coded = self.received and self.content.stages
        if self.tunnel is not None and self.tunnel.failed:
            self.outcome = Outcome(0, self.tunnel.failed)
        elif self.tunnel is not None and not 200 <= self.status < 300:
            self.outcome = Outcome(0, f"tunnel refused: {self.status}")
        elif self.content.faulty or coded and not self.content.whole:
            self.outcome = Outcome(0, "content-encoding does not decode")
        else:
            self.outcome = Outcome(self.status or 200)

    def fail(self, why: str, code: Optional[int] = None,
             unprocessed: bool = False, reused: bool = False) -> None:
        """Sets the outcome without a whole response."""
        cancel = self.entry.get("cancel_after")
        if cancel is not None and self.received >= cancel:
            self.outcome = Outcome(self.status)
        elif self.tunnel is not None and self.tunnel.failed:
            self.outcome = Outcome(0, self.tunnel.failed)
        elif self.status and not self.rules.keeps("whole-response"):
            self.outcome = Outcome(self.status)
        else:
            self.outcome = Outcome(0, why, code, unprocessed, reused)

    # ---- what follows from it

    def again(self, now: float) -> bool:
        """Begins another attempt if the outcome calls for one.  Returns
        whether it does."""
        outcome = self.outcome
        assert outcome is not None
        if not (self._redirect() if outcome.status
                else self._retry(outcome)):
            return False
        limited = self.rules.keeps("retry-limit")
        self.not_before = now + (0.05 * 2 ** self.retries * bool(self.retries)
                                 if limited else NAIVE_PAUSE)
        return True

    def _retry(self, outcome: Outcome) -> bool:
        if self.rules.keeps("retry-limit") and self.retries >= RETRIES:
            return False
        if outcome.code == HTTP_1_1_REQUIRED:
            if self.h1 and self.rules.keeps("retry-limit"):
                return False
            self.h1 = True
        elif not outcome.unprocessed and self.rules.keeps("retry-safely"):
            if (not outcome.reused or self.method not in IDEMPOTENT
                    or self.status or self.retries):
                return False
        self.retries += 1
        self.begin()
        return True

    def _redirect(self) -> bool:
        """Begins another attempt after a redirect, 417, 421 or 425.  Returns
        whether it did."""
        status, limited = self.status, self.rules.keeps("retry-limit")
        if status in (421, 425) or status == 417 and self.expects:
            if limited and status in self.once:
                return False
            self.once.append(status)
            self.elsewhere = status != 417
            if status == 417:
                self.headers = [h for h in self.headers if h[0] != "expect"]
            self.begin()
            return True
        location = values(self.fields_received, b"location")
        if status not in (301, 302, 303, 307, 308) or not location:
            return False
        self.redirects += 1
        if self.redirects > REDIRECTS and self.rules.keeps("redirect-limit"):
            self.outcome = Outcome(0, f"{REDIRECTS} redirects")
            return False
        return self._follow(status, location[0].decode("latin-1"))

    def _follow(self, status: int, location: str) -> bool:
        before = self.target
        if (self.rules.keeps("redirect-method")
                and (status == 303 and self.method != b"HEAD"
                     or status in (301, 302) and self.method == b"POST")):
            self.method, self.body, self.has_body = b"GET", b"", False
        try:
            self.go_to(urljoin(self.url, location))
        except ValueError as e:
            self.outcome = Outcome(0, str(e))
            return False
        if (self.target != before and self.rules.keeps("redirect-secrets")):
            self.headers = [h for h in self.headers if h[0] not in SECRETS]
        return True
