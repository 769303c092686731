# SPDX-License-Identifier: MIT
"""The classes of reactions that a case can expect.

    C("PROTOCOL_ERROR")     a connection error: GOAWAY, then the end
    S("FRAME_SIZE_ERROR")   a stream error: RST_STREAM; the connection goes on
    M()                     a malformed response: as S("PROTOCOL_ERROR")
    I(), OK()               the response is taken; the connection goes on
    L()                     a limit is kept, and the request is completed
    D()                     the client survives, by defending itself or not
    R()                     no rule: the reaction is the result
    Incomplete()            the client's program gets no complete response
    Delivered()             the response is taken although the connection ends
    Moves()                 after GOAWAY the next request comes on another
                            connection
    Refuses()               the client does not speak HTTP/2 on the connection
    Once()                  a request that may have been processed is not sent
                            again

With `a | b` either of the two passes.  `judge` returns the verdict on an
`Observed`.  `enough` tells whether the reaction so far settles the verdict, so
that nothing is gained by waiting.
"""

from typing import Any, List, NamedTuple, Optional, Tuple

__all__ = ["C", "D", "Delivered", "Either", "I", "Incomplete", "L", "M",
           "Moves", "OK", "Once", "Outcome", "R", "Refuses", "S", "Verdict",
           "harmless"]

#: An endpoint can always send these instead of a more specific code.
GENERIC = ("PROTOCOL_ERROR", "INTERNAL_ERROR")      # RFC 9113 §5.4


class Verdict(NamedTuple):
    """A verdict on a client in a case.

    verdict: "pass", "tolerated", "fail", "skip", "info" or "error".
    reason: a word, "" with most passes.  message: a sentence, or "".
    """

    verdict: str
    reason: str = ""
    message: str = ""


#: Error codes by which a client may reset a stream that it no longer needs.
GONE = ("NO_ERROR", "STREAM_CLOSED", "CANCEL")

_NOT_VISIBLE = Verdict("tolerated", "not-visible", "the client left without a "
                       "complaint, and nothing else can be seen")

#: Verdicts, the best first: of two alternatives the better one counts.
_ORDER = ("pass", "info", "tolerated", "skip", "fail", "error")


def harmless(code: str, ended: bool, case: Any) -> bool:
    """Returns whether a RST_STREAM only says that the client is done: curl
    sends STREAM_CLOSED after each response, and other clients stop an upload
    by CANCEL.  ended: whether the server had sent END_STREAM.
    """
    uploads = any(each.startswith(("post", "expect")) for each in case.needs)
    return ended and code in ("NO_ERROR", "STREAM_CLOSED") + (
        ("CANCEL",) if uploads else ()) and \
        "rst:STREAM_CLOSED" not in getattr(case.expect, "expected", ())


def _silence(o: Any) -> str:
    return "no reaction at all" + (
        ", not even the acknowledgement of %s" % o.fence_name
        if o.fences_sent else "")


class Outcome:
    """A class of reactions."""

    #: What the report shows as expected.
    expected: List[str] = []
    #: Whether a client that keeps sending frames has longer than `wait`.
    works = False

    def judge(self, o: Any) -> Verdict:
        """Returns the verdict on an `Observed`."""
        raise NotImplementedError

    def enough(self, w: Any) -> bool:
        """Returns whether what has come on an `Exchange` settles the verdict.
        """
        return bool(w.failed)

    def __or__(self, other: "Outcome") -> "Outcome":
        return Either(self, other)


class Either(Outcome):
    """Two outcomes that are both conforming: the better verdict counts."""

    def __init__(self, first: Outcome, second: Outcome) -> None:
        self.both = (first, second)
        self.works = first.works or second.works
        self.expected = first.expected + [
            each for each in second.expected if each not in first.expected]

    def judge(self, o: Any) -> Verdict:
        return min((each.judge(o) for each in self.both),
                   key=lambda v: _ORDER.index(v.verdict))

    def enough(self, w: Any) -> bool:
        return any(each.enough(w) for each in self.both)

    def __str__(self) -> str:
        return "%s or %s" % self.both


class C(Outcome):
    """A connection error with one of these codes (RFC 9113 §5.4.1).

    close: the misbehaviour comes first on the connection, so a close without
    GOAWAY passes too (§3.4), unless the next request has come on it.
    """

    def __init__(self, *codes: str, close: bool = False) -> None:
        self.codes = codes
        self.close = close
        self.expected = ["goaway:" + c for c in codes] + ["close"]

    def judge(self, o: Any) -> Verdict:
        # NO_ERROR is no reaction of a client that goes on.
        if o.goaway is not None and not (
                o.goaway == "NO_ERROR" and o.fences and not o.left
                and "NO_ERROR" not in self.codes):
            return self._goaway(o)
        if self.close and o.reused:
            return Verdict("fail", "ignored", "the connection was used "
                           "further: the next request came on it")
        if o.left:
            if self.close:
                return Verdict("pass")
            return Verdict("tolerated", "no-goaway",
                           "closed without GOAWAY, which is a SHOULD "
                           "(RFC 9113 §5.4.1)")
        if o.fences:
            if o.resets:
                return Verdict("fail", "wrong-scope",
                               "only a stream was reset, and the connection "
                               "was used further")
            return Verdict("fail", "ignored",
                           "the connection was used further: %s was "
                           "acknowledged afterwards" % o.fence_name)
        return Verdict("fail", "hang", _silence(o))

    def _goaway(self, o: Any) -> Verdict:
        if o.resumed:
            return Verdict("fail", "ignored", "GOAWAY with %s, and then a "
                           "request on the same connection, which has to be "
                           "closed (RFC 9113 §5.4.1)" % o.goaway)
        if o.goaway == "NO_ERROR" and o.delivered:
            return Verdict("fail", "accepted",
                           "the response was taken, and GOAWAY with NO_ERROR "
                           "is no error")
        if o.goaway not in self.codes + GENERIC:
            return Verdict("tolerated", "wrong-code",
                           "GOAWAY with %s" % o.goaway)
        if not o.left:
            return Verdict("tolerated", "left-open",
                           "GOAWAY, but the connection was left open, which "
                           "has to be closed (RFC 9113 §5.4.1)")
        return Verdict("pass")

    def __str__(self) -> str:
        return "C(%s)" % ", ".join(self.codes)


class S(Outcome):
    """A stream error with one of these codes (RFC 9113 §5.4.2), or a
    connection error.

    stream: its number; None: the request's own.  may: no reaction is allowed
    too, and tolerated.
    """

    #: reason and message if the client did not reject it; %s: what is missing
    failed = ("ignored", "%s")

    def __init__(self, *codes: str, stream: Optional[int] = None,
                 may: bool = False) -> None:
        self.codes = codes
        self.stream = stream
        self.may = may
        self.expected = ["rst:" + c for c in codes] + [
            "goaway:" + c for c in codes]

    def enough(self, w: Any) -> bool:
        stream = w.s if self.stream is None else self.stream
        return bool(w.failed) or stream in w.resets and bool(w.fences)

    def _of(self, o: Any) -> int:
        stream: int = o.stream if self.stream is None else self.stream
        return stream

    def judge(self, o: Any) -> Verdict:
        reset = o.resets.get(self._of(o))
        if reset is not None:
            return self._reset(o, reset)
        if o.gone:
            return self._nothing(o)
        if o.goaway is not None and not (
                o.goaway == "NO_ERROR"
                and (o.delivered or o.fences and not o.left)):
            made = C(*self.codes).judge(o)
            if made.verdict == "pass":
                return Verdict("pass", "escalated", "")
            return made
        if o.left:
            return Verdict("tolerated", "no-goaway",
                           "the connection was closed instead, without GOAWAY")
        if o.fences or o.follow_up:
            return self._nothing(o)
        return Verdict("fail", "hang", _silence(o))

    def _reset(self, o: Any, reset: str) -> Verdict:
        others = {s for s in o.resets if s in o.good_streams}
        if others:
            return Verdict("fail", "not-isolated",
                           "stream %d was reset too" % min(others))
        if o.fences_sent and not o.fences and not o.left:
            return Verdict("fail", "hang", "RST_STREAM, and then nothing, not "
                           "even the acknowledgement of %s" % o.fence_name)
        if reset not in self.codes + GENERIC:
            return Verdict("tolerated", "wrong-code",
                           "RST_STREAM with %s" % reset)
        return Verdict("pass")

    def _nothing(self, o: Any) -> Verdict:
        if o.gone:
            return _NOT_VISIBLE
        reason, message = self.failed
        return Verdict("tolerated" if self.may else "fail", reason,
                       message % self._none(o))

    def _none(self, o: Any) -> str:
        stream = self._of(o)
        came = o.cleared.get(stream) or o.resets.get(stream)
        return "no RST_STREAM has come" if came is None else \
            "no RST_STREAM with %s has come, only one with %s once the " \
            "response was over" % (" or ".join(self.codes), came)

    def __str__(self) -> str:
        return "S(%s)" % ", ".join(self.codes)


class M(S):
    """A malformed response: a stream error of type PROTOCOL_ERROR (RFC 9113
    §8.1.1).  What the client's program tells counts too.

    should: taking the response is tolerated, unless the program got wrong
    content.
    """

    failed = ("accepted", "the stream was read on, and %s")

    def __init__(self, stream: Optional[int] = None,
                 should: bool = False) -> None:
        super().__init__("PROTOCOL_ERROR", stream=stream)
        self.should = should

    def judge(self, o: Any) -> Verdict:
        code = o.resets.get(self._of(o))
        if code in GONE and not o.retries and o.got is not None and \
                o.got.get("result") == "response":
            return self._nothing(o)     # reset because it was complete
        return super().judge(o)

    def _nothing(self, o: Any) -> Verdict:
        if o.wrong_content:
            return Verdict("fail", "wrong-content", o.wrong_content)
        made = self._accepted(o)
        if self.should and made.reason == "accepted":
            return made._replace(verdict="tolerated")
        return made

    def _accepted(self, o: Any) -> Verdict:
        if o.canary:
            return Verdict("fail", "accepted", "the client went on with what "
                           "the malformed response says")
        if o.retries:       # the program may have got that response
            return Verdict("tolerated", "no-reset", "the client sent its "
                           "request again, but " + self._none(o))
        if o.got is not None:
            if o.got.get("result") == "error":
                return Verdict("tolerated", "no-reset", "the program got an "
                               "error, but " + self._none(o))
            return Verdict("fail", "accepted",
                           "the program got the response")
        if o.ended_by_server:
            return Verdict("tolerated", "not-visible", "the stream had ended: "
                           "what the client made of it cannot be seen")
        return super()._nothing(o)

    def __str__(self) -> str:
        return "M"


class I(Outcome):
    """The client ignores what was wrong, takes the response, and does nothing
    else.

    response: false if the program cannot get all that it asks for.
    """

    name = "I"
    expected = ["ack"]
    goodbyes: Tuple[Optional[str], ...] = (None,)   # of o.goaway: these pass

    def __init__(self, response: bool = True) -> None:
        self.response = response

    def enough(self, w: Any) -> bool:
        return bool(w.failed) or w.fences > (w.s not in w.resets)

    def judge(self, o: Any) -> Verdict:
        calm = "ENHANCE_YOUR_CALM"
        reset = o.resets.get(o.stream)
        if o.goaway == calm or reset == calm:
            return Verdict("tolerated", "calm", "ENHANCE_YOUR_CALM (RFC 9113 "
                           "§10.5)")
        if reset is not None and self.response:
            return Verdict("fail", "reset", "RST_STREAM with %s" % reset)
        for stream in o.good_streams & set(o.resets):
            return Verdict("fail", "reset", "RST_STREAM with %s on stream %d"
                           % (o.resets[stream], stream))
        if o.gone:
            if o.server_closed or o.got is not None and \
                    o.got.get("result") == "response":
                return Verdict("pass")
            return _NOT_VISIBLE
        if o.goodbye and not o.complete and not self.response:
            return _NOT_VISIBLE
        if o.goaway not in self.goodbyes and not (
                o.goaway == "NO_ERROR" and o.complete):
            return Verdict("fail", "goaway", "GOAWAY with %s" % o.goaway)
        if o.left and not o.complete:
            return Verdict("fail", "closed", "the connection was closed")
        return self._alive(o)

    def _alive(self, o: Any) -> Verdict:
        if o.violations:
            return Verdict("fail", "violation", "the client itself broke a "
                           "rule: " + o.violations[0])
        if o.fences < o.fences_sent and not o.over or not o.complete:
            return Verdict("fail", "hang", "%s was not acknowledged"
                           % o.fence_name)
        if self.response and o.got is not None and \
                o.got.get("result") == "error":
            if o.server_closed and not o.follow_up and "error" not in o.got:
                return Verdict("tolerated", "not-visible", "the program's "
                               "error may be that of the next request")
            return Verdict("fail", "refused", "the program got an error: %s"
                           % (o.got.get("error") or o.said or "no text"))
        if o.wrong_content:
            return Verdict("fail", "wrong-content", o.wrong_content)
        if o.moved:
            return Verdict("tolerated", "new-connection", "the next request "
                           "came on another connection")
        return Verdict("pass")

    def __str__(self) -> str:
        return self.name


class OK(I):
    """What was sent is rare but legal: the client takes the response."""

    name = "OK"
    expected = ["response"]


class L(Outcome):
    """The client keeps to a limit, and completes its request.  If it exceeds
    the limit, h2rig notices a violation, or the case calls
    `x.fail("exceeded", ...)`.
    """

    expected = ["limit"]

    def enough(self, w: Any) -> bool:
        return bool(w.failed) or w.fences > 0

    def judge(self, o: Any) -> Verdict:
        if o.violations:
            return Verdict("fail", "exceeded", o.violations[0])
        if o.complete and o.stream not in o.resets and \
                o.goaway in (None, "NO_ERROR"):
            return Verdict("pass")
        if o.goaway is not None or o.resets or o.left:
            return Verdict("tolerated", "gave-up", "the limit was kept, and "
                           "the request or the connection given up")
        return Verdict("fail", "hang", "the request was never completed")

    def __str__(self) -> str:
        return "L"


class D(Outcome):
    """Defence: the client ends the stream or the connection, or takes all that
    comes within its memory limit.  Its process survives, and goes on.
    """

    expected = ["goaway", "rst", "close", "response"]
    works = True

    def enough(self, w: Any) -> bool:
        return bool(w.failed or w.s in w.resets or w.fences)

    def judge(self, o: Any) -> Verdict:
        if o.goaway is not None or o.left or o.stream in o.resets:
            return Verdict("pass")
        if o.fences or o.follow_up or o.over:
            return Verdict("pass")
        return Verdict("fail", "hang", "it did nothing any more")

    def __str__(self) -> str:
        return "D"


class R(Outcome):
    """No rule: the reaction is the result.

    hang: the client fails if nothing at all comes, not even the next request.
    gives_up: the time after which the client gave up is a result too.
    """

    expected = ["any"]

    def __init__(self, hang: bool = False, gives_up: bool = False) -> None:
        self.hang = hang
        self.gives_up = gives_up

    def enough(self, w: Any) -> bool:
        return bool(w.failed) or w.s in w.resets or \
            self.hang and w.fences > 1

    def judge(self, o: Any) -> Verdict:
        if self.hang and o.process is None and not o.follow_up and \
                o.reaction == "timeout":
            return Verdict("fail", "hang", "it did nothing any more")
        retried = "retried" if o.retries else ""
        if self.gives_up:
            return Verdict("info", retried, "it waited for all of the time"
                           if o.gave_up is None else
                           "it gave up after %.1f s" % o.gave_up)
        return Verdict("info", retried)

    def __str__(self) -> str:
        return "R"


class Incomplete(Outcome):
    """The response was cut off, or never came: the program gets an error, or
    the response to a retry.  A server sees only the retry; all else is known
    only if the program tells it.

    kept: only the stream has ended; the client has to keep the connection.
    """

    expected = ["error"]

    def __init__(self, kept: bool = False) -> None:
        self.kept = kept

    def enough(self, w: Any) -> bool:
        return bool(w.failed) or w.fences > 1

    def judge(self, o: Any) -> Verdict:
        if self.kept:
            made = self._connection(o)
            if made is not None:
                return made
        if o.retries:
            return Verdict("pass", "retried")
        if o.got is None:
            return Verdict("tolerated", "not-visible", "what the program got "
                           "cannot be seen")
        if o.got.get("result") == "error":
            return Verdict("pass")
        return Verdict("fail", "accepted", "the program got it as a whole "
                       "response")

    def _connection(self, o: Any) -> Optional[Verdict]:
        if o.goaway not in (None, "NO_ERROR"):
            return Verdict("fail", "not-isolated", "GOAWAY with %s, for what "
                           "ends one stream" % o.goaway)
        if not o.fences and not o.left and o.follow_up is None:
            return Verdict("fail", "hang", "no reaction at all, not even the "
                           "acknowledgement of %s" % o.fence_name)
        if o.moved:
            return Verdict("tolerated", "new-connection", "the next request "
                           "came on another connection")
        return None

    def __str__(self) -> str:
        return "an error for the program"


class Moves(OK):
    """The response is taken, and after GOAWAY the next request comes on
    another connection.
    """

    expected = ["response", "new-connection"]
    goodbyes = (None, "NO_ERROR")

    def judge(self, o: Any) -> Verdict:
        if o.opened_late() is not None:
            return Verdict("fail", "new-stream", "stream %d was opened after "
                           "GOAWAY had come: \"Receivers of a GOAWAY frame "
                           "MUST NOT open additional streams on the "
                           "connection\" (RFC 9113 §6.8)" % o.opened_late())
        made = super().judge(o)
        if made.verdict == "pass" and o.opened_late(1) is not None:
            return Verdict("tolerated", "new-stream", "stream %d was opened "
                           "after the PING behind GOAWAY had been "
                           "acknowledged, which may have overtaken it"
                           % o.opened_late(1))
        if made.verdict == "pass" and o.follow_up is None:
            return Verdict("tolerated", "no-follow-up", "no further request "
                           "came: where it would have gone cannot be seen")
        return made

    def __str__(self) -> str:
        return "OK, then another connection"


class Delivered(OK):
    """The response is taken although the connection ends right after it."""

    goodbyes = (None, "NO_ERROR")

    def judge(self, o: Any) -> Verdict:
        if o.retries:
            return Verdict("fail", "retried", "the response was whole, and "
                           "the client sent the request again")
        made = super().judge(o)
        if made.verdict == "pass" and o.got is None:
            return Verdict("tolerated", "not-visible", "what the program got "
                           "cannot be seen")
        return made


class Once(R):
    """The client does not by itself repeat a request that may have been
    processed.
    """

    expected = ["error"]

    def judge(self, o: Any) -> Verdict:
        if o.retries:
            return Verdict("fail", "retried-unsafely", "the request came again"
                           ": \"A client SHOULD NOT automatically retry a "
                           "request with a non-idempotent method\" (RFC 9110 "
                           "§9.2.2)")
        made = super().judge(o)
        return Verdict("pass") if made.verdict == "info" else made

    def __str__(self) -> str:
        return "no retry"


class Refuses(Outcome):
    """The client does not speak HTTP/2 on the connection: it ends the
    connection, or speaks the protocol that was negotiated.
    """

    expected = ["alert", "close"]

    def judge(self, o: Any) -> Verdict:
        if o.spoke:
            return Verdict("fail", "accepted", "the client sent its connection "
                           "preface")
        return Verdict("pass")

    def __str__(self) -> str:
        return "no HTTP/2"
