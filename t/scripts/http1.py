# SPDX-License-Identifier: MIT
"""HTTP/1-style calls, as many existing handlers make them."""
from common import shared


def calls(w):
    w.write_status(201, "Made")
    w.write_header("X-One", "1")
    w.write_header(b"x-two", 2)
    w.end_headers()
    w.write("a")
    w.write_content(b"b")


def unsent(w):
    w.write_status(204)
    w.write_header("x-one", "1")


def content_first(w):
    w.write_status(200)
    w.write_header("x-one", "1")
    w.write_content("no end_headers")


def connection_fields(w):
    w.write_status(200, "OK")
    w.write_header("Connection", "close")
    w.write_header("Transfer-Encoding", "chunked")
    w.write_header("x-kept", "1")
    w.end_headers()
    w.write("kept")


def literal(w):
    w.write("HTTP/1.1 202 Accepted\r\nX-Lit: 1\r\nX-Lit: 2\r\n\r\nliteral")


def literal_raw(w):
    w.write_raw_content(b"HTTP/1.0 404 None\r\nx-raw: 1\r\n\r\nbo")
    w.write_raw_content(b"dy")


def returns(w):
    w.write_status(200)
    w.end_headers()
    first = w.write("a")
    w.end_stream()
    shared.note("http1 returns", [first, w.write("b")])


def main(request, response):
    globals()[shared.query(request, "case")](response.writer)
