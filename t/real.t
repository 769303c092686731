#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests scripts like those of real test suites (scripts-real/): old ones that
compare with text, newer ones that compare with bytes.  Each row is a request
and the response that must come."""
import base64
import glob
import json
import os
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()
ROOT = SCRIPTS + "-real"
MEDIA = bytes(range(256)) * 4
GIF = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
BASIC = {"authorization": "Basic " + base64.b64encode(
    b"usr:secret").decode()}
LATER = {"authorization": "basic " + base64.b64encode(
    "us\u00e9r:p:w".encode()).decode(), "x-user": "us\u00e9r"}
FORM = (b'--bb\r\nContent-Disposition: form-data; name="field"\r\n\r\nvalue'
        b'\r\n--bb\r\nContent-Disposition: form-data; name="file"; '
        b'filename="a.txt"\r\nContent-Type: text/x\r\n\r\ncontents\r\n'
        b'--bb--\r\n')
MULTIPART = {"content-type": "multipart/form-data; boundary=bb"}
URLENCODED = {"content-type": "application/x-www-form-urlencoded"}
A, B, C, D, E, F = (str(uuid.uuid4()) for _ in range(6))
NONE = None     # no such header field, or any body


def row(path, status=200, body=NONE, want=(), /, **request):
    """Returns a row: a request, and the status, body and header
    fields to expect."""
    return path, request, status, body, dict(want)


ROWS = [
    row("/echo-content.py", 200, b"data", {
        "x-request-method": "POST", "x-request-content-type": "a/b",
        "x-request-content-length": "NO", "content-type": "text/plain"},
        body=b"data", headers={"content-type": "a/b"}),
    row("/echo-content.py", 200, b"", {
        "x-request-method": "DELETE", "x-request-content-type": "NO"},
        method="DELETE"),
    row("/echo-content-text.py", 200, b"\xff\x00", {
        "x-request-content-length": "2", "x-request-method": "PUT"},
        method="PUT", body=b"\xff\x00", headers={"content-length": "2"}),
    row("/inspect-headers.py?headers=X-A|x-b|x-none&cors", 200, b"", {
        "x-request-x-a": "1", "x-request-x-b": "2, 3",
        "x-request-x-none": NONE, "access-control-allow-origin": "https://o",
        "access-control-expose-headers":
        "x-request-X-A, x-request-x-b, x-request-x-none"},
        headers=[("x-a", "1"), ("x-b", "2"), ("origin", "https://o"),
                 ("x-b", "3")]),
    row("/inspect-headers-text.py?headers=x-a|cookie", 200, b"", {
        "x-request-x-a": "\u00c3\u00a9", "x-request-cookie": "a=1; b=2"},
        headers=[("x-a", "\u00e9"), ("cookie", "a=1"), ("cookie", "b=2")]),
    row("/all-headers.py", 200, b'{"x-a": ["1", "3"], "x-b": ["2"]}', {
        "content-type": "application/json"},
        headers=[("x-a", "1"), ("x-b", "2"), ("x-a", "3")]),
    row("/raw-headers.py", 200, b'{"authority": "localhost:PORT", "method": '
        b'"GET", "path": "/raw-headers.py", "scheme": "https", "x-a": "1"}',
        headers={"x-a": "1"}),
    row("/method.py", 200, b"PATCH", {"x-method": "PATCH"}, method="PATCH"),
    row("/method.py", 200, b"", {"x-method": "HEAD"}, method="HEAD"),
    row("/method.py", 200, b"x-Own!", {"x-method": "x-Own!"},
        method="x-Own!"),
    row("/status.py?code=418&content=c&type=text/x", 418, b"c", {
        "content-type": "text/x", "x-request-method": "GET"}),
    row("/status.py", 200, b"", {"content-type": ""}),
    row("/status-text.py?code=503&content=%C3%A9", 503, b"\xc3\xa9"),
    row("/redirect.py?status=307&location=/x%3Fy%3D1", 307, b"", {
        "location": "/x?y=1", "cache-control": "no-cache"}),
    row("/redirect.py?max_age=5", 302, b"", {
        "location": "/echo-content.py", "cache-control": "max-age=5"}),
    row("/redirect-text.py?location=https://h/%C3%A9", 302, b"", {
        "location": "https://h/\u00c3\u00a9"}),
    row("/redirect-text.py", 500),
    row(f"/redirect-count.py?token={A}&count=2", 302, b"", {
        "location": f"?token={A}"}),
    row(f"/redirect-count.py?token={A}", 302),
    row(f"/redirect-count.py?token={A}", 200, b"arrived"),
    row("/basic-auth.py", 401, b"FAIL", {
        "www-authenticate": 'Basic realm="test"'}),
    row("/basic-auth.py", 200, b"Authenticated: us\xc3\xa9r:p:w",
        headers=LATER),
    row("/basic-auth-text.py", 401),
    row("/basic-auth-text.py", 200, b"User name/password wanted was right",
        headers=BASIC),
    row("/auth-object.py", 200, b"usr|secret", headers=BASIC),
    row("/auth-object.py", 200, b"None|None",
        headers={"authorization": "Bearer x"}),
    row("/cookies-set.py?a=1", 200, b"set", {
        "set-cookie": "a=1; Path=/here; SameSite=Lax; Secure"}),
    row("/cookies-get.py", 200, b'{"a": "3", "b": "2"}',
        headers=[("cookie", "a=1; b=2"), ("cookie", "a=3")]),
    row("/cookies-text.py", 200, b"set", {
        "set-cookie": "name=value; Max-Age=100; Path=/; HttpOnly"}),
    row("/cookies-text.py", 200, b"found and deleted",
        headers={"cookie": "name=value"}),
    row("/cookies-drop.py", 200, b"ok", {"set-cookie": "kept=2; Path=/"}),
    row(f"/cors-preflight.py?token={B}", 400, method="OPTIONS"),
    row(f"/cors-preflight.py?token={B}", 204, b"", {
        "access-control-allow-methods": "PUT, PATCH",
        "access-control-allow-headers": "x-test",
        "access-control-max-age": "60"}, method="OPTIONS", headers={
            "origin": "https://o", "access-control-request-method": "PUT",
            "access-control-request-headers": "x-test"}),
    row(f"/cors-preflight.py?token={B}", 200, b"the content", {
        "x-did-preflight": "1", "x-preflight-method": "PUT",
        "access-control-allow-origin": "*"}, method="PUT"),
    row(f"/cors-preflight.py?token={B}", 200, NONE, {
        "x-did-preflight": "0", "x-preflight-method": "none"}),
    row("/cors-preflight-text.py", 400, method="OPTIONS"),
    row("/cors-preflight-text.py", 200, b"", {
        "access-control-allow-headers": "x-test"}, method="OPTIONS",
        headers={"access-control-request-headers": "x-a, x-test"}),
    row("/cors-preflight-text.py", 200, b"x-test: 5", headers={"x-test": "5"}),
    row("/cors-echo-origin.py", 200, b"PASS", {
        "access-control-allow-origin": "null", "vary": "Origin"},
        headers={"origin": "null"}),
    row("/cors-echo-origin.py", 403, b"no origin"),
    row("/caching.py?tag=q", 304, b"", {"etag": '"q"'},
        headers={"if-none-match": '"q"'}),
    row("/caching.py?tag=q", 200, b"fresh",
        headers={"if-none-match": '"r"'}),
    row("/caching.py", 304, b"", {"etag": NONE}, headers={
        "if-modified-since": "Mon, 01 Jan 2024 00:00:00 GMT"}),
    row("/caching-text.py", 304, b"", headers={"if-none-match": '"abc"'}),
    row("/caching-text.py", 200, b"not cached", {
        "cache-control": "max-age=60"}),
    row("/caching-count.py", 200, b"1", {"cache-control": "no-store"}),
    row("/caching-count.py", 200, b"2"),
    row("/caching-count.py?other", 200, b"1"),
    row(f"/stash-put.py?key={C}&value=%FFv", 200, b"OK"),
    row(f"/stash-put.py?key={C}&value=w", 500),
    row(f"/stash-take.py?key={C}", 200, b"\xffv"),
    row(f"/stash-take.py?key={C}", 200, b"nothing"),
    row(f"/stash-text.py?key={D}", 200, b"stored", method="PUT",
        body=b"\x00body"),
    row(f"/stash-text.py?key={D}", 200, b"\x00body"),
    row(f"/stash-text.py?key={D}", 404, b"none"),
    row("/stash-lock.py", 200, b"1"), row("/stash-lock.py", 200, b"2"),
    row("/early-hints.py", 200, b"hinted", {"content-type": "text/html"}),
    row("/early-hints-two.py", 404, b"none after all"),
    row("/early-hints-redirect.py", 302, b"", {"location": "/elsewhere"}),
    row("/trailers.py", 200, b"\x01\x02\x03", {"trailer": "x-sum"},
        body=[b"\x01", b"\x02\x03"], trailers=[("x-mine", "t")]),
    row("/upload-count.py", 200, b"3,1,end", body=[b"abc", b"d"]),
    row("/upload-refuse.py", 413, b"", {"x-limit": "10"}, method="POST",
        headers={"content-length": "11"}, body=b"12345678901"),
    row("/upload-refuse.py", 200, b"small enough: 123", body=b"123"),
    row("/upload-form.py", 200,
        b'[["field", "value"], ["file", "a.txt", "text/x", "contents"]]',
        headers=MULTIPART, body=FORM),
    row("/upload-form.py", 200, b'[["a", "1"], ["a", "\\u00e9"]]',
        headers=URLENCODED, body=b"a=1&a=%C3%A9"),
    row("/upload-form.py", 400, headers=MULTIPART, body=b"--bb\r\nbroken"),
    row("/upload-form-text.py", 200, b"text field value, file of 8",
        headers=MULTIPART, body=[FORM[:50], FORM[50:]]),
    row("/upload-lines.py", 200, b"cba|fe|g/abc", body=[b"abc\ne", b"f\ng"]),
    row("/upload-stream.py", 200, b"efgh", {"x-start": "abcd"},
        body=[b"ab", b"cdef", b"gh"]),
    row("/form-urlencoded.py", 200, b"1 2;x,,y z;default", body=b"a=1+2&many="
        b"x&many&many=y%20z"),
    row("/media-range.py", 200, MEDIA, {"accept-ranges": "bytes"}),
    row("/media-range.py", 206, MEDIA[250:300], {
        "content-range": "bytes 250-299/1024"},
        headers={"range": "bytes=250-299"}),
    row("/media-range.py", 416, b"", {"content-range": "bytes */1024"},
        headers={"range": "bytes=x"}),
    row("/media-range-parser.py", 206, b"\r\n--xx\r\nContent-Type: text/a\r\n"
        b"Content-Range: bytes 0-1/10\r\n\r\nab\r\n--xx\r\nContent-Type: "
        b"text/a\r\nContent-Range: bytes 8-9/10\r\n\r\nij\r\n--xx--\r\n", {
            "content-type": "multipart/byteranges; boundary=xx"},
        headers={"range": "bytes=0-1,-2"}),
    row("/media-range-parser.py", 416, headers={"range": "bytes=20-"}),
    row("/trickle.py?count=3", 200, b"piece 0\npiece 1\npiece 2\n"),
    row("/trickle.py?count=3", 200, b"", method="HEAD"),
    row("/trickle-generator.py", 200, b"one two three"),
    row("/trickle-callables.py", 200, b"1 2 then 3 "),
    row("/event-stream.py", 200, b"retry: 10\n\nid: 5\ndata: event 5\n\nid: 6"
        b"\ndata: event 6\n\nid: 7\ndata: event 7\n\n", {
            "content-type": "text/event-stream"},
        headers={"last-event-id": "4"}),
    row("/event-stream-text.py?message=data:a%5Cndata:b", 200,
        b"data:a\ndata:b\n\n\n"),
    row("/json-handler.py", 200,
        b'{"method": "GET", "list": [1, null, "x"]}', {
            "content-type": "application/json", "x-by": "json_handler",
            "content-length": "41"}),
    row("/json-echo.py", 200, b'{"a": 1, "seen": true}', body=b'{"a": 1}'),
    row("/json-echo.py", 500, body=b"no json"),
    row("/handler-decorator.py", 201, b"decorated", {
        "x-decorated": "yes", "x-also": "this"}),
    row(f"/csp-report.py?id={E}", 204, b"", body=b'{"r": 1}'),
    row(f"/csp-report.py?id={E}", 204, b"", body=b'{"r": 2}'),
    row(f"/csp-report.py?id={E}", 200, b'[{"r": 1}, {"r": 2}]'),
    row("/csp-header.py?csp=default-src%20'none'", 200, NONE, {
        "content-security-policy": "default-src 'none'"}),
    row("/csp-header.py?csp=a&csp2=b", 200, NONE, {
        "content-security-policy": "a;;b"}),
    row("/referrer.py?callback=f", 200, b'f("https://r/");', {
        "content-type": "text/javascript"},
        headers={"referer": "https://r/"}),
    row("/charset.py?charset=utf-8", 200, "caf\u00e9 \u20ac".encode()),
    row("/charset.py?charset=latin-1", 200, b"caf\xe9"),
    row("/charset.py?charset=utf-16-le", 200,
        "caf\u00e9 \u20ac".encode("utf-16-le")),
    row("/image.py", 200, GIF, {"content-length": str(len(GIF))}),
    row("/document-write.py", 200, b"<p>written", {
        "content-type": "text/html", "x-old": "days"}),
    row("/literal-response.py", 203, b"verbatim", {"x-literal": "yes"}),
    row("/exception.py?code=404", 404, b'{"error": {"code": 404, "message": '
        b'"as asked for"}}', {"content-type": "application/json"}),
    row("/exception.py", 500),
    row("/exception-own.py", 451, b'{"error": {"code": 451, "message": '
        b'"of its own"}}'),
    row("/set-error.py", 409, b'{"error": {"code": 409, "message": '
        b'"in the way"}}'),
    row("/query-order.py?b=1&a=2&b=%33&a=&c", 200,
        b"b=1&b=3&a=2&a=&c= last "),
    row("/url-parts.py?a=1&b=%20", 200,
        b'["https", "localhost", "/url-parts.py", "a=1&b=%20", {"a": ["1"], '
        b'"b": [" "]}, "/url-parts.py?a=1&b=%20", "/", "HTTP/2.0"]'),
    row("/config.py", 200, b"https://localhost:PORT/ www.localhost "
        b"alt.localhost"),
    row("/import-module.py?text=loud", 200, b"LOUD!"),
    row("/read-file.py", 200, b"<!doctype html>"),
    row("/open-file.py", 200, b"<!doctype html><p>{{GET[who]}} at {{host}}\n"),
    row("/template.py?who=%3Cme%3E", 200,
        b"<!doctype html><p>&lt;me&gt; at localhost\n"),
    row("/page.sub.html?who=you", 200,
        b"<!doctype html><p>you at localhost\n", {
            "content-type": "text/html"}),
    row("/worker-cookie.py", 200, b"self.dest = 'worker';", {
        "service-worker-allowed": "/"}, headers={
            "sec-fetch-dest": "worker"}),
    row("/no-content.py", 204, b""),
    row("/slow.py", 200, b"slow"),
    row("/frame-log.py", 200, b'[["HEADERS", ["END_HEADERS"]], ["DATA", [], '
        b'2], ["DATA", ["END_STREAM"], 1]]', body=[b"ab", b"c"]),
    row("/connection.py", 200, b"h2 127.0.0.1 1"),
    row("/connection.py", 200, b"h2 127.0.0.1 2"),
    row("/vary.py", 200, b"Hallo", headers={"accept-language": "de,en"}),
    row("/security-headers.py", 200, b"isolated", {
        "cross-origin-opener-policy": "same-origin",
        "timing-allow-origin": NONE}),
    row("/security-headers.py?pipe=header(X-P,1)|slice(0,3)", 200, b"iso", {
        "x-p": "1"}),
]


def every_row(c):
    """Makes all requests of the table on one connection."""
    for path, request, status, body, want in ROWS:
        x = c.fetch(path, **request)
        name = f"{request.get('method', '')} {path[:60]}: {status}"
        if body is not NONE:
            body = body.replace(b"PORT", str(c.port).encode())
        t.ok(x.status == status and x.ended
             and (body is NONE or x.body == body), name,
             f"{x}\nwant: {status} {body!r}")
        for field, value in want.items():
            values = [v for n, v in x.headers if n == field]
            t.eq(";;".join(values) if values else NONE, value,
                 f"{name}: {field}")


def several_steps(c):
    """Scripts that need more than one request or look."""
    hint = [("link", "</style.css>; rel=preload; as=style")]
    t.eq(c.fetch("/early-hints.py").informational, [(103, hint)],
         "early-hints.py: 103")
    x = c.fetch("/early-hints-two.py")
    t.eq([fields for _, fields in x.informational],
         [[("link", f"</{i}.js>; rel=preload")] for i in range(2)],
         "early-hints-two.py: two of them")
    x = c.fetch("/early-hints-redirect.py")
    t.eq([code for code, _ in x.informational], [103],
         "early-hints-redirect.py: 103 first")
    x = c.fetch("/trailers.py", body=[b"\x05\x06"],
                trailers=[("x-mine", "t")])
    t.eq(x.trailers, [("x-sum", "11"), ("x-theirs", "t")],
         "trailers.py: both kinds")
    x = c.fetch("/push.py")
    t.eq((x.body, x.pushes[0][1]), (b"pushed", [
        (":method", "GET"), (":path", "/pushed.css"), (":scheme", "https"),
        (":authority", f"localhost:{c.port}")]), "push.py: the promise")
    pushed = c.streams[x.pushes[0][0]]
    t.eq((pushed.status, pushed.headers, pushed.body, pushed.ended),
         (200, [("content-type", "text/css")], b"* {}", True),
         "push.py: the pushed response")
    x = c.fetch("/reset.py")
    t.eq((x.body, x.reset, x.ended), (b"half of it", 11, False),
         "reset.py: breaks off with ENHANCE_YOUR_CALM")
    x = c.fetch("/trickle.py?count=4")
    t.ok(len([d for d in x.data if d]) == 4, "trickle.py: piece by piece", x)
    x = c.request("/event-stream.py?after")
    y = c.request(f"/stash-wait.py?key={F}")
    quick = c.fetch("/no-content.py")
    t.ok(quick.ended and not y.done, "stash-wait.py waits, others do not", y)
    go = c.fetch(f"/stash-go.py?key={F}")
    c.wait_for(lambda: y.done)
    t.eq((go.body, y.body), (b"gone", b"went"), "stash-wait.py: rendezvous")
    t.ok(json.loads(c.fetch("/exception.py").body)["error"]["message"]
         .rstrip().endswith("ValueError: no code"),
         "exception.py: the traceback is in the body")
    c.wait_for(lambda: x.done)


with Server(ROOT, "--log-level", "debug") as server:
    with Client(server.port) as client:
        every_row(client)
    with Client(server.port, settings={2: 0}) as client:
        t.eq(client.fetch("/push.py").body, b"not pushed: PushDisabledError",
             "push.py: to a client that will not have it")
    with Client(server.port) as client:
        several_steps(client)
named = {path.split("?")[0].lstrip("/") for path, *_ in ROWS} | {
    "push.py", "reset.py", "stash-wait.py", "stash-go.py"}
there = {os.path.basename(p) for p in glob.glob(os.path.join(ROOT, "*.py"))}
t.eq(sorted(there - named), [], "every script has a row")
t.ok(len(there) >= 60, "60 scripts or more", len(there))
t.done()
