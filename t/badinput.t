#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what h2bad says to bad input, and when it cannot write."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap
from server import program

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode"]

t = tap.Tap()
work = tempfile.mkdtemp(prefix="h2bad-input-")


def at(*names):
    return os.path.join(work, *names)


def h2bad(*argv):
    """Runs h2bad.  Returns (status, output, errors)."""
    p = subprocess.run([H2BAD, *argv], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       cwd=work, timeout=tap.scaled(120), check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def bad_input():
    with open(at("unknown"), "w", encoding="ascii") as f:
        f.write("# a baseline\ngudd fail\n")
    for name, argv, want, words in (
            ("no command", ("run",), 64, "no command"),
            ("an unknown glob", ("run", "nope-*", "--", "true"), 64,
             "'nope-*'"),
            ("an unknown case", ("show", "nope"), 64, "'nope'"),
            ("an unknown case to serve", ("one", "nope"), 64, "'nope'"),
            ("a command that is not there",
             ("run", "good", "--", "/no/such/client"), 64, "/no/such/client"),
            ("a client that never connects",
             ("run", "good", "--", "sh", "-c", "echo out of order"), 77,
             "out of order"),
            ("a command that is no program",
             ("run", "good", "--", "/etc/passwd"), 64,
             "/etc/passwd: not a program that can be run"),
            ("all cases left out",
             ("run", "--exclude", "*", "--", "true"), 64,
             "no case is left without '*'"),
            ("an exit status that is none",
             ("run", "--crash-exit", "300", "--", "true"), 64, "'300'"),
            ("an unknown case in a baseline",
             ("run", "good", "--expect", at("unknown"), "--", "true"), 78,
             at("unknown") + ":2: gudd: expected the name of a case"),
            ("a need that is none",
             ("run", "--needs", "sleep", "--", "true"), 64, "'sleep'"),
            ("a number that is none",
             ("run", "-j", "many", "--", "true"), 64, "'many'"),
            ("a directory that cannot be written",
             ("run", "good", "--dir", "/dev/null/x", "--", "true"), 71,
             "/dev/null/x"),
            ("a directory without reports", ("report", work), 64, work),
            ("--update-expect alone",
             ("run", "--update-expect", "--", "true"), 64, "--expect"),
            ("a baseline that is not there",
             ("run", "--expect", at("none"), "--", "true"), 71,
             at("none") + ": No such file or directory; --update-expect makes "
             "it"),
            ("an unknown command", ("frobnicate",), 64, "frobnicate")):
        status, _, err = h2bad(*argv)
        t.ok(status == want and words in err, f"{name}: {want}",
             f"{status} {err}")
    unwritable()
    nowhere()
    busy = socket.create_server(("127.0.0.1", 0))
    port = busy.getsockname()[1]
    status, _, err = h2bad("one", "good", "--port", str(port))
    t.ok(status == 71 and str(port) in err, "a port that is in use: 71", err)
    for option, value in (("--control", str(port)), ("--bad", str(port)),
                          ("--addr", "nowhere")):
        ports = {"--control": "0", "--bad": "0", option: value}
        status, _, err = h2bad("serve", *sum(map(list, ports.items()), []))
        t.ok(status == 71 and f"{option}: " in err and value in err and
             "h2rig: --" not in err, f"serve {option} {value}: 71", err)
    busy.close()


def nowhere():
    """An output that is full or closed is named, and is no fault of its own."""
    run = ("run", "good", "--", *CLIENT, "good")
    for how, argv, want, words in (
            (">/dev/full", ("list",), 71, "standard output: No space left"),
            (">&-", ("list",), 71, "standard output: Bad file descriptor"),
            (">/dev/full", run, 71, "standard output: No space left"),
            (">&-", run, 71, "standard output: Bad file descriptor"),
            ("2>&-", run, 0, ""),
            ("", ("run", "good", "--json", "/dev/full", "--", *CLIENT,
                  "good"), 71,
             "/dev/full: No space left")):
        p = subprocess.run(
            ["sh", "-c", 'exec "$0" "$@" ' + how, H2BAD, *argv],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=work, timeout=tap.scaled(60),
            check=False)
        err = p.stderr.decode()
        t.ok(p.returncode == want and words in err and "Traceback" not in err,
             f"{argv[0]} {how}: {want}", f"{p.returncode} {err}")


def unwritable():
    """If h2bad cannot write what it has to write, it says so before
    it runs anything."""
    os.makedirs(at("locked", "known"))
    os.chmod(work, 0o755)           # lets another user enter it
    os.chmod(at("locked"), 0o555)
    for option, name in (("--json", "r.json"), ("--junit", "a/r.xml"),
                         ("--html", "r.html"), ("--traces", "traces"),
                         ("--dir", "kept"), ("--dir", ""), ("--json", "known")):
        path = os.path.join(at("locked"), name)
        p = subprocess.run(
            [H2BAD, "run", "good", option, path, "--", "touch", at("begun")],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, cwd=work, timeout=tap.scaled(60),
            check=False, user=65534 if os.getuid() == 0 else None)
        t.ok(p.returncode == 71 and p.stderr.decode().startswith(
            f"h2bad: {path.rstrip('/')}") and p.stderr.count(b"\n") == 1 and
            not os.path.exists(at("begun")),
            f"{option} {name} in a directory that is read-only: 71",
            f"{p.returncode} {p.stderr.decode()}")
    os.chmod(at("locked"), 0o755)
    os.mkfifo(at("pipe"))
    fd = os.open(at("pipe"), os.O_RDONLY | os.O_NONBLOCK)
    status, out, err = h2bad("run", "good", "--json", at("pipe"), "--", *CLIENT,
                             "good")
    t.ok(status == 0 and b'"verdict": "pass"' in os.read(fd, 65536),
         "--json to a pipe: no file takes its place", f"{status} {err}")
    os.close(fd)


try:
    bad_input()
finally:
    shutil.rmtree(work, ignore_errors=True)
t.done()
