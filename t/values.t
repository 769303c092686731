#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the manual of handlers sentence by sentence: values from the wire,
request, response, imports, and what is refused.  Each row is a script and its
required result; the first column names the sentence."""
import base64
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import INITIAL_WINDOW_SIZE, Client               # noqa: E402
from server import Server                                       # noqa: E402

t = tap.Tap()
Q = "?a=1&a=2&b=x%20y+z&e&%C3%A9=%FF"
FIELDS = [("x-test", "value"), ("x-many", "1"), ("x-many", "2"),
          ("cookie", "a=1; b=2"), ("cookie", "a=3; q=\"x y\""),
          ("x-num", "17")]
AUTH = {"authorization": "Basic " + base64.b64encode(b"us:pa:ss").decode()}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": 'multipart/form-data; boundary="b b"'}
PARTS_BODY = (
    b'preamble\r\n--b b\r\ncontent-disposition: form-data; name="f"\r\n\r\n'
    b'one\r\n--b b\r\nContent-Disposition: form-data; name=f\r\n\r\ntwo\r\n'
    b'--b b\r\nContent-Disposition: form-data; name="u"; filename="n\xff.bin"'
    b'\r\nContent-Type: a/b; c=d\r\n\r\n\x00\r\n--b\r\n\xff\r\n--b b--\r\n')


def get(query=Q, **request):
    """Returns a request with these fields, unless it has others."""
    return dict({"query": query, "headers": FIELDS}, **request)


G = get()
V = "v = request.headers['x-test']; "
# (sentence, code before the expression, expression, its value, request).
VALUES = [
    # Text and bytes.
    ("is a bytes subclass", V, "isinstance(v, bytes)", True, G),
    ("equals its text", V, "v == 'value', 'value' == v, v != 'value'",
     (True, True, False), G),
    ("equals its bytes", V, "v == b'value', b'value' == v", (True, True), G),
    ("differs from other text", V, "v == 'other', v == 'v\\u0439'",
     (False, False), G),
    ("hashes as both", V, "hash(v) == hash('value') == hash(b'value')", True,
     G),
    ("is looked up by text", V, "{'value': 5}[v], {v: 6}['value']", (5, 6),
     G),
    ("is looked up by bytes", V, "{b'value': 5}[v], {v: 6}[b'value']", (5, 6),
     G),
    ("isomorphic: Latin-1", "v = request.GET[b'\\xc3\\xa9']; ",
     "v == '\\u00ff', v == b'\\xff'", (True, True), G),
    ("in a list of text", V, "v in ['a', 'value'], v in ('b', b'value')",
     (True, True), G),
    ("in takes text", V, "'alu' in v, b'alu' in v, 'x' in v",
     (True, True, False), G),
    ("startswith", V, "v.startswith('va'), v.startswith((b'x', 'va'))",
     (True, True), G),
    ("endswith", V, "v.endswith('ue'), v.endswith(b'x')", (True, False), G),
    ("find", V, "v.find('l'), v.find(b'z'), v.index('u'), v.rfind('e')",
     (2, -1, 3, 4), G),
    ("split", V, "v.split('l'), v.split('l')[1] == 'ue'",
     ([b"va", b"ue"], True), G),
    ("replace", V, "v.replace('a', 'o'), v.replace(b'a', 'o') == 'volue'",
     (b"volue", True), G),
    ("strip", V, "v.strip('ve'), v.strip('ve') == 'alu'", (b"alu", True), G),
    ("join", V, "v.join(['a', b'b'])", b"avalueb", G),
    ("+", V, "v + '!', '!' + v, v + b'!', b'!' + v",
     (b"value!", b"!value", b"value!", b"!value"), G),
    ("decode", V, "v.decode()", "value", G),
    ("%", V, "b'<%s>' % v", b"<value>", G),
    ("slicing as bytes", V, "v[0], v[1:3], v[1:3] == 'al'",
     (0x76, b"al", True), G),
    ("int of it", "", "int(request.headers['x-num']) + 1", 18, G),
    ("lower and upper", V, "v.upper() == 'VALUE', v.upper().lower()",
     (True, b"value"), G),
    ("order with text", V, "v < 'w', v > b'a', sorted([v, 'a', 'z'])",
     (True, True, ["a", b"value", "z"]), G),
    # request
    ("method", "", "request.method", "GET", G),
    ("url", "", "request.url", "https://localhost:PORT/PATH" + Q, G),
    ("url_parts", "p = request.url_parts; ",
     "p.scheme, p.hostname, p.port, p.path, p.query",
     ("https", "localhost", "PORT", "/PATH", Q[1:]), G),
    ("request_path", "", "request.request_path", "/PATH" + Q, G),
    ("request_line", "", "request.request_line", "", G),
    ("url_base", "", "request.url_base", "/", G),
    ("doc_root", "import os; ", "os.path.samefile(request.doc_root, "
     "os.path.dirname(__file__))", True, G),
    ("route_match", "", "request.route_match", {"*": "STEM"}, G),
    ("protocol_version", "", "request.protocol_version", "HTTP/2.0", G),
    ("client_address", "", "request.client_address[0], "
     "type(request.client_address[1]) is int", ("127.0.0.1", True), G),
    ("h2_stream_id", "", "request.h2_stream_id == request.frames[0].stream_id",
     True, G),
    ("frames", "", "[(f.type, sorted(f.flags), f.stream_ended) "
     "for f in request.frames]",
     [("HEADERS", ["END_HEADERS"], False), ("DATA", [], False),
      ("DATA", ["END_STREAM"], True)], get(body=[b"ab", b"c"])),
    ("frames: data is read back", "", "[(f.data, f.length, "
     "f.flow_controlled_length) for f in request.frames[1:]]",
     [(b"ab", 2, 2), (b"c", 1, 1)], get(body=[b"ab", b"c"])),
    ("frames: from the end", "", "request.frames[-1].data, "
     "len(request.frames), request.frames[1:][0].data", (b"c", 3, b"ab"),
     get(body=[b"ab", b"c"])),
    ("HEADERS frame: pairs in order", "", "[p for p in request.frames[0]."
     "headers if p[0].startswith('x-')]", [
         (b"x-test", b"value"), (b"x-many", b"1"), (b"x-many", b"2"),
         (b"x-num", b"17")], G),
    ("HEADERS frame: priority", "", "request.frames[0].priority", None, G),
    ("raw_headers", "import json, pickle; r = request.raw_headers; ",
     "type(r) is dict, pickle.loads(pickle.dumps(r)) == r, "
     "json.loads(json.dumps(r)) == r, r['x-many'], r['method']",
     (True, True, True, "1, 2", "GET"), G),
    ("headers: []", "h = request.headers; ",
     "h['X-Test'], h[b'x-test'], h['x-MANY']",
     (b"value", b"value", b"1, 2"), G),
    ("headers: get", "h = request.headers; ", "h.get('x-test'), "
     "h.get('none'), h.get(b'none', 'd'), h.get('x-none', b'')",
     (b"value", None, "d", b""), G),
    ("headers: get_list", "h = request.headers; ", "h.get_list('x-many'), "
     "h.get_list(b'none', [])", ([b"1", b"2"], []), G),
    ("headers: in", "h = request.headers; ", "'X-Test' in h, b'none' in h, "
     "b'x-many' in h", (True, False, True), G),
    ("headers: iteration", "", "[n for n in request.headers if "
     "n.startswith('x-')]", [b"x-test", b"x-many", b"x-num"], G),
    ("headers: keys", "", "list(request.headers.keys()) == "
     "list(request.headers)", True, G),
    ("headers: items", "", "dict(request.headers.items())['x-many'], "
     "dict(request.headers.items())['method']", ([b"1", b"2"], [b"GET"]), G),
    ("headers: pseudo-header fields once, without colon", "",
     "[n for n in request.headers][:4]",
     [b"method", b"scheme", b"path", b"authority"], G),
    ("headers: cookies", "", "request.headers['cookie']",
     b'a=1; b=2; a=3; q="x y"', G),
    ("headers: pseudo-header fields both ways", "h = request.headers; ",
     "h[':method'], h['method'], h[':path'] == h['path'], h['scheme'], "
     "h[b':authority'] == h['authority']",
     (b"GET", b"GET", True, b"https", True), G),
    ("headers: host", "h = request.headers; ",
     "h['host'] == h['authority'], 'Host' in h", (True, True), G),
    ("headers: host of its own", "", "request.headers['host']", b"other",
     get(headers=[("host", "other")])),
    ("GET: first", "g = request.GET; ", "g['a'], g.first(b'a'), "
     "g.first('none', 5), g.get('none'), g.get('b')",
     (b"1", b"1", 5, None, b"x y z"), G),
    ("GET: last, get_list, in", "g = request.GET; ", "g.last('a'), "
     "g.get_list(b'a'), g.get_list('none'), 'e' in g, b'none' in g",
     (b"2", [b"1", b"2"], [], True, False), G),
    ("GET: without a value", "", "request.GET['e']", b"", G),
    ("GET: octets", "", "request.GET[b'\\xc3\\xa9'], "
     "request.GET['\\u00c3\\u00a9'] == '\\u00ff'", (b"\xff", True), G),
    ("GET: keys equal text", "", "sorted(request.GET) == "
     "['a', 'b', 'e', '\\u00c3\\u00a9']", True, G),
    ("POST: urlencoded", "p = request.POST; ", "p['a'], p.get_list(b'a'), "
     "p.last('a'), p.get('b'), 'c' in p",
     (b"1 2", [b"1 2", b"3"], b"3", b"", False),
     get(headers=FORM, body=b"a=1+2&b=&a=%33")),
    ("POST: multipart fields", "p = request.POST; ", "p['f'] == 'one', "
     "p.get_list('f')", (True, [b"one", b"two"]),
     get(headers=PARTS, body=PARTS_BODY)),
    ("POST: multipart uploads", "u = request.POST['u']; ", "u.filename, "
     "u.type, u.value, u.file.read(3), u.file.read(), u.filename == "
     "'n\\u00ff.bin'", (b"n\xff.bin", "a/b", b"\0\r\n--b\r\n\xff",
                        b"\0\r\n", b"--b\r\n\xff", True),
     get(headers=PARTS, body=PARTS_BODY)),
    ("POST: of another type", "", "list(request.POST)", [],
     get(headers={"content-type": "text/plain"}, body=b"a=1")),
    ("cookies: last value wins", "c = request.cookies; ", "c['a'].value, "
     "c['a'] == '3', c[b'a'] == b'3', c.first('a').value, "
     "c.get_list('a') == ['1', '3'], 'none' in c, c.get('none')",
     (b"3", True, True, b"1", True, False, None), G),
    ("cookies: quoted", "", "request.cookies['q'].value", b"x y", G),
    ("auth", "a = request.auth; ", "a.username, a.password, "
     "a.username == 'us'", (b"us", b"pa:ss", True), get(headers=AUTH)),
    ("auth: none", "a = request.auth; ", "a.username, a.password",
     (None, None), G),
    ("body", "", "request.body, request.body", (b"abc", b"abc"),
     get(body=[b"ab", b"c"])),
    ("body: none", "", "request.body", b"", G),
    ("raw_input", "r = request.raw_input; ", "r.read(2), r.tell(), "
     "r.readline(), r.readlines(), r.read(), r.seek(1), r.read(1), r.length",
     (b"ab", 2, b"c\n", [b"d\n", b"e"], b"", 1, b"b", 7),
     get(body=[b"ab", b"c\nd\n", b"e"])),
    ("raw_input: iteration", "", "list(request.raw_input)",
     [b"abc\n", b"d"], get(body=[b"ab", b"c\nd"])),
    ("raw_input: length of content-length", "", "request.raw_input.length", 3,
     get(headers={"content-length": "3"}, body=b"abc")),
    ("server.config", "c = request.server.config; ", "c['browser_host'], "
     "c.browser_host, c['ports']['h2'][0], c.doc_root == request.doc_root",
     ("localhost", "localhost", "PORT", True), G),
    ("server.stash", "import uuid; k = str(uuid.uuid4()); s = request.server."
     "stash; s.put(k, [1]); ", "s.take(k), s.take(k)", ([1], None), G),
    ("trailers", "", "request.trailers['X-Sum'], request.trailers == {}",
     (b"5", False), get(body=[b"a"], trailers=[("x-sum", "5")])),
    ("trailers: none", "", "'x-sum' in request.trailers, "
     "len(request.trailers)", (False, 0), G),
    ("connection", "c = request.connection; ", "c.alpn_protocol, "
     "c.tls_version[:4], bool(c.cipher), c.sni, c.session_reused, "
     "type(c.id) is int, c.client_settings['ENABLE_PUSH'], type(c.data)."
     "__name__", ("h2", "TLSv", True, "localhost", False, True, 1, "dict"),
     G),
    ("connection: the same for all streams", "d = request.connection.data; "
     "d.setdefault('x', request.connection); ",
     "d['x'] is request.connection", True, G),
    # response
    ("status reads as a pair", "response.status = 299; ",
     "response.status", (299, None), G),
    ("status: set as a pair", "response.status = (299, 'x'); ",
     "response.status", (299, "x"), G),
    ("headers: set and append", "h = response.headers; h.set('X-A', 'old'); "
     "h.set(b'x-a', b'1'); h.append('X-a', 2); ", "h.get('x-A'), h['X-A'] == "
     "['1', '2'], h.get('none')", ([b"1", b"2"], True, []), G),
    ("headers: update appends", "h = response.headers; h.set('a', '1'); "
     "h.update([('a', '2'), (b'b', 3)]); ", "h['a'], h['b']",
     ([b"1", b"2"], [b"3"]), G),
    ("headers: del and in", "h = response.headers; h.set('a', '1'); "
     "x = 'A' in h; del h['A']; ", "x, 'a' in h", (True, False), G),
    ("headers: iteration over pairs", "h = response.headers; h.update([('X-B'"
     ", 1), ('a', '2'), ('x-b', 3)]); ", "list(h), list(h.items()) == list(h)",
     ([(b"X-B", b"1"), (b"x-b", b"3"), (b"a", b"2")], True), G),
    ("headers: assignable as a list", "response.headers = [('a', 1)]; ",
     "response.headers['a']", [b"1"], G),
    ("encoding", "", "response.encoding", "utf8", G),
    ("iter_content", "response.content = ['a', b'b', lambda: 'c']; ",
     "list(response.iter_content())", ["a", b"b", "c"], G),
    ("defaults", "", "response.status[0], response.close_connection, "
     "response.send_body_for_head_request, list(response.headers), "
     "response.writer.stream_ended, response.writer.content_written",
     (200, False, False, [], False, False), G),
    # imports
    ("wptserve.utils", "from wptserve.utils import isomorphic_encode, "
     "isomorphic_decode, HTTPException; ", "isomorphic_encode('\\u00e9'), "
     "isomorphic_decode(b'\\xe9'), HTTPException(404, 'm').code",
     (b"\xe9", "\u00e9", 404), G),
    ("wptserve.handlers", "from wptserve.handlers import handler, "
     "json_handler, HTTPException; ", "callable(handler), "
     "callable(json_handler), HTTPException(400, 'm').message",
     (True, True, "m"), G),
    ("wptserve.pipes.template", "from wptserve.pipes import template; ",
     "template(request, b'{{host}}')", b"localhost", G),
    ("wptserve.constants", "from wptserve.constants import content_types, "
     "response_codes; ", "content_types['html'], response_codes[404][0]",
     ("text/html", "Not Found"), G),
    ("wptserve.ranges", "from wptserve.ranges import RangeParser; ",
     "[(r.lower, r.upper, r.header_value()) for r in "
     "RangeParser()(b'bytes=1-2', 10)]", [(1, 3, "bytes 1-2/10")], G),
    ("wptserve.response.MultipartContent", "from wptserve.response import "
     "MultipartContent; m = MultipartContent('b'); m.append_part(b'x', 't/x')"
     "; ", "m.to_bytes()",
     b"\r\n--b\r\nContent-Type: t/x\r\n\r\nx\r\n--b--\r\n", G),
    ("wptserve.stash", "from wptserve.stash import load_env_config, Stash, "
     "StashError; a, k = load_env_config(); import uuid; "
     "i = str(uuid.uuid4()); Stash('/p', address=a, authkey=k).put(i, 1); ",
     "request.server.stash.take(i, '/p')", 1, G),
    ("h2.exceptions are ours", "from h2.exceptions import ProtocolError; "
     "import h2.exceptions as e, h2rig.errors as o; ",
     "e.ProtocolError is o.ProtocolError, e.StreamClosedError is "
     "o.StreamClosedError", (True, True), G),
    ("hyperframe", "from hyperframe.frame import HeadersFrame; f = "
     "HeadersFrame(1, b'x'); f.flags.add('END_HEADERS'); ",
     "f.serialize()", b"\0\0\1\1\4\0\0\0\1x", G),
    ("h2rig.frames", "from h2rig.frames import DataFrame, HeadersFrame; ",
     "DataFrame(3, b'ab', ['END_STREAM']).serialize(), "
     "HeadersFrame(1, data=b'', flags=('END_HEADERS',)).serialize()",
     (b"\0\0\2\0\1\0\0\0\3ab", b"\0\0\0\1\4\0\0\0\1"), G),
]

# (sentence, body of main, status, body, required fields).
SENT = [
    ("text in headers is Latin-1", "return [('X-A', '\\u00e9')], ''", 200,
     b"", {"x-a": "\u00e9"}),
    ("text of write_headers is UTF-8",
     "response.writer.write_headers([('X-A', '\\u00e9')], 200, last=True)",
     200, b"", {"x-a": "\u00c3\u00a9"}),
    ("bytes go as they are", "return [(b'X-A', b'\\xe9')], b'\\xff'", 200,
     b"\xff", {"x-a": "\u00e9"}),
    ("int values", "return [('X-A', 5)], ''", 200, b"", {"x-a": "5"}),
    ("what came goes back", "return [('X-A', request.headers['x-test'])], "
     "request.GET['b']", 200, b"x y z", {"x-a": "value"}),
    ("text content in response.encoding",
     "response.encoding = 'latin-1'\n    return '\\u00e9'", 200, b"\xe9", {}),
    ("connection-specific fields are left out",
     "return [('Connection', 'close'), ('Keep-Alive', '1'), ('X', '1'), "
     "('Transfer-Encoding', 'x')], ''", 200, b"", {
         "connection": None, "keep-alive": None, "transfer-encoding": None,
         "x": "1"}),
    ("no header is added", "return 'text'", 200, b"text", {
        "content-type": None, "content-length": None, "date": None,
        "server": None}),
    ("set_cookie", "response.set_cookie('n', 'v', path='/p', domain='d', "
     "max_age=5, samesite='Lax', secure=True, httponly=True, comment='c', "
     "expires='then')", 200, b"", {
         "set-cookie": "n=v; expires=then; Max-Age=5; Domain=d; Path=/p; "
                       "SameSite=Lax; Comment=c; Secure; HttpOnly"}),
    ("set_cookie: bytes", "response.set_cookie(b'n', b'\\xe9')", 200, b"", {
        "set-cookie": "n=\u00e9; Path=/"}),
    ("set_cookie: a datetime", "import datetime\n    response.set_cookie('n', "
     "1, expires=datetime.datetime(2024, 1, 2, 3, 4, 5))", 200, b"", {
         "set-cookie": "n=1; expires=Tue, 02 Jan 2024 03:04:05 GMT; Path=/"}),
    ("unset_cookie", "response.set_cookie('a', 1)\n    response.set_cookie("
     "'b', 2)\n    response.unset_cookie('a')", 200, b"", {
         "set-cookie": "b=2; Path=/"}),
    ("set_error", "response.set_error(410, 'gone away')", 410,
     b'{"error": {"code": 410, "message": "gone away"}}',
     {"content-type": "application/json"}),
    ("write_status_headers and write_content",
     "response.status = 206\n    response.headers.set('X-A', '1')\n    "
     "response.content = ['a', b'b']\n    response.write_status_headers()\n"
     "    response.write_content()", 206, b"ab", {"x-a": "1"}),
    ("write", "response.content = 'all'\n    response.write()", 200, b"all",
     {}),
    ("an iterable of callables", "return [], [lambda: b'1', lambda: '2']",
     200, b"12", {}),
    ("a file as content", "return open(__file__, 'rb')", 200, None, {}),
    ("a text file as content", "import io\n    return io.StringIO('\\u00e9')",
     200, b"\xc3\xa9", {}),
    ("main may be any callable: see below", "return 'x'", 200, b"x", {}),
    ("content_written", "response.writer.write_raw_header_frame([(':status', "
     "'299')], end_headers=True, end_stream=True)\n    "
     "response.writer.content_written = True", 299, b"", {}),
    ("HTTP/1-style calls",
     "w = response.writer\n    w.write_status(201, 'Made')\n    "
     "w.write_header('X-A', 1)\n    w.write_header(b'Connection', 'close')\n"
     "    w.end_headers()\n    w.write_content('one ')\n    w.write(b'two')",
     201, b"one two", {"x-a": "1", "connection": None}),
    ("HTTP/1-style: gathered and not sent goes out after main",
     "response.writer.write_status(203)\n    response.writer.write_header("
     "'X-A', 'b')\n    return 'content'", 203, b"content", {"x-a": "b"}),
    ("HTTP/1-style: they return True", "w = response.writer\n    a = "
     "[w.write_status(200), w.write_header('A', '1'), w.end_headers()]\n    "
     "w.write_content(repr(a))", 200, b"[True, True, True]", {}),
    ("HTTP/1-style: what breaks a rule goes out as it stands",
     "w = response.writer\n    w.write_status(200)\n    w.write_header('X-A', "
     "'a\\0b')\n    w.end_headers()\n    w.write_content('x')", 200, b"x",
     {"x-a": "a\0b"}),
    ("... also after main", "response.writer.write_header('X-A', 'a\\rb')\n"
     "    return 'x'", 200, b"x", {"x-a": "a\rb"}),
    ("write_status_headers does not look either", "response.headers.set("
     "'Content-Length', '42,30')\n    response.write_status_headers()\n    "
     "response.write_content()", 200, b"", {"content-length": "42,30"}),
    ("content is a list", "c = response.content\n    assert c == [] and "
     "isinstance(c, list)\n    c.append('a')\n    response.content += 'bc'\n"
     "    response.content += [b'd']\n    response.content.extend(['e'])",
     200, b"abcde", {}),
    ("... a new one for each response", "response.content.append('x')", 200,
     b"x", {}),
    ("a literal response", "response.writer.write('HTTP/1.1 202 X\\r\\nA: b')"
     "\n    response.writer.write('\\r\\n\\r\\nrest')", 202, b"rest",
     {"a": "b"}),
]

# (what is wrong, body of main, texts in the response with 500).
REFUSED = [
    ("a tuple of four", "return 1, 2, 3, 4",
     ["a tuple of 4 items", "(status, headers, content)"]),
    ("a status where headers belong", "return 404, 'text'",
     ["main returned 404", "(name, value) pairs",
      "return 404, [], content"]),
    ("a status and its reason", "return (404, 'No'), 'text'",
     ["main returned (404, 'No')", "return (404, 'No'), [], content"]),
    ("a last stream of 65 bits", "response.writer.goaway(0, 1 << 64)",
     ["18446744073709551616", "must be 0 to 2147483647"]),
    ("a raw stream of 33 bits",
     "response.writer.write_raw_frame(2, 0, (1 << 32) + 1, b'12345')",
     ["4294967297", "expected 0 to 4294967295"]),
    ("trailers before HEADERS", "response.writer.write_trailers([('a', 'b')])",
     ["trailers come after", "write_headers"]),
    ("None as content", "return [], None", ["None as content", "text, bytes"]),
    ("None as headers", "return None, 'x'", ["None as headers", "pairs"]),
    ("a status of text", "return 'abc', [], ''", ["status", "'abc'", "int"]),
    ("a status out of range", "return 42, [], ''", ["100 to 999", "42"]),
    ("a status of three", "response.status = (1, 2, 3)",
     ["status", "(1, 2, 3)"]),
    ("True as status", "response.status = True", ["status", "True"]),
    ("content of a number", "return 5", ["content", "int: 5"]),
    ("a status of digits", "response.status = '404'", ["status", "'404'"]),
    ("encode", "response.writer.encode(None)", ["ValueError", "None"]),
    ("decode", "response.writer.decode(5)", ["ValueError", "int: 5"]),
    ("decode of nothing", "response.writer.decode(None)",
     ["ValueError", "None"]),
    ("a number among content", "return [], ['a', 5]", ["content", "int: 5"]),
    ("a header that is no pair", "return ['x'], ''",
     ["(name, value) pair", "'x'"]),
    ("headers of text", "return 'X: y', ''", ["pairs", "'X: y'"]),
    ("a header value of None", "return [('X-A', None)], ''",
     ["X-A", "NoneType"]),
    ("a header name of None", "return [(None, 'x')], ''",
     ["header name", "NoneType"]),
    ("a character above U+00FF", "return [('X-A', 'a\\u0439')], ''",
     ["X-A", "U+0439", "Latin-1"]),
    ("a space in a header name, checked call",
     "response.writer.write_headers([('x a', '1')], 200)",
     ["header name 'x a'", "other than a-z, 0-9", "8.2.1"]),
    ("CR and LF in a value, checked call",
     "response.writer.write_headers([('X-A', 'a\\r\\nb')], 200)",
     ["'x-a', value 'a\\r\\nb'", "NUL, CR or LF"]),
    ("a content-length, checked call",
     "response.writer.write_headers([('content-length', 'x')], 200)",
     ["content-length", "RFC 91"]),
    ("NUL in a value of a promise", "response.writer.write_push([(':method', "
     "'GET'), (':path', '/'), (':scheme', 'https'), (':authority', 'a'), "
     "('x-a', '\\0')])", ["'x-a', value '\\x00'", "NUL"]),
    ("an empty header name, checked call",
     "response.writer.write_headers([('', 'a')], 200)", ["header name ''"]),
    ("a status in write_headers", "response.writer.write_headers([], 'x')",
     ["status", "'x'"]),
    ("data of a wrong type", "response.writer.write_headers([], 200) if 0 "
     "else response.writer.write_data(5)", ["data", "int: 5"]),
    ("a wrong error code", "response.writer.reset_stream('NONSENSE')",
     ["NONSENSE", "NO_ERROR"]),
    ("a wrong way to close", "response.writer.close('door')",
     ["door", "goaway"]),
    ("PING of 3 octets", "response.writer.ping(b'abc')", ["8 octets", "3"]),
    ("a stash key", "request.server.stash.put('x', 1)", ["UUID", "'x'"]),
    ("None in the stash", "request.server.stash.put('0' * 32, None)",
     ["None", "stash"]),
    ("an encoding", "response.encoding = 'nonsense'\n    return 'x'",
     ["nonsense"]),
    ("a dictionary as content", "return {'a': 1, b'b': 2}",
     ["content is a dictionary; for JSON use h2rig.handlers.json_handler"]),
    ("... also without any key", "return {}", ["content is a dictionary"]),
    ("... and if the script sends it", "response.content = {'a': 1}\n    "
     "response.write_content()", ["content is a dictionary"]),
    ("what main returns of a cookie", "response.set_cookie('n', object())",
     ["cookie", "object"]),
]


# (fields that main returns, field that must come, text of the warning).
AS_IT_STANDS = [
    ("[('X A', '1')]", ("x a", "1"), "header name 'x a'"),
    ("[('X-A', 'a\\r\\nb')]", ("x-a", "a\r\nb"), "'x-a', value 'a\\r"),
    ("[('X-A', 'a\\0')]", ("x-a", "a\0"), "'x-a', value 'a\\x00'"),
    ("[('', 'a')]", ("", "a"), "header name ''"),
    ("[('Content-Length', 'one')]", ("content-length", "one"),
     "'content-length', value 'one'"),
    ("[('Content-Length', '42,30')]", ("content-length", "42,30"),
     "'content-length', value '42,30'"),
    ("[('Content-Length', 99)]", ("content-length", "99"),
     "content-length b'99' of a content of 1 octets (RFC 9113 8.1.1)"),
    ("[('X-A', 'a\\x01')]", ("x-a", "a\x01"), "'x-a', value 'a\\x01'"),
    ("[('X-A', 'a\\x7f')]", ("x-a", "a\x7f"), "'x-a', value 'a\\x7f'"),
]

# Several wrong fields at once: each has its warning.
SEVERAL = ("[('X A', '1'), ('X-B', 'a\\0'), ('X-C', 'fine'), ('X-D', '\\x02'), "
           "('Connection', 'close'), ('Keep-Alive', '1'), "
           "('Content-Length', '1'), ('Content-Length', '2')]")
SEVERAL_SAY = ["header name 'x a'", "header name 'x-b'", "header name 'x-d'",
               "content-length b'2' of a content of 1"]


def expected(value, port, stem):
    """Returns the value as text, with the port and the script's name in it."""
    text = repr(value).replace("'PORT'", str(port)).replace("PORT", str(port))
    return text.replace("PATH", stem + ".py").replace("STEM", stem)


def ask(c, stem, request):
    """Requests a script, with its name in the URL."""
    request = dict(request)
    return c.fetch(f"/{stem}.py" + request.pop("query", ""), **request)


def values(c):
    """The values of expressions."""
    for i, (sentence, code, expression, want, request) in enumerate(VALUES):
        stem = f"v{i}"
        write(stem, f"    {code}return repr(({expression}))")
        x = ask(c, stem, request)
        t.eq(x.body.decode(), expected(want, c.port, stem), sentence)


def sent(c):
    """The responses of scripts."""
    for i, (sentence, code, status, body, fields) in enumerate(SENT):
        write(f"s{i}", "    " + code)
        x = ask(c, f"s{i}", G)
        t.ok(x.status == status and x.ended and body in (None, x.body),
             sentence, f"{x}\nwant {status} {body}")
        for name, value in fields.items():
            t.eq(x.header(name), value, f"{sentence}: {name}")


def as_it_stands(s, c):
    """Fields that main returns and that break a rule are sent as they are,
    and the log warns."""
    for i, (fields, want, says) in enumerate(AS_IT_STANDS):
        for how, content in (("", "'x'"), (", an iterable", "iter(['x'])")):
            write(f"a{i}", f"    return {fields}, {content}")
            x = ask(c, f"a{i}", G)
            t.ok(x.status == 200 and x.body == b"x" and x.ended
                 and want in x.headers, f"as it stands: {fields}{how}",
                 f"{x} {x.headers}")
        t.ok(s.wait_log(r"warn: .*/a%d\.py.*as it stands: .*%s" % (
            i, re.escape(says))), f"with a warning: {fields}", says)
    for name, code in (("main", f"    return {SEVERAL}, 'x'"), (
            "own", f"    response.headers = {SEVERAL}\n"
            "    response.content = 'x'\n    response.write()")):
        write("several_" + name, code)
        x = ask(c, "several_" + name, G)
        t.ok(x.status == 200 and x.header("connection") is None
             and x.header("x-d") == "\x02", f"several, {name}", x.headers)
        for says in SEVERAL_SAY[:None if name == "main" else -1]:
            t.ok(s.wait_log(rf"warn: .*several_{name}\.py: sent as it stands: "
                            ".*" + re.escape(says)), f"{name}: {says}")
        t.ok(f"several_{name}.py: sent as it stands: " in s.log() and
             "'x-c'" not in s.log(), "and none for one that is right")
    t.eq(len(re.findall("warn: .*left out, HTTP/2 has no form for it "
                        r"\(RFC 9113 8.2.2\): connection, keep-alive\n",
                        s.log())),
         2, "what is left out is named")
    write("a_left", "    return [('X-A', 'a\\0b')], 'x'")
    with Client(s.port, settings={INITIAL_WINDOW_SIZE: 0}) as other:
        x = other.request("/a_left.py")
        other.wait_for(lambda: x.status)
        other.reset(x.sid)
        found = s.wait_log(r"/a_left\.py, main: .*StreamClosedError: (.*)")
        t.eq(found and found.group(1), "stream 1: the peer has reset the "
             "stream (RFC 9113 5.1), RST_STREAM CANCEL",
             "it is not blamed for what fails later")
    write("logs", "    response.logger.warning('a %s', 'word')\n    "
          "response.writer.logger.info('another')\n    "
          "return str(response.writer.request is request)")
    t.eq(c.fetch("/logs.py").body, b"True", "writer.request")
    t.ok(s.wait_log("warn: .*a word") and s.wait_log("info: .*another"),
         "response.logger, writer.logger")


def refused(c):
    """A script that returns something impossible gets 500 with a text that
    names the wrong value and what was expected."""
    for i, (what, code, texts) in enumerate(REFUSED):
        write(f"r{i}", "    " + code)
        x = ask(c, f"r{i}", G)
        try:
            message = json.loads(x.body)["error"]["message"]
        except (ValueError, KeyError):
            message = ""
        last = message.rstrip().rpartition("\n")[2]
        t.ok(x.status == 500 and all(text in last for text in texts),
             f"refused with its value: {what}", f"{x.status} {last}\n{texts}")


def more(s, c):
    """What does not fit into a row."""
    write("head", "    response.send_body_for_head_request = "
          "b'all' in request.GET\n    return [('content-length', 4)], 'text'")
    x = c.fetch("/head.py", method="HEAD")
    t.eq((x.status, x.header("content-length"), x.body, x.ended),
         (200, "4", b"", True), "HEAD: no content")
    t.eq(c.fetch("/head.py?all", method="HEAD").body, b"text",
         "send_body_for_head_request")
    with open(os.path.join(ROOT, "object.py"), "w") as f:
        f.write("class Answer:\n    def __call__(self, request, response):\n"
                "        return 'by a callable'\n\n\nmain = Answer()\n")
    t.eq(c.fetch("/object.py").body, b"by a callable",
         "main may be any callable")
    write("fresh", "    n.append(1)\n    return str(len(n))", "n = []\n")
    t.eq([c.fetch("/fresh.py").body for _ in range(2)], [b"1", b"1"],
         "a fresh namespace for each request")
    write("late", "    response.writer.write_headers([], 200)\n"
          "    return 'dropped'")
    x = c.fetch("/late.py")
    t.ok(x.body == b"" and x.ended and s.wait_log(
        r"warn: .*/late\.py.*what it returned is dropped"),
        "what main returned after headers is dropped, with a warning", x)
    write("one", "    return str((len(request.frames), request.body[-3:], "
          "sum(len(f.data) for f in request.frames[1:])))")
    x = c.fetch("/one.py", body=[b"x"] * 3000 + [b"end"])
    t.eq(x.body, b"(3002, b'end', 3003)", "3000 frames of one octet")
    write("lasting", "    w = response.writer\n    n = 0\n"
          "    while w.write_content('x' * 1000):\n        n += 1\n"
          "    request.connection.data['n'] = n")
    write("asked", "    return str(request.connection.data.get('n'))")
    x = c.request("/lasting.py")
    c.wait_for(lambda: len(x.body) > 100000)
    c.reset(x.sid)
    y = tap.wait_until(
        lambda: next((y for y in [c.fetch("/asked.py")]
                      if y.body != b"None"), None))
    t.ok(y and int(y.body) >= 100, "HTTP/1-style calls return False once the "
         "client is gone", y)
    write("closing", "    response.close_connection = True\n    return 'x'")
    with Client(c.port) as d:
        x = d.fetch("/closing.py")
        d.wait_for(lambda: d.goaway)
        t.ok(x.body == b"x" and x.ended and d.goaway,
             "close_connection: GOAWAY once the stream has ended", x)


def write(stem, body, before=""):
    """Writes a script."""
    with open(os.path.join(ROOT, stem + ".py"), "w") as f:
        f.write(f"{before}def main(request, response):\n{body}\n")


with tempfile.TemporaryDirectory() as ROOT:
    with Server(ROOT, "--log-level", "debug") as server:
        with Client(server.port) as client:
            values(client)
            sent(client)
            as_it_stands(server, client)
            refused(client)
            more(server, client)
t.done()
