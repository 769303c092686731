# SPDX-License-Identifier: MIT
"""What a case is made of, and how one is written.

A case is a file cases/GROUP/NAME.py.  Its docstring is its page: the title,
then "What the server sends", "What a client must do" (with the sentence of the
RFC, quoted) and "Why it matters", each followed by indented text.  It has

    section = "RFC 9113 §6.7"       # section of the rule, or "none"
    kind = "must"                   # or "should", "check"
    expect = C("FRAME_SIZE_ERROR")  # a class of h2bad.outcome

and may have

    needs = ("post:1000",)          # what the client has to do; () is one GET
    wave = 1                        # 1 to 3; 3 if not given
    security = "proxy"              # the role in which the case matters most
    depends = ("ping",)             # cases that must not fail, beside "good"
    wait = 2.0                      # seconds to wait for a reaction
    timeout = 10.0                  # seconds that the client may take
    fence = "SETTINGS"              # the fence; None: no fence; default PING
    params = {"n": "7"}             # parameters of the query: defaults
    withholds = True                # until it ends, only the case gives credit
    content = b"hello"              # what the client's program has to get
    every_connection = True         # the case acts on retries' connections too
    finish = False                  # responses are not completed at the end
    flood = True                    # `h2bad serve` runs it only with floods=1

and functions, which are called with the `Exchange` (h2bad.exchange):

    def accept(x): ...          # the TCP connection is accepted
    def client_hello(x): ...    # ClientHello has come; may change x.tls
    def connect(x): ...         # before SETTINGS; may change x.settings
    def main(x): ...            # SETTINGS are sent; does all the rest itself
    def begin(x): ...           # SETTINGS are sent, no request is awaited yet
    def misbehave(x): ...       # the first request's HEADERS are complete
    def judge(o): ...           # replaces expect; gets an `Observed`, returns
                                # (verdict, reason, message)

A case imports all names of h2bad and h2rig that it uses from here.
"""

import struct
from typing import Any

from h2rig.errors import NotPossible

from h2bad import http1
from h2bad.outcome import (C, D, Delivered, I, Incomplete, L, M, Moves, OK,
                           Once, R, Refuses, S, Verdict)
from h2bad.sending import BODY, TARGET
from h2bad.wire import (block, entries, field, frame, integer, octets, string)

__all__ = ["BODY", "C", "D", "Delivered", "I", "Incomplete", "L", "M", "Moves",
           "NotPossible", "OK", "Once", "R", "Refuses", "S", "TARGET", "block",
           "entries", "field", "frame", "http1", "integer", "no_streams",
           "octets", "post_followed", "string", "struct", "unless_failed"]


def no_streams(x: Any, seconds: float) -> None:
    """Checks a client that has been told MAX_CONCURRENT_STREAMS 0.

    Answers the requests that came before the client acknowledged the setting.
    Fails with `exceeded` if another one comes within this many seconds.
    """
    x.acked()
    early = len(x.requests)
    x.answer(early)
    x.sleep(seconds)
    if len(x.requests) > early:
        x.fail("exceeded", "a stream was opened, and the limit was 0")


def post_followed(o: Any, length: int) -> Any:
    """Returns the verdict on a redirection that keeps the method (RFC 9110
    §15.4.8).

    Each request for the new place has to be a POST with length octets of
    content, except one that was not ended while another one was: GOAWAY may
    have refused it.  If so, or if there is none, `expect` gives the verdict.
    """
    asked = o.asked(TARGET)
    for again in [each for each in asked if each.ended] or asked:
        if again.method != "POST":
            return Verdict("fail", "method-changed",
                           "POST became " + again.method)
        if again.content != length:
            return Verdict("fail", "content-lost", "%d of %d octets of content "
                           "came to the new place" % (again.content, length))
    return o.case.expect.judge(o)


def unless_failed(o: Any, *verdict: str) -> Any:
    """Returns this verdict (its three parts), or that of `expect` if it is
    "fail".
    """
    made = o.case.expect.judge(o)
    return made if made.verdict == "fail" else Verdict(*verdict)
