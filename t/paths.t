#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests paths that try to leave the document root or an alias: each gets
404, for files, scripts, literal responses and listings.  Also tests files
beside files that lead out or would block their reader, and paths that might
show a script's text."""
import os
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server                                       # noqa: E402

t = tap.Tap()

# The names that are requested at the end of each way out.
NAMES = ["secret.txt", "secret.py", "secret.asis", "", "%73ecret.txt"]

# The folder has OUT (a directory outside, with the secrets) and ROOT (the
# document root) side by side; ABS is OUT's absolute path without its slash.
WAYS = [
    # dots
    "/../OUT/", "/../../../../../../../../../../ABS/", "/in/../../OUT/",
    "/in/../in/../../OUT/", "/./../OUT/", "/.../../OUT/", "/..../../OUT/",
    "/in/..//../OUT/", "//../OUT/", "/..//OUT/", "/in/.././../OUT/",
    # encoded dots
    "/%2e%2e/OUT/", "/%2E%2E/OUT/", "/.%2e/OUT/", "/%2e./OUT/",
    "/in/%2e%2e/%2e%2e/OUT/", "/%2e/%2e%2e/OUT/",
    # encoded slashes
    "/..%2fOUT/", "/..%2FOUT%2F", "/%2e%2e%2fOUT%2f", "/%2f..%2fOUT/",
    "/in%2f..%2f..%2fOUT/", "/in/..%2f../OUT/",
    # twice encoded, and what some decoders make of it
    "/%252e%252e/OUT/", "/%252e%252e%252fOUT/", "/%%32%65%%32%65/OUT/",
    "/%25%32%65%25%32%65/OUT/",
    # overlong and other spellings of dot and slash
    "/%c0%ae%c0%ae/OUT/", "/%c0%ae%c0%ae%c0%afOUT/", "/..%c0%afOUT/",
    "/%e0%80%ae%e0%80%ae/OUT/", "/%f0%80%80%ae%f0%80%80%ae/OUT/",
    "/%uff0e%uff0e/OUT/", "/%ef%bc%8e%ef%bc%8e/OUT/", "/..%ef%bc%8fOUT/",
    # separators of other systems
    "/..\\OUT/", "/..%5cOUT/", "/%2e%2e%5cOUT%5c", "/in\\..\\..\\OUT/",
    # absolute
    "ABS/", "/ABS/", "//ABS/", "///ABS/", "/%2fABS/", "/%2FABS/",
    "/file:///ABS/", "/~root/", "/proc/self/root/ABS/",
    # parameters and odd ends
    "/..;/OUT/", "/;/../OUT/", "/in;x=1/../../OUT/", "/..;a=b/OUT/",
    "/.. /OUT/", "/..%20/OUT/", "/..%09/OUT/", "/..%0a/OUT/", "/..%0d/OUT/",
    # NUL
    "/..%00/OUT/", "/in%00/../../OUT/", "/%00/../OUT/", "/..%00../OUT/",
    "/%00ABS/", "/in/%00/",
    # symbolic links
    "/in/link/", "/in//link/", "/in/./link/", "/in/%6cink/", "/in%2flink/",
    "/in/link/./", "/in/link//", "/link2/", "/link3/", "/in/up/OUT/",
    "/in/link/../link/", "/loop/",
    # edges of the alias /al, which is below the folder too
    "/al/../OUT/", "/al..//OUT/", "/al../OUT/", "/al/..%2fOUT/",
    "/al/%2e%2e/OUT/", "/al/../../OUT/", "/al%2f../OUT/", "/al/link/",
    "/alOUT/", "/al/./../OUT/", "//al/../OUT/", "/al//../OUT/", "/al;/../OUT/",
    "/al/ABS/", "/al//ABS/",
    # edges of the root itself
    "/../ROOT2/", "/../ROOT", "/..", "/../", "/%2e%2e", "/%2e%2e/",
]

# Whole paths, which no name follows.
WHOLE = [
    "/in/secret.txt", "/in/secret.py", "/in/secret.asis", "/in/hard/../..",
    "/in/link", "/in/file.txt/../../../OUT/secret.txt",
    "/in/file.txt%00.txt", "/in/file.txt%00", "/file.py%00.txt",
    "/in/file.txt/", "/in/file.txt/x", "/in/file.txt/..", "/file.py/",
    "/file.py/x.py", "/in/none.txt", "/index.html/../../OUT/secret.txt",
    "/indexed/", "/in/fifo", "*", "", "in/file.txt", "http:/in/file.txt",
    "../OUT/secret.txt", "?/../OUT/secret.txt", "/dangling.txt",
    "/al/secret.txt", "/dev/null", "/etc/passwd", "//etc/passwd",
    "/proc/self/environ", "/.h2rig",
]


def fill(folder):
    """Makes OUT, ROOT, ROOT2 and the alias's directory, with
    links between them."""
    for name in ("OUT", "ROOT/in", "ROOT2", "AL", "ROOT/indexed"):
        os.makedirs(os.path.join(folder, name))
    for place in ("OUT", "ROOT2"):
        for name, text in (
                ("secret.txt", "SECRET"),
                ("secret.py", "def main(a, b):\n    return 'SECRET'\n"),
                ("secret.asis", "HTTP/1.1 200 OK\n\nSECRET")):
            with open(os.path.join(folder, place, name), "w") as f:
                f.write(text)
    for name, text in (("in/file.txt", "inside"),
                       ("file.py", "def main(a, b):\n    return 'inside'\n"),
                       ("index.html", "inside")):
        with open(os.path.join(folder, "ROOT", name), "w") as f:
            f.write(text)
    with open(os.path.join(folder, "AL", "file.txt"), "w") as f:
        f.write("aliased")
    out = os.path.join(folder, "OUT")
    for target, name in (
            (out, "ROOT/in/link"), ("../OUT", "ROOT/link2"),
            ("in/link", "ROOT/link3"), ("../..", "ROOT/in/up"),
            ("loop", "ROOT/loop"), (out + "/secret.txt", "ROOT/in/secret.txt"),
            (out + "/secret.py", "ROOT/in/secret.py"),
            (out + "/secret.asis", "ROOT/in/secret.asis"),
            (out + "/secret.txt", "ROOT/indexed/index.html"),
            (out + "/none.txt", "ROOT/dangling.txt"), (out, "AL/link"),
            ("../OUT/secret.txt", "AL/secret.txt"),
            ("in/file.txt", "ROOT/inside.txt"), ("in", "ROOT/inner")):
        os.symlink(target, os.path.join(folder, name))
    os.mkfifo(os.path.join(folder, "ROOT/in/fifo"))


def attempts(c, folder):
    """Requests all of these paths on one connection."""
    paths = [way + name for way in WAYS for name in NAMES] + WHOLE
    served = []
    for path in paths:
        path = path.replace("ABS", folder + "/OUT").replace(
            "//" + folder, "/" + folder)
        x = c.request(path)
        served.append((path, x))
        if len(c.streams) % 50 == 0:
            c.wait_for(lambda: all(y.done for _, y in served))
    c.wait_for(lambda: all(y.done for _, y in served))
    for way in WAYS + ["whole"]:
        wrong = []
        for path, x in served[:len(NAMES)] if way != "whole" else served:
            # A path that does not begin with a slash or has a space is
            # malformed (RFC 9113 §8.3.1).
            malformed = not path.startswith("/") or " " in path
            if not (x.status == 404 or malformed and x.status is None
                    and x.reset == 1):
                wrong.append((path, x))
            elif b"SECRET" in x.body or b"secret" in x.body.lower():
                wrong.append((path, x))
        del served[:len(NAMES)]
        t.ok(not wrong, f"404: {way}", wrong[:3])


# (path, file that the server also reads for it, status if that file is a FIFO
# or a link out of the root).
BESIDE = [
    ("plain.txt", "plain.txt.headers", 500),
    ("plain.txt", "plain.txt.sub.headers", 500),
    ("plain.txt", "__dir__.headers", 500),
    ("plain.txt", "__dir__.sub.headers", 500),
    ("hash.sub.txt", "hashed.txt", 500),
    ("literal.asis", "literal.asis", 404),
    ("script.py", "script.py", 404),
    ("t.any.html", "t.any.js", 404),
    ("t.any.worker.js", "t.any.js", 404),
    ("t.any.html", "t.any.js.headers", 500),
    ("", "index.html", 404),
    ("s", "s_wsh.py", 404),
]


def is_fifo(path, _):
    """The file beside is one that nobody writes to."""
    os.mkfifo(path)


def leads_out(path, secret):
    """... is a link to a file that is not in the document root."""
    os.symlink(secret, path)


def leads_in(path, _):
    """... is a link to a file that is."""
    with open(os.path.join(os.path.dirname(path), "target"), "w") as f:
        f.write("X-In: side\n")
    os.symlink("target", path)


def leads_nowhere(path, _):
    """... is a link to nothing."""
    os.symlink("none", path)


def is_directory(path, _):
    """... is a directory."""
    os.mkdir(path)


def status_of(kind, path, name, status):
    """Returns the status of the response.  A link within the root counts as
    its target; a dangling link or a directory counts as no file."""
    if kind in (is_fifo, leads_out):
        return status
    if kind is leads_in:
        return {"literal.asis": 500, "script.py": 500, "s": 500}.get(path, 200)
    if name == "t.any.js" or path in ("literal.asis", "script.py", "s"):
        return 404
    return 500 if path == "hash.sub.txt" else 200


def beside(folder):
    """Each file of BESIDE in each of those forms, in its own directory."""
    root = os.path.join(folder, "BESIDE")
    secret = os.path.join(folder, "secret.headers")
    with open(secret, "w") as f:
        f.write("X-Out: SECRET\nSECRET SECRET\n")
    cases = [(kind, *case) for case in BESIDE for kind in (
        is_fifo, leads_out, leads_nowhere, is_directory, leads_in)]
    for i, (kind, _, name, _) in enumerate(cases):
        place = os.path.join(root, str(i))
        os.makedirs(place)
        for other, text in (("plain.txt", "plain"), ("t.any.js", ""),
                            ("hash.sub.txt", "{{file_hash(md5, /%d/hashed.txt)"
                             "}}" % i)):
            if other != name:
                with open(os.path.join(place, other), "w") as f:
                    f.write(text)
        kind(os.path.join(place, name), secret)
    with Server(root, "--wpt", "--hide-tracebacks") as s, Client(
            s.port) as c:
        for i, (kind, path, name, status) in enumerate(cases):
            status = status_of(kind, path, name, status)
            x = fetch_beside(c, f"/{i}/{path}")
            t.ok(x.status == status and "SECRET" not in f"{x.headers}{x.body}",
                 f"{name} {kind.__doc__.strip('. ')}: {path}: {status}", x)
            if kind is leads_in and status == 200 and "headers" in name:
                t.eq(x.header("x-in"), "side", f"{name}: its fields are sent")
        t.eq(c.fetch("/0/none", timeout=30).status, 404,
             "and then others are answered")


def fetch_beside(c, path):
    """Requests a file, or opens a WebSocket."""
    if not path.endswith("/s"):
        return c.fetch(path, timeout=30)
    x = c.open(path, "CONNECT", [(":protocol", "websocket"),
                                 ("sec-websocket-version", "13")])
    c.wait_for(lambda: x.status is not None or x.done)
    return x


SCRIPT = """# SOURCE
def main(request, response):
    return "ran " + request.request_path
"""

SCRIPT_ROUTES = """
import os
from h2rig.handlers import *
HERE = os.path.dirname(os.path.abspath(__file__)) + "/SCRIPTS"
routes = [
    ("any", "/file/*", FileHandler(HERE, "/file")),
    ("any", "/dir/*", DirectoryHandler(HERE, "/dir")),
    ("any", "/asis/*", AsIsHandler(HERE, "/asis")),
    ("any", "/auth/*", BasicAuthHandler(FileHandler(HERE, "/auth"), None, "")),
    ("any", "/all/*", file_handler),
    ("any", "/basic/*", basic_auth_handler),
]
rewrites = [
    ("*", "/to", "/all.py"), ("*", "/query", "/all.py?q=x&r=%41"),
    ("*", "/question", "/all.py?"), ("*", "/slash", "/all.py/"),
    ("*", "/encoded", "/all%2epy"), ("*", "/mark", "/all.py%3Fq"),
    ("*", "/double", "//all.py"), ("*", "/fragment", "/all.py#x"),
    ("*", "/routed", "/file/all.py"), ("*", "/linked", "/linked.txt"),
    ("*", "/up.py", "/other.txt?up"),
]
"""

# Names that are requested below a prefix.
SCRIPT_NAMES = [
    "all.py", "all%2epy", "all%2Epy", "%61ll.py", "all.p%79", "all.py?",
    "all.py?q", "all.py%3f", "all.py%3Fq", "all.py#", "all.py%23", "all.py/",
    "all.py//", "all.py/.", "all.py%2f", "all.py/x", "all.py/x.py",
    "all.py/x.txt", "all.py.", "all.py%20", "all.py..", "all.py%00",
    "all.py%00.txt", "all.py;x", "all.py::$DATA", "ALL.PY", "all.Py",
    "all.pY", "aLL.py", "./all.py", "./././all.py", "//all.py", ".//all.py",
    "in/all.py", "in/./all.py", "in//all.py", "all.py.headers",
    "all.py.sub.headers", "all.sub.py", "sub.sub.txt", "s_wsh.py", "s_wsh",
    "linked.txt", "linked.html", "linked.any.js", "linked.any.html",
    "linked.asis", "linked", "inlink/all.py", "inlink/all.py/",
    "indexed/", "indexed/index.html", "headed.txt", "upper.PY", "broken.py",
    "", "in/", "__pycache__/", "inlink/",
]

SCRIPT_REQUESTS = [
    ("GET", {}), ("HEAD", {}), ("OPTIONS", {}), ("POST", {}), ("PUT", {}),
    ("WEIRD", {}), ("GET", {"range": "bytes=0-30"}),
    ("GET", {"range": "bytes=0-5,10-20"}),
    ("GET", {"authorization": "Basic eDo="}),
]


def scripts(folder):
    """No path shows a script's text."""
    root = os.path.join(folder, "SCRIPTS")
    os.makedirs(os.path.join(root, "in"))
    os.makedirs(os.path.join(root, "indexed"))
    for name in ("all.py", "in/all.py", "all.sub.py", "s_wsh.py", "upper.PY"):
        with open(os.path.join(root, name), "w") as f:
            f.write(SCRIPT)
    with open(os.path.join(root, "broken.py"), "w") as f:
        f.write("SOURCE SOURCE (\n")
    for name, text in (("headed.txt", "head"), ("other.txt", "other"),
                       ("sub.sub.txt", "{{fs_path(all.py)}} "
                        "{{file_hash(md5, /all.py)}}")):
        with open(os.path.join(root, name), "w") as f:
            f.write(text)
    for name in ("linked.txt", "linked.html", "linked.any.js", "linked.asis",
                 "linked", "headed.txt.headers", "indexed/index.html"):
        os.symlink(root + "/all.py", os.path.join(root, name))
    os.symlink("in", os.path.join(root, "inlink"))
    routes = os.path.join(folder, "routes.py")
    with open(routes, "w") as f:
        f.write(SCRIPT_ROUTES)
    with Server(root, "--hide-tracebacks", "--wpt", "--routes", routes,
                "--alias", f"/alias/={root}") as s, Client(s.port) as c:
        for prefix in ("/", "/alias/", "/file/", "/dir/", "/asis/", "/auth/",
                       "/all/", "/basic/", "/alias/../", "//"):
            for method, fields in SCRIPT_REQUESTS:
                reach(c, prefix, SCRIPT_NAMES, method, fields)
            reach(c, prefix, [name.partition("#")[0]
                              + ("&" if "?" in name else "?") + "pipe=" + pipe
                              for name in SCRIPT_NAMES
                              for pipe in ("sub", "slice(0,20)",
                                           "trickle(9)")], "GET", {})
        for method, fields in SCRIPT_REQUESTS:
            reach(c, "/", ["to", "query", "question", "slash", "encoded",
                           "mark", "double", "fragment", "routed", "linked",
                           "query?a=b", "slash/"], method, fields)
        for path, body in (
                ("/to", b"ran /all.py"), ("/to?a=b", b"ran /all.py?a=b"),
                ("/query", b"ran /all.py?q=x&r=%41"),
                ("/query?a=b", b"ran /all.py?q=x&r=%41&a=b"),
                ("/question", b"ran /all.py"), ("/encoded", b"ran /all%2epy"),
                ("/double", b"ran //all.py"), ("/up.py", b"other")):
            x = c.fetch(path)
            t.eq((x.status, x.body), (200, body), f"rewritten: {path}")
        x = c.fetch("/file/all.py")
        t.ok(x.status == 404 and b"is run, not sent" in x.body,
             "a FileHandler says why it does not send a script", x)
    with Server(root) as s, Client(s.port) as c:
        # A kept response for a file is not sent after its link
        # leads to a script.
        link = os.path.join(root, "changing.txt")
        os.symlink("other.txt", link)
        for _ in range(3):
            x = c.fetch("/changing.txt")
        t.eq((x.status, x.body), (200, b"other"), "a link to a file is sent")
        os.unlink(link)
        os.symlink("all.py", link)
        x = c.fetch("/changing.txt")
        t.ok(x.status == 404 and b"SOURCE" not in x.body,
             "... and not once it leads to a script", x)


def reach(c, prefix, names, method, fields):
    """Requests all names at the same time.  No response may
    have a script's text."""
    xs = []
    for i in range(0, len(names), 50):
        some = [(name, c.request(prefix + name, method=method, headers=fields))
                for name in names[i:i + 50]]
        c.wait_for(lambda: all(x.done for _, x in some))
        xs += some
    wrong = [(name, x) for name, x in xs if not x.done or c.end
             or "SOURCE" in f"{x.headers}{x.body}" or b"def main" in x.body]
    t.ok(not wrong, f"no script's text: {method} {prefix} {fields} "
         f"({len(names)} ways)", wrong[:3])


with tempfile.TemporaryDirectory() as tmp:
    FOLDER = os.path.realpath(tmp)
    fill(FOLDER)
    with Server(os.path.join(FOLDER, "ROOT"), "--hide-tracebacks",
                "--alias", f"/al={FOLDER}/AL") as server:
        with Client(server.port) as client:
            attempts(client, FOLDER)
            for good, text in (("/in/file.txt", b"inside"),
                               ("/inside.txt", b"inside"),
                               ("/inner/file.txt", b"inside"),
                               ("/file.py", b"inside"), ("/", b"inside"),
                               ("//in//file.txt", b"inside"),
                               ("/in/%66ile.txt", b"inside"),
                               ("/al/file.txt", b"aliased")):
                y = client.fetch(good)
                t.eq((y.status, y.body), (200, text), f"200: {good}")
    beside(FOLDER)
    scripts(FOLDER)
t.done()
