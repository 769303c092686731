# SPDX-License-Identifier: MIT
"""GOAWAY with debug data that is no text

What the server sends
    GOAWAY with the request's stream, NO_ERROR and debug data of NUL, CR, LF,
    octets that are no UTF-8, a format and an escape sequence of terminals;
    then the response.

What a client must do
    "Additional debug data is intended for diagnostic purposes only and carries
    no semantic value." (RFC 9113 §6.8) So it changes nothing, and reaches
    neither a log nor a terminal as it is.

Why it matters
    Clients print it beside their error message: it can forge lines of a log,
    and command the terminal on which it is shown.
"""
from h2bad.case import Moves

section = "RFC 9113 §6.8"
kind = "must"
expect = Moves()
wave = 2


DEBUG = b"\0\r\nfake: line\r\n%n%s\xff\xfe\x1b]0;title\x07"


def misbehave(x):
    x.send_goaway(debug=DEBUG)


def judge(o):
    if o.process is not None and "\x1b]0;title" in o.process.output:
        return ("tolerated", "escapes", "its output has the escape sequence "
                "of the debug data")
    return expect.judge(o)
