# SPDX-License-Identifier: MIT
"""What a case is made of, and how one is written.

A case is a file cases/GROUP/NAME.py.  Its docstring is its page: the title,
then "What the server sends", "What a client must do" (with the sentence of the
RFC, quoted) and "Why it matters", each followed by indented text.  It has

    section = "RFC 9113 §6.7"       # of the rule
    kind = "must"                   # or "should", "check"
    expect = C("FRAME_SIZE_ERROR")  # a class of h2bad.outcome

and may have

    needs = ("post:1000",)          # what the client has to do; () is one GET
    wave = 1                        # 1 to 3; 3 if not given
    security = "proxy"              # in which role it matters most
    depends = ("ping",)             # beside "good": cases that are to work
    wait = 2.0                      # seconds of patience
    fence = "SETTINGS"              # or None: what shows that it lives
    params = {"n": "7"}             # of the query, with their defaults
    withholds = True                # only the case gives credit, to its end
    content = b"hello"              # what the client's program has to get
    every_connection = True         # it happens again when the client retries
    finish = False                  # the request is not answered at the end

and functions, each with the `Exchange` (h2bad.exchange):

    def accept(x): ...          # TCP is up
    def client_hello(x): ...    # x.tls can be changed
    def connect(x): ...         # x.settings can be changed
    def begin(x): ...           # SETTINGS are sent, no request waited for
    def main(x): ...            # SETTINGS are sent; in the place of misbehave
    def misbehave(x): ...       # the first request's HEADERS are complete
    def judge(o): ...           # in the place of expect: an `Observed`,
                                # returns (verdict, reason, message)

Names of all that they use are imported from here.
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
    """For a client that has been told MAX_CONCURRENT_STREAMS 0: answers what
    was on the way when it acknowledged that, and sees that no more comes.
    """
    x.acked()
    early = len(x.requests)
    x.answer(early)
    x.sleep(seconds)
    if len(x.requests) > early:
        x.fail("exceeded", "a stream was opened, and the limit was 0")


def post_followed(o: Any, length: int) -> Any:
    """The verdict on a redirection that keeps the method (RFC 9110 §15.4.8):
    where it was followed, it was by POST and with so many octets of content.
    """
    for again in o.asked(TARGET):
        if again.method != "POST":
            return Verdict("fail", "method-changed",
                           "POST became " + again.method)
        if again.content != length:
            return Verdict("fail", "content-lost", "%d of %d octets of content "
                           "came to the new place" % (again.content, length))
    return o.case.expect.judge(o)


def unless_failed(o: Any, *verdict: str) -> Any:
    """The verdict (its three parts), unless `expect` has been failed."""
    made = o.case.expect.judge(o)
    return made if made.verdict == "fail" else Verdict(*verdict)
