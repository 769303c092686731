# SPDX-License-Identifier: MIT
"""Cases of RFC 9113 §8: requests, fields, trailers, push, CONNECT."""
import json

from rawclient import HEADERS

from conformance.case import (answer, answered, case, goaway, reset, synced,
                              that)
from conformance.wire import (PROTOCOL_ERROR, REFUSED_STREAM, STREAM_CLOSED,
                              data, get, headers, post, push_promise,
                              request_fields, rst)

SHOW = "/show.py"


def malformed(section, title, text, fields, *before):
    """Returns a case of a malformed request; text: regex for the reason."""
    return case(section, title, *before, headers(1, fields),
                reset(1, PROTOCOL_ERROR, text))


def trailers(section, title, text, fields):
    """Returns a case of malformed trailers; text: regex for the reason."""
    return case(section, title, post(1), data(1, b"abc"), headers(1, fields),
                reset(1, PROTOCOL_ERROR, text))


def well(section, title, fields, shown=None):
    """Returns a case of a well-formed request; shown: fields that
    the script must get."""
    def test(c):
        x = c.streams[1]
        if not x.ended or x.status != 200:
            return False
        seen = json.loads(x.body).get("fields", [])
        return all(list(f) in seen for f in shown or [])
    return case(section, title, headers(1, fields), answered(1),
                that("delivered", test))


def plus(*more):
    """Returns the fields of a request, and further fields."""
    return request_fields(SHOW, "GET", *more)


def without(name, *more):
    """Returns the fields of a request without `name`, and further fields."""
    return tuple(f for f in request_fields(SHOW) if f[0] != name) + more


def changed(name, value):
    """Returns the fields of a request with another value for one of them."""
    return tuple((n, value if n == name else v)
                 for n, v in request_fields(SHOW))


def shows(key, value):
    """An outcome: the script saw this value on stream 1; see show.py."""
    return that(f"{key} {value!r} for the script", lambda c: c.streams[1].ended
                and json.loads(c.streams[1].body).get(key) == value)


# ---- 8.1: messages

CASES = [
    case("8.1", "a request without content", get(1, SHOW),
         shows("body", "")),
    case("8.1", "a request with content", post(1, SHOW), data(1, b"abc"),
         data(1, b"def", end=True), shows("body", "abcdef")),
    case("8.1", "a request with trailers", post(1, SHOW), data(1, b"abc"),
         headers(1, [("x-sum", "42")]), shows("trailers", ["42"])),
    case("8.1", "trailers without content", post(1, SHOW),
         headers(1, [("x-sum", "42")]), shows("trailers", ["42"])),
    case("8.1", "empty trailers", post(1, SHOW), data(1, b"abc"),
         headers(1, []), shows("body", "abc")),
    case("8.1", "HEADERS without END_STREAM after the first", post(1),
         headers(1, [("x-sum", "1")], end=False),
         reset(1, PROTOCOL_ERROR, "trailers without END_STREAM.*8.1")),
    case("8.1", "HEADERS without END_STREAM after content", post(1),
         data(1, b"abc"), headers(1, [("x-sum", "1")], end=False),
         reset(1, PROTOCOL_ERROR, "trailers without END_STREAM.*8.1")),
    case("8.1", "HEADERS after trailers", post(1),
         headers(1, [("x-sum", "1")]), answered(1),
         headers(1, [("x-sum", "1")]), goaway(STREAM_CLOSED, "5.1")),
    case("8.1", "a request as trailers", post(1), data(1, b"abc"),
         get(1), reset(1, PROTOCOL_ERROR, "pseudo-header.*8.1")),
    trailers("8.1", "a pseudo-header field in trailers",
             "pseudo-header.*trailers.*8.1", [(":path", "/")]),
    trailers("8.1", ":status in trailers", "pseudo-header.*trailers.*8.1",
             [("x-sum", "1"), (":status", "200")]),
    case("8.1", "a response has one final header section, then its content",
         get(1, "/later.py?case=informational"), answered(1),
         that("103, 102, then 200", lambda c: [
             n for n, _ in c.streams[1].informational] == [103, 102]
              and c.streams[1].body == b"after 103")),
    case("8.1", "a response's trailers end the stream",
         get(1, "/later.py?case=trailers"), answer(1, 200, b"body"),
         that("HEADERS last", lambda c: c.streams[1].frames[-1].type ==
              HEADERS and c.streams[1].trailers == [("x-sum", "42")])),
    case("8.1", "the response to HEAD has no content",
         headers(1, request_fields("/quick.py", "HEAD")), answer(1, 200, b""),
         that("no DATA with octets", lambda c: not any(c.streams[1].data))),
    case("8.1", "a response before the request has ended",
         post(1, "/ended.py"), answer(1, 403)),
]

# ---- 8.1.1: malformed messages, content-length

LENGTH = "content-length"


def sized(length, *frames, path="/quick.py"):
    """Returns the steps of a request with content-length and DATA frames."""
    return (post(1, path, (LENGTH, length)), *frames)


CASES += [
    case("8.1.1", "content as long as content-length says",
         *sized("6", data(1, b"abc"), data(1, b"def", end=True)),
         answer(1, 200, b"abcdef")),
    case("8.1.1", "more content than content-length says",
         *sized("5", data(1, b"abc"), data(1, b"def")),
         reset(1, PROTOCOL_ERROR, "more content.*8.1.1")),
    case("8.1.1", "content when content-length is 0",
         *sized("0", data(1, b"a", end=True)),
         reset(1, PROTOCOL_ERROR, "more content.*8.1.1")),
    case("8.1.1", "less content than content-length says",
         *sized("7", data(1, b"abc"), data(1, b"def", end=True)),
         reset(1, PROTOCOL_ERROR, "less content.*8.1.1")),
    case("8.1.1", "less content than content-length says, and trailers",
         *sized("7", data(1, b"abc"), headers(1, [("x-sum", "1")])),
         reset(1, PROTOCOL_ERROR, "less content.*8.1.1")),
    case("8.1.1", "content-length of a request that ends with HEADERS",
         headers(1, plus((LENGTH, "5"))),
         reset(1, PROTOCOL_ERROR, "content-length.*8.1.1")),
    case("8.1.1", "content-length 0 of a request that ends with HEADERS",
         headers(1, plus((LENGTH, "0"))), answer(1)),
    case("8.1.1", "padding is no content",
         *sized("3", b"\0\0\6\0\x09\0\0\0\1\2abc\0\0"),
         answer(1, 200, b"abc")),
    case("8.1.1", "content-length as long as may be",
         *sized("9223372036854775807", data(1, b"abc"), rst(1)), synced),
] + [
    malformed("8.1.1", f"content-length \"{value}\"",
              "content-length is not a number", plus((LENGTH, value)))
    for value in ["", "abc", "-1", "+1", "1.0", "0x1", "1 2", "5, 6",
                  "9223372036854775808", "18446744073709551617"]
] + [
    malformed("8.1.1", "content-length fields that differ",
              "content-length fields that differ",
              plus((LENGTH, "0"), (LENGTH, "1"))),
    case("8.1.1", "a malformed request reaches no script",
         headers(1, request_fields("/note.py?set=bad", "GET",
                                   ("Upper", "x"))),
         get(3, "/note.py?get=bad"),
         reset(1, PROTOCOL_ERROR), answer(3, 200, b"null")),
    case("8.1.1", "malformed trailers end a request that a script reads",
         post(1, "/unread.py"), data(1, b"abc"),
         headers(1, [("x sum", "1")]), reset(1, PROTOCOL_ERROR, "8.2.1")),
]

# ---- 8.2.1: names and values

CASES += [
    malformed("8.2.1", f"{what} in a field name", f"{text}.*8.2.1",
              plus((name, "v")))
    for what, name, text in [
        ("an upper-case letter", "x-Test", "upper-case"),
        ("a space", "x test", "other than a-z"),
        ("a tab", "x\ttest", "other than a-z"),
        ("NUL", "x\0test", "other than a-z"),
        ("LF", "x\ntest", "other than a-z"),
        ("CR", "x\rtest", "other than a-z"),
        ("a colon", "x:test", "other than a-z"),
        ("a slash", "x/test", "other than a-z"),
        ("0x7f", "x\x7ftest", "other than a-z"),
        ("0x80", "x\x80test", "other than a-z"),
        ("0xff", "x\xfftest", "other than a-z")]
] + [
    malformed("8.2.1", "an empty field name", "empty field name.*8.2.1",
              plus(("", "v"))),
    well("8.2.1", "all characters that a field name may have",
         plus(("!#$%&'*+-.^_`|~09az", "v")), [("!#$%&'*+-.^_`|~09az", "v")]),
] + [
    malformed("8.2.1", f"{what} in a field value", f"{text}.*8.2.1",
              plus(("x-test", value)))
    for what, value, text in [
        ("NUL", "a\0b", "NUL, CR or LF"), ("CR", "a\rb", "NUL, CR or LF"),
        ("LF", "a\nb", "NUL, CR or LF"), ("CR LF", "a\r\nb", "NUL, CR or LF"),
        ("leading space", " a", "white space"),
        ("trailing space", "a ", "white space"),
        ("leading tab", "\ta", "white space"),
        ("trailing tab", "a\t", "white space"),
        ("nothing but a space", " ", "white space")]
] + [
    malformed("8.2.1", f"{what} in :path", "8.2.1|8.3.1",
              changed(":path", value))
    for what, value in [("NUL", "/a\0b"), ("LF", "/a\nb"), ("CR", "/a\rb"),
                        ("trailing space", "/a ")]
] + [
    well("8.2.1", "an empty value", plus(("x-test", "")), [("x-test", "")]),
    well("8.2.1", "octets above 0x7f in a value", plus(("x-test", "\x80\xff")),
         [("x-test", "\x80\xff")]),
    well("8.2.1", "space and tab inside of a value",
         plus(("x-test", "a \t b")), [("x-test", "a \t b")]),
    trailers("8.2.1", "an upper-case letter in a trailer's name",
             "upper-case.*8.2.1", [("X-sum", "1")]),
    trailers("8.2.1", "LF in a trailer's value", "NUL, CR or LF.*8.2.1",
             [("x-sum", "1\n")]),
    case("8.2.1", "the server sends names in lower case",
         get(1, "/checked.py?case=headers"), answered(1),
         that("lower case", lambda c: c.streams[1].header("x-upper") == "v"
              and all(n == n.lower() for n, _ in c.streams[1].headers))),
]

# ---- 8.2.2, 8.2.3: connection-specific fields, cookies

FORBIDDEN = [("connection", "close"), ("connection", "x-foo"),
             ("proxy-connection", "keep-alive"), ("keep-alive", "timeout=5"),
             ("transfer-encoding", "chunked"), ("upgrade", "h2c")]
CASES += [
    malformed("8.2.2", f"the field {name}: {value}",
              "connection-specific.*8.2.2", plus((name, value)))
    for name, value in FORBIDDEN
] + [
    malformed("8.2.2", f"te: {value}", "te with.*8.2.2", plus(("te", value)))
    for value in ["gzip", "trailers, gzip", "trailers;q=0.5", ""]
] + [
    well("8.2.2", "te: trailers", plus(("te", "trailers")),
         [("te", "trailers")]),
    trailers("8.2.2", "a connection-specific field in trailers",
             "connection-specific.*8.2.2", [("connection", "close")]),
    case("8.2.2", "the server sends no connection-specific field",
         get(1, "/checked.py?case=headers"), answered(1),
         that("none", lambda c: not any(c.streams[1].header(n) for n in (
             "connection", "keep-alive", "transfer-encoding")))),
    case("8.2.3", "cookie crumbs are one field to the script",
         headers(1, plus(("cookie", "a=b"), ("x-mid", "1"),
                         ("cookie", "c=d"), ("cookie", "e=f"))),
         shows("cookie", "a=b; c=d; e=f")),
]

# ---- 8.3: pseudo-header fields

PSEUDO = [":method", ":scheme", ":path", ":authority"]
TARGET = request_fields(SHOW)
CASES += [
    malformed("8.3", f"{name} after another field", "after other.*8.3",
              without(name, ("x-test", "1"), (name, dict(TARGET)[name])))
    for name in PSEUDO
] + [
    malformed("8.3", f"{name} twice", "twice.*8.3",
              TARGET + ((name, dict(TARGET)[name]),))
    for name in PSEUDO
] + [
    malformed("8.3", f"{name} in a request",
              "pseudo-header field that requests do not have.*8.3",
              TARGET + ((name, value),))
    for name, value in [(":status", "200"), (":foo", "bar"), (":", "x"),
                        (":Path", "/"), (":host", "localhost")]
] + [
    malformed("8.3.1", f"a request without {name}", f"no {name}.*8.3.1",
              without(name))
    for name in PSEUDO[:3]
] + [
    malformed("8.3.1", "a request without any field", "no :method.*8.3.1", []),
    well("8.3.1", "a request without :authority", without(":authority")),
    well("8.3.1", "host instead of :authority",
         without(":authority", ("host", "localhost")),
         [("host", "localhost")]),
    well("8.3.1", "an unknown scheme, with a path of its own",
         changed(":scheme", "coap")),
    case("8.3.1", "OPTIONS with * as :path",
         headers(1, [(":method", "OPTIONS"), (":scheme", "https"),
                     (":path", "*"), (":authority", "localhost")]),
         that("a response", lambda c: c.streams[1].status)),
    well("8.3.1", "a method of the client's own", changed(":method", "Foo!")),
] + [
    malformed("8.3.1", f"the {name} \"{value}\"", f"{text}.*8.3.1",
              changed(name, value))
    for name, value, text in [
        (":path", "", "empty :path"), (":path", "quick.py", "start with /"),
        (":path", "*", "start with /"), (":path", "/a b", "space"),
        (":path", "/\x01", "control"), (":path", "/\x7f", "control"),
        (":path", "https://localhost/", "start with /"),
        (":method", "", "token"), (":method", "G T", "token"),
        (":method", "GET/", "token"), (":method", "G\x80", "token"),
        (":scheme", "", "URI scheme"), (":scheme", "1http", "URI scheme"),
        (":scheme", "ht tp", "URI scheme"), (":scheme", "a/b", "URI scheme"),
        (":authority", "user@localhost", "user information"),
        (":authority", "user:secret@localhost", "user information"),
        (":authority", "local host", "space"),
        (":authority", "local\x01host", "control")]
]

# ---- 8.4 to 8.7: push, CONNECT, upgrade, retries

CONNECT = ((":method", "CONNECT"), (":authority", "localhost:80"))
CASES += [
    case("8.4", "PUSH_PROMISE of a client", post(1), push_promise(1, 2),
         goaway(PROTOCOL_ERROR, "PUSH_PROMISE on stream 1: clients.*8.4")),
    case("8.4", "PUSH_PROMISE of a client, of an odd stream", post(1),
         push_promise(1, 3), goaway(PROTOCOL_ERROR, "PUSH_PROMISE")),
    case("8.4", "promised requests are whole and safe",
         get(1, "/checked.py?case=push"), answered(1),
         that(":method GET and the rest", lambda c: {
             n: v for _, fields in c.streams[1].pushes for n, v in fields}
              .items() >= {(":method", "GET"), (":scheme", "https"),
                           (":path", "/pushed"),
                           (":authority", "localhost")})),
    malformed("8.5", "CONNECT with :scheme", "with :scheme or :path.*8.5",
              CONNECT + ((":scheme", "https"),)),
    malformed("8.5", "CONNECT with :path", "with :scheme or :path.*8.5",
              CONNECT + ((":path", "/"),)),
    malformed("8.5", "CONNECT without :authority",
              "without :authority.*8.5", CONNECT[:1]),
    malformed("8.5", "CONNECT with an empty :authority",
              "without :authority.*8.5", CONNECT[:1] + ((":authority", ""),)),
    case("8.5", "CONNECT as it should be is answered by the server's own",
         headers(1, CONNECT, end=False),
         that("a final response", lambda c: c.streams[1].status)),
    case("8.5", "HEADERS on a stream of CONNECT", headers(1, CONNECT, False),
         headers(1, [("x-sum", "1")]),
         that("no GOAWAY", lambda c: not c.goaway, wait=False, resets=[1])),
    malformed("8.6", "an upgrade to another protocol",
              "connection-specific.*8.2.2", plus(("upgrade", "websocket"))),
    case("8.7", "a refused stream reaches no script", post(1), post(3),
         get(5, "/note.py?set=refused"), reset(5, REFUSED_STREAM),
         data(1, end=True), answered(1), get(7, "/note.py?get=refused"),
         answer(7, 200, b"null"), profile="other", probe=False),
]
