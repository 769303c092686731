#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the requests that the server makes to itself before clients come:
clients find no trace of them, nor of errors in them."""
import json
import os
import re
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import Client
from server import Server, copy_program

t = tap.Tap()
DIR = tempfile.mkdtemp(prefix="h2rig-warm-")
DOCROOT = os.path.join(DIR, "docroot")
LATENCY_MS = 50

# Files with the same names as those that the server requests from itself.
FILES = {
    "docroot/small.py": "def main(request, response):\n"
                        "    return 'own small'\n",
    "docroot/script.py": "import helper, json\n"
                         "def main(request, response):\n"
                         "    return json.dumps([request.doc_root,\n"
                         "        helper.NAME, request.url_parts.query,\n"
                         "        response.headers.get('X-Warm')])\n",
    "docroot/helper.py": "NAME = 'own helper'\n",
    "docroot/file.txt": "own file",
    "alias/file.txt": "of an alias",
    "routes.py": "routes = [('GET', '/route', lambda q, r: 'of a route')]\n",
}

OPTIONS = ["--log-level", "debug", "--latency", str(LATENCY_MS),
           "--alias", f"/alias/={DIR}/alias",
           "--routes", os.path.join(DIR, "routes.py")]

NO_DESCRIPTORS = """
import resource
_begin, _end = begin, end
def begin():
    global _limit
    _limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    requests = _begin()
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, _limit[1]))
    return requests
def end():
    resource.setrlimit(resource.RLIMIT_NOFILE, _limit)
    _end()
"""

HALF_BEGUN = """
_begin = begin
def begin():
    _begin()
    raise RuntimeError('half begun')
"""

# (name, file of the package, text that is added to it, warning in the log).
CASES = [
    ("all is well", None, "", None),
    ("an import raises", "wsproto.py", "raise RuntimeError('broken')\n",
     r"RuntimeError\('broken'\)"),
    ("no connection can be made", "h2rig/server/warm_up.py", NO_DESCRIPTORS,
     r"OSError\(\d+, 'Too many open files'\)"),
    ("it does not begin", "h2rig/server/warm_up.py", HALF_BEGUN,
     r"RuntimeError\('half begun'\)"),
]


def write(path, text, mode="w"):
    """Writes a file below DIR, and makes its directory."""
    path = os.path.join(DIR, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="ascii") as f:
        f.write(text)


def answers(s):
    """Returns the responses that a connection gets."""
    with Client(s.port) as c:
        began = time.monotonic()
        small = c.fetch("/small.py").body
        slow = time.monotonic() - began >= LATENCY_MS / 1000
        return {"small": small, "latency": slow,
                "script": json.loads(c.fetch("/script.py?a").body),
                "file": c.fetch("/file.txt").body,
                "alias": c.fetch("/alias/file.txt").body,
                "route": c.fetch("/route").body}


WANT = {"small": b"own small", "latency": True,
        "script": [DOCROOT, "own helper", "a", []],
        "file": b"own file", "alias": b"of an alias", "route": b"of a route"}


def of_spare(s):
    """Returns answers(s) if a spare child gave them, else None."""
    def count():
        return len(re.findall(r"debug: spare \d+ serves ", s.log()))
    before = count()
    got = answers(s)
    return got if count() > before else None


def case(name, file, text, warning):
    """Runs a server with this change, and tests responses and warning."""
    directory = os.path.join(DIR, "program")
    path = copy_program(directory)
    if file:
        write(os.path.join(directory, "python", file), text, "a")
    for extra in [], ["--spare", "1"]:
        label = " ".join([name] + extra)
        s = Server(DOCROOT, *OPTIONS, *extra)
        s.argv[0] = path
        with s:
            got = tap.wait_until(lambda: of_spare(s)) if extra else answers(s)
            t.eq(got, WANT, f"{label}: what clients get")
            said = s.wait_log("warn: rehearsing requests: " + warning) \
                if warning else "rehearsing" not in s.log()
            t.ok(said, f"{label}: what is said of it", s.log()[:3000])
    shutil.rmtree(directory)


try:
    for relative, source in FILES.items():
        write(relative, source)
    for row in CASES:
        case(*row)
finally:
    shutil.rmtree(DIR, ignore_errors=True)
t.done()
