#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the verdicts of h2bad do not depend on chance.  If both sides end
the connection, they depend neither on who was first nor on how much of the
client's last frames came.  Cases wait for what can still come, and judge by
what concerns them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "python")]
import tap                                                      # noqa: E402
from badtraces import end, frame, judged, note, request, seen   # noqa: E402
from h2bad import catalogue                                     # noqa: E402
from h2bad.case import D                                        # noqa: E402
from h2bad.exchange import Exchange, Request, Skip              # noqa: E402
from h2bad.observed import Connection                           # noqa: E402
from h2bad.report.model import put                             # noqa: E402
from h2bad.runs import Run                                      # noqa: E402
from h2bad.servers import BadServer                             # noqa: E402
from h2bad.watch import Watch                                   # noqa: E402
from server import program                                      # noqa: E402

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode", "good"]
CURL = ["curl", "-sS", "--http2", "--cacert", "{ca}", "-o", "/dev/null",
        "{url}", "-o", "/dev/null", "{follow}"]

#: Cases in which the server ends the connection or tells the client to.
RACY = ["goaway-[ehpu]*", "goaway-idle*", "close-fin-*", "close-*-after-end",
        "close-after-*", "connect-storm", "post-retry-once", "tcp-*"]

t = tap.Tap()


# ---- the same, seen in another order

def orders():
    """The order of events at the end of a connection does not
    change a verdict."""
    closing = note("closing", how="tls")
    goaway = frame("out", "GOAWAY", code="ENHANCE_YOUR_CALM", last_stream=0)
    bye = frame("in", "GOAWAY", code="NO_ERROR", last_stream=0)
    cancel = frame("in", "RST_STREAM", 1, code="CANCEL")
    ways = {
        "the server was first": (end("server"),),
        "the client was first": (end("client"),),
        "by RST": (end("client", "reset", ("RST",)),),
        "it said GOAWAY before": (bye, end("server")),
        "it reset the stream before": (cancel, end("client"))}
    for name, lines in ways.items():
        t.eq(seen("goaway-enhance-calm", closing, goaway, *lines),
             ("info", "server-closed"), f"GOAWAY and the end: {name}")
        t.eq(seen("goaway-enhance-calm", closing, goaway, *lines,
                  retried=True),
             ("info", "retry:new-connection"), f"... and a retry: {name}")
        t.eq(seen("close-fin-before-response", closing, *lines),
             ("info", "server-closed"), f"the end alone: {name}")
    t.eq(seen("goaway-enhance-calm", closing, goaway, frame(
        "in", "GOAWAY", code="PROTOCOL_ERROR", last_stream=0), end("server")),
         ("info", "goaway:PROTOCOL_ERROR"), "an error is a reaction")
    t.eq([seen("goaway-unprocessed", goaway, *lines) for lines in (
        (bye, closing, end("server")), (cancel, closing, end("server")),
        (end("client"),))],
         [("info", "goaway:NO_ERROR"), ("info", "rst:CANCEL"),
          ("info", "close:fin")], "and so is what comes before the end")


def sentences():
    """The message names what is missing, and not what the
    client did afterwards."""
    over = (frame("out", "DATA", 1, flags=["END_STREAM"]),
            frame("in", "RST_STREAM", 1, code="STREAM_CLOSED"))
    for lines, want in (
            ((), "the stream was read on, and no RST_STREAM has come"),
            (over, "the stream was read on, and no RST_STREAM with "
             "PROTOCOL_ERROR has come, only one with STREAM_CLOSED once the "
             "response was over")):
        t.eq(judged("value-leading-space", note("fence", sent=1), note(
            "fence", passed=1), *lines)[0][::2], ("fail", want), want[-40:])


def follow_up_here():
    """What is sent on the follow-up's stream is no part of the case."""
    reset = frame("in", "RST_STREAM", 1, code="PROTOCOL_ERROR")
    for stream, want in (3, "tolerated"), (1, "fail"):
        t.eq(judged("informational-with-length", reset, frame(
            "out", "DATA", stream, flags=["END_STREAM"]))[0].verdict, want,
             f"the 1xx response was rejected, then DATA on stream {stream}")


def violations():
    """A rule that the client broke is a failure, however far
    the exchange came."""
    broken = note("violation", level="connection", code="FLOW_CONTROL_ERROR",
                  text="more DATA than the connection's window")
    ended = (note("fence", sent=1), note("fence", passed=1), note("complete"))
    for lines in ended, ended[:1]:
        t.eq(judged("stream-half-closed-window-update", broken, *lines)[0][:2],
             ("fail", "violation"), f"a violation, and {len(lines)} more lines")
    t.eq(judged("stream-half-closed-window-update", *ended)[0][:2],
         ("tolerated", "new-connection"), "none, and another connection")
    for late, want in ((0.0, ("pass", "")),
                       (9.0, ("tolerated", "new-connection"))):
        t.eq(judged("stream-half-closed-window-update", *ended, dict(note(
            "over"), t=late))[0][:2], want,
             f"... and the server ended this one at {late} s")


def further():
    """A request that was under way is no use of the connection; one after the
    client's own GOAWAY is."""
    def ok(stream, at=None):
        line = dict(request("/ok?run=x"), stream=stream)
        return {**line, **({} if at is None else {"t": at})}, note("follow-up")
    bye = frame("in", "GOAWAY", code="PROTOCOL_ERROR", last_stream=0)
    gone, passed = end("client"), note("fence", passed=1)
    for case, lines, want in (
            ("preface-echo", (*ok(3), gone), ("pass", "")),
            ("preface-echo", (*ok(3, 5.0), gone), ("fail", "ignored")),
            ("preface-echo", (*ok(3), note("over"), gone), ("fail", "hang")),
            ("preface-echo", (*ok(3), bye, gone), ("pass", "")),
            ("preface-echo", (bye, *ok(3), gone), ("fail", "ignored")),
            ("ping-wrong-length", (bye, *ok(3)), ("fail", "ignored")),
            ("ping-wrong-length", (*ok(3), bye), ("tolerated", "left-open")),
            ("reuse-after-connection-error", (*ok(3), bye, gone),
             ("tolerated", "no-follow-up")),
            ("reuse-after-connection-error", (*ok(3), passed),
             ("fail", "ignored")),
            ("reuse-after-connection-error", (bye, gone), ("pass", ""))):
        made = judged(case, *lines)[0]
        t.eq(made[:2], want, f"{case}: " + ", ".join(
            line.get("name", line["type"]) for line in lines))


def full():
    """What was not seen is no reaction."""
    t.eq(judged("flood-ping", {"type": "limit", "octets": 4096})[0],
         ("error", "", "the trace of a connection was full after 4096 octets, "
          "and what came then was not seen"), "a trace that was cut")


def works():
    """A client that has a lot to read is at work as long as it sends frames."""
    client = types.SimpleNamespace(
        case=types.SimpleNamespace(wait=0.1, fence=False, expect=D()),
        failed=False, resets={}, s=1, fences=0, _sent_fences=0,
        _fences_before=0, _fences_back=0, came=0)

    def next_frame(seconds):
        time.sleep(min(seconds, 0.06))
        client.came += 1
        client.fences = int(client.came == 5)
        return client
    client.next_frame = next_frame
    Exchange.patience(client)
    t.eq(client.fences, 1, "who acknowledges one after the other is waited for")


class Peer:
    """A client whose frames are known.  Stuck is raised if the server waits
    for more.  notes: those of the exchange, by name."""

    class Stuck(Exception):
        pass

    def __init__(self, *frames):
        self.coming, self.frames, self.notes = list(frames), [], {}
        self.client_settings = {
            "INITIAL_WINDOW_SIZE": 65535, "HEADER_TABLE_SIZE": 4096,
            "ENABLE_PUSH": 1}
        self.sent = []
        self.writer = types.SimpleNamespace(
            write_raw=self.sent.append, write_data=lambda *a, **k: None,
            flood=lambda octets, *limits: self.sent.append(octets))

    def wait(self, timeout):
        if not self.coming:
            if timeout > 0.2:       # a shorter wait is for stragglers
                raise self.Stuck
            time.sleep(max(0.0, timeout))       # else its caller spins
            return None
        self.frames.append(self.coming.pop(0))
        return self.frames[-1]

    def note(self, name, /, **values):
        self.notes[name] = values

    def meets(self, does, x):
        """Calls does(x), and notes if it waits in vain."""
        try:
            does(x)
        except Skip:                # which is noted
            pass
        except self.Stuck:
            self.note("stuck")


def came(kind, stream=0, **more):
    """Returns a frame of the client, as h2rig gives it."""
    return types.SimpleNamespace(**{
        "type": kind, "stream_id": stream, "flags": [],
        "stream_ended": False, "length": len(more.get("data", b"")), **more})


def met(case, does, *frames, before=(), query=()):
    """Returns the notes of an exchange in which `does` waits for a client that
    has sent these frames.  before: what came before the misbehaviour."""
    peer = Peer(*before, *frames)
    x = Exchange(peer, catalogue.need(case))
    x.request = Request(came("HEADERS", 1, headers=[(b":authority", b"a")]))
    x.query = dict(query)
    for _ in before:
        x.next_frame()
    x.here()
    peer.meets(does, x)
    return sorted(set(peer.notes) - {"here"})


def given_up():
    """Who has reset the stream, or sent GOAWAY with an error, is not waited
    for, and its class gives the verdict."""
    calm = came("RST_STREAM", 1, error_name="ENHANCE_YOUR_CALM")
    cancel = came("RST_STREAM", 1, error_name="CANCEL")
    error = came("GOAWAY", error_name="PROTOCOL_ERROR")
    waits = {"need_body": lambda x: x.need_body(),
             "feed": lambda x: x.feed(1000),
             "need_window": lambda x: x.need_window(65536),
             "fill": lambda x: x.fill(200000)}
    for case in ("flood-padded-data", "data-padding-only", "endless-body",
                 "recv-window-update-tiny", "frame-size-raised",
                 "frame-size-honoured", "window-initial-zero",
                 "response-during-upload"):
        waits[case] = catalogue.need(case).module.misbehave
    for name, does in waits.items():
        case = name if "-" in name else "good"
        acks = [came("PING", flags=["ACK"], data=b"h2bad-f\1")]
        for last in calm, cancel, error:
            t.eq([each for each in met(case, does, *acks, last)
                  if each != "fence"], [],
                 f"{name}: {last.type} with {last.error_name}")
    for name in "need_body", "feed", "frame-size-honoured":
        t.eq(met("frame-size-honoured", waits[name], before=[cancel]),
             ["found"], f"{name}: RST_STREAM before the misbehaviour")
    t.eq(met("good", waits["need_body"], came("GOAWAY", error_name="NO_ERROR"),
             came("DATA", 1, data=b"a", stream_ended=True)), [],
         "GOAWAY with NO_ERROR: the rest of the content is waited for")
    t.eq(met("good", lambda x: x.need_pongs(b"12345678", timeout=0), error),
         [], "who has sent GOAWAY need not acknowledge a PING")


def trailers():
    """A trailer section ends an upload too."""
    made = met("response-during-upload", catalogue.need(
        "response-during-upload").module.misbehave,
        came("DATA", 1, data=b"a", length=1),
        came("HEADERS", 1, headers=[(b"x-sum", b"1")], stream_ended=True))
    t.eq(made, [], "response-during-upload: a trailer section")


def others_frames():
    """A frame of the client's own is not taken for the one that is looked
    for."""
    ping = catalogue.need("ping-ack-unsolicited").module.misbehave
    settings = came("SETTINGS", flags=["ACK"])
    for data, want in (b"itsown!!", False), (b"unasked!", True):
        made = met("ping-ack-unsolicited", ping, came("PING", data=b"itsown!!"),
                   came("PING", data=data), settings, settings)
        t.eq("found" in made, want, f"ping-ack-unsolicited: {data.decode()}")
    upload = catalogue.need("expect-never").module.misbehave
    x = Exchange(Peer(came("RST_STREAM", 1, error_name="CANCEL")),
                 catalogue.need("expect-never"))
    upload(x)
    t.eq(x.connection.notes["found"]["reason"], "gave-up", "expect-never")


def reset_before():
    """A client that resets the stream once it has the response is not failed
    for what it then does to frames on it."""
    more = came("HEADERS", 3, stream_ended=True, headers=[(b":path", b"/ok")])
    ack = came("PING", flags=["ACK"], data=b"h2bad-f\1")
    for case, code in ((case, code) for case in (
            "push-on-closed", "stream-closed-push",
            "stream-half-closed-window-update")
            for code in ("NO_ERROR", "STREAM_CLOSED", "CANCEL")):
        reset = came("RST_STREAM", 1, error_name=code)
        does = catalogue.need(case).module.misbehave
        for frames in (more, reset, ack), (more, ack, reset):
            t.ok("skip" in met(case, does, *frames), f"{case}: {code}, "
                 f"then {frames[-1].type}")
        t.ok("skip" not in met(case, does, more, ack), f"{case}: no reset")


def first_error():
    """A case whose first response is malformed does not fail a client for a
    connection error in answer to that one."""
    fence = note("fence", sent=1)
    reset = frame("in", "RST_STREAM", 1, code="PROTOCOL_ERROR")
    second = note("good", stream=3)
    for case, code, lines, want in (
            ("stream-closed-credit", "PROTOCOL_ERROR", (),
             ("pass", "escalated")),
            ("stream-closed-credit", "COMPRESSION_ERROR", (),
             ("tolerated", "wrong-code")),
            ("stream-closed-credit", "FLOW_CONTROL_ERROR", (second,),
             ("fail", "goaway")),
            ("hpack-state-after-error", "COMPRESSION_ERROR", (),
             ("tolerated", "wrong-code")),
            ("hpack-state-after-error", "COMPRESSION_ERROR", (reset, second),
             ("fail", "out-of-step"))):
        t.eq(judged(case, fence, *lines, frame(
            "in", "GOAWAY", code=code, last_stream=0), end("client"))[0][:2],
             want, f"{case}: {code} after {len(lines) or 'no'} lines")


def other_connections():
    """What is counted of the case's requests leaves the follow-up out, and
    what did not come is not counted."""
    for case, one, two in (
            ("reuse", "tolerated", "fail"),
            ("reuse-parallel", "ten requests came on 1",
             "ten requests came on 2"),
            ("streams-second-connection", "five requests came on 1",
             "five requests came on 2")):
        for retried, want in (False, one), (True, two):
            t.ok(want in judged(case, note("fence", sent=1), note(
                "fence", passed=1), note("complete"), retried=retried)[0],
                 f"{case}: {want}")
    t.eq(judged("settings-per-connection", retried=True)[0].message,
         "1 of 5 requests came", "a repeated request is one")
    for alpn, want in ("h2", "skip"), ("http/1.1", "pass"):
        t.eq(judged("resumption-other-alpn", {
            "type": "handshake", "alpn": alpn})[0].verdict, want,
             f"resumption-other-alpn: {alpn}")


def causes(work):
    """A connection that has ended is not seen without what came before its end
    on others."""
    server = BadServer.__new__(BadServer)
    server.traces, server._growing, server._over = work, {}, set()

    def put(name, *lines):
        with open(os.path.join(work, name), "a", encoding="utf-8") as f:
            f.writelines(json.dumps({"t": 0, **line}) + "\n" for line in lines)
    begun = {"type": "connection"}
    put("first", begun)
    put("second", begun, request("/ok"))
    known = Connection.read

    def read(c):        # meanwhile: a request on the first, end of the second
        if c.path.endswith("second") and not known(c) and not c.is_over:
            put("first", request("/redirected"))
            put("second", {"type": "close"})
        known(c)
    Connection.read = read
    try:
        over, going = server.look()
    finally:
        Connection.read = known
    t.eq(([os.path.basename(c.path) for c in over],
          [len(c.requests()) for c in going]), (["second"], [1]),
         "the first connection's request, and the second one's end")


def all_at_once(work):
    """A client that has sent its requests and says that it is done, all while
    the traces were read, gets verdicts on what it did."""
    os.mkdir(os.path.join(work, "runs"))
    looks = []

    def look():
        looks.append(1)
        if len(looks) == 1:
            put(run.path("done"), "")
            return (), ()
        return [Connection([{"t": 0, **line} for line in (
            note("case", case="good", run=run.id, visit=False),
            request("/bad/good?run=" + run.id), note("here", stream=1),
            note("complete"), note("over"), end("server"))])], ()
    watch = Watch(types.SimpleNamespace(look=look), work, "")
    run = Run.new(work, "quick", ["good"], (), (), "arm", False)
    for _ in "12":
        watch.look()
    t.eq([(c["name"], c["reason"], c["requests"]) for c in run.results()],
         [("good", "", 1)], "requests, and the end, during a look")


def no_acks():
    """A client that does not acknowledge SETTINGS is no error of the case."""
    t.eq(met("priority-no-rfc7540", catalogue.need(
        "priority-no-rfc7540").module.misbehave, came(
            "HEADERS", 3, headers=[(b":path", b"/bad/x")], priority=b"p"),
        came("GOAWAY", error_name="PROTOCOL_ERROR")), ["good"],
         "priority-no-rfc7540")
    t.eq(judged("settings-header-list-small")[0].reason, "none-sent",
         "settings-header-list-small")


def sizes():
    """Cases send what their texts say."""
    sent = {}
    for case in "altsvc-too-big", "flood-push":
        x = Exchange(Peer(), catalogue.need(case))
        x.request = Request(came("HEADERS", 1, headers=[(b":authority", b"a")]))
        x.case.module.misbehave(x)
        sent[case] = b"".join(x.connection.sent)
    t.eq(len(sent["altsvc-too-big"]), 9 + 16384, "altsvc-too-big")
    size = 9 + int.from_bytes(sent["flood-push"][:3], "big")
    promised = [sent["flood-push"][at:at + 4]
                for at in range(9, len(sent["flood-push"]), size)]
    t.eq((len(promised), len(set(promised))), (30000, 30000),
         "flood-push: each stream is promised once")


def last_streams():
    """GOAWAY with the reserved bit lowers the last stream as well: what is
    behind it gets no response, and no GOAWAY that raises it again."""
    x = Exchange(Peer(), catalogue.need("frame-reserved-bit-fields"))
    x.send_goaway(last=1 << 31 | 1)
    t.eq(x.last_stream, 1, "GOAWAY with the reserved bit")


def slow_network():
    """A client that comes further with each frame is waited for."""
    class Slow(Peer):
        """A client each of whose frames takes a while."""
        def wait(self, timeout):
            if not self.coming or timeout < 0.06:
                time.sleep(max(0.0, min(timeout, 0.2)))
                return None
            time.sleep(0.06)
            return self.coming.pop(0)
    parts = [came("DATA", 1, data=b"a" * 1000) for _ in range(9)]
    parts.append(came("DATA", 1, data=b"a", stream_ended=True))
    pongs = [b"number%02d" % i for i in range(10)]
    for name, frames, does in (
            ("feed", parts, lambda x: x.feed(1000, timeout=0.3)),
            ("need_body", parts, lambda x: x.need_body(timeout=0.3)),
            ("need_window", [came("WINDOW_UPDATE", 1, increment=100)] * 10,
             lambda x: x.need_window(1000, timeout=0.3)),
            ("need_acks", [came("SETTINGS", flags=["ACK"])] * 10,
             lambda x: x.need_acks(timeout=0.3)),
            ("need_pongs", [came("PING", flags=["ACK"], data=data)
                            for data in pongs],
             lambda x: x.need_pongs(*pongs, timeout=0.3))):
        for kept, want in (len(frames), []), (2, ["found"]):
            peer = Slow(*frames[:kept])
            peer.client_settings["INITIAL_WINDOW_SIZE"] = 0
            x = Exchange(peer, catalogue.need("good"))
            x._settings_sent = len(frames)
            try:
                does(x)
            except Skip:            # some of the window is left
                peer.notes["found"] = peer.notes.pop("skip")
            t.eq(list(peer.notes), want, f"{name}: {kept} slow frames")


def small_windows():
    """DATA that is ordinary waits for a small window; what closes the stream,
    or is itself wrong, does not."""
    more, text = came("WINDOW_UPDATE", 1, increment=2), [(":status", "200")]
    reset = came("RST_STREAM", 1, error_name="PROTOCOL_ERROR")
    other = came("WINDOW_UPDATE", 0, increment=100)

    def together(x):
        with x.together():
            x.rst()
            x.data("hello")
    for name, does, frames, want, notes in (
            ("data", lambda x: x.data("hello", end=True), [more, other, more],
             [(0, b"h"), (0, b"el"), (1, b"lo")], []),
            ("data that fits", lambda x: x.data("h", end=True), [],
             [(1, b"h")], []),
            ("held", lambda x: x.held(text), [more, more],
             [(0, b"h"), (0, b"el"), (0, b"lo")], []),
            ("held, reset", lambda x: x.held(text), [more, reset],
             [(0, b"h"), (0, b"el")], []),
            ("no credit", lambda x: x.data("hello"), [], [(0, b"h")],
             ["stuck"]),
            ("padding", lambda x: x.data("a", padding=1), [more],
             [(8, b"\1a\0")], []),
            ("no room for padding", lambda x: x.data("a", padding=2), [more],
             [], ["stuck"]),
            ("fill", lambda x: x.fill(2000), [], [], ["skip"]),
            ("reset by the server", together, [], [(0, b"hello")], []),
            ("idle", lambda x: x.data("hello", 101), [], [(0, b"hello")], []),
            ("beyond", lambda x: x.data("hello", beyond=True), [],
             [(0, b"hello")], [])):
        peer = Peer(came("HEADERS", 1, headers=[]), *frames)
        peer.client_settings["INITIAL_WINDOW_SIZE"] = 1
        x = Exchange(peer, catalogue.need("good"))
        x.request = x.next_request()
        peer.meets(does, x)
        sent, made = b"".join(peer.sent), []
        while sent:
            size = 9 + int.from_bytes(sent[:3], "big")
            if sent[3] == 0:
                made.append((sent[4], sent[9:size]))
            sent = sent[size:]
        t.eq((made, list(peer.notes)), (want, notes), f"window of 1: {name}")


def padding(work):
    """Padding uses the window and is no content (RFC 9113 §6.1), and content
    counts in however many frames it comes."""
    peer = Peer(came("HEADERS", 1, headers=[]), *[
        came("DATA", 1, data=b"a" * 1000, length=1011)] * 3)
    x = Exchange(peer, catalogue.need("window-initial-zero"))
    while peer.coming:
        x.next_frame()
    t.eq(x.received(), 3033, "three padded frames: octets of the window")
    x.body(n=3033)
    path = os.path.join(work, "trace")
    with open(path, "w", encoding="utf-8") as f:
        for _ in range(1000):
            f.write(json.dumps(frame("in", "DATA", 1, length=111, padding=10))
                    + "\n")
        f.write(json.dumps(frame("in", "DATA", 1, length=5)) + "\n")
    c = Connection([], path)
    c.read()
    t.eq((c.content(1), len(c.lines) < 1000), (100005, True),
         "a thousand frames, not all of which are kept")


def queries():
    """A query that a case cannot use is refused."""
    for case, name, bad, good in (
            ("ping-wrong-length", "n", "abc -1 8 16385 1000000000", "0 9"),
            ("headers-continuations", "n", "abc 1001 99999999999", "0 1000"),
            ("headers-split-octet", "n", "x -7", "1000"),
            ("value-control", "octet", "zz 1 010 €", "7f"),
            ("name-control", "octet", "zz", "1f"),
            ("name-high-octet", "octet", "\u00b2\u00b2", "ff"),
            ("field-connection", "v", "€", "\u00e4")):
        for value in [*bad.split(), *good.split()]:
            try:
                taken = "skip" not in met(
                    case, catalogue.need(case).module.misbehave,
                    query={name: value})
            except ValueError:
                taken = False
            t.eq(taken, value in good.split(), f"{case}?{name}={ascii(value)}")
    peer = Peer(came("HEADERS", 1, headers=[
        (b":path", b"/bad/rst-each-code?i=" + b"9" * 5000)]))
    x = Exchange(peer, catalogue.need("rst-each-code"))
    x.request = x.next_request()
    try:
        x.case.module.misbehave(x)
        how = "it ended"
    except Peer.Stuck:
        how = "it waited"
    t.eq(how, "it waited", "rst-each-code?i=999...")


# ---- runs

def h2bad(*argv):
    """Returns (status, standard error)."""
    p = subprocess.run([H2BAD, "run", *argv], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                       timeout=tap.scaled(300), check=False)
    return p.returncode, p.stderr.decode()


def runs(work, name, *client):
    """A baseline is made and compared, with few and with
    many cases at a time."""
    base = [*RACY, "--expect", os.path.join(work, name), "--timeout",
            str(tap.scaled(20))]
    if name == "good":
        base += ["--got", "exit"]
    t.eq(h2bad(*base, "--update-expect", "--", *client)[0], 0,
         f"{name}: a baseline")
    if name == "good":
        with open(os.path.join(work, name), encoding="utf-8") as f:
            known = {line.split()[0]: line.split()[1] for line in f}
        t.eq({c: v for c, v in known.items() if v not in ("info", "skip")},
             {}, "good: all that has a rule passes")
    for jobs in ("30",) if name == "good" else ("4", "30"):
        status, said = h2bad(*base, "-j", jobs, "--", *client)
        t.ok(status == 0, f"{name}: nothing differs, -j {jobs}",
             said.splitlines()[-1:])


def follow_ups(work):
    """A client that has the follow-up's response knows that the next case needs
    another connection, also where the case has waited for the follow-up."""
    names = ("stream-closed-data", "good")
    h2bad(*names, "--traces", work, "--", *CLIENT)
    for name in names:
        with open(os.path.join(work, name, "trace.jsonl"),
                  encoding="utf-8") as f:
            lines = [json.loads(line) for line in f]
        stream = [line["stream"] for line in lines
                  if line["type"] == "HEADERS" and line["dir"] == "in" and
                  dict(line["fields"])[":path"].startswith("/ok?")]
        sent = [(line["type"], line["stream"]) for line in lines
                if line.get("dir") == "out"]
        over = [lines.index(line) for line in lines
                if line.get("name") in ("over", "complete")]
        answer = [lines.index(line) for line in lines
                  if line["type"] == "HEADERS" and line["dir"] == "out" and
                  line["stream"] == stream[0]]
        t.ok(over and over < answer, f"{name}: the case is over before that "
             "response", (over, answer))
        before = sent[:sent.index(("HEADERS", stream[0]))]
        t.ok(("GOAWAY", 0) in before, f"{name}: GOAWAY, then the response to "
             "the follow-up", sent)


def main():
    orders()
    sentences()
    follow_up_here()
    violations()
    further()
    full()
    works()
    given_up()
    trailers()
    others_frames()
    reset_before()
    first_error()
    other_connections()
    no_acks()
    queries()
    sizes()
    last_streams()
    slow_network()
    small_windows()
    with tempfile.TemporaryDirectory(prefix="h2bad-steady-") as work:
        follow_ups(work)
    with tempfile.TemporaryDirectory(prefix="h2bad-steady-") as work:
        causes(work)
    with tempfile.TemporaryDirectory(prefix="h2bad-steady-") as work:
        all_at_once(work)
    with tempfile.TemporaryDirectory(prefix="h2bad-steady-") as work:
        padding(work)
    with tempfile.TemporaryDirectory(prefix="h2bad-steady-") as work:
        runs(work, "good", *CLIENT)
        if shutil.which("curl"):
            runs(work, "curl", *CURL)
        else:
            t.skip("curl", "it is not installed")


main()
t.done()
