#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests verdicts of h2bad on clients that conform in another way than most: a
client with one request, one that says GOAWAY with NO_ERROR behind each request,
one that sends a request again, one with spare connections, one that ends its
uploads by CANCEL; and on such a client that does break the rule."""
import json
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "python")]
import tap                                                      # noqa: E402
from badtraces import end, frame, judged, note, request         # noqa: E402
from h2bad import catalogue                                     # noqa: E402
from h2bad.observed import (Asked, Connection, Observed,        # noqa: E402
                            Process, judge)
from h2bad.case import post_followed                            # noqa: E402

t = tap.Tap()

SENT, PASSED = note("fence", sent=1), note("fence", passed=1)
TWICE = SENT, PASSED, note("fence", sent=2), note("fence", passed=2)
COMPLETE = note("complete")
BYE = frame("in", "GOAWAY", code="NO_ERROR", last_stream=0)
ERROR = frame("in", "GOAWAY", code="PROTOCOL_ERROR", last_stream=0)
LEFT = end("client")


def reset(code, way="in", stream=1):
    return frame(way, "RST_STREAM", stream, code=code)


def table(rows):
    """Each row: what it is, the case, the trace's lines, the verdict and
    reason, and arguments for judged()."""
    for what, case, lines, want, *more in rows:
        t.eq(judged(case, *lines, **dict(more))[0][:2], want,
             f"{case}: {what}")


def leaves():
    """A client with one request leaves when its stream is over, by whatever
    legal way."""
    for name, bye in ("GOAWAY", (BYE, LEFT)), ("FIN", (LEFT,)):
        table([
            (name, "rst-not-answered", (reset("CANCEL", "out"), *bye),
             ("tolerated", "not-visible")),
            (name, "stream-closed-credit", bye,
             ("tolerated", "not-visible")),
            (name, "stream-reset-then-data", (reset("INTERNAL_ERROR", "out"),
                                              *bye),
             ("tolerated", "not-visible"))])
    table([
        ("an error", "rst-not-answered", (reset("CANCEL", "out"), ERROR, LEFT),
         ("fail", "goaway")),
        ("an answer", "rst-not-answered", (
            reset("CANCEL", "out"), reset("STREAM_CLOSED"), LEFT),
         ("fail", "answered"))])


def says_goodbye():
    """GOAWAY with NO_ERROR ends no stream: it is neither a fault nor a
    reaction, and a later error counts."""
    table([
        ("GOAWAY, and all else", "ping", (BYE, *TWICE, COMPLETE, LEFT),
         ("tolerated", "new-connection"), ("retried", False)),
        ("GOAWAY, and it left", "ping", (BYE, LEFT), ("fail", "goaway")),
        ("GOAWAY, and all else", "ping-wrong-length", (BYE, *TWICE),
         ("fail", "ignored")),
        ("GOAWAY before the error", "ping-wrong-length", (BYE, ERROR, LEFT),
         ("pass", "")),
        ("GOAWAY alone", "ping-wrong-length", (BYE, LEFT),
         ("tolerated", "wrong-code")),
        ("PASSED, GOAWAY", "ping-wrong-length", (SENT, PASSED, BYE, LEFT),
         ("tolerated", "wrong-code")),
        ("PASSED, GOAWAY", "preface-echo", (SENT, PASSED, BYE, LEFT),
         ("tolerated", "wrong-code")),
        ("PASSED, GOAWAY", "preface-goaway-first", (SENT, PASSED, BYE, LEFT),
         ("pass", "")),
        ("GOAWAY, and it was taken", "name-uppercase", (BYE, *TWICE, COMPLETE),
         ("fail", "accepted"), ("got", "response")),
        ("GOAWAY, and RST_STREAM", "name-uppercase", (
            BYE, reset("PROTOCOL_ERROR"), *TWICE), ("pass", ""))])
    made, reaction = judged("name-uppercase", BYE, reset("PROTOCOL_ERROR"))
    t.eq(reaction, "rst:PROTOCOL_ERROR", "the reaction is the error")


def asks_again():
    """What the program got may be the response to the second request."""
    cancel = reset("CANCEL"), *TWICE, COMPLETE
    table([
        ("CANCEL, and a retry", "name-uppercase", cancel,
         ("tolerated", "wrong-code"), ("retried", True), ("got", "response")),
        ("CANCEL, and no retry", "name-uppercase", cancel,
         ("fail", "accepted"), ("got", "response")),
        ("a retry alone", "name-uppercase", (*TWICE, COMPLETE),
         ("tolerated", "no-reset"), ("retried", True), ("got", "response")),
        ("a retry", "coding-truncated", (COMPLETE,), ("pass", ""),
         ("retried", True), ("got", "response")),
        ("no retry", "coding-truncated", (COMPLETE,), ("fail", "accepted"),
         ("got", "response"))])


def moves():
    """A request that came after PING frames behind GOAWAY."""
    goaway = frame("out", "GOAWAY", code="NO_ERROR", last_stream=1)
    ping = frame("out", "PING")
    pong = dict(frame("in", "PING"), flags=["ACK"])
    ok = dict(request("/ok?run=x"), stream=3)
    for n, want in (0, ("pass", "")), (1, ("tolerated", "new-stream")), \
            (2, ("fail", "new-stream")):
        table([(f"{n} acknowledgements", "goaway-idle", (
            goaway, COMPLETE, *(ping, pong) * n, *TWICE, ok,
            note("follow-up"), LEFT), want)])


def upload():
    """A client that was told not to send its content resets the stream."""
    over = frame("out", "HEADERS", 1, flags=["END_STREAM"])
    for case, want in ("expect-refused", ("tolerated", "new-connection")), \
            ("ping", ("fail", "reset")):
        table([("CANCEL", case, (over, reset("CANCEL"), *TWICE, COMPLETE),
                want)])


def crashes():
    """What a case could not do with a client that crashed is no excuse."""
    for signal, want in (None, ("skip", "not-exercised")), \
            (11, ("fail", "crash")):
        process = Process()
        process.signal = signal
        made = judge(Observed(catalogue.need("good"), [Connection(
            [{"t": 0, **line} for line in (
                note("case", case="good", run="x"), request("/bad/good"),
                note("here", stream=1), note("skip", reason="x"), LEFT)])],
            process))
        t.eq(made[:2], want, f"a skipped case, signal {signal}")


def alike():
    """Of an upload in many frames of a size the end is known."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps({"t": 0, **line}) + "\n" for line in (
            note("case", case="good", run="x"),
            request("/redirected"), *[frame("in", "DATA", 1)] * 300,
            dict(frame("in", "DATA", 1), flags=["END_STREAM"])))
        f.flush()
        c = Connection([], f.name)
        c.read()
    asked = Observed(catalogue.need("good"), [c]).asked("/redirected")[0]
    t.eq((asked.content, asked.ended), (301 * 8, True), "301 frames")


def follows():
    """A request that GOAWAY has refused, and that came again as a whole, has
    lost no content."""
    for sizes, want in (
            ([(10, False), (100, True)], "pass"),
            ([(10, True), (100, True)], "fail"), ([(10, False)], "fail"),
            ([(100, True)], "pass"), ([], "pass")):
        o = Observed(catalogue.need("good"), [Connection([
            {"t": 0, **line} for line in (
                note("case", case="good", run="x"), request("/bad/good"),
                note("here", stream=1), *TWICE, COMPLETE)])])
        o.asked = lambda path, s=sizes: [
            Asked(True, "POST", {}, n, ended) for n, ended in s]
        t.eq(post_followed(o, 100).verdict, want,
             f"a redirected POST: {sizes}")


def spare():
    """A connection without a request is no exercise if the client had opened
    the other one before."""
    def lines(at, *made):
        return Connection([{"t": i / 1000, "time": f"2026-01-01T00:00:0{at}Z",
                            **line} for i, line in enumerate(made)])
    case, used = note("case", case="settings-repeated", run="x"), lines(
        "1.000000", note("case", case="settings-repeated", run="x"),
        request("/bad/settings-repeated"), COMPLETE, LEFT)
    preface = {"type": "preface", "dir": "in"}
    here = note("here", stream=0)
    for what, first, want in (
            ("it had been opened before", lines(
                "0.999000", case, preface, note("x"), here, LEFT),
             ("skip", "not-exercised")),
            ("it was opened for the retry", lines(
                "0.900000", case, preface, here, LEFT),
             ("tolerated", "gave-up")),
            ("it was used meanwhile", lines(
                "0.100000", case, preface, here, dict(LEFT, t=2.0)),
             ("skip", "not-exercised")),
            ("GOAWAY with an error", lines(
                "0.999000", case, preface, note("x"), here, ERROR, LEFT),
             ("tolerated", "gave-up")),
            ("the server has ended it", lines(
                "0.999000", case, preface, note("x"), here,
                note("closing", how="fin"), end("server")),
             ("fail", "hang"))):
        made = judge(Observed(catalogue.need("settings-repeated"),
                              [first, used]))
        t.eq(made[:2], want, f"a connection without a request: {what}")


if __name__ == "__main__":
    leaves()
    says_goodbye()
    asks_again()
    moves()
    upload()
    crashes()
    alike()
    follows()
    spare()
    t.done()
