# SPDX-License-Identifier: MIT
"""Tests of the writer, the response and frames: what reaches the C side."""
import datetime
import io
import unittest

import fake
from h2rig import frames
from h2rig.errors import (HTTPException, ProtocolError, PushDisabledError,
                          StreamClosedError)
from h2rig.request import Request
from h2rig.response import Response

OK = (b":status", b"200")
PROMISE = [("method", "GET"), (":scheme", "https"), ("path", "/p"),
           ("authority", "a")]


class Case(unittest.TestCase):
    def make(self, method="GET"):
        self.exchange = fake.Exchange()
        request = Request(None, self.exchange, method, "/", True)
        self.response = Response(request, self.exchange)
        self.writer = self.response.writer

    def setUp(self):
        self.make()

    def sent(self, *want):
        self.assertEqual(self.exchange.frames(), list(want))


class Checked(Case):
    def test_write_headers(self):
        self.writer.write_headers(
            [("X-A", "\u00e9"), ("Connection", "close"), (b"x-b", 7)], 201,
            "reason")
        self.sent(("headers", [(b":status", b"201"), (b"x-a", b"\xc3\xa9"),
                               (b"x-b", b"7")], False, 0))

    def test_status_given_twice(self):
        self.writer.write_headers([("status", "204"), ("a", "b")], 204,
                                  last=True)
        self.sent(("headers", [(b":status", b"204"), (b"a", b"b")], True, 0))
        self.make()
        self.assertRaises(ProtocolError, self.writer.write_headers,
                          [(":status", "204")], 200)
        self.sent()

    def test_status_with_a_reason(self):
        with self.assertRaises(TypeError) as caught:
            self.writer.write_headers([], (404, "Not Found"))
        self.assertEqual(str(caught.exception),
                         "status must be an int, not (404, 'Not Found')")
        with self.assertRaises(TypeError) as caught:
            self.response.status = 2.5
        self.assertEqual(str(caught.exception), "status must be an int or "
                         "(int, reason), not 2.5")

    def test_status_that_is_none(self):
        self.assertRaises(TypeError, self.writer.write_headers, [], None)
        self.assertRaises(ProtocolError, self.writer.write_headers, [], 42)

    def test_head(self):
        self.make("HEAD")
        self.writer.write_headers([], 103)
        self.writer.write_headers([], 200, stream_id=2)
        self.writer.write_headers([], 200)
        self.assertEqual([s[2] for s in self.exchange.sent],
                         [False, False, True])
        self.make("HEAD")
        self.response.send_body_for_head_request = True
        self.writer.write_headers([], 200)
        self.assertFalse(self.exchange.sent[0][2])

    def test_write_data(self):
        self.writer.write_headers([], 200)
        self.writer.write_data("\u00e9")
        self.response.encoding = "latin-1"
        self.writer.write_data("\u00e9")
        f = io.BytesIO(b"x" * 70000)
        f.read()
        self.writer.write_data(f)
        self.writer.write_data(io.StringIO("end"), last=True)
        self.assertEqual(
            [(len(s[1]), s[1][:1], s[2]) for s in self.exchange.frames()[1:]],
            [(2, b"\xc3", False), (1, b"\xe9", False), (65536, b"x", False),
             (4464, b"x", False), (3, b"e", True)])

    def test_empty_file_ends_the_stream(self):
        self.writer.write_headers([], 200)
        self.writer.write_data(io.BytesIO(), last=True)
        self.assertEqual(self.exchange.sent[-1], ("data", b"", True, 0))

    def test_stream_ids(self):
        self.writer.write_data("a", stream_id=4)
        self.assertEqual(self.exchange.sent[-1], ("data", b"a", False, 4))
        for wrong in (0, -1, 1 << 31):
            self.assertRaises(ProtocolError, self.writer.end_stream, wrong)
        self.assertRaises(TypeError, self.writer.end_stream, "1")

    def test_wrong_data(self):
        for wrong in (None, 5, ["a"]):
            self.assertRaises(TypeError, self.writer.write_data, wrong)
            self.assertRaises(TypeError, self.writer.write_data_frame, wrong,
                              False)

    def test_state(self):
        self.assertEqual((self.writer.stream_ended,
                          self.writer.content_written), (False, False))
        self.writer.write_headers([], 103)
        self.assertFalse(self.writer.content_written)
        self.writer.write_headers([], 200)
        self.assertTrue(self.writer.content_written)
        self.writer.end_stream()
        self.assertTrue(self.writer.stream_ended)
        self.assertRaises(StreamClosedError, self.writer.write_data, "x")
        self.writer.stream_ended = False
        self.assertFalse(self.writer.stream_ended)

    def test_push(self):
        self.assertEqual(self.writer.write_push(
            PROMISE, status=200, response_headers=[("X", "1")],
            response_data="pushed"), 2)
        promise = [(b":method", b"GET"), (b":scheme", b"https"),
                   (b":path", b"/p"), (b":authority", b"a")]
        self.sent(("push", promise, 0, 0),
                  ("headers", [OK, (b"x", b"1")], False, 2),
                  ("data", b"pushed", True, 2))
        self.make()
        self.assertEqual(self.writer.write_push(
            PROMISE, push_stream_id=8, status=204, response_headers=[]), 8)
        self.sent(("push", promise, 8, 0),
                  ("headers", [(b":status", b"204")], True, 8))
        self.make()
        self.writer.write_push(PROMISE)
        self.sent(("push", promise, 0, 0))

    def test_push_without_status_sends_nothing(self):
        for given in ({"response_headers": []}, {"response_data": "x"}):
            self.assertRaises(ProtocolError, self.writer.write_push, PROMISE,
                              **given)
        self.assertRaises(ProtocolError, self.writer.write_push, PROMISE, 0)
        self.sent()
        self.assertTrue(issubclass(PushDisabledError, ProtocolError))

    def test_trailers_and_informational(self):
        self.assertRaises(ProtocolError, self.writer.write_informational, 200)
        self.sent()
        self.writer.write_informational(103, [("Link", "a")])
        self.writer.write_headers([], 200)
        self.writer.write_trailers([("X-Sum", 1)])
        self.sent(("headers", [(b":status", b"103"), (b"link", b"a")], False,
                   0),
                  ("headers", [OK], False, 0),
                  ("headers", [(b"x-sum", b"1")], True, 0))

    def test_stream_numbers_that_do_not_fit(self):
        for number in -2, 1 << 31, (1 << 32) + 2, 10 ** 30:
            for call in (lambda: self.writer.goaway(0, number),
                         lambda: self.writer.write_push(PROMISE, number)):
                with self.assertRaisesRegex(ProtocolError, str(number)):
                    call()
        self.sent()

    def test_connection(self):
        w = self.writer
        w.reset_stream("INTERNAL_ERROR", 3)
        w.reset_stream(99, stream_id=5)
        w.goaway("ENHANCE_YOUR_CALM", 7, "text")
        w.goaway()
        w.ping("12345678")
        w.flush()
        w.close("rst")
        w.close(b"fin")
        self.sent(("reset", 2, 3), ("reset", 99, 5),
                  ("goaway", 11, 7, b"text"), ("goaway", 0, -1, b""),
                  ("ping", b"12345678"), ("flush",), ("close", "rst"),
                  ("close", "fin"))
        self.assertRaises(ProtocolError, w.ping, b"short")
        self.assertRaises(ValueError, w.close, "softly")
        self.assertRaises(ValueError, w.close, b"\xff")
        self.assertRaises(ValueError, w.reset_stream, "NO_SUCH")
        self.assertRaises(ValueError, w.reset_stream, 1 << 32)


class Raw(Case):
    def test_header_frames(self):
        w = self.writer
        w.write_raw_header_frame([("X-A", "a\r\n")])
        w.write_raw_header_frame([], 0, end_stream=True, end_headers=True)
        w.write_raw_continuation_frame([("B", 1)], stream_id=9,
                                       end_headers=True)
        self.sent(("block", 1, 0, 1, b"", [(b"X-A", b"a\r\n")]),
                  ("block", 1, 5, 0, b"", []),
                  ("block", 9, 4, 9, b"", [(b"B", b"1")]))

    def test_frame_classes(self):
        class Promise(frames.PushPromiseFrame):
            def __init__(self, stream_id, data=b""):
                super().__init__(stream_id, 6, data)

        class Weighted(frames.HeadersFrame):
            def __init__(self, stream_id, data=b""):
                super().__init__(stream_id, data, ["PRIORITY"],
                                 depends_on=3, stream_weight=15)
        w = self.writer
        w.write_raw_header_frame([("a", "b")], end_headers=True,
                                 frame_cls=Promise)
        w.write_raw_header_frame([], end_stream=True, frame_cls=Weighted)
        self.sent(("block", 5, 4, 1, b"\0\0\0\6", [(b"a", b"b")]),
                  ("block", 1, 0x21, 1, b"\0\0\0\3\x0f", []))
        self.assertRaises(ValueError, w.write_raw_header_frame, [],
                          end_stream=True, frame_cls=frames.ContinuationFrame)

    def test_padding_behind_the_block_is_refused(self):
        class Padded(frames.HeadersFrame):
            def __init__(self, stream_id, data=b""):
                super().__init__(stream_id, data, ["PADDED"], pad_length=3)
        self.assertRaisesRegex(
            ValueError, "Padded", self.writer.write_raw_header_frame, [],
            frame_cls=Padded)

    def test_hyperframe(self):
        try:
            import hyperframe.frame as real
        except ImportError:
            self.skipTest("no hyperframe")
        w = self.writer
        w.write_raw_header_frame([("a", "b")], end_stream=True,
                                 end_headers=True,
                                 frame_cls=real.HeadersFrame)
        w.write_raw_header_frame([], 3, end_headers=True,
                                 frame_cls=real.ContinuationFrame)
        self.sent(("block", 1, 5, 1, b"", [(b"a", b"b")]),
                  ("block", 9, 4, 3, b"", []))

    def test_the_others(self):
        w = self.writer
        w.write_raw_data_frame("\u00e9")
        w.write_raw_data_frame(b"b", 0, end_stream=True)
        w.write_raw(b"\0\1")
        w.write_raw_frame("PING", "ACK", 0, "12345678")
        w.write_raw_frame(0xbf, ["END_STREAM", 0x40])
        self.sent(("frame", 0, 0, 1, b"\xc3\xa9"), ("frame", 0, 1, 0, b"b"),
                  ("raw", b"\0\1"), ("frame", 6, 1, 0, b"12345678"),
                  ("frame", 0xbf, 0x41, 1, b""))
        for wrong in ((256,), (-1,), ("NO_SUCH",), (0, 256), (0, "NO_SUCH")):
            self.assertRaises(ValueError, w.write_raw_frame, *wrong)
        self.assertRaises(TypeError, w.write_raw_frame, None)


class Http1(Case):
    def test_calls(self):
        w = self.writer
        self.assertTrue(w.write_status("201", "Made"))
        self.assertTrue(w.write_header("X-A", "\u00e9"))
        self.assertTrue(w.write_header("Connection", "close"))
        self.sent()
        self.assertTrue(w.end_headers())
        self.assertTrue(w.write_content("a"))
        self.assertTrue(w.write(b"b"))
        self.assertTrue(w.write_raw_content("c"))
        self.sent(("headers", [(b":status", b"201"), (b"x-a", b"\xe9")],
                   False, 0),
                  ("data", b"a", False, 0), ("data", b"b", False, 0),
                  ("data", b"c", False, 0))

    def test_content_first(self):
        self.response.status = 404
        self.writer.write_content("a")
        self.sent(("headers", [(b":status", b"404")], False, 0),
                  ("data", b"a", False, 0))

    def test_false_once_the_stream_is_gone(self):
        w = self.writer
        w.write_content("a")
        self.exchange.closed = True
        for call in (w.write, w.write_content, w.write_raw_content):
            self.assertIs(call("b"), False)
        self.make()
        self.exchange.closed = True
        self.assertIs(self.writer.write_status(200), False)
        self.assertIs(self.writer.write_header("a", "b"), False)
        self.assertIs(self.writer.end_headers(), False)
        self.assertIs(self.writer.write("x"), False)

    def test_text_above_latin_1(self):
        self.assertRaisesRegex(ValueError, r"U\+0439",
                               self.writer.write_header, "a", "\u0439")

    def test_literal(self):
        w = self.writer
        for piece in ("HTTP/1.1 20", "2 x\r\nA: b\r\n", "\r\nfirst"):
            self.assertTrue(w.write(piece))
        w.write("HTTP/1.1 is content now")
        self.sent(("headers", [(b":status", b"202"), (b"a", b"b")], False, 0),
                  ("data", b"first", False, 0),
                  ("data", b"HTTP/1.1 is content now", False, 0))

    def test_literal_chunked(self):
        w = self.writer
        w.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n")
        w.write_content(b"hello\r\n0\r\n\r\n")
        self.sent(("headers", [OK], False, 0), ("data", b"hello", False, 0))

    def test_literal_informational(self):
        self.writer.write("HTTP/1.1 103 Early\r\nLink: a\r\n\r\n"
                          "HTTP/1.1 200 OK\r\n\r\nx")
        self.sent(("headers", [(b":status", b"103"), (b"link", b"a")], False,
                   0),
                  ("headers", [OK], False, 0), ("data", b"x", False, 0))


class ResponseItself(Case):
    def test_status(self):
        r = self.response
        for given, want in ((404, (404, None)), ((404, "x"), (404, "x")),
                            (["201", b"y"], (201, b"y")),
                            ((200, 5), (200, "5")), (("204", "x"), (204, "x"))):
            r.status = given
            self.assertEqual(r.status, want)
        for wrong in (None, "abc", "404", b"40", (1, 2, 3), 42, 1000, 1.5, True):
            with self.assertRaises((TypeError, ValueError)):
                r.status = wrong

    def test_cookies(self):
        r = self.response
        r.set_cookie("a", "1", path=None, domain="d", max_age=5,
                     expires=datetime.datetime(2030, 1, 2, 3, 4, 5),
                     samesite="Lax", secure=True, httponly=True,
                     comment="c")
        r.set_cookie(b"b", b"2", max_age=datetime.timedelta(minutes=1))
        r.set_cookie("c", "3")
        self.assertEqual(r.headers["set-cookie"], [
            "a=1; expires=Wed, 02 Jan 2030 03:04:05 GMT; Max-Age=5; Domain=d;"
            " SameSite=Lax; Comment=c; Secure; HttpOnly",
            "b=2; Max-Age=60; Path=/", "c=3; Path=/"])
        r.unset_cookie("b")
        self.assertEqual(len(r.headers["set-cookie"]), 2)
        r.unset_cookie("a")
        r.unset_cookie("c")
        self.assertNotIn("set-cookie", r.headers)
        r.delete_cookie("d")
        field = r.headers["set-cookie"][0]
        self.assertTrue(field.startswith("d=; expires="), field)
        self.assertIn("Max-Age=0", field)

    def test_content(self):
        r = self.response
        r.content = ["a", b"b", "", lambda: "c", lambda: None]
        self.assertEqual(list(r.iter_content()), ["a", b"b", "c"])
        r.content = "\u00e9"
        self.assertEqual(list(r.iter_content()), [b"\xc3\xa9"])
        r.content = f = io.BytesIO(b"x")
        self.assertEqual(list(r.iter_content()), [f])
        self.assertEqual(list(r.iter_content(read_file=True)), [b"x"])

    def test_write(self):
        self.response.headers = [("A", "b")]
        self.response.content = ["a", "b"]
        self.response.write()
        self.sent(("headers", [OK, (b"a", b"b")], False, 0),
                  ("data", b"a", False, 0), ("data", b"b", True, 0))

    def test_set_error(self):
        r = self.response
        r.headers.set("x", "y")
        r.set_error(404, "gone")
        self.assertEqual(r.status, (404, None))
        self.assertEqual(r.content,
                         '{"error": {"code": 404, "message": "gone"}}')
        self.assertEqual(list(r.headers), [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(r.content)))])
        r.set_error(500, HTTPException(418, "tea"))
        self.assertIn('"code": 418, "message": "tea"', r.content)


class Frames(unittest.TestCase):
    def test_serialize(self):
        f = frames.HeadersFrame(3, b"abc", ["END_STREAM"])
        f.flags.add("END_HEADERS")
        self.assertEqual(f.serialize(), b"\0\0\3\1\5\0\0\0\3abc")
        f.flags.discard("END_STREAM")
        self.assertEqual(set(f.flags), {"END_HEADERS"})
        self.assertRaises(ValueError, f.flags.add, "ACK")
        self.assertEqual(
            frames.DataFrame(1, b"x", ["PADDED"], 2).serialize(),
            b"\0\0\4\0\x08\0\0\0\1\2x\0\0")
        self.assertEqual(
            frames.ExtensionFrame(0xbf, 1, 0xff, b"y").serialize(),
            b"\0\0\1\xbf\xff\0\0\0\1y")

    def test_as_hyperframe(self):
        try:
            import hyperframe.frame as real
        except ImportError:
            self.skipTest("no hyperframe")
        for name, stream, kw in (
                ("DataFrame", 1, {"data": b"d", "flags": ["END_STREAM"]}),
                ("HeadersFrame", 1, {"data": b"h", "flags": ["PRIORITY"],
                                     "depends_on": 3, "stream_weight": 9,
                                     "exclusive": True}),
                ("PriorityFrame", 1, {"depends_on": 3, "stream_weight": 9}),
                ("RstStreamFrame", 1, {"error_code": 8}),
                ("SettingsFrame", 0, {"settings": {1: 2, 4: 65535}}),
                ("SettingsFrame", 0, {"flags": ["ACK"]}),
                ("PushPromiseFrame", 1, {"promised_stream_id": 2,
                                         "data": b"p"}),
                ("PingFrame", 0, {"opaque_data": b"abc"}),
                ("GoAwayFrame", 0, {"last_stream_id": 5, "error_code": 1,
                                    "additional_data": b"bye"}),
                ("WindowUpdateFrame", 1, {"window_increment": 77}),
                ("ContinuationFrame", 1, {"data": b"c",
                                          "flags": ["END_HEADERS"]})):
            with self.subTest(name=name):
                self.assertEqual(getattr(frames, name)(stream, **kw)
                                 .serialize(),
                                 getattr(real, name)(stream, **kw)
                                 .serialize())


if __name__ == "__main__":
    unittest.main()
