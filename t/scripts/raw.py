# SPDX-License-Identifier: MIT
"""Each raw writer call, ?case=...; t/raw.t has the octets that come of it.

Every case runs in main, on stream 1 of a new connection.
"""
from common import shared
from h2rig.frames import ContinuationFrame, HeadersFrame

FIELDS = [(":status", "200"), ("x-a", "b")]


def headers(w):
    w.write_raw_header_frame(FIELDS, end_headers=True, end_stream=True)


def headers_continuation(w):
    w.write_raw_header_frame(FIELDS)
    w.write_raw_continuation_frame([("x-c", "d")], end_headers=True)
    w.write_raw_data_frame("", end_stream=True)


def headers_other_class(w):
    w.write_raw_header_frame(FIELDS, end_headers=True,
                             frame_cls=ContinuationFrame)


def headers_other_stream(w):
    w.write_raw_header_frame(FIELDS, stream_id=77, end_headers=True,
                             end_stream=True)


def headers_repeated(w):
    w.write_raw_header_frame(FIELDS, end_headers=True)
    w.write_raw_header_frame(FIELDS, end_headers=True)
    w.write_raw_header_frame(FIELDS, end_headers=True, end_stream=True)


def headers_bad_values(w):
    w.write_raw_header_frame(
        [("x-crlf", "a\r\nb"), (b"x-nul", b"\x00"), ("X-Upper", "U"),
         ("x-int", 12), ("x-utf8", "caf\u00e9"), ("x-empty", ""),
         ("connection", "close"), (":late", "pseudo")],
        end_headers=True, end_stream=True)


def continuation(w):
    w.write_raw_continuation_frame([("x-a", "b")], end_headers=True)


def data(w):
    w.write_raw_data_frame("abc", end_stream=True)


def data_bytes(w):
    w.write_raw_data_frame(b"\x00\xff")
    w.write_raw_data_frame("\u00e9")
    w.write_raw_data_frame(b"")


def data_other_stream(w):
    w.write_raw_data_frame("abc", stream_id=2)
    w.write_raw_data_frame("abc", stream_id=0)


def data_too_large(w):
    w.write_raw_data_frame(b"x" * 20000)


def data_no_window(w):
    for _ in range(5):
        w.write_raw_data_frame(b"y" * 16384)


def data_after_end(w):
    w.write_raw_data_frame("a", end_stream=True)
    w.write_raw_data_frame("b", end_stream=True)


def octets(w):
    w.write_raw(b"\x00\x00\x01\xfa\xff\x80\x00\x00\x01Zthis is no frame")


def octets_in_pieces(w):
    for octet in b"\x00\x00\x02\x00\x00\x00\x00\x00\x01ok":
        w.write_raw(bytes([octet]))


def serialized(w):
    frame = HeadersFrame(1, data=b"\x88")
    frame.flags.add("END_HEADERS")
    w.write_raw(frame.serialize())
    frame = ContinuationFrame(1, data=b"\x88", flags=("END_HEADERS",))
    w.write_raw(frame.serialize())


def frame_numbers(w):
    w.write_raw_frame(0xfa, 0x55, stream_id=3, payload=b"xyz")


def frame_names(w):
    w.write_raw_frame("PING", "ACK", stream_id=0, payload=b"12345678")
    w.write_raw_frame("WINDOW_UPDATE", payload=b"\x00\x00\x00\x00")
    w.write_raw_frame("RST_STREAM", payload=b"\x00\x00\x00\x0d")


def frame_lies(w):
    w.write_raw_frame("SETTINGS", 0, stream_id=1, payload=b"\x00")


def reset_stream(w):
    w.reset_stream(11)


def goaway(w):
    w.goaway(7, 5, b"bye")


def ping(w):
    w.ping(b"abcdefgh")


def mixed_with_checked(w):
    w.write_raw_header_frame([(":status", "103"), ("x-a", "b")],
                             end_headers=True)
    w.write_headers([("x-a", "b")], 200)
    w.write_raw_data_frame("raw")
    w.write_data("checked", last=True)


def main(request, response):
    globals()[shared.query(request, "case")](response.writer)
    response.writer.flush()
    response.writer.stream_ended = True         # nothing but what was asked for
    response.writer.content_written = True
    shared.note("raw sent")
    shared.wait_note("raw seen", 20)
