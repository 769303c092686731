#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests pipes and substitution, with and without a file of settings, and that
errors in settings name their line."""
import base64
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

t = tap.Tap()
TEN = b"0123456789"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"

FILES = {
    "ten.txt": TEN,
    "big.txt": b"x" * 200000,
    "host.txt": b"{{host}}",
    "host.sub.txt": b"{{host}} {{GET[q]}}",
    "q.sub.html": b"{{GET[q]}}",
    "q.sub.js": b"{{GET[q]}}",
    "q.sub.svg": b"{{GET[q]}}",
    "q.html": b"{{GET[q]}}",
    "a.sub.any.js": b"{{host}}",
    "var.sub.txt": b"{{$id:uuid()}} {{$id}} {{uuid()}}",
    "twice.sub.txt": b"{{GET[q]}}",
    "octets.sub.txt": b"\xff\x00{{host}}\xfe{} {{ports[h2][0]}} }}",
    "script.py": b"def main(request, response):\n"
                 b"    response.headers.set('Content-Length', 10)\n"
                 b"    return '0123456789'\n",
    "pieces.py": b"def main(request, response):\n"
                 b"    return [], iter(['01', b'234', lambda: '56', '789'])\n",
    "subbed.sub.py": b"def main(request, response):\n"
                     b"    return '{{host}}<{{GET[q]}}>'\n",
    "inner.py": b"from wptserve.handlers import file_handler\n"
                b"def main(request, response):\n"
                b"    request.request_path = '/ten.txt?' + "
                b"request.request_path.partition('?')[2]\n"
                b"    return file_handler(request, response)\n",
    "template.py": b"from wptserve.pipes import template\n"
                   b"def main(request, response):\n"
                   b"    return template(request, b'{{host}}&', 'none') + \\\n"
                   b"        template(request, '{{GET[q]}}').encode()\n",
    "errors.py": b"def main(request, response):\n    return (404, [], 'no')\n",
}

# (query of ten.txt, status, body, some fields).
PIPES = [
    ("pipe=status(404)", 404, TEN, {}),
    ("pipe=header(X-A,b)", 200, TEN, {"x-a": ["b"]}),
    ("pipe=header(X-A,b)|header(X-A,c)", 200, TEN, {"x-a": ["c"]}),
    ("pipe=header(X-A,b)|header(X-A,c,True)", 200, TEN, {"x-a": ["b", "c"]}),
    ("pipe=header(X-A,b)|header(X-A,c,false)", 200, TEN, {"x-a": ["c"]}),
    ("pipe=header(Content-Type,text/x)", 200, TEN,
     {"content-type": ["text/x"]}),
    (r"pipe=header(X-A,a\,b\)c\|d)", 200, TEN, {"x-a": ["a,b)c|d"]}),
    ("pipe=header(X-A,a b%2Bc+d)", 200, TEN, {"x-a": ["a b+c d"]}),
    ("pipe=header(X-A,%C3%A9)", 200, TEN, {"x-a": ["\u00e9"]}),
    ("pipe=slice(3)", 200, b"3456789", {"content-length": ["7"]}),
    ("pipe=slice(3,5)", 200, b"34", {"content-length": ["2"]}),
    ("pipe=slice(null,5)", 200, b"01234", {}),
    ("pipe=slice(-4,-2)", 200, b"67", {}),
    ("pipe=slice(0,5)|slice(2)", 200, b"234", {}),
    ("pipe=status(201)|slice(1,2)|header(X-A,1)", 201, b"1", {"x-a": ["1"]}),
    ("pipe=trickle(1:d0.01:2)", 200, TEN, {
        "cache-control": ["no-cache, no-store, must-revalidate"],
        "pragma": ["no-cache"], "expires": ["0"], "content-length": []}),
    ("pipe=header(Pragma,x)|trickle(d0)", 200, TEN,
     {"cache-control": [], "expires": [], "pragma": ["x"]}),
    ("pipe=", 200, TEN, {}),
    ("pipe=status(404)&pipe=status(202)", 202, TEN, {}),
    ("other=1", 200, TEN, {"content-length": ["10"]}),
    # Unusual, but defined.
    ("pipe=status(404", 404, TEN, {}),
    ("pipe=slice(3,5", 200, b"34", {}),
    ("pipe=header(X-A,b|status(404)", 200, TEN, {"x-a": ["b|status(404"]}),
    ("pipe=header(X-A,", 200, TEN, {"x-a": [""]}),
    ("pipe=header(X-A,)", 200, TEN, {"x-a": [""]}),
    (r"pipe=header(X-A,a\)", 200, TEN, {"x-a": ["a)"]}),
    (r"pipe=header(X-A,\)\)b\\)|status(404)", 404, TEN, {"x-a": ["))b\\"]}),
    (r"pipe=header(X-A,\a\|\()", 200, TEN, {"x-a": ["a|("]}),
    ("pipe=header(X-A,a(b)", 200, TEN, {"x-a": ["a(b"]}),
    ("pipe=header(X-A,{{host}})|sub", 200, TEN, {"x-a": ["{{host}}"]}),
    ("pipe=slice(1)slice(2)", 200, b"3456789", {}),
    ("pipe=|status(404)||header(X-A,b)|", 404, TEN, {"x-a": ["b"]}),
    ("pipe=slice(NULL,2)", 200, b"01", {}),
    ("pipe=slice( 1 , 3 )", 200, b"12", {}),
    ("pipe=slice(5,3)", 200, b"", {}),
    ("pipe=slice(-100,100)", 200, TEN, {}),
    ("pipe=header(X-A,b)|header(X-A,c,1)|header(X-A,d,0)", 200, TEN,
     {"x-a": ["d"]}),
    ("pipe=trickle(5:r2)", 200, TEN, {}),
    ("pipe=trickle(1:d0:r2:2)", 200, TEN, {}),
    ("pipe=trickle(d0:d0:3:4)", 200, TEN, {}),
]

# (query of ten.txt, texts in the response with 500).
WRONG = [
    ("pipe=nonsense()", ["nonsense", "known are gzip"]),
    ("pipe=status(abc)", ["'abc': expected a status, 100 to 999, in status("]),
    ("pipe=status(99)", ["status", "100 to 999"]),
    ("pipe=status()", ["status has 0 arguments"]),
    ("pipe=header(X)", ["header has 1 arguments", "(name, value"]),
    ("pipe=header(X,1,maybe)", ["'maybe': expected true or 1 or false or 0"]),
    ("pipe=header(X,%D0%B9)", ["header", "U+0439"]),
    ("pipe=slice(a)", ["'a': expected a number or null, in slice(start"]),
    ("pipe=slice(1,2,3)", ["slice has 3 arguments"]),
    ("pipe=slice(1,", ["slice", "argument ''"]),
    ("pipe=header(X-A,b\\", ["header(X-A,b", "the last backslash"]),
    ("pipe=(1)", ["unknown pipe ''"]), ("pipe=|)", ["unknown pipe ')'"]),
    ("pipe=gzip%20", ["unknown pipe 'gzip '"]),
    ("pipe=status(404)x|gzip", ["unknown pipe 'x'"]),
    ("pipe=status(404))", ["unknown pipe ')'"]),
    ("pipe=%00", ["unknown pipe"]),
    ("pipe=trickle(x)", ["trickle", "'x': expected octets, as 100, d and "]),
    ("pipe=trickle(d500ms:1)", ["'d500ms': expected d and seconds, as d0.5"]),
    ("pipe=trickle(D1)", ["'D1': expected octets", "d and seconds, as d0.5"]),
    ("pipe=trickle(d-1)", ["trickle", "out of range"]),
    ("pipe=trickle(d1:r1)", ["trickle", "repeats nothing that sends"]),
    ("pipe=trickle(1:r0)", ["trickle", "repeats nothing that sends"]),
    ("pipe=trickle(1:rx:2)", ["trickle", "'1:rx:2'", "'rx': expected r and"]),
    ("pipe=trickle()", ["trickle has 0 arguments"]),
    ("pipe=trickle(1::2)", ["trickle", "'1::2'"]),
    ("pipe=gzip(9)", ["gzip has 1 arguments"]),
    ("pipe=sub(latex)", ["'latex': expected html or none, in sub([html|none"]),
]

# (expression in a file, regex for its value without settings).
WITHOUT = [
    ("host", "localhost"),
    ("domains[www]", r"www\.localhost"),
    ("domains[]", "localhost"),
    ("domains[\u00e9l\u00e8ve]", r"xn--lve-6lad\.localhost"),
    ("domains[\u5929\u6c17\u306e\u826f\u3044\u65e5]",
     r"xn--n8j6ds53lwwkrqhv28a\.localhost"),
    ("domains[nonexistent]", r"nonexistent\.localhost"),
    ("hosts[alt][]", r"alt\.localhost"),
    ("hosts[alt][www]", r"www\.alt\.localhost"),
    ("ports[h2][0]", "PORT"), ("ports[https][1]", "PORT"),
    ("ports[http][0]", "PORT"), ("ports[wss][0]", "PORT"),
    ("location[scheme]", "https"), ("location[host]", "localhost:PORT"),
    ("location[hostname]", "localhost"), ("location[port]", "PORT"),
    ("location[path]", "/d/x.sub.txt"),
    ("location[pathname]", "/d/x.sub.txt"),
    ("location[query]", r"\?q=a%20b"),
    ("location[server]", "https://localhost:PORT"),
    ("headers[X-Test]", "a &amp; b"), ("headers[x-test]", "a &amp; b"),
    ("header_or_default(X-Test, other)", "a &amp; b"),
    ("header_or_default(X-None, other one)", "other one"),
    ("GET[q]", "a b"), ("uuid()", UUID), ("url_base", "/"),
    ("fs_path(y.txt)", "ROOT/d/y.txt"), ("fs_path(/y.txt)", "ROOT/y.txt"),
    ("fs_path(../y.txt)", "ROOT/y.txt"),
    ("browser_host", "localhost"),
    # What was not sent, or is unusual, but defined.
    ("GET[none]", ""), ("GET[]", ""), ("GET[\u00e9]", ""), ("GET[7]", ""),
    ("GET[a[b]", ""), ("$x:GET[none]", ""),
    ("headers[X-Empty]", ""), ("header_or_default(X-Empty, d)", ""),
    ("header_or_default(X-None,)", ""),
    ("header_or_default(X-None,  a b )", "a b "),
    ("header_or_default(X-None, {{host)", r"\{\{host"),
    ("host!", "localhost"), ("host ", "localhost"),
    ("GET[q] | x", "a b"), ("domains[www]]", r"www\.localhost"),
    ("ports[h2][-1]", "PORT"), ("ports[h2][ 0 ]", "PORT"),
    ("host[0]", "l"), ("location[scheme][-1]", "s"), ("uuid()[8]", "-"),
] + [(f"file_hash({name}, ten.txt)", re.escape(base64.b64encode(
    hashlib.new(name, TEN).digest()).decode()))
    for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512")]

# (expression, text in the response with 500).
UNKNOWN = [
    ("nothing", "unknown name nothing"), ("", "expected a name"),
    (" host", "expected a name"), ("$x:", "expected a name"),
    ("[0]", "expected a name"), ("\u0439", "\u0439"),
    ("GET[q", "GET"), ("headers[none]", "headers[none]"),
    ("headers[]", "headers[]"), ("headers[\u0439]", "headers[\u0439]"),
    ("headers", "headers"), ("header_or_default", "header_or_default(name"),
    ("header_or_default(X)", "(name, default)"),
    ("header_or_default(\u0439, d)", "\u0439"),
    ("header_or_default(X, a, b)", "(name, default)"),
    ("location", "location"), ("location[hash]", "location[hash]"),
    ("location[port][0]", "location[port][0]"),
    ("hosts[none][]", "hosts[none][]"), ("hosts[]", "hosts[]"),
    ("hosts[alt][none]", "hosts[alt][none]"),
    ("ports[none][0]", "ports[none][0]"), ("ports[h2]", "ports[h2]"),
    ("ports[h2][-9]", "ports[h2][-9]"), ("ports[h2][x]", "ports[h2][x]"),
    ("ports[h2][99999999999]", "ports[h2][99999999999]"),
    ("host[x]", "host[x]"), ("url_base[9]", "url_base[9]"),
    ("uuid()()", "uuid takes no arguments"), ("fs_path()", "(path)"),
    ("file_hash(md5, none.txt)", "cannot read"),
    ("file_hash(md5, d)", "cannot read"),
    ("domains[none]", "domains[none]"), ("ports[h2][9]", "ports[h2][9]"),
    ("ports", "ports"), ("GET", "GET"), ("uuid", "expected uuid()"),
    ("uuid(1)", "expected uuid()"), ("host(1)", "host takes no arguments"),
    ("file_hash(md4, ten.txt)", "md4"), ("file_hash(md5)", "(algorithm, path)"),
    ("file_hash(md5, ../../etc/passwd)", "cannot read"),
    ("fs_path(../../x)", "leaves the document root"),
    ("$id", "{{$id:...}}"),
]

SETTINGS = {
    "browser_host": "web.test",
    "alternate_hosts": {"alt": "other.test", "b": "b\u00fccher.test"},
    "subdomains": ["www", "\u00e9l\u00e8ve"],
    "not_subdomains": ["gone"],
    "ports": {"http": [8000, "auto"], "h2": ["auto"], "ws": [9001],
              "webtransport-h3": [7000]},
    "doc_root": None, "log_level": "debug",
    "x_own": {"name": "text", "n": 5},
}

# (expression in a file, its value with SETTINGS).
WITH = [
    ("host", "web.test"), ("domains[www]", "www.web.test"),
    ("domains[\u00e9l\u00e8ve]", "xn--lve-6lad.web.test"),
    ("domains[gone]", "gone.web.test"), ("hosts[][]", "web.test"),
    ("hosts[alt][www]", "www.other.test"),
    ("hosts[b][]", "xn--bcher-kva.test"),
    ("ports[http][0]", "8000"), ("ports[http][1]", "PORT"),
    ("ports[h2][0]", "PORT"), ("ports[ws][0]", "9001"),
    ("ports[webtransport-h3][0]", "7000"), ("ports[https][0]", "PORT"),
    ("x_own[name]", "text"), ("x_own[n]", "5"), ("server_host", "web.test"),
]

# (text of a settings file, line of the error, text of the message).
WRONG_SETTINGS = [
    ('{\n "a": 1\n "b": 2}', 3, "expected JSON"),
    ("[]", 1, "expected a JSON object"),
    ('{\n\n"browser_host": 5}', 3, '"browser_host" is 5; expected a host'),
    ('{"ports": {},\n"browser_hosst": 1}', 2, '"browser_hosst" is no setting; '
     "expected one of browser_host, server_host, alternate_hosts, "),
    ('{"x_own": 1,\n"ports": {"h2": 5}}', 2, '"ports" is {"h2": 5}'),
    ('{"ports": {"h2": [70000]}}', 1, "0 to 65535"),
    ('{"ports": {"h2": ["some"]}}', 1, '"auto"'),
    ('{"alternate_hosts": ["x"]}', 1, "an object of name to host name"),
    ('{"subdomains": "www"}', 1, "a list of labels"),
    ('{"subdomains": ["\u00e9%s"]}' % ("x" * 70), 1, "IDNA"),
    ('{\n"doc_root": "/none/such"}', 2, "command line"),
    ('{\n"ws_doc_root": "none"}', 2, '"none"; expected a directory'),
    ('{"aliases": [{"url-path": "/x/"}]}', 1, '"local-dir"'),
]


def write(root, name, content):
    """Writes a file in the document root."""
    path = os.path.join(root, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())


def message(x):
    """Returns the text of an error response."""
    try:
        return json.loads(x.body)["error"]["message"]
    except (ValueError, KeyError):
        return ""


def pipes(c):
    """The effect of each pipe on a file."""
    for query, status, body, fields in PIPES:
        path = "/ten.txt?" + query.replace(" ", "%20")
        x = c.fetch(path)
        t.eq((x.status, x.body, x.ended), (status, body, True), query)
        for name, values in fields.items():
            t.eq([v for n, v in x.headers if n == name], values,
                 f"{query}: {name}")
    for query, texts in WRONG:
        x = c.fetch("/ten.txt?" + query)
        t.ok(x.status == 500 and all(s in message(x) for s in texts),
             f"wrong {query}: 500 that says so", x)
    x = c.fetch("/big.txt?pipe=slice(100000)")
    t.eq((x.body == b"x" * 100000, x.header("content-length")),
         (True, "100000"), "slice of a large file")
    x = c.fetch("/ten.txt?pipe=gzip")
    t.eq((gzip.decompress(x.body), x.header("content-encoding"),
          x.header("content-length")), (TEN, "gzip", str(len(x.body))), "gzip")
    x = c.fetch("/ten.txt?pipe=slice(0,4)|gzip()")
    t.eq(gzip.decompress(x.body), b"0123", "gzip of a slice")
    x = c.fetch("/ten.txt?pipe=slice(1)", headers={"range": "bytes=4-6"})
    t.eq((x.status, x.body), (206, b"56"), "a range, then pipes")
    x = c.fetch("/ten.txt?pipe=trickle(2:d0.01:r2)")
    t.eq(([len(d) for d in x.data if d], x.body), ([2] * 5, TEN),
         "trickle repeats its last steps to the end")
    x = c.fetch("/ten.txt?pipe=trickle(3:d0.01:4)")
    t.eq(([len(d) for d in x.data if d], x.body), ([3, 4, 3], TEN),
         "trickle: amounts, then the rest")
    # Headers and the content before a delay are sent before the delay is over.
    x = c.request("/ten.txt?pipe=trickle(3:d600)")
    t.ok(c.wait_for(lambda: x.body == b"012") and x.status == 200
         and not x.ended, "trickle sends before it waits", x)
    c.reset(x.sid)
    x = c.request("/ten.txt?pipe=trickle(d600)")
    t.ok(c.wait_for(lambda: x.status) and not x.data,
         "trickle: the header fields come first", x)
    c.reset(x.sid)
    x = c.fetch("/ten.txt?pipe=trickle(d600)", method="HEAD")
    t.eq((x.status, x.ended, x.header("pragma")), (200, True, "no-cache"),
         "HEAD: fields of pipes, without waiting")


def scripts(c):
    """Pipes apply to the responses of scripts."""
    for name in ("script.py", "pieces.py", "inner.py"):
        x = c.fetch(f"/{name}?pipe=slice(1)|header(X-A,1)|status(201)")
        t.eq((x.status, x.body, x.header("x-a")), (201, TEN[1:], "1"),
             f"{name}: pipes apply once")
    x = c.fetch("/script.py?pipe=slice(1,3)")
    t.eq(x.header("content-length"), "2", "a right length stays right")
    t.eq(c.fetch("/errors.py?pipe=status(200)").status, 200,
         "a status that main returned is changed")
    x = c.fetch("/script.py?pipe=none()")
    t.ok(x.status == 500 and "'none'" in message(x),
         "script: an unknown pipe is a 500 that names it", x)
    x = c.fetch("/subbed.sub.py?q=%26")
    t.eq(x.body, b"localhost<&>", ".sub. in a script's name, not escaped")
    x = c.fetch("/template.py?q=%3C")
    t.eq(x.body, b"localhost&&lt;", "wptserve.pipes.template")


def names(c):
    """.sub.  in names, and which types escape values."""
    t.eq(c.fetch("/host.txt").body, b"{{host}}", "no .sub., no substitution")
    t.eq(c.fetch("/host.txt?pipe=sub").body, b"localhost", "?pipe=sub")
    t.eq(c.fetch("/host.sub.txt?q=%3C").body, b"localhost <",
         ".sub.txt: not escaped")
    x = c.fetch("/a.sub.any.js")
    t.eq((x.body, x.header("content-length")), (b"localhost", "9"),
         ".sub. anywhere in the name; the length fits")
    for path, want in (("/q.sub.html", b"&lt;&quot;&amp;"),
                       ("/q.sub.svg", b"&lt;&quot;&amp;"),
                       ("/q.sub.js", b'<"&')):
        t.eq(c.fetch(path + "?q=%3C%22%26").body, want, f"{path}: escaping")
    for pipe, want in (("sub", b"&lt;"), ("sub(none)", b"<"),
                       ("sub(html)", b"&lt;")):
        t.eq(c.fetch(f"/q.html?q=%3C&pipe={pipe}").body, want,
             f"{pipe} of a page")
    t.eq(c.fetch("/q.sub.js?q=x&pipe=slice(0,1)|sub(html)").body, b"x",
         ".sub. first, then ?pipe")
    t.eq(c.fetch("/twice.sub.txt?q={{host}}").body, b"{{host}}",
         "a value is not substituted in again")
    t.eq(c.fetch("/q.sub.js?q=%C3%A9").body, b"\xc3\xa9", "octets of UTF-8")
    x = c.fetch("/octets.sub.txt")
    t.eq(x.body, b"\xff\x00localhost\xfe{} %d }}" % c.port,
         "octets that are no text stay")
    x = c.fetch("/var.sub.txt")
    found = x.body.decode().split()
    t.ok(len(found) == 3 and found[0] == found[1] != found[2]
         and re.fullmatch(UUID, found[0]), "{{$name:...}} keeps a value", x)


def values(c, root):
    """The value of each expression without settings."""
    for expression, want in WITHOUT:
        write(root, "d/x.sub.txt", "<{{%s}}>" % expression)
        x = c.fetch("/d/x.sub.txt?q=a%20b", headers={"x-test": "a & b",
                                                          "x-empty": ""})
        want = want.replace("PORT", str(c.port)).replace(
            "ROOT", re.escape(root)).replace("&amp;", "&")
        t.ok(x.status == 200 and re.fullmatch(f"<{want}>", x.body.decode()),
             f"{{{{{expression}}}}}", x)
    for expression, text in UNKNOWN:
        write(root, "d/x.sub.txt", "{{%s}}" % expression)
        x = c.fetch("/d/x.sub.txt")
        t.ok(x.status == 500 and text in message(x) and "{{" in message(x),
             f"{{{{{expression}}}}}: 500 that names it", x)


def settings(root, folder):
    """--config sets the values of expressions."""
    path = os.path.join(folder, "config.json")
    with open(path, "w") as f:
        json.dump(SETTINGS, f)
    with Server(root, "--config", path) as s, Client(s.port) as c:
        for expression, want in WITH:
            write(root, "d/x.sub.txt", "{{%s}}" % expression)
            x = c.fetch("/d/x.sub.txt")
            t.eq(x.body.decode(), want.replace("PORT", str(s.port)),
                 f"--config: {{{{{expression}}}}}")
    for text, line, reason in WRONG_SETTINGS:
        with open(path, "w") as f:
            f.write(text)
        done = subprocess.run(
            [program(), "--port", "0", "--bind", "127.0.0.1", "--config",
             path, root], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=tap.scaled(60), check=False)
        log = done.stderr.decode()
        t.ok(done.returncode == 78 and reason in log
             and f"config.json, line {line}:" in log,
             f"--config {text!r:.50}: exit status 78, line and reason",
             f"{done.returncode}\n{log}")


with tempfile.TemporaryDirectory() as folder:
    ROOT = os.path.join(os.path.realpath(folder), "root")
    for file, octets in FILES.items():
        write(ROOT, file, octets)
    with Server(ROOT, "--log-level", "debug") as server:
        with Client(server.port) as client:
            pipes(client)
            scripts(client)
            names(client)
            values(client, ROOT)
    settings(ROOT, folder)
t.done()
