#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests static files: .headers files beside them, content types, ranges,
directories, literal responses, validators, large files."""
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client, INITIAL_WINDOW_SIZE               # noqa: E402
from server import Server                                       # noqa: E402

t = tap.Tap()
TEN = b"0123456789"
LARGE = os.urandom(1 << 20)

FILES = {
    "ten.txt": TEN,
    "large.bin": LARGE,
    "empty.txt": b"",
    "page.HTML": b"p",
    "no-extension": b"n",
    "x.unknown": b"u",
    "a.jxl": b"j",
    "own/typed.html": b"t",
    "own/typed.html.headers": b"Content-Type: text/x-own\nX-Own: 1\nX-Own: 2",
    "dir/a.css": b"a",
    "dir/__dir__.headers": b"X-Dir: all\r\nX-Dir2: v:w\r\n",
    "dir/b.js": b"b",
    "dir/b.js.headers": b"X-File: own\n",
    "sub/c.txt": b"{{host}}",
    "sub/c.txt.sub.headers": b"X-Path: {{location[path]}}\nX-Q: {{GET[q]}}\n",
    "sub/c.txt.headers": b"X-Not: used\n",
    "sub/__dir__.sub.headers": b"X-Host: {{host}}\n",
    "wrong/c.txt": b"c",
    "wrong/c.txt.headers": b"X-Good: 1\nno colon here\n",
    "badsub/c.txt": b"c",
    "badsub/c.txt.sub.headers": b"X-A: {{nonsense}}\n",
    "length/c.txt": b"cc",
    "length/c.txt.headers": b"Content-Length: 1\n",
    "comment.txt": b"text",
    "comment.txt.headers": b"X-Good: 1\n# x: y\nX-A: a\x01b\n",
    "listed/z.txt": b"z",
    "listed/inner/y.txt": b"y",
    "listed/a&b<c>.txt": b"",
    "indexed/index.html": b"the index",
    "literal.asis": b"HTTP/1.1 404 Strange\r\nX-Lit: 1\r\nX-Lit: 2\r\n"
                    b"Connection: close\r\n\r\nliteral body",
    "unix.asis": b"HTTP/1.0 200 OK\nX-Unix: yes\n\nunix body",
    "early.asis": b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n"
                  b"HTTP/1.1 201 Made\r\nX-Late: 1\r\n\r\nmade",
    "chunked.asis": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
    "wrong.asis": b"This is no response\n",
    "tagged.txt": TEN,
    "tagged.txt.headers": b"ETag: \"own\"\nLast-Modified: Sat, 01 Jan 2000 "
                          b"00:00:00 GMT\n",
    "weak.txt": TEN,
    "weak.txt.headers": b"ETag: W/\"own\"\nLast-Modified: Fri, 01 Jan 2100 "
                        b"00:00:00 GMT\n",
}

# (path, content type).
TYPES = [
    ("/ten.txt", "text/plain"), ("/page.HTML", "text/html"),
    ("/no-extension", "application/octet-stream"),
    ("/x.unknown", "application/octet-stream"), ("/dir/a.css", "text/css"),
    ("/dir/b.js", "text/javascript"), ("/own/typed.html", "text/x-own"),
    ("/a.jxl", "image/jxl"), ("/listed/", "text/html"),
]

# (Range, status, content-range, body).
RANGES = [
    ("bytes=0-0", 206, "bytes 0-0/10", b"0"),
    ("bytes=2-4", 206, "bytes 2-4/10", b"234"),
    ("bytes=7-", 206, "bytes 7-9/10", b"789"),
    ("bytes=-3", 206, "bytes 7-9/10", b"789"),
    ("bytes=-99", 206, "bytes 0-9/10", TEN),
    ("bytes=8-99", 206, "bytes 8-9/10", b"89"),
    ("Bytes=1-1", 206, "bytes 1-1/10", b"1"),
    ("bytes=" + "0" * 25 + "5-7", 206, "bytes 5-7/10", b"567"),
    ("bytes=0-2,3-5", 206, "bytes 0-5/10", b"012345"),
    ("bytes=4-5, 1-4", 206, "bytes 1-5/10", b"12345"),
    ("bytes=1-2,50-60", 206, "bytes 1-2/10", b"12"),
    ("bytes=10-", 416, "bytes */10", None),
    ("bytes=-0", 416, "bytes */10", None),
    ("bytes=5-3", 416, "bytes */10", None),
    ("bytes=a-b", 416, "bytes */10", None),
    ("bytes=1-2-3", 416, "bytes */10", None),
    ("bytes=", 416, "bytes */10", None),
    ("bytes=" + ",".join(["0-0"] * 300), 416, "bytes */10", None),
    ("lines=1-2", 200, None, TEN),
]


def fill(root):
    """Makes the document root."""
    for name, content in FILES.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content)
    # A date is a strong validator only after its second is over.
    os.utime(os.path.join(root, "ten.txt"), (1e9, 1e9))


def beside(c, s):
    """A file's fields: content type, and those that .headers files add."""
    for path, kind in TYPES:
        x = c.fetch(path)
        t.eq((x.status, x.header("content-type")), (200, kind),
             f"content type of {path}")
    x = c.fetch("/ten.txt")
    t.eq((x.headers, x.body, x.ended), (
        [("content-type", "text/plain"), ("content-length", "10")], TEN,
        True), "a file's fields, and no others")
    x = c.fetch("/empty.txt")
    t.eq((x.status, x.body, x.header("content-length")), (200, b"", "0"),
         "an empty file")
    x = c.fetch("/own/typed.html")
    t.eq([v for n, v in x.headers if n == "x-own"], ["1", "2"],
         ".headers: several of a name")
    x = c.fetch("/dir/a.css")
    t.eq((x.header("x-dir"), x.header("x-dir2")), ("all", "v:w"),
         "__dir__.headers; a value with a colon")
    x = c.fetch("/dir/b.js")
    t.eq((x.header("x-dir"), x.header("x-file")), ("all", "own"),
         "__dir__.headers and .headers together")
    x = c.fetch("/sub/c.txt?q=a%26b")
    t.eq((x.header("x-path"), x.header("x-q"), x.header("x-host"),
          x.header("x-not"), x.body),
         ("/sub/c.txt", "a&b", "localhost", None, b"{{host}}"),
         ".sub.headers: substituted, in the place of .headers")
    x = c.fetch("/wrong/c.txt")
    t.ok(x.status == 500 and b"c.txt.headers, line 2" in x.body,
         "a wrong .headers: 500 with file and line", x)
    x = c.fetch("/badsub/c.txt")
    t.ok(x.status == 500 and b"nonsense" in x.body,
         "a wrong .sub.headers: 500 that names what is unknown", x)
    x = c.fetch("/length/c.txt")
    t.eq([v for n, v in x.headers if n == "content-length"], ["1"],
         "content-length of .headers is the only one")
    x = c.fetch("/comment.txt")
    t.ok(("# x", "y") in x.headers and x.status == 200,
         ".headers has no comments", x.headers)
    for name, says in (
            ("comment.txt.headers, line 2", "header name '# x'"),
            ("comment.txt.headers, line 3", "header name 'x-a', value 'a\\x01"),
            ("length/c.txt.headers, line 1", "content-length b'1' of a")):
        t.ok(s.wait_log(rf"warn: file: .*/{name}: sent as it stands: .*"
                        + re.escape(says)), f"a warning with {name}: {says}")
    for path in ("/ten.txt", "/large.bin"):
        x = c.fetch(path, method="HEAD")
        t.eq((x.status, x.body, x.header("content-length"), x.ended),
             (200, b"", str(len(FILES[path[1:]])), True), f"HEAD {path}")
    t.eq(c.fetch("/ten.txt", method="POST").status, 404,
         "POST to a file: no route, 404")
    t.eq(c.fetch("/none").status, 404, "no such file: 404")


def ranges(c):
    """The field Range."""
    for field, status, content_range, body in RANGES:
        x = c.fetch("/ten.txt", headers={"range": field})
        t.eq((x.status, x.header("content-range"),
              x.body if body is not None else None),
             (status, content_range, body), f"range {field[:40]}")
        if body is not None:
            t.eq(x.header("content-length"), str(len(body)),
                 f"range {field[:40]}: length")
    x = c.fetch("/ten.txt", headers={"range": "bytes=0-1,5-6,-1"})
    kind = re.match(r"multipart/byteranges; boundary=(\S+)$",
                    x.header("content-type") or "")
    t.ok(kind and x.status == 206, "several ranges: multipart/byteranges", x)
    parts = x.body.split(b"--" + kind.group(1).encode()) if kind else []
    t.eq([(re.search(rb"content-range: (.*?)\r\n", p, re.I).group(1),
           p.split(b"\r\n\r\n", 1)[1][:-2]) for p in parts[1:-1]],
         [(b"bytes 0-1/10", b"01"), (b"bytes 5-6/10", b"56"),
          (b"bytes 9-9/10", b"9")], "several ranges: the parts")
    t.ok(all(b"text/plain" in p for p in parts[1:-1]),
         "several ranges: parts have the file's type", x)
    x = c.fetch("/ten.txt", headers={"range": "bytes=0-1"}, method="HEAD")
    t.eq((x.status, x.header("content-length")), (200, "10"),
         "HEAD ignores Range")
    x = c.fetch("/large.bin", headers={"range": "bytes=1000-900000"})
    t.eq((x.status, x.header("content-length"), x.body == LARGE[1000:900001]),
         (206, "899001", True), "a large range")
    x = c.fetch("/large.bin", headers={"range": "bytes=-100000"})
    t.ok(x.status == 206 and x.body == LARGE[-100000:], "a large suffix", x)


# (file, If-Range, whether the range is sent).
IF_RANGES = [
    ("/ten.txt", '"x"', False), ("/ten.txt", 'W/"x"', False),
    ("/ten.txt", "*", False), ("/ten.txt", "", False),
    ("/ten.txt", "Fri, 01 Jan 2100 00:00:00 GMT", False),
    ("/ten.txt", "Sat, 01 Jan 2000 00:00:00 GMT", False),
    ("/ten.txt", "nonsense", False),
    ("/tagged.txt", '"own"', True), ("/tagged.txt", 'W/"own"', False),
    ("/tagged.txt", '"x", "own"', False), ("/tagged.txt", "own", False),
    ("/tagged.txt", "Sat, 01 Jan 2000 00:00:00 GMT", True),
    ("/tagged.txt", "Sat, 01 Jan 2000 00:00:01 GMT", False),
    ("/weak.txt", '"own"', False), ("/weak.txt", 'W/"own"', False),
    # The second of this date is not over: the file may change again within it.
    ("/weak.txt", "Fri, 01 Jan 2100 00:00:00 GMT", False),
]


def if_ranges(c):
    """If-Range without --validators: the validators are those
    of .headers files."""
    for path, field, applies in IF_RANGES:
        for wanted in ("bytes=1-2", "bytes=50-"):
            x = c.fetch(path, headers={"range": wanted, "if-range": field})
            if not applies:
                want = 200, TEN
            elif wanted == "bytes=1-2":
                want = 206, b"12"
            else:
                want = 416, x.body
            t.eq((x.status, x.body), want, f"{path} {wanted}, if-range: "
                 f"{field}: {want[0]}")


def directories(c):
    """Listings of directories, and redirects to them."""
    x = c.fetch("/listed?q=1")
    t.eq((x.status, x.header("location"), x.body),
         (301, "/listed/?q=1", b""), "a directory without slash: 301")
    x = c.fetch("//listed")
    t.eq((x.status, x.header("location")), (301, "/listed/"),
         "301 never names another host")
    x = c.fetch("/listed/")
    t.ok(x.status == 200 and x.header("content-type").startswith("text/html"),
         "a listing", x)
    for text in (b'href="./z.txt"', b'href="./inner/"', b'href="../"',
                 b"a&amp;b&lt;c&gt;.txt", b"a%26b%3Cc%3E.txt"):
        t.ok(text in x.body, f"listing has {text.decode()}", x)
    t.eq(c.fetch("/indexed/").body, b"the index", "index.html")
    t.eq(c.fetch("/indexed").status, 301, "its directory without slash: 301")
    t.eq(c.fetch("/ten.txt/").status, 404, "a file with a slash: 404")


def literal(c):
    """.asis files, which are literal responses."""
    x = c.fetch("/literal.asis")
    t.eq((x.status, x.headers, x.body, x.ended),
         (404, [("x-lit", "1"), ("x-lit", "2")], b"literal body", True),
         ".asis: status, fields (Connection left out) and body")
    x = c.fetch("/literal.asis", method="HEAD")
    t.eq((x.status, x.header("x-lit"), x.body, x.ended),
         (404, "1", b"", True), ".asis: HEAD")
    x = c.fetch("/unix.asis")
    t.eq((x.status, x.headers, x.body),
         (200, [("x-unix", "yes")], b"unix body"), ".asis: lines end in LF")
    x = c.fetch("/early.asis")
    t.eq((x.informational, x.status, x.headers, x.body),
         ([(103, [("link", "</a>")])], 201, [("x-late", "1")], b"made"),
         ".asis: 1xx before the final response")
    x = c.fetch("/chunked.asis")
    t.eq((x.status, x.headers, x.body), (200, [], b"abcde"),
         ".asis: chunk framing is left out")
    x = c.fetch("/wrong.asis")
    t.ok(x.status == 500 and b"wrong.asis, line 1" in x.body
         and b"HTTP/1.1 200 OK" in x.body,
         ".asis without a status line: 500 that says what was expected", x)
    t.eq(c.fetch("/literal.asis", method="POST").status, 404,
         ".asis: GET only")


def large(s, root):
    """Files that are larger than a window."""
    with Client(s.port) as c:
        x = c.fetch("/large.bin")
        t.ok(x.status == 200 and x.body == LARGE and x.ended,
             "a large file comes whole", x)
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1 << 24},
                connection_window=1 << 24) as c:
        x = c.fetch("/large.bin")
        # With their frame headers, four frames fill four TLS records.
        t.eq([len(d) for d in x.data[:8]], [16384, 16384, 16384, 16348] * 2,
             "its frames into large windows")
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 1000},
                auto_window=False) as c:
        x = c.request("/large.bin")
        c.wait_for(lambda: len(x.body) == 1000)
        t.eq((len(x.body), c.ping(), len(x.body)), (1000, True, 1000),
             "a large file waits for window")
        # The file becomes shorter than the content-length that was sent.
        os.truncate(os.path.join(root, "large.bin"), 5000)
        c.window_update(0, 1 << 24)
        c.window_update(x.sid, 1 << 24)
        c.wait_for(lambda: x.done)
        t.eq((x.ended, x.reset), (False, 2),
             "a file that gets shorter: INTERNAL_ERROR, no false end")
        t.ok(s.wait_log(r"shorter"), "and the log says why", s.log()[-800:])


def validators(s, plain):
    """--validators adds validators, and evaluates conditional requests."""
    t.eq([n for n, _ in plain.fetch("/ten.txt", headers={
        "if-none-match": "*", "if-modified-since":
        "Fri, 01 Jan 2100 00:00:00 GMT"}).headers],
         ["content-type", "content-length"],
         "no validators and no 304 unless asked for")
    with Client(s.port) as c:
        x = c.fetch("/ten.txt")
        etag, date = x.header("etag"), x.header("last-modified")
        t.ok(etag and date and x.body == TEN, "--validators: fields", x)
        old, new = ("Sat, 01 Jan 2000 00:00:00 GMT",
                    "Fri, 01 Jan 2100 00:00:00 GMT")
        for fields, status in (
                ({"if-none-match": etag}, 304),
                ({"if-none-match": f'"other", W/{etag}'}, 304),
                ({"if-none-match": "*"}, 304),
                ({"if-none-match": '"other"'}, 200),
                ({"if-none-match": '"other"', "if-modified-since": date}, 200),
                ({"if-modified-since": date}, 304),
                ({"if-modified-since": new}, 304),
                ({"if-modified-since": old}, 200),
                ({"if-modified-since": "nonsense"}, 200),
                ({"if-match": etag}, 200),
                ({"if-match": '"other"'}, 412),
                ({"if-match": f"W/{etag}"}, 412),
                ({"if-unmodified-since": old}, 412),
                ({"if-unmodified-since": date}, 200),
                ({"range": "bytes=1-2", "if-range": etag}, 206),
                ({"range": "bytes=1-2", "if-range": date}, 206),
                ({"range": "bytes=1-2", "if-range": '"other"'}, 200),
                ({"range": "bytes=1-2", "if-range": f"W/{etag}"}, 200),
                ({"range": "bytes=1-2", "if-range": f'"a", {etag}'}, 200),
                ({"range": "bytes=1-2", "if-range": new}, 200),
                ({"range": "bytes=1-2", "if-range": old}, 200)):
            x = c.fetch("/ten.txt", headers=fields)
            shown = ", ".join(f"{n}: {v}" for n, v in fields.items())
            t.eq((x.status, x.body), (status, {200: TEN, 206: b"12"}.get(
                status, b"")), f"--validators: {shown}: {status}")


with tempfile.TemporaryDirectory() as folder:
    fill(folder)
    with Server(folder, "--log-level", "debug") as server:
        with Client(server.port) as client:
            beside(client, server)
            ranges(client)
            if_ranges(client)
            directories(client)
            literal(client)
            with Server(folder, "--validators") as validating:
                validators(validating, client)
        large(server, folder)
t.done()
