# SPDX-License-Identifier: MIT
"""Defines and runs a case: octets to send, steps that wait, and outcomes.

    case("6.7", "PING on a stream",
         frame(PING, 0, 1, bytes(8)), goaway(PROTOCOL_ERROR, "PING on stream"))

The connection is set up before the first step.  A step is octets, or a
function that takes the client and waits for something.  An outcome is what the
server must do.  Unless an outcome ends the connection, the server must answer
PING and another request afterwards, and must have reset no other stream.  In
every case, all frames that the server sent must be correct.
"""
import re
from typing import (Any, Callable, Dict, Iterable, NamedTuple, Optional, Set,
                    Tuple, Union)

from rawclient import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM,
                       GOAWAY, HEADERS, MAX_FRAME_SIZE, PADDED, PING, PRIORITY,
                       PRIORITY_FLAG, PUSH_PROMISE, RST_STREAM, SETTINGS,
                       WINDOW_UPDATE, Client, Exchange)
from server import Server

from conformance.wire import code_name, get

Step = Union[bytes, Callable[[Client], Any]]
PROBE = 100001                  # the stream of goes_on()'s request
TIMEOUT = 8                     # seconds, unscaled

FLAGS = {DATA: END_STREAM | PADDED,
         HEADERS: END_STREAM | END_HEADERS | PADDED | PRIORITY_FLAG,
         PRIORITY: 0, RST_STREAM: 0, SETTINGS: ACK,
         PUSH_PROMISE: END_HEADERS | PADDED, PING: ACK, GOAWAY: 0,
         WINDOW_UPDATE: 0, CONTINUATION: END_HEADERS}


class Case(NamedTuple):
    """A case.  The functions below make its steps and outcomes."""
    section: str
    title: str
    steps: Tuple[Step, ...]
    outcomes: Tuple["Outcome", ...]
    profile: str                        # name of the server's options
    transport: Optional[str]            # "TLS", "cleartext", or None for both
    probe: bool                         # whether goes_on() sends a request
    client: Dict[str, Any]              # arguments of Client

    @property
    def name(self) -> str:
        """The name of the test: section, title and outcomes."""
        words = ", ".join(o.words for o in self.outcomes) or "goes on"
        return f"{self.section} {self.title}: {words}"


class Outcome(NamedTuple):
    """What the server must do; check returns what is wrong, or "".

    fatal: the connection ends.  resets: the streams that the
    server may reset.
    """
    words: str
    check: Callable[[Client, Server], str]
    fatal: bool = False
    resets: Iterable[int] = ()


def case(section: str, title: str, *parts: Union[Step, Outcome],
         profile: str = "default", transport: Optional[str] = None,
         probe: bool = True, **client: Any) -> Case:
    """Returns a case.  parts: its steps and outcomes.  client:
    arguments of Client."""
    return Case(section, title,
                tuple(p for p in parts if not isinstance(p, Outcome)),
                tuple(p for p in parts if isinstance(p, Outcome)),
                profile, transport, probe, client)


# ---- steps that wait

def waits(condition: Callable[[Client], Any]) -> Step:
    """A step: waits until condition(client) is true or the connection ends."""
    return lambda c: c.wait_for(lambda: condition(c) or c.end)


def answered(sid: int) -> Step:
    """A step: waits until the stream's response has ended, or a reset."""
    return waits(lambda c: c.streams[sid].done)


def started(sid: int) -> Step:
    """A step: waits until the stream's final HEADERS have come."""
    return waits(lambda c: c.streams[sid].status or c.streams[sid].done)


def received(sid: int, n: int) -> Step:
    """A step: waits until n octets of the stream's content have come."""
    return waits(lambda c: len(c.streams[sid].body) >= n
                 or c.streams[sid].done)


def synced(c: Client) -> None:
    """A step: waits, by PING, until the server has processed all
    that was sent before."""
    c.ping(b"digested")


def settled(c: Client) -> None:
    """A step: waits until the server has our acknowledgement
    of its SETTINGS."""
    c.wait_for(lambda: c.settings or c.end)
    synced(c)


# ---- outcomes

def goaway(code: int, text: str = "", last: Optional[int] = None) -> Outcome:
    """A connection error: GOAWAY with debug data that matches the regex text,
    then the end of the connection.  last: the last stream that it names."""
    def check(c: Client, _: Server) -> str:
        c.wait_for(lambda: c.goaway or c.end)
        if c.goaway is None:
            return f"no GOAWAY; end of the connection: {c.end}"
        got = c.goaway[2].decode("latin-1")
        if c.goaway[1] != code or not re.search(text, got):
            return f"GOAWAY {code_name(c.goaway[1])} \"{got}\""
        if last is not None and c.goaway[0] != last:
            return f"GOAWAY names stream {c.goaway[0]}, not {last}"
        end = c.wait_end()
        if end != ("fin" if c.tls is None else "close_notify"):
            return f"after GOAWAY the connection ends by {end}"
        return ""
    return Outcome(f"GOAWAY {code_name(code)}", check, fatal=True)


def reset(sid: int, code: int, text: str = "") -> Outcome:
    """A stream error: RST_STREAM, and a line in the log whose reason matches
    the regex text."""
    def check(c: Client, server: Server) -> str:
        x = c.streams[sid]
        c.wait_for(lambda: x.reset is not None or c.goaway or x.ended)
        if x.reset != code:
            return f"{x!r}, GOAWAY {c.goaway}, not {code_name(code)}"
        host, port = c.sock.getsockname()[:2]
        logged = (f"client {host}:{port}, stream {sid} reset with "
                  f"{code_name(code)}: .*{text}")
        if not server.wait_log(logged, TIMEOUT):
            return f"nothing in the log matches \"{logged}\""
        return ""
    return Outcome(f"RST_STREAM {code_name(code)}", check, resets=[sid])


def answer(sid: int, status: int = 200, body: Optional[bytes] = None,
           words: str = "") -> Outcome:
    """A response that ends with END_STREAM; body: its content."""
    def check(c: Client, _: Server) -> str:
        x = c.streams[sid]
        c.wait_for(lambda: x.done)
        if not x.ended or x.status != status or (
                body is not None and x.body != body):
            return f"{x!r}, GOAWAY {c.goaway}"
        return ""
    return Outcome(words or f"answered with {status}", check)


def that(words: str, test: Callable[[Client], Any], wait: bool = True,
         fatal: bool = False, resets: Iterable[int] = ()) -> Outcome:
    """test(client) becomes true.  wait false: it is true once the server has
    processed all that was sent.  LookupError and TypeError mean that test is
    not true yet, for example since a frame has not come."""
    def holds(c: Client) -> Any:
        try:
            return test(c)
        except (LookupError, TypeError):
            return False

    def check(c: Client, _: Server) -> str:
        if wait:
            c.wait_for(lambda: holds(c) or c.end or c.goaway)
        else:
            synced(c)
        return "" if holds(c) else f"not so: {words}"
    return Outcome(words, check, fatal, resets)


def silent(sid: int) -> Outcome:
    """The server sends nothing on the stream."""
    return that("ignored", lambda c: not c.streams[sid].frames, wait=False)


# ---- running

def unlawful(c: Client) -> str:
    """Returns what is wrong with the frames that the server sent, or ""."""
    largest = max(16384, c.sent_settings.get(MAX_FRAME_SIZE, 0))
    open_block = 0
    ended = set()
    if c.frames and (c.frames[0].type, c.frames[0].flags) != (SETTINGS, 0):
        return f"the first frame is {c.frames[0]}"
    for f in c.frames:
        if len(f.payload) > largest or f.flags & ~FLAGS.get(f.type, 0xff):
            return f"frame too long or with unknown flags: {f}"
        if open_block and (f.type, f.sid) != (CONTINUATION, open_block):
            return f"in the header block of stream {open_block}: {f}"
        if f.type in (HEADERS, CONTINUATION, PUSH_PROMISE):
            open_block = 0 if f.flags & END_HEADERS else f.sid
        if f.sid in ended and f.type in (HEADERS, DATA, PUSH_PROMISE):
            return f"after END_STREAM: {f}"
        if f.type in (HEADERS, DATA) and f.flags & END_STREAM:
            ended.add(f.sid)
    return "; ".join(c.bad_blocks)


def goes_on(c: Client, allowed: Set[int], probe: bool) -> str:
    """Checks that the server serves the connection.  allowed: streams
    that may be reset.  probe: whether to send a request.  Returns
    what is wrong, or ""."""
    if not c.ping(b"still up"):
        return f"PING is not answered; GOAWAY {c.goaway}, end {c.end}"
    if probe:
        c.send(get(PROBE))
        x = c.streams[PROBE]
        c.wait_for(lambda: x.status or x.done)
        if x.status != 200:
            return f"another request: {x!r}, GOAWAY {c.goaway}, end {c.end}"
    resets = [sid for sid, x in c.streams.items()
              if x.reset is not None and sid not in allowed]
    if c.goaway or resets:
        return f"GOAWAY {c.goaway}, streams reset: {resets}"
    return ""


def judge(c: Client, server: Server, this: Case) -> str:
    """Does the steps and checks the outcomes.  Returns
    what is wrong, or ""."""
    for step in this.steps:
        try:
            c.send(step) if isinstance(step, bytes) else step(c)
        except (BrokenPipeError, ConnectionResetError):
            break                       # an outcome checks how it ended
    for outcome in this.outcomes:
        wrong = outcome.check(c, server)
        if wrong:
            return wrong
    if not any(o.fatal for o in this.outcomes):
        wrong = goes_on(c, {sid for o in this.outcomes for sid in o.resets},
                        this.probe)
    else:
        wrong = ""
    return wrong or unlawful(c)


def run(this: Case, server: Server) -> str:
    """Runs a case on a new connection.  Returns what is wrong, or ""."""
    try:
        with Client(server.port, tls=server.scheme == "https",
                    timeout=TIMEOUT, **this.client) as c:
            c.sent_settings = this.client.get("settings") or {}
            for sid in [*range(1, 64), PROBE, (1 << 31) - 1]:
                c.streams[sid] = Exchange(c, sid)
            wrong = judge(c, server, this)
            return wrong and wrong + "\n" + history(c, this)
    except Exception as e:              # a fault of this case only
        return f"{type(e).__name__}: {e}"


def history(c: Client, this: Case) -> str:
    """Returns what was sent and what came, to show with a failure."""
    out = [f"sent: {s[:50].hex(' ')}" for s in this.steps
           if isinstance(s, bytes)]
    out += [f"came: type {f.type} flags {f.flags:#x} stream {f.sid} "
            f"{f.payload[:60]!r}" for f in c.frames[-20:]]
    return "\n".join(out)
