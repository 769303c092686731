# SPDX-License-Identifier: MIT
"""?case=NAME: octets that are no whole frame, or are one in the end."""
import time

from h2.exceptions import ProtocolError

from common import shared

OK = b"\0\0\1\1\4\0\0\0\1\x88"           # HEADERS on stream 1: 200
DATA = b"\0\0\6\0\1\0\0\0\1"             # the header of six octets, END_STREAM


def header(w):
    w.write_raw(b"\0\0\0")


def payload(w):
    w.write_raw(OK + DATA)
    w.write_raw(b"four")


def http1(w):
    w.write_raw(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def raises(w):
    w.write_raw(b"\0")
    raise ValueError("on purpose")


def raises_later(w):
    w.write_headers([], 200)
    w.write_raw(DATA)
    raise ValueError("on purpose")


def refused(w):
    w.write_raw(b"\0")
    for number, call in enumerate((
            lambda: w.write_headers([], 200), lambda: w.write_data("x"),
            lambda: w.reset_stream(8), lambda: w.reset_stream(8, 3),
            lambda: w.write_headers([], 200, stream_id=3))):
        try:
            call()
        except ProtocolError:
            continue
        raise AssertionError("call %d has sent something" % number)
    w.write_raw(b"\0\0")


def whole(w):
    w.write_raw(OK + DATA[:1])
    shared.wait_note("go", 20)
    time.sleep(1.1)                     # longer than a header block may hold
    w.write_raw(DATA[1:] + b"in ")
    w.write_raw(b"all" + b"\0\0\0\x77\0\0\0\0\0")


def main(request, response):
    globals()[shared.query(request, "case")](response.writer)
