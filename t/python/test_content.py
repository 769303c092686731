# SPDX-License-Identifier: MIT
"""Tests of bodies, forms, cookies, credentials, literal HTTP/1 responses."""
import io
import os
import signal
import threading
import unittest
from unittest import mock

import fake  # noqa: F401
from h2rig import request
from h2rig.errors import HTTPException
from h2rig.server import body, forms
from h2rig.server.body import BodyStore, RawInput
from h2rig.server.literal import ChunkReader, LiteralReader


def stored(octets):
    store = BodyStore()
    store.append(octets)
    return store


class Store(unittest.TestCase):
    def test_in_memory(self):
        store = BodyStore()
        self.assertEqual([store.append(b) for b in (b"ab", b"", b"cde")],
                         [0, 2, 2])
        self.assertEqual(store.whole(), b"abcde")
        self.assertEqual(store.read(1, 3), b"bcd")
        self.assertEqual(store.read(4, 9), b"e")
        self.assertEqual(store.read(9, 1), b"")
        self.assertIsNone(store._file)

    def test_past_a_mebibyte_in_a_file(self):
        store = BodyStore()
        pieces = [bytes((i,)) * 300000 for i in range(5)]
        for piece in pieces:
            store.append(piece)
        self.assertEqual(store.length, 1500000)
        self.assertGreater(os.fstat(store._file.fileno()).st_size, 0)
        self.assertEqual(len(store._memory), 0)
        self.assertEqual(store.whole(), b"".join(pieces))
        self.assertEqual(store.read(299999, 2), b"\0\1")
        self.assertEqual(store.searchable().find(b"\3"), 900000)

    def test_pieces_of_all_sizes_keep_their_order(self):
        store, sizes = BodyStore(), (1 << 20, 10, body.WRITE, 5, body.WRITE - 1,
                                     3, 200000, 7)
        pieces = [bytes((i,)) * size for i, size in enumerate(sizes)]
        self.assertEqual([store.append(p) for p in pieces],
                         [sum(sizes[:i]) for i in range(len(sizes))])
        self.assertEqual(bytes(store._memory), pieces[-1])
        want = b"".join(pieces)
        self.assertEqual(store.read(len(want) - 9, 9), want[-9:])
        self.assertEqual(store.whole(), want)

    def test_on_a_full_disk_content_is_lost_never_cut(self):
        store = stored(b"a" * (1 << 20))
        self.assertIsNone(store.lost)
        with mock.patch.object(os, "pwrite", side_effect=OSError(28, "full")):
            self.assertEqual(store.append(b"b" * body.WRITE), 1 << 20)
        # It is counted as if it were there, but reading fails.
        self.assertEqual(store.append(b"d"), (1 << 20) + body.WRITE)
        for read in (store.whole, store.searchable,
                     lambda: store.read(0, 1)):
            with self.assertRaisesRegex(HTTPException, "full") as e:
                read()
            self.assertEqual(e.exception.code, 503)
        self.assertIsNone(store._file)

    def test_what_is_in_the_file_is_counted(self):
        counted = []

        def count(n):
            counted.append(n)
            return sum(counted), sum(counted), ""
        with mock.patch.object(fake.module, "stored", count):
            store = stored(b"a" * (1 << 20) + b"b")
            store.append(b"c" * body.WRITE)
            self.assertEqual(sum(counted), 2 << 20)
            store.append(b"c" * body.WRITE)
            self.assertEqual(len(counted), 1)
            del store
            self.assertEqual(sum(counted), 0)

    def test_writes_of_less_than_all(self):
        pwrite = os.pwrite
        store = stored(b"a" * (1 << 20))
        with mock.patch.object(os, "pwrite", lambda fd, data, at: pwrite(
                fd, data[:1000], at)):
            store.append(b"bc" * body.WRITE)
        self.assertEqual(store.whole()[-3 * body.WRITE:],
                         b"a" * body.WRITE + b"bc" * body.WRITE)

    def moved_by_reader(self, meanwhile):
        """Returns a store whose content a reader has moved from memory to the
        file.  meanwhile(store) is called just before the reader writes.
        """
        pwrite, store = os.pwrite, stored(b"a" * (1 << 20))
        store.append(b"b" * 10)
        with mock.patch.object(os, "pwrite", lambda *arguments: (
                meanwhile(store), pwrite(*arguments))[1]):
            self.assertEqual(store.read((1 << 20) - 1, 3), b"abb")
        return store

    def test_appended_while_a_reader_moves_it_to_the_file(self):
        threads = []

        def append(store):
            threads.append(threading.Thread(target=store.append,
                                            args=(b"c",)))
            threads[0].start()
            # The thread waits for this one, so the join times out.
            threads[0].join(0.2)
        store = self.moved_by_reader(append)
        threads[0].join()
        self.assertEqual(store.whole()[-12:], b"a" + b"b" * 10 + b"c")

    def test_process_forked_while_a_reader_moves_it_to_the_file(self):
        pwrite, threads, statuses = os.pwrite, [], []

        def fork(store):
            pid = os.fork()
            if pid == 0:
                os.pwrite = pwrite
                signal.alarm(60)
                os._exit(store.whole()[-3:] == b"bbb")
            statuses.append(os.waitpid(pid, 0)[1])

        def fork_meanwhile(store):
            threads.append(threading.Thread(target=fork, args=(store,)))
            threads[0].start()
            threads[0].join(0.2)
        self.moved_by_reader(fork_meanwhile)
        threads[0].join()
        self.assertEqual(statuses, [1 << 8])

    def test_whole_after_more(self):
        store = stored(b"a")
        store.whole()
        store.append(b"b")
        self.assertEqual(store.whole(), b"ab")


    def test_two_threads_have_the_same(self):
        made, go = threading.Semaphore(0), threading.Event()

        class Slow(BodyStore):
            def __init__(self):
                super().__init__()
                made.release()
                go.wait(10)

        r = request.Request.__new__(request.Request)
        r._store, seen = None, []
        with mock.patch.object(request, "BodyStore", Slow):
            threads = [threading.Thread(
                target=lambda: seen.append(r._body_store))
                       for _ in range(2)]
            for thread in threads:
                thread.start()
            made.acquire()
            self.assertFalse(made.acquire(timeout=0.2), "a second is made")
            go.set()
            for thread in threads:
                thread.join()
        self.assertIs(seen[0], seen[1])


class Raw(unittest.TestCase):
    def make(self, *pieces):
        store, left = BodyStore(), list(pieces)

        def pull(size):
            while left and (size is None or store.length < size):
                store.append(left.pop(0))
            self.left = len(left)
        return RawInput(store, pull, lambda: 7)

    def test_read_waits_for_what_it_needs(self):
        raw = self.make(b"abc", b"def", b"g")
        self.assertEqual(raw.read(2), b"ab")
        self.assertEqual(self.left, 2)
        self.assertEqual(raw.read(2), b"cd")
        self.assertEqual(self.left, 1)
        self.assertEqual(raw.tell(), 4)
        self.assertEqual(raw.read(), b"efg")
        self.assertEqual(raw.read(), b"")
        self.assertEqual(raw.length, 7)

    def test_seek(self):
        raw = self.make(b"abc", b"def")
        self.assertEqual(raw.seek(-2, os.SEEK_END), 4)
        self.assertEqual(raw.read(), b"ef")
        raw.seek(1)
        self.assertEqual(raw.seek(1, os.SEEK_CUR), 2)
        self.assertEqual(raw.read(1), b"c")
        self.assertRaises(ValueError, raw.seek, -1)

    def test_lines(self):
        raw = self.make(b"one\ntw", b"o\nthree")
        self.assertEqual(raw.readline(), b"one\n")
        self.assertEqual(self.left, 1)
        self.assertEqual(raw.readline(2), b"tw")
        self.assertEqual(raw.readlines(), [b"o\n", b"three"])
        self.assertEqual(raw.readline(), b"")
        raw.seek(0)
        self.assertEqual(list(raw), [b"one\n", b"two\n", b"three"])
        raw.seek(0)
        self.assertEqual(raw.readlines(1), [b"one\n"])

    def test_a_long_line(self):
        raw = self.make(b"x" * 20000, b"y\nz")
        self.assertEqual(raw.readline(), b"x" * 20000 + b"y\n")


class Urlencoded(unittest.TestCase):
    def test_pairs(self):
        form = forms.parse_urlencoded(b"a=1&&b=%C3%A9+x&a=2&c&=d&e=f=g&%zz=1")
        self.assertEqual(dict(form.items()), {
            "a": ["1", "2"], "b": ["\u00c3\u00a9 x"], "c": [""], "": ["d"],
            "e": ["f=g"], "%zz": ["1"]})


class Multipart(unittest.TestCase):
    def parse(self, text, boundary=b"XX"):
        return forms.parse_multipart(stored(text.replace(b"\n", b"\r\n")),
                                     boundary)

    def test_fields_and_files(self):
        form = self.parse(
            b'--XX\nContent-Disposition: form-data; name="a"\n\nhello\n'
            b'--XX  \nContent-Disposition: form-data; name="f"; '
            b'filename="q\\"x;y.txt"\nContent-Type: text/plain; charset=x\n\n'
            b'line 1\nline 2\n\n'
            b'--XX\ncontent-disposition: form-data; name=a\n\n\n'
            b'--XX--\nepilogue')
        self.assertEqual(form.get_list("a"), ["hello", ""])
        f = form["f"]
        self.assertEqual((f.filename, f.name, f.type),
                         ('q"x;y.txt', "f", "text/plain"))
        self.assertEqual(f.value, b"line 1\r\nline 2\r\n")
        self.assertEqual(f.file.readline(), b"line 1\r\n")
        self.assertEqual(f.file.read(), b"line 2\r\n")
        f.file.seek(0)
        self.assertEqual(f.file.read(4), b"line")
        self.assertEqual(f.headers["content-type"],
                         "text/plain; charset=x")

    def test_preamble(self):
        form = self.parse(b'preamble\n--XX\ncontent-disposition: form-data; '
                          b'name=a\n\nb\n--XX--')
        self.assertEqual(form["a"], "b")

    def test_longer_boundary_is_content(self):
        form = self.parse(b'--XX\ncontent-disposition: form-data; name=a\n\n'
                          b'b\n--XXY\nc\n--XX--')
        self.assertEqual(form["a"], "b\r\n--XXY\r\nc")

    def test_binary_content(self):
        content = bytes(range(256)) * 6000
        store = stored(
            b'--B\r\nContent-Disposition: form-data; name="f"; filename="b"'
            b'\r\n\r\n' + content + b'\r\n--B--\r\n')
        self.assertIsNotNone(store._file)
        f = forms.parse_multipart(store, b"B")["f"]
        self.assertEqual(f.value, content)
        self.assertEqual(f.file.read(), content)

    def test_malformed(self):
        for text in (b"nothing", b"--XX\ncontent-disposition: form-data; "
                     b"name=a\n\nno end"):
            with self.subTest(text=text):
                self.assertRaises(ValueError, self.parse, text)

    def test_fields_of_a_part_have_a_bound(self):
        for field in (b"a: b\n" * 20000, b"a: " + b"b" * 70000 + b"\n"):
            with self.assertRaisesRegex(ValueError, "than 65536 octets"):
                self.parse(b"--XX\n" + field + b"\nx\n--XX--")

    def test_empty(self):
        self.assertEqual(len(forms.parse_multipart(BodyStore(), b"X")), 0)
        self.assertEqual(len(self.parse(b"--XX--\n")), 0)


class CookiesAndCredentials(unittest.TestCase):
    def test_cookies(self):
        c = forms.parse_cookies(b'a=1; b="x\\054\\"y"; a=2;c = d ; e')
        self.assertEqual(c["a"].value, "2")
        self.assertEqual(c.first("a"), b"1")
        self.assertTrue(c["a"] == "2" and c["a"] != "1")
        self.assertEqual(c["b"], 'x,"y')
        self.assertEqual(c.get("c").value, "d")
        self.assertNotIn("e", c)
        self.assertRaises(KeyError, c.__getitem__, "none")
        self.assertEqual(c.get("none", 1), 1)

    def test_basic(self):
        a = forms.Authentication(b"Basic dXNlcjpwYTpzcw==")
        self.assertEqual((a.username, a.password), ("user", "pa:ss"))
        for header in (None, b"Bearer x", b"Basic", b"Basic !!!",
                       b"basic dXNlcg=="):
            with self.subTest(header=header):
                a = forms.Authentication(header)
                self.assertEqual((a.username, a.password), (None, None))


class Literal(unittest.TestCase):
    TEXT = (b"HTTP/1.1 202 Any thing\r\nX-A: 1\r\nx-b:2\n folded\r\n\r\n"
            b"content")

    def test_whole(self):
        r = LiteralReader()
        self.assertTrue(r.feed(self.TEXT))
        self.assertEqual((r.status, r.fields, r.rest), (
            202, [(b"X-A", b"1"), (b"x-b", b"2 folded")], b"content"))

    def test_octet_by_octet(self):
        r = LiteralReader()
        for i in range(len(self.TEXT) - len(b"content") - 1):
            self.assertFalse(r.feed(self.TEXT[i:i + 1]), i)
        self.assertTrue(r.feed(b"\n"))
        self.assertEqual((r.status, len(r.fields), r.rest), (202, 2, b""))

    def test_many_short_pieces(self):
        # Would not end if the time grew with the square of their number.
        r = LiteralReader()
        r.feed(b"HTTP/1.1 200 x\r\n")
        for _ in range(200000):
            self.assertFalse(r.feed(b"a:b\r\n"))
        self.assertTrue(r.feed(b"\r\n"))
        self.assertEqual((len(r.fields), r.rest), (200000, b""))

    def test_content(self):
        for text in (b"HTTP", b"HTTP/2 200", b"hello",
                     b"HTTP/1.1 nonsense\r\n\r\n", b"HTTP/1.1 099 x\r\n\r\n"):
            with self.subTest(text=text):
                r = LiteralReader()
                if not r.feed(text):
                    r.finish()
                self.assertEqual((r.status, r.rest), (None, text))

    def test_without_end(self):
        r = LiteralReader()
        self.assertFalse(r.feed(b"HTTP/1.0 404 x\r\nA: b"))
        r.finish()
        self.assertEqual((r.status, r.fields), (404, [(b"A", b"b")]))

    def test_chunks(self):
        text = b"5\r\nhello\r\n 3;x=y\r\n\r\nx\r\n0\r\ntrailer: 1\r\n\r\n"
        for size in (1, 2, 7, 100):
            c = ChunkReader()
            out = b"".join(c.feed(text[i:i + size])
                           for i in range(0, len(text), size))
            self.assertEqual(out + c.finish(), b"hello\r\nx", size)

    def test_what_is_not_chunked(self):
        for pieces in ((b"kept",), (b"abc", b"def"), (b"5\r\nhelloX", b"Y")):
            c = ChunkReader()
            out = b"".join(c.feed(p) for p in pieces) + c.finish()
            want = b"".join(pieces)
            self.assertEqual(out, want[3:] if want[:1] == b"5" else want)


class Views(unittest.TestCase):
    def test_view_has_its_bounds(self):
        view = io.BufferedReader(body.StoreView(stored(b"abcdef"), 2, 3))
        self.assertEqual(view.read(), b"cde")
        self.assertEqual(view.seek(-1, os.SEEK_END), 2)
        self.assertEqual(view.read(9), b"e")


if __name__ == "__main__":
    unittest.main()
