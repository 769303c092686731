# SPDX-License-Identifier: MIT
"""Tests of static files, directories, routes, and paths that try to leave the
document root."""
import os
import tempfile
import unittest
from unittest import mock

import fake
from h2rig.headers import RequestHeaders, ResponseHeaders
from h2rig.server import conditional, files, router
from h2rig.server.template import template


class Case(unittest.TestCase):
    def get(self, path, method="GET", fields=()):
        s = fake.serve(fake.headers(method, path, fields))
        sent = s.frames()
        fields = dict(sent[0][1])
        pieces = [f[1] for f in sent[1:]]
        body = sent[0][2] or b"".join(pieces)
        self.assertTrue(all(len(piece) <= 65536 for piece in pieces))
        self.fields = fields
        self.remembered = s.remembered
        if s.remembered:
            self.assertEqual(s.remembered[1], sent[0][1])
        self.assertTrue(s.ended)
        return int(fields[b":status"]), body


class Conditions(unittest.TestCase):
    def test_methods(self):
        # If-Modified-Since is for GET and HEAD (RFC 9110 §13.1.3).
        date = b"Sat, 01 Jan 2000 00:00:00 GMT"
        for name, value, others in (
                (b"if-modified-since", date, None),
                (b"if-none-match", b"*", 412)):
            for method in "GET", "HEAD", "POST", "PUT":
                request = mock.Mock(
                    method=method, headers=RequestHeaders([(name, value)]))
                response = mock.Mock(headers=ResponseHeaders(
                    [("ETag", '"a"'), ("Last-Modified", date)]))
                self.assertEqual(
                    conditional.evaluate(request, response),
                    304 if method in ("GET", "HEAD") else others,
                    (name, method))


class Static(Case):
    def test_file(self):
        fake.write("a file.TXT", "content")
        self.assertEqual(self.get("/a%20file.TXT"), (200, b"content"))
        self.assertEqual(self.fields, {
            b":status": b"200", b"content-type": b"text/plain",
            b"content-length": b"7"})
        path = os.path.join(fake.DOC_ROOT, "a file.TXT")
        self.assertEqual(self.remembered[::2],
                         (os.fsencode(path), b"content"))
        self.assertEqual(self.get("/a%20file.TXT?q=1"), (200, b"content"))
        self.assertIsNone(self.remembered)
        self.assertEqual(self.get("/a%20file.TXT", "HEAD"), (200, b""))
        self.assertEqual(self.get("/a%20file.TXT", "POST")[0], 404)
        self.assertEqual(self.get("/a%20file.TXT/")[0], 404)
        self.assertEqual(self.get("/a%2520file.TXT")[0], 404)

    def test_large_file(self):
        content = os.urandom(200000)
        fake.write("large.bin", content)
        self.assertEqual(self.get("/large.bin"), (200, content))
        self.assertEqual(self.fields[b"content-type"],
                         b"application/octet-stream")

    def test_headers_beside_it(self):
        fake.write("side/x.html", "x")
        fake.write("side/__dir__.headers", "X-Dir: 1\n")
        fake.write("side/x.html.headers",
                   "Content-Type: text/x\r\n\nX-Own:  2 \n")
        self.get("/side/x.html")
        self.assertEqual(self.fields, {
            b":status": b"200", b"x-dir": b"1", b"content-type": b"text/x",
            b"x-own": b"2", b"content-length": b"1"})
        fake.write("side/x.html.headers", "a: b\nnonsense\n")
        status, body = self.get("/side/x.html")
        self.assertEqual(status, 500)
        self.assertIn(b"x.html.headers, line 2", body)

    def test_no_headers_beside_it(self):
        # A name too long for the suffix, and a directory NAME.headers.
        fake.write("n" * 250, "x")
        self.assertEqual(self.get("/" + "n" * 250), (200, b"x"))
        fake.write("side/y.html.headers/z", "")
        fake.write("side/y.html", "y")
        self.assertEqual(self.get("/side/y.html"), (200, b"y"))

    def test_substituted_headers(self):
        fake.write("sub/x.txt", "x")
        fake.write("sub/x.txt.sub.headers", "X-A: {{GET[a]}}\nX-B: 2\n")
        self.get("/sub/x.txt?a=1")
        self.assertEqual((self.fields[b"x-a"], self.fields[b"x-b"]),
                         (b"1", b"2"))
        for end in ("%0a", "%0d", "%00"):
            status, body = self.get("/sub/x.txt?a=1%sX-Own:%%202" % end)
            self.assertEqual(status, 500)
            self.assertIn(b"{{GET[a]}}", body)

    def test_many_braces(self):
        # Would not end if the time grew with the square of their number.
        for text in (b"{" * (1 << 20), b"{{a" * (1 << 18),
                     b"{{a} " * (1 << 18), b"}" * (1 << 20)):
            self.assertEqual(template(None, text), text)
        fake.write("braces.sub.txt", "{{a} {{GET[a]}}} {} {{ {{GET[a]}}{{")
        self.assertEqual(self.get("/braces.sub.txt?a=%7b%7b1"),
                         (500, mock.ANY))
        fake.write("braces.sub.txt", "{{a} {{GET[a]}}} {} {{GET[a]}}{{")
        self.assertEqual(self.get("/braces.sub.txt?a=%7b%7b1"),
                         (200, b"{{a} {{1} {} {{1{{"))

    def test_ranges_of_a_large_file(self):
        content = os.urandom(300000)
        fake.write("large.bin", content)
        status, body = self.get("/large.bin", fields=[
            (b"range", b"bytes=0-99999,100001-299999")])
        self.assertEqual(status, 206)
        boundary = self.fields[b"content-type"].partition(b"boundary=")[2]
        part = (b"\r\n--%s\r\nContent-Type: application/octet-stream\r\n"
                b"Content-Range: bytes %s/300000\r\n\r\n%s")
        self.assertEqual(body, b"".join((
            part % (boundary, b"0-99999", content[:100000]),
            part % (boundary, b"100001-299999", content[100001:]),
            b"\r\n--%s--\r\n" % boundary)))
        self.assertEqual(int(self.fields[b"content-length"]), len(body))

    def test_as_is(self):
        for line in ("HTTP/1.1 200", "HTTP/1.0 299 x"):
            fake.write("x.asis", line + "\r\nA: b\r\n\r\nbody")
            self.assertEqual(self.get("/x.asis"),
                             (int(line.split()[1]), b"body"))
        for line in ("HTTP/1.x 200 OK", "HTTP/1.1 099 x", "HTTP/2 200", ""):
            fake.write("x.asis", line + "\r\nA: b\r\n\r\nbody")
            status, body = self.get("/x.asis")
            self.assertEqual(status, 500)
            self.assertIn(b"x.asis, line 1", body)

    def test_directory(self):
        fake.write("dir/b<.txt", "")
        fake.write("dir/sub/c", "")
        self.assertEqual(self.get("/dir?q"), (301, b""))
        self.assertEqual(self.fields[b"location"], b"/dir/?q")
        status, body = self.get("/dir/")
        self.assertEqual(status, 200)
        self.assertIn(b'<a href="./b%3C.txt">b&lt;.txt</a>', body)
        self.assertIn(b'<a href="./sub/">sub/</a>', body)
        fake.write("dir/index.html", "index")
        self.assertEqual(self.get("/dir/"), (200, b"index"))
        self.assertEqual(self.fields[b"content-type"], b"text/html")
        self.get("//dir")
        self.assertEqual(self.fields[b"location"], b"/dir/")

    def test_fifo_does_not_hang(self):
        os.mkfifo(os.path.join(fake.DOC_ROOT, "fifo"))
        self.assertEqual(self.get("/fifo")[0], 404)


class Escapes(Case):
    def test_every_way_out_is_404(self):
        with tempfile.TemporaryDirectory() as outside:
            for name in ("secret.txt", "secret.py"):
                with open(os.path.join(outside, name), "w") as f:
                    f.write("def main(request, response):\n"
                            "    return 'secret'\n")
            inside = os.path.join(fake.DOC_ROOT, "in")
            os.mkdir(inside)
            os.symlink(outside, os.path.join(inside, "out"))
            for name in ("secret.txt", "secret.py"):
                os.symlink(os.path.join(outside, name),
                           os.path.join(inside, name))
            up = "/in/" + os.path.relpath(outside, inside)
            for base in (up, up.replace("..", "%2e%2e"),
                         up.replace("/", "%2F"), up.replace("..", ".%2E"),
                         outside, "/" + outside, "/in/out",
                         "/in//out", "/in/./out", "/in/out/.",
                         "/in/%6fut", "/in/out/../out", "/in;/out",
                         "/in/..%00/out", "/in%2fout",
                         "/in/%c0%ae%c0%ae" + outside):
                for name in ("/secret.txt", "/secret.py", "/secret.txt%00",
                             "/secret.py%00.txt", "%2fsecret.txt"):
                    with self.subTest(path=base + name):
                        status, body = self.get(base + name)
                        self.assertEqual(status, 404)
                        self.assertNotIn(b"return", body)
            for path in ("/in/secret.txt", "/in/secret.py", "/in/out/",
                         "/in/out", "/..", "/../", "/%2e%2e/", "*", "",
                         "/in/../in/secret.txt", "in/secret.txt"):
                with self.subTest(path=path):
                    self.assertEqual(self.get(path)[0], 404)

    def test_link_inside(self):
        fake.write("real.txt", "real")
        os.symlink("real.txt", os.path.join(fake.DOC_ROOT, "link.txt"))
        self.assertEqual(self.get("/link.txt"), (200, b"real"))

    def test_link_that_turns(self):
        fake.write("turn1.py", "def main(q, r):\n    return 'in'\n")
        link = os.path.join(fake.DOC_ROOT, "turn.py")
        os.symlink("turn1.py", link)
        self.assertEqual(self.get("/turn.py"), (200, b"in"))
        with tempfile.NamedTemporaryFile("w", suffix=".py") as f:
            f.write("def main(q, r):\n    return 'out'\n")
            f.flush()
            os.remove(link)
            os.symlink(f.name, link)
            self.assertEqual(self.get("/turn.py")[0], 404)

    def test_script_source_is_not_served(self):
        fake.write("source.py", "def main(q, r):\n    return 'ran'\n")
        for path in ("/source.py", "/source%2Epy", "/%73ource.py"):
            self.assertEqual(self.get(path), (200, b"ran"))


class Routes(unittest.TestCase):
    def test_patterns(self):
        for pattern, path, want in (
                ("/a/{x}/b", "/a/1/b", ("1",)),
                ("/a/{x}/b", "/a/1/2/b", None),
                ("a/*", "/a/1/2", ("1/2",)),
                ("*.py", "/d/x.py", ("d/x",)),
                ("*.py", "/x.pyc", None),
                ("/a.b", "/axb", None),
                ("/{n-1}/*", "/q/", ("q", ""))):
            with self.subTest(pattern=pattern, path=path):
                m = router.compile_pattern(pattern).match(path)
                self.assertEqual(m and m.groups(), want)
        self.assertRaises(ValueError, router.compile_pattern, "/*/*")

    def test_first_match_wins_and_methods(self):
        r = router.Router()
        r.register("GET", "/x/{id}", "get")
        r.register(["PUT", "post"], "/x/*", "put")
        r.register("any", "/x/{other}", "any")
        for method, path, want in (
                ("GET", "/x/1", ("get", {"id": "1"})),
                ("HEAD", "/x/1", ("get", {"id": "1"})),
                ("POST", "/x/%31/2", ("put", {"*": "1/2"})),
                ("FOO", "/x/1", ("any", {"other": "1"})),
                ("GET", "/.//x/./1", ("get", {"id": "1"})),
                ("PUT", "/x//./1", ("put", {"*": "/./1"})),
                ("PUT", "//x//./1", ("put", {"*": "1"})),
                ("GET", "/y", (None, {}))):
            for _ in range(2):
                self.assertEqual(r.find(method, path), want + (None,))

    def test_decode_once(self):
        self.assertEqual(files.decode_path("/%2541"), "/%41")
        self.assertEqual(files.decode_path("/a..b"), "/a..b")
        self.assertIsNone(files.decode_path("/a/%2e./b"))
        self.assertIsNone(files.decode_path("/%00"))


if __name__ == "__main__":
    unittest.main()
