# SPDX-License-Identifier: MIT
"""Each checked writer call, ?case=...; t/writer.t has what a client sees.

What a case returns, or the name of the exception that it raises, is recorded
for note.py under "result CASE".
"""
from common import shared
from h2.exceptions import ProtocolError, StreamClosedError

PROMISE = [("method", "GET"), ("scheme", "https"), ("path", "/pushed"),
           ("authority", "localhost")]


def start(w, last=False):
    w.write_headers([("x-first", "1")], 200, last=last)


# ---- what is allowed

def headers(w):
    w.write_headers([("X-Upper", "v"), ("connection", "close"), ("x-int", 5),
                     ("keep-alive", "1"), ("transfer-encoding", "chunked"),
                     (b"x-bytes", b"\xff"), ("x-utf8", "\u00e9")], 201,
                    "a reason", last=True)


def headers_status_in_list(w):
    w.write_headers([("x-a", "1"), ("status", "207")], 207, last=True)


def headers_large(w):
    w.write_headers([("x-large", "v" * 50000)], 200, last=True)


def headers_1xx(w):
    w.write_headers([("x-early", "1")], 103)
    start(w, last=True)


def data(w):
    start(w)
    w.write_data("text \u00e9")
    w.write_data(b"bytes")
    w.write_data(b"", last=True)


def data_file(w):
    import io
    start(w)
    w.write_data(io.BytesIO(b"from a file"), last=True)


def data_split(w):
    start(w)
    w.write_data(b"s" * 40000, last=True)


def data_frames(w):
    start(w)
    w.write_data_frame(b"one", False)
    w.write_data_frame(b"two", True)


def max_payload(w):
    start(w)
    return w.get_max_payload_size()


def end_stream(w):
    start(w)
    w.end_stream()
    return w.stream_ended


def trailers(w):
    start(w)
    w.write_data("a")
    w.write_trailers([("x-sum", "1")])


def push(w):
    pushed = w.write_push(PROMISE, status=200,
                          response_headers=[("x-pushed", "1")],
                          response_data="pushed")
    start(w, last=True)
    return pushed


def push_given_id(w):
    pushed = w.write_push(PROMISE, push_stream_id=10)
    w.write_headers([("x-pushed", "2")], 200, stream_id=pushed)
    w.write_data("by hand", last=True, stream_id=pushed)
    start(w, last=True)
    return pushed


# ---- what is not

def refuse_data_first(w):
    w.write_data("no headers yet")


def refuse_headers_twice(w):
    start(w)
    w.write_headers([("x-second", "2")], 200)


def refuse_1xx_end(w):
    w.write_headers([], 103, last=True)


def refuse_1xx_after(w):
    start(w)
    w.write_headers([], 103)


def refuse_crlf(w):
    w.write_headers([("x-bad", "a\r\nb")], 200)


def refuse_nul(w):
    w.write_headers([("x-bad", "\0")], 200)


def refuse_name(w):
    w.write_headers([("x bad", "1")], 200)


def refuse_pseudo(w):
    w.write_headers([(":nonsense", "1")], 200)


def refuse_after_end(w):
    start(w, last=True)
    w.write_data("too late")


def refuse_headers_after_end(w):
    start(w, last=True)
    w.write_headers([("x-second", "2")], 200)


def refuse_end_twice(w):
    start(w)
    w.end_stream()
    w.end_stream()


def refuse_after_reset(w):
    w.reset_stream(8)
    start(w)


def refuse_other_stream(w):
    w.write_data("nobody", stream_id=99)


def refuse_frame_too_large(w):
    start(w)
    w.write_data_frame(b"x" * 16385, False)


def refuse_frame_no_window(w):
    start(w)
    w.write_data_frame(b"x" * 101, False)


def refuse_push_disabled(w):
    w.write_push(PROMISE)


def refuse_push_missing(w):
    w.write_push(PROMISE[:2])


def refuse_push_repeated(w):
    w.write_push(PROMISE + PROMISE[:1])


def refuse_push_odd(w):
    w.write_push(PROMISE, push_stream_id=3)


def refuse_push_used(w):
    w.write_push(PROMISE, push_stream_id=4)
    w.write_push(PROMISE, push_stream_id=4)


def refuse_push_below(w):
    w.write_push(PROMISE, push_stream_id=8)
    w.write_push(PROMISE, push_stream_id=6)


def refuse_push_no_status(w):
    w.write_push(PROMISE, response_headers=[("x", "1")])


def main(request, response):
    case = shared.query(request, "case")
    try:
        result = globals()[case](response.writer)
    except ProtocolError as e:
        result = type(e).__name__
        if not str(e):
            result += " without a text"
        assert isinstance(e, StreamClosedError) == ("Closed" in result)
    shared.note("result " + case, result)
