# SPDX-License-Identifier: MIT
"""Tests of text and bytes, field sections, MultiDict."""
import pickle
import unittest

import fake  # noqa: F401
from h2rig import headers
from h2rig.headers import MultiDict, RequestHeaders, ResponseHeaders
from h2rig.server.isomorphic import (Value, isomorphic_decode,
                                     isomorphic_encode, octets)


class Values(unittest.TestCase):
    def test_equals_text_and_bytes(self):
        v = Value(b"caf\xe9")
        self.assertTrue(v == "caf\u00e9" and "caf\u00e9" == v)
        self.assertTrue(v == b"caf\xe9" and b"caf\xe9" == v)
        self.assertFalse(v != "caf\u00e9")
        self.assertFalse(v == "cafe" or v == b"cafe" or v == 3)
        self.assertFalse(v == "caf\u0439")

    def test_hashes_as_both(self):
        for octets_ in (b"", b"a", b"test", bytes(range(256))):
            text = octets_.decode("latin-1")
            self.assertEqual(hash(Value(octets_)), hash(text))
            self.assertEqual({text: 1}[Value(octets_)], 1)
            self.assertEqual({octets_: 2}[Value(octets_)], 2)
            self.assertEqual({Value(octets_): 3}[text], 3)
            self.assertIn(text, {Value(octets_)})

    def test_methods_take_text(self):
        v = Value(b"a, b; c")
        self.assertIn("b;", v)
        self.assertIn(b"b;", v)
        self.assertIn(0x61, v)
        self.assertNotIn("\u0439", v)
        self.assertTrue(v.startswith("a,") and v.startswith(("x", "a")))
        self.assertTrue(v.endswith(b"c") and not v.endswith("\u0439"))
        self.assertEqual((v.find("b"), v.rfind("z"), v.index("c")), (3, -1, 6))
        self.assertEqual(v.split(", "), ["a", "b; c"])
        self.assertEqual(v.partition("; "), ("a, b", "; ", "c"))
        self.assertEqual(v.replace("a", b"x"), "x, b; c")
        self.assertEqual(v.strip("ac"), ", b; ")
        self.assertEqual(Value(b"-").join(["a", b"b", v[:1]]), "a-b-a")
        self.assertEqual(v + "!", "a, b; c!")
        self.assertEqual("!" + v, "!a, b; c")
        self.assertEqual(v.upper(), "A, B; C")

    def test_is_bytes_otherwise(self):
        v = Value(b"12")
        self.assertIsInstance(v, bytes)
        self.assertEqual(v.decode(), "12")
        self.assertEqual(v[0], 0x31)
        self.assertEqual(v[1:], b"2")
        self.assertEqual(b"%s" % v, b"12")
        self.assertEqual(int(v), 12)
        with self.assertRaises(TypeError):
            ",".join([v])
        with self.assertRaises(TypeError):
            v + 1

    def test_pickles(self):
        v = pickle.loads(pickle.dumps(Value(b"\xe9")))
        self.assertIs(type(v), Value)
        self.assertEqual(v, "\u00e9")

    def test_isomorphic(self):
        self.assertEqual(isomorphic_decode(b"\xe9"), "\u00e9")
        self.assertEqual(isomorphic_decode("x"), "x")
        self.assertEqual(isomorphic_encode("\u00e9"), b"\xe9")
        self.assertEqual(isomorphic_encode(b"x"), b"x")
        for wrong in (None, 1, []):
            self.assertRaises(TypeError, isomorphic_decode, wrong)
            self.assertRaises(TypeError, isomorphic_encode, wrong)
        self.assertRaises(ValueError, isomorphic_encode, "\u0439")

    def test_octets_names_the_character(self):
        with self.assertRaisesRegex(ValueError, r"header 'x'.*U\+0439"):
            ResponseHeaders([("x", "a\u0439")])
        with self.assertRaisesRegex(TypeError, "NoneType"):
            ResponseHeaders([("x", None)])
        self.assertEqual(octets(5, "x"), b"5")


class Request(unittest.TestCase):
    def setUp(self):
        self.h = RequestHeaders([
            (b":method", b"GET"), (b":authority", b"a:1"), (b"x-a", b"1"),
            (b"x-a", b"2"), (b"cookie", b"a=1"), (b"cookie", b"b=2")])

    def test_lookup(self):
        h = self.h
        self.assertEqual(h["X-A"], "1, 2")
        self.assertEqual(h[b"x-a"], b"1, 2")
        self.assertEqual(h["cookie"], "a=1; b=2")
        self.assertEqual(h.get("none"), None)
        self.assertEqual(h.get("none", b"d"), b"d")
        self.assertEqual(h.get_list("x-A"), [b"1", "2"])
        self.assertEqual(h.get_list("none", []), [])
        self.assertRaises(KeyError, h.get_list, "none")
        self.assertIn(b"X-a", h)
        self.assertNotIn("none", h)
        with self.assertRaisesRegex(KeyError, "test"):
            h["test"]

    def test_pseudo(self):
        h = self.h
        self.assertEqual(h[":method"], h["method"])
        self.assertEqual(h["host"], "a:1")
        self.assertIn("host", h)
        self.assertNotIn(":x-a", h)
        self.assertEqual(list(h), ["method", "authority", "x-a", "cookie"])
        self.assertEqual(list(h.keys()), list(h))
        self.assertEqual(dict(h.items())["x-a"], ["1", "2"])

    def test_host_of_its_own(self):
        h = RequestHeaders([(b":authority", b"a"), (b"host", b"b")])
        self.assertEqual(h["host"], "b")


class Response(unittest.TestCase):
    def test_calls(self):
        h = ResponseHeaders()
        h.set("X-A", "old")
        h.set(b"x-a", 1)
        h.append("X-a", b"2")
        h.update([("x-b", "3"), ["x-B", "4"]])
        h["x-c"] = "5"
        self.assertEqual(h.get("x-A"), ["1", b"2"])
        self.assertEqual(h["x-b"], ["3", "4"])
        self.assertEqual(h.get("none"), [])
        self.assertEqual(h.get("none", 7), 7)
        self.assertIn("X-C", h)
        self.assertEqual(
            list(h), [("x-a", "1"), ("X-a", "2"), ("x-b", "3"), ("x-B", "4"),
                      ("x-c", "5")])
        self.assertEqual(list(h.items()), list(h))
        del h["X-B"]
        self.assertNotIn("x-b", h)
        self.assertRaises(KeyError, h.__getitem__, "x-b")
        self.assertRaises(KeyError, h.__delitem__, "x-b")

    def test_what_is_no_pair(self):
        for wrong in ("ab", [("a",)], [1], None, [("a", "b", "c", "d")]):
            with self.subTest(wrong=wrong):
                self.assertRaises(TypeError, ResponseHeaders().update, wrong)

    def test_wrong_names(self):
        for wrong in ([], {}, None, 1.5):
            with self.assertRaisesRegex(TypeError, "header name must be"):
                ResponseHeaders().set(wrong, "x")
        h = ResponseHeaders([(bytearray(b"X"), "y")])
        self.assertEqual(list(h), [("X", "y")])

    def test_wire(self):
        h = ResponseHeaders([("X-A", " 1\t"), ("Status", "404"),
                             ("Connection", "close"), ("Upgrade", "x")])
        self.assertEqual(h._wire(), (
            [(b":status", b"404"), (b"x-a", b"1")],
            [b"connection", b"upgrade"]))


class Fields(unittest.TestCase):
    def test_checked(self):
        got, dropped = headers.checked_fields(
            [("X-A", "\u00e9"), ("path", "/"), (b":Method", b"GET"),
             ("Keep-Alive", "1"), ("transfer-encoding", "chunked")])
        self.assertEqual(got, [(b":path", b"/"), (b":method", b"GET"),
                               (b"x-a", b"\xc3\xa9")])
        self.assertEqual(dropped, [b"keep-alive", b"transfer-encoding"])

    def test_raw_changes_nothing(self):
        self.assertEqual(
            headers.raw_fields([("X-A", "a\r\n\0"), (b"\xff", 7),
                                ["status", " x "], ("a", "b", True)]),
            [(b"X-A", b"a\r\n\0"), (b"\xff", b"7"), (b"status", b" x "),
             (b"a", b"b", True)])

    def test_never_indexed_by_attribute(self):
        class Never(tuple):
            indexable = False
        self.assertEqual(headers.raw_fields([Never(("a", "b"))]),
                         [(b"a", b"b", True)])


class Multi(unittest.TestCase):
    def test_calls(self):
        m = MultiDict()
        m.add(Value(b"a"), 1)
        m.add("a", 2)
        self.assertEqual((m["a"], m.first(b"a"), m.last("a")), (1, 1, 2))
        self.assertEqual(m.get_list("a"), [1, 2])
        self.assertEqual(m.get_list("b"), [])
        self.assertEqual((m.get("b"), m.get("b", 5), m.first("b", 6),
                          m.last("b", 7)), (None, 5, 6, 7))
        self.assertRaises(KeyError, m.first, "b")
        self.assertRaises(KeyError, m.last, "b")
        self.assertRaises(KeyError, m.__getitem__, "b")
        self.assertIn(b"a", m)
        m["a"] = 3
        self.assertEqual(m.get_list("a"), [3])
        self.assertEqual(dict(m.items()), {"a": [3]})


if __name__ == "__main__":
    unittest.main()
