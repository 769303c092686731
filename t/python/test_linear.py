# SPDX-License-Identifier: MIT
"""Tests what parsers of a client's octets cost: time and memory must grow with
the number of octets, not with its square.
"""
import os
import time
import tracemalloc
import unittest

import fake
from h2rig import pipes
from h2rig.errors import HTTPException, H2Error
from h2rig.headers import ResponseHeaders
from h2rig.request import Request
from h2rig.response import Response
from h2rig.server import conditional, files, forms, template
from h2rig.server.body import BodyStore, RawInput
from h2rig.server.literal import ChunkReader, LiteralReader
from h2rig.server.ranges import RangeParser
from h2rig.server.router import Router
from h2rig.websocket.extensions import (PerMessageDeflateExtensionProcessor,
                                        parse_extensions)
from h2rig.websocket.serve import _tokens

#: Octets that a parser is given, and how many times as many for comparison.
SIZE = 1 << 15
TIMES = 8

#: A cost in seconds that always passes.  A higher cost may be at most GROWTH
#: times that of SIZE: linear growth is TIMES, quadratic growth TIMES squared.
CHEAP = 0.25
GROWTH = 3 * TIMES

#: Octets of memory that the parser may use for each octet.
MEMORY = 200


def request(path="/", fields=(), method="GET", body=b""):
    """Returns a request that has been received completely."""
    exchange = fake.Exchange()
    pseudo = [(b":method", method.encode()), (b":scheme", b"https"),
              (b":authority", b"a"), (b":path", path.encode("latin-1"))]
    exchange._fields = pseudo + list(fields)
    made = Request(None, exchange, method, path, True)
    made._body_store.append(body)
    return made


def of_body(kind):
    """Returns a parser of octets as a form of this content type."""
    def parse(octets):
        return request(method="POST", fields=[(b"content-type", kind)],
                       body=octets).POST
    return parse


def of_field(name, method="GET"):
    """Returns a parser of octets as the value of this field."""
    def parse(octets):
        r = request(method=method, fields=[(name, octets)], body=b"a" * 64)
        for look in ("cookies", "auth", "POST", "raw_headers"):
            try:
                getattr(r, look)
            except HTTPException:
                pass
        return r.headers[name]
    return parse


def condition(name):
    """Returns a parser of octets as a field with a condition on a file."""
    def parse(octets):
        r = request(fields=[(name, octets)])
        response = Response(r, r._exchange)
        conditional.add_validators(response, os.stat("/"))
        conditional.evaluate(r, response)
        conditional.range_applies(r, response)
    return parse


def boundary(octets):
    return forms.parse_multipart(stored(b"--" + octets + b"\r\n\r\nx\r\n--"
                                        + octets + b"x" + octets), octets)


def stored(octets):
    store = BodyStore()
    store.append(octets)
    return store


def lines(octets):
    """Reads 100 lines, about as many as a script reads."""
    source = RawInput(stored(octets), lambda size: None, lambda: len(octets))
    for _ in range(100):
        source.readline()


def literal(octets):
    reader = LiteralReader()
    if not reader.feed(b"HTTP/1.1 200 OK\r\n" + octets):
        reader.finish()


def in_pieces(octets):
    """Parses a literal response that comes in pieces."""
    reader = LiteralReader()
    for i in range(0, len(octets), 100):
        if reader.feed(octets[i:i + 100]):
            return
    reader.finish()


def chunks(octets):
    reader = ChunkReader()
    reader.feed(octets)
    reader.finish()


def chunks_in_pieces(octets):
    reader = ChunkReader()
    for i in range(0, len(octets), 100):
        reader.feed(octets[i:i + 100])
    reader.finish()


def as_path(octets):
    path = "/" + octets.decode("latin-1")
    try:
        files.open_file(files.requested(path)[1])
    except HTTPException:
        pass
    routes = Router()
    for pattern in ("/{a}/*", "/{a}-{b}", "/*x", "/{a}.{b}/*", "/x*y",
                    "/{a}{b}"):
        routes.register("GET", pattern, as_path)
    routes.find("GET", path)
    return request(path).url_parts


def as_query(octets):
    return request("/?" + octets.decode("latin-1")).GET


def as_authority(octets):
    r = request()
    r._exchange._fields[2] = (b":authority", octets)
    r.url_parts.hostname
    template.template(r, b"{{location[host]}}")


def as_pipes(octets):
    r = request("/x", method="POST")
    response = Response(r, r._exchange)
    response.content = b"content"
    pipes.apply(octets.decode("latin-1"), r, response)
    for _ in response.iter_content():
        pass


def as_template(octets):
    return template.template(request(), octets)


def as_field_name(octets):
    for i in range(100):
        headers = ResponseHeaders()
        headers.set(b"%d" % i + octets, b"")
        headers.get(b"%d" % i + octets)


def as_extensions(octets):
    for found in parse_extensions(octets.decode("latin-1")):
        PerMessageDeflateExtensionProcessor(found).get_extension_response()


#: Each row: a parser, beginnings of its input, and units.  The rest of the
#: input is a unit, or a unit and the next one, repeated.
PARSERS = [
    (of_body(b"application/x-www-form-urlencoded"), [b"", b"a="],
     [b"&", b"=", b"a", b"%", b"+", b"%41"]),
    (of_body(b"multipart/form-data; boundary=b"),
     [b"", b"--b\r\n", b"--b\r\nContent-Disposition: form-data; name=a",
      b"--b\r\n\r\n"],
     [b"\r\n", b"\n", b"--b", b"--", b"b", b":", b"\r\n--b\r\n", b"\n--b",
      b"; ", b"=", b'"', b"\\",
      b"\n--b\nContent-Disposition: f; name=a; filename=b\n\n"]),
    (boundary, [b""], [b"-", b"b", b"--"]),
    (of_field(b"content-type", "POST"),
     [b"", b"multipart/form-data; boundary=", b'multipart/form-data; a="'],
     [b";", b"=", b" ", b'"', b"\\", b"a", b"a=b;", b'a="b";', b'\\"']),
    (of_field(b"cookie"), [b"", b"a=", b'a="'],
     [b";", b"=", b" ", b'"', b"\\", b"a", b"a=b; ", b"\\101", b"0"]),
    (of_field(b"authorization"), [b"", b"Basic ", b"Basic a"],
     [b" ", b"=", b"a", b":", b"/", b"YTpi"]),
    (lambda octets: RangeParser()(octets, 1 << 40), [b"", b"bytes=", b"bytes"],
     [b",", b"-", b"0", b" ", b"=", b"0-0,", b"\t", b"9"]),
    (condition(b"if-range"), [b"", b'"', b"Mon, "],
     [b'"', b"W/", b" ", b",", b"a", b'"a", ', b"0", b":"]),
    (condition(b"if-none-match"), [b"", b'"'],
     [b'"', b"W/", b" ", b",", b"a", b'"a", ', b'W/"']),
    (condition(b"if-match"), [b"", b'"'], [b'"', b"W/", b" ", b'"a", ']),
    (condition(b"if-modified-since"), [b"", b"Mon, "],
     [b" ", b",", b"0", b":", b"-", b"Jan ", b"+"]),
    (as_path, [b"", b"a/"],
     [b"/", b".", b"-", b"a", b"%", b"%2f", b"a/", b"%2e", b"./", b"\xe9"]),
    (as_query, [b"", b"a="], [b"&", b"=", b"%", b"+", b"a", b"?", b"%41"]),
    (as_authority, [b"", b"[", b"a:"],
     [b"[", b"]", b":", b"a", b"0", b".", b"%", b"\xe9"]),
    (as_pipes, [b"", b"header(a,", b"status(", b"slice(", b"trickle(",
                b"sub("],
     [b"(", b")", b"|", b",", b"\\", b"a", b"0", b":", b" ", b"d0:", b"1:",
      b"header(a,b)|", b"gzip|", b"sub|"]),
    (as_template, [b"", b"{{", b"{{GET[", b"{{fs_path(", b"{{ports[h2]["],
     [b"{", b"}", b"[", b"]", b"(", b")", b",", b"a", b"0", b"$", b":",
      b"{{a}", b"[0]"]),
    (as_field_name, [b""], [b"a", b"A", b"\xe9"]),
    (as_extensions, [b"", b"a;", b'a; b="', b"permessage-deflate; "],
     [b" ", b",", b";", b"=", b'"', b"\\", b"a", b"\t", b"; a", b'\\"', b"=a",
      b"permessage-deflate, ", b"a=b; ", b"\xe9"]),
    (lambda octets: _tokens(octets.decode("latin-1")), [b""],
     [b" ", b",", b"a", b"a, "]),
    (literal, [b"", b"a: b"], [b"\r", b"\n", b"\r\n", b"\n a", b":", b"a:b\n",
                               b" ", b"a", b"\n\t", b"HTTP/1.1 100 \n\n"]),
    (in_pieces, [b"HTTP/1.1 200 OK\r\n"], [b"\r", b"\n", b"\n a", b":", b" "]),
    (chunks, [b"", b"1", b"f;"],
     [b"0", b"\r\n", b"\n", b";", b" ", b"1\r\na\r\n", b"\r", b"a"]),
    (chunks_in_pieces, [b"", b"f;"], [b"0", b";", b" ", b"1\na\n", b"\r"]),
    (lines, [b""], [b"\n", b"a"]),
]


def shapes(before, units):
    """Yields names and functions that return input of a given size."""
    for start in before:
        for unit in units:
            yield "%r %r..." % (start, unit), (
                lambda size, start=start, unit=unit:
                (start + unit * (size // len(unit) + 1))[:size])


def cost(parse, octets):
    """Parses octets.  Returns the seconds of processor time."""
    begun = time.process_time()
    try:
        parse(octets)
    except (HTTPException, H2Error, ValueError, TypeError):
        pass
    return time.process_time() - begun


class Linear(unittest.TestCase):
    def each(self, check, pairs):
        for number, (parse, before, units) in enumerate(PARSERS):
            if pairs:
                units = units + [a + b for a, b in zip(units, units[1:])]
            for name, shape in shapes(before, units):
                with self.subTest(parser=number, shape=name):
                    check(parse, shape)

    def test_time(self):
        # So that no form is refused because it has too many parts.
        fake.configure(max_parameters=1 << 31)
        self.addCleanup(fake.configure)
        self.each(self.takes_time, True)

    def takes_time(self, parse, shape):
        # Tries again, since other processes may have used the caches.
        for _ in range(5):
            much = cost(parse, shape(SIZE * TIMES))
            if much < CHEAP:
                return
            little = cost(parse, shape(SIZE))
            if much < GROWTH * little:
                return
        self.fail("%.3f s for %d octets, %.3f s for %d" % (
            little, SIZE, much, SIZE * TIMES))

    def test_memory(self):
        tracemalloc.start()
        try:
            self.each(self.takes_memory, False)
        finally:
            tracemalloc.stop()

    def takes_memory(self, parse, shape):
        octets = shape(SIZE)
        tracemalloc.clear_traces()
        cost(parse, octets)
        self.assertLess(tracemalloc.get_traced_memory()[1], MEMORY * SIZE)
