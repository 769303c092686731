#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the examples of h2bad(1) do what they say.  It runs them with
fewer cases, and with ports that are free."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import badserving                                               # noqa: E402
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402

BIN = os.path.dirname(badserving.H2BAD)
#: A client that is correct.
GOOD = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"), "--mode",
        "good"]

t = tap.Tap()


def shell(text):
    """Runs text in the scratch directory.  Returns
    (status, output, errors)."""
    p = subprocess.run(
        ["sh", "-ec", text], cwd=work, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
        timeout=tap.scaled(120), env={**os.environ, "PATH":
                                      BIN + os.pathsep + os.environ["PATH"]})
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def program(name, text):
    """Writes a program into the scratch directory."""
    path = os.path.join(work, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o755)


def run_curl(text):
    """The first command: h2bad run with curl."""
    _, out, err = shell(text.replace("h2bad run ", "h2bad run good ping "))
    return re.findall(r"^ok \d - (good|ping)", out, re.M) == ["good", "ping"], \
        out + err


def loop(text):
    """The loop that fits any language, with curl."""
    with badserving.Serving(t, os.path.join(work, "served"), os.path.join(
            work, "ca.pem")) as s:
        status, out, err = shell(text.replace("8443", str(s.control)).replace(
            "client=curl", "client=curl&cases=good,ping").replace(
                "--max-time 5", f"--max-time {tap.scaled(60)}"))
    return status == 0 and len(re.findall(r"^ok \d - (good|ping)", out,
                                          re.M)) == 2, out + err


def field_blocks(text):
    """The example for a library that decodes field blocks."""
    program("client.py", "import os, sys\nos.execv(%r, %r + sys.argv[1:])\n" % (
        GOOD[0], GOOD))
    status, out, err = shell(text.replace("hpack-*", "hpack-size-*"))
    return status == 0 and "ok 2 - hpack-size-" in out, out + err


def baseline(text):
    """The example for continuous integration."""
    program("client", '#!/bin/sh\nexec %s "$@"\n' % " ".join(GOOD))
    status, out, err = shell(text.replace("h2bad run ", "h2bad run good ping "))
    return status == 0 and {"client.baseline", "h2bad.xml"} <= set(
        os.listdir(work)), out + err


def one(text):
    """The example that needs two terminals."""
    first, second = text.replace("8444", "$port").split("\ncurl ")
    status, out, err = shell(
        f"{first} --port 0 >said & until port=$(sed -n 's/.*localhost:"
        "\\([0-9]*\\).*/\\1/p' said) && [ \"$port\" ]; do kill -0 $!; sleep .1; "
        f"done\ncurl -s {second} || :; wait $!; cat said")
    return status in (0, 1) and "\nverdict " in out, out + err


#: How each display begins, and the function that runs it.
EXAMPLES = (("h2bad run -- curl", run_curl), ("B=https", loop),
            ("h2bad run 'hpack-*'", field_blocks),
            ("h2bad run --update-expect", baseline), ("h2bad one", one))


def examples():
    """Runs all examples."""
    found = [e for e in manpages.examples("h2bad.1")
             if re.match("h2bad [a-z]+ |B=|curl ", e.text)]
    t.eq(len(found), len(EXAMPLES) + 1, "each example is run here")
    for begin, run in EXAMPLES:
        at = next(i for i, e in enumerate(found) if e.text.startswith(begin))
        good, said = run("".join(e.text for e in found[
            at:at + (2 if run is one else 1)]).rstrip("\n"))
        t.ok(good, f"{found[at]}", said)


work = tempfile.mkdtemp(prefix="h2bad-examples-")
try:
    if shutil.which("curl"):
        examples()
    else:
        t.skip("the examples", "no curl")
finally:
    shutil.rmtree(work, ignore_errors=True)
t.done()
