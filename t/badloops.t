#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests doc/clients: each client that is installed runs three cases of
h2bad, one of which is armed, and has their verdicts.  A client without
a report is named."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap                                                      # noqa: E402
from server import program                                      # noqa: E402

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENTS = os.path.join(HERE, "..", "doc", "clients")
CASES = ["good", "ping-wrong-length", "settings-push-enabled"]


def runs(*argv):
    """Returns whether a program is installed and the command argv succeeds."""
    return bool(shutil.which(argv[0])) and subprocess.run(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, check=False,
        timeout=tap.scaled(60)).returncode == 0


#: {start of a client's name in its report: whether it is installed}.
KNOWN = {
    "curl": runs("curl", "--http2", "--version"),
    "nghttp": runs("nghttp", "--version"),
    "python3-h2": runs(sys.executable, "-c", "import h2"),
    "httpx": runs(sys.executable, "-c", "import h2, httpx"),
    "Go net/http": runs("go", "version"),
    "PHP": runs("php", "-r", "exit(extension_loaded('curl') ? 0 : 1);"),
    "Rust": runs("cargo", "--version")
    and bool(glob.glob("/usr/share/cargo/registry/reqwest-*")),
    "Node http2": runs("node", "--version"),
    "Node fetch": runs("node", "--version"),
    "Perl": runs("perl", "-MProtocol::HTTP2", "-MIO::Socket::SSL", "-e1"),
    "Ruby": runs("ruby", "-e", "require 'http/2'"),
    "Java": runs("javac", "--version"),
    "Chromium": runs("chromium", "--version") and runs("curl", "--version"),
    "Mozilla Firefox": runs("firefox-esr", "--version")
    and bool(shutil.which("certutil")) and runs("curl", "--version"),
}

t = tap.Tap()


def run(work):
    """Runs all clients by run.sh.  Returns its exit status, its output and
    {client: {case: verdict}}."""
    out = os.path.join(work, "out")
    p = subprocess.Popen(
        [os.path.join(CLIENTS, "run.sh"), H2BAD, out, *CASES],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, start_new_session=True,
        env={**os.environ, "PYTHON": sys.executable, "JOBS": "1",
             "GOCACHE": os.path.join(work, "cache"), "GO111MODULE": "off"})
    try:
        # Rust has to compile about a hundred of Debian's crates.
        said = p.communicate(timeout=tap.scaled(
            2400 if KNOWN["Rust"] else 400))[0].decode()
    finally:
        try:
            os.killpg(p.pid, signal.SIGKILL)    # start_new_session
        except ProcessLookupError:
            pass
    found = {}
    for path in glob.glob(os.path.join(out, "*", "*", "report.json")):
        with open(path, encoding="utf-8") as f:
            report = json.load(f)
        found[report["client"]] = {
            c["name"]: c["verdict"] for c in report["cases"]}
    return p.returncode, said, found


def broken(work):
    """h2bad cannot run a client."""
    path, stub = os.path.join(work, "path"), os.path.join(work, "stub")
    os.mkdir(path)
    for each in "curl", "dirname", "grep", "head", "mkdir", "mktemp", "rm", \
            "sh", "tail":
        os.symlink(shutil.which(each), os.path.join(path, each))
    with open(stub, "w", encoding="utf-8") as f:
        f.write("#!/bin/sh\n[ $1 = report ] || echo h2bad: no port >&2\n"
                "[ $1 = report ] || exit 71")
    os.chmod(stub, 0o755)
    p = subprocess.run([os.path.join(CLIENTS, "run.sh"), stub,
                        os.path.join(work, "none")], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       env={"PATH": path}, check=False)
    t.ok(p.returncode == 1 and re.search(
        rb"^curl [0-9.]+: exit status 71: h2bad: no port$", p.stdout, re.M),
        "a client that cannot be run: its name, why, and status 1",
        f"{p.returncode} {p.stdout}")


def check(said, found):
    for name, installed in KNOWN.items():
        if not installed:
            t.skip(name, "is not installed")
            continue
        full = [each for each in found if each.startswith(name)]
        if not t.eq(len(full), 1, f"{name}: a report"):
            print("# " + said.replace("\n", "\n# "))
            continue
        verdicts = found[full[0]]
        t.ok(re.search(r"\d", full[0]), f"{name}: with its version", full[0])
        t.eq(sorted(verdicts), sorted(CASES), f"{name}: all cases")
        # On a busy machine, a browser may make its next request on another
        # connection: then the verdict is tolerated.
        t.ok(verdicts.get("good") in ("pass", "tolerated"), f"{name}: good",
             verdicts)
        t.ok(verdicts.get("ping-wrong-length") in ("pass", "tolerated"),
             f"{name}: ping-wrong-length", verdicts)
        t.ok(verdicts.get("settings-push-enabled") in ("pass", "tolerated",
                                                       "fail"),
             f"{name}: settings-push-enabled has a verdict", verdicts)


work = tempfile.mkdtemp(prefix="h2bad-loops-")
try:
    status, said, found = run(work)
    check(said, found)
    t.eq(status, 0, "all are whole")
    if KNOWN["curl"]:
        broken(work)
    with open(os.path.join(work, "out", "matrix.html"), encoding="utf-8") as f:
        page = f.read()
    t.ok(all(each in page for each in found), "the matrix has all of them")
finally:
    shutil.rmtree(work, ignore_errors=True)
t.done()
