# SPDX-License-Identifier: MIT
"""Tests of `request.frames`, whose items are made on demand; of ranges."""
import sys
import unittest

import fake  # noqa: F401
from h2rig.errors import HTTPException
from h2rig.frames import FrameList, ReceivedFrame, RequestData
from h2rig.server.body import BodyStore
from h2rig.server.ranges import Range, RangeParser


class Frames(unittest.TestCase):
    def make(self, *pieces):
        frames = FrameList(fake.Exchange(), False)
        store = BodyStore()
        for i, (data, padding) in enumerate(pieces):
            frames._add(store, store.append(data),
                       [len(data), len(data) + padding],
                       i == len(pieces) - 1)
        return frames

    def make_in_one(self, *pieces):
        """Returns the same frames, noted by one call after an earlier frame.
        """
        frames = FrameList(fake.Exchange(), False)
        store = BodyStore()
        frames._add(store, store.append(b"zero"), [4, 4], False)
        offset = store.append(b"".join(data for data, _ in pieces))
        frames._add(store, offset, [
            n for data, padding in pieces
            for n in (len(data), len(data) + padding)], True)
        self.assertEqual(frames[1].data, b"zero")
        self.assertEqual(frames[1].stream_ended, False)
        return [frames[0]] + frames[2:]

    def test_as_a_list(self):
        self.as_a_list(self.make((b"one", 0), (b"", 0), (b"two", 5)))

    def test_several(self):
        self.as_a_list(self.make_in_one((b"one", 0), (b"", 0), (b"two", 5)))

    def as_a_list(self, frames):
        self.assertEqual(len(frames), 4)
        self.assertEqual([f.type for f in frames], ["HEADERS"] + ["DATA"] * 3)
        self.assertEqual([f.data for f in frames[1:]], [b"one", b"", b"two"])
        self.assertEqual([f.length for f in frames[1:]], [3, 0, 8])
        self.assertEqual([f.stream_ended for f in frames],
                         [False, False, False, True])
        self.assertEqual(sorted(frames[-1].flags), ["END_STREAM", "PADDED"])
        self.assertEqual(frames[-2], frames[2])
        self.assertNotEqual(frames[1], frames[2])
        self.assertIn(frames[3], frames)
        self.assertEqual(frames.index(frames[3]), 3)
        for wrong in (4, -5):
            self.assertRaises(IndexError, frames.__getitem__, wrong)
        self.assertRaises(TypeError, frames.__getitem__, "x")

    def test_no_data(self):
        frames = self.make()
        self.assertEqual((len(frames), frames[-1].type), (1, "HEADERS"))

    def test_is_small(self):
        frames = self.make(*[(b"x", 0)] * 100000)
        held = sum(sys.getsizeof(getattr(frames, n))
                   for n in FrameList.__slots__)
        self.assertLess(held, 100000 * 16)
        self.assertEqual(frames[77777].data, b"x")
        self.assertIs(type(frames[1]), RequestData)


class Received(unittest.TestCase):
    def test_attributes(self):
        for kind, payload, want in (
                (2, b"\x80\0\0\7\xff", {"priority": (7, 256, True)}),
                (3, b"\0\0\0\1", {"error_code": 1,
                                  "error_name": "PROTOCOL_ERROR"}),
                (4, b"\0\4\0\0\0\1\x12\x34\xff\xff\xff\xff",
                 {"settings": [(4, 1), (0x1234, 0xffffffff)]}),
                (6, b"12345678", {"data": b"12345678"}),
                (7, b"\x80\0\0\5\0\0\0\x1fwhy", {
                    "last_stream_id": 5, "error_code": 31,
                    "error_name": "0x1f", "debug_data": b"why"}),
                (8, b"\xff\xff\xff\xff", {"increment": 0x7fffffff}),
                (16, b"\0\0\0\3u=0", {"prioritized_stream_id": 3,
                                      "priority": "u=0"}),
                (31, b"any", {"data": b"any"})):
            with self.subTest(type=kind):
                frame = ReceivedFrame(kind, 0, 3, payload)
                self.assertEqual({k: getattr(frame, k) for k in want}, want)
                self.assertEqual((frame.stream_id, frame.payload, frame.length),
                                 (3, payload, len(payload)))

    def test_types_and_flags(self):
        self.assertEqual(ReceivedFrame(4, 0xff, 0, b"").flags, {"ACK"})
        self.assertEqual(ReceivedFrame(8, 0xff, 1, b"1234").flags, set())
        unknown = ReceivedFrame(0xbb, 0x82, 1, b"")
        self.assertEqual((unknown.type, unknown.flags), (0xbb, {2, 128}))
        self.assertEqual(repr(unknown),
                         "<frame of type 0xbb stream_id=1 flags=[128, 2] >")
        self.assertEqual(ReceivedFrame(8, 0, 1, b"1234").type,
                         "WINDOW_UPDATE")


class Ranges(unittest.TestCase):
    def test_parser(self):
        for field, want in (
                ("bytes=0-", [(0, 10)]), (b"bytes=-1", [(9, 10)]),
                ("bytes=1-1,3-3", [(1, 2), (3, 4)]),
                ("bytes=3-3,1-1", [(1, 2), (3, 4)]),
                ("bytes=1-2,3-4,2-3", [(1, 5)]),
                ("bytes= 1 - 2 ,,", [(1, 3)])):
            with self.subTest(field=field):
                self.assertEqual([(r.lower, r.upper) for r in
                                  RangeParser()(field, 10)], want)
        for field in ("bytes", "octets=1-2", "bytes=", "bytes=-", "bytes=x-",
                      "bytes=10-", "bytes=2-1", "bytes=1--2",
                      "bytes=\u0661-"):
            with self.subTest(field=field):
                with self.assertRaises(HTTPException) as caught:
                    RangeParser()(field, 10)
                self.assertEqual(caught.exception.code, 416)

    def test_many_spaces(self):
        # Would not end if the time grew with the square of their number.
        for text in (" " * (1 << 20) + "x", "-" + " " * (1 << 20) + "x"):
            self.assertRaises(HTTPException, RangeParser(), "bytes=" + text,
                              10)

    def test_range(self):
        r = Range(2, 4, 10)
        self.assertEqual((r.lower, r.upper, r.header_value()),
                         (2, 5, "bytes 2-4/10"))
        self.assertEqual(r, Range(2, 4, 10))
        self.assertLess(r, Range(3, 3, 10))
        self.assertEqual(r.coalesce(Range(8, 8, 10)), [r, Range(8, 8, 10)])
        self.assertRaises(ValueError, Range, 10, None, 10)
        self.assertRaises(ValueError, Range, None, 0, 10)
        self.assertRaises(ValueError, Range, None, None, 0)


if __name__ == "__main__":
    unittest.main()
