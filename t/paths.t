#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Paths that try to get out of the document root or of an alias: each is a
404, for files, scripts, literal responses and listings."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server                                       # noqa: E402

t = tap.Tap()

# What is asked for at the end of each way out.
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

# By itself, not followed by a name.
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
    """OUT, ROOT, ROOT2 and the alias's directory, links between them."""
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
    """All of them on one connection."""
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
            # No path at all, none that begins with a slash, or one with a
            # space is refused as malformed (RFC 9113 section 8.3.1).
            malformed = not path.startswith("/") or " " in path
            if not (x.status == 404 or malformed and x.status is None
                    and x.reset == 1):
                wrong.append((path, x))
            elif b"SECRET" in x.body or b"secret" in x.body.lower():
                wrong.append((path, x))
        del served[:len(NAMES)]
        t.ok(not wrong, f"404: {way}", wrong[:3])


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
t.done()
