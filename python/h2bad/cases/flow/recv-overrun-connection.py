# SPDX-License-Identifier: MIT
"""DATA over the connection's window

What the server sends
    To a client that has stopped to read its responses: as much DATA as its
    window for the connection allows, over several streams, and one octet
    more.

What a client must do
    The server breaks a rule: "The sender MUST NOT send a flow-controlled
    frame with a length that exceeds the space available in either of the
    flow-control windows advertised by the receiver." (RFC 9113 §6.9.1) The
    client is free: "A receiver MAY respond with a stream error or
    connection error of type FLOW_CONTROL_ERROR if it is unable to accept a
    frame." (RFC 9113 §6.9)

Why it matters
    The connection's window is what bounds a client's memory for all of its
    requests together.
"""
from h2bad.case import S

section = "RFC 9113 §6.9"
kind = "should"
expect = S("FLOW_CONTROL_ERROR", may=True)
needs = ("pause:1", "parallel:4")
wait = 4.0


def misbehave(x):
    x.overrun([request.stream for request in x.need_requests(4)])
