#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests scripts that crash, exit, fork, run for too long or lose their client.
Their connection ends, the server goes on, and the log names the script."""
import json
import os
import re
import sys
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()

# (?how= of scripts/crash.py, what the log says of the end).
CRASHES = [("abort", "SIGABRT"), ("leave", r"exit(ed)?\D*3\b"),
           ("segv", "SIGSEGV"), ("kill", "SIGKILL")]


def line_with(s, *patterns):
    """Waits for a log line that matches all patterns.  Returns it."""
    def find():
        return next((line for line in s.log().splitlines()
                     if all(re.search(p, line) for p in patterns)), None)
    return tap.wait_until(find)


def only_child(s):
    """Returns the process of the only connection, or None while
    there are others."""
    pids = s.children()
    return pids[0] if len(pids) == 1 else None


def crashes(s):
    """What a script wrote before it crashed is delivered; the log names the
    signal and the script."""
    for how, end in CRASHES:
        with Client(s.port) as c:
            pid = tap.wait_until(lambda: only_child(s))
            x = c.request(f"/crash.py?how={how}")
            c.wait_end()
            t.ok(c.end and x.body == b"x" and x.status == 200,
                 f"{how}: the x is delivered, the connection ends", (c.end, x))
            t.ok(not x.ended, f"{how}: the answer does not look whole")
            t.ok(pid, f"{how}: one process for the connection")
            t.ok(line_with(s, end, r"crash\.py", "main", r"stream \D*1\b",
                           r"127\.0\.0\.1"), f"{how}: the log names the end, "
                 "script, function, stream and client", s.log()[-2000:])
            t.ok(tap.wait_until(lambda: pid not in s.children()),
                 f"{how}: the process is gone")
        with Client(s.port) as c:
            t.eq(c.fetch("/quick.py").body, b"quick", f"{how}: next is served")
    t.ok(s.wait_log(r"Fatal Python error: Segmentation fault"),
         "faulthandler's text is in the log")
    t.ok(s.wait_log(r"crash\.py\D+\d+ in segv"), "and says where it was")


def crashes_early(s):
    """What a script wrote before it crashed is delivered, even if other
    functions were to run."""
    for how, _ in CRASHES:
        with Client(s.port) as c:
            c.fetch("/crash_early.py")  # loads the script
            octets = []
            c.send = octets.append
            x = c.request(f"/crash_early.py?how={how}", body=[b"1", b"2"])
            c.request("/quick.py")      # one more function is ready to run
            del c.send
            c.send(b"".join(octets))
            c.wait_end()
            t.ok(c.end and (x.status, x.body, x.ended) == (200, b"x", False),
                 f"{how} in handle_data: the x is delivered", (c.end, x))


def no_crash(s):
    """A script does something that looks like a crash and is none."""
    with Client(s.port) as c:
        x = c.fetch("/crash.py?how=sys_exit")
        t.ok(x.status == 500 and b"SystemExit" in x.body, "sys.exit: 500", x)
        t.eq(c.fetch("/quick.py").body, b"quick",
             "sys.exit: the connection goes on")
        for i in range(3):
            x = c.fetch("/forks.py")
            t.eq((x.status, x.body, x.ended), (200, b"from the parent", True),
                 f"fork {i}: the child that returns disturbs nothing")
            t.eq(c.fetch("/note.py?wait=forked").body, b"true",
                 f"fork {i}: it has exited")
        t.eq(c.fetch("/forks_storing.py").body, b"256",
             "fork: while content is stored: the child can read it")
        t.ok(c.ping() and c.fetch("/quick.py").ended and c.end is None,
             "fork: the connection goes on")


def limits(s):
    """--run-limit 1: a function that runs for too long."""
    with Client(s.port, timeout=30) as c:
        x = c.fetch("/limit.py?how=loop")
        t.eq(json.loads(c.fetch("/note.py?wait=limit").body),
             ["HandlerTimeout", False], "a loop gets HandlerTimeout")
        t.ok(x.status == 500 and x.ended, "and its client 500", x)
        t.ok(line_with(s, "HandlerTimeout|run-time limit"),
             "the log says so", s.log()[-2000:])
        t.eq(c.fetch("/quick.py").body, b"quick", "the connection goes on")
        x = c.fetch("/limit.py?how=loop")
        t.eq(x.status, 500, "a second time too")
    with Client(s.port, timeout=40) as c:
        x = c.request("/limit.py?how=sleep")
        t.ok(c.wait_end() and not x.ended,
             "time.sleep: the connection ends after the grace time", x)
        t.ok(c.goaway is not None, "with a GOAWAY")
        t.ok(line_with(s, r"limit\.py", "handle_headers", "limit"),
             "the log names script and function", s.log()[-2000:])
        t.ok(tap.wait_until(lambda: not s.children()), "its process is gone")
    with Client(s.port) as c:
        t.eq(c.fetch("/quick.py").body, b"quick", "the next is served")


def client_leaves(s):
    """If the client leaves, a running function goes on to its end."""
    for polite in (False, True):
        at, on, end = (str(uuid.uuid4()) for _ in range(3))
        with Client(s.port) as other:
            def take(key):
                return tap.wait_until(lambda: (
                    lambda x: x.status == 200 and x.body.decode())(
                        other.fetch(f"/stash.py?take={key}")))

            name = "resets its stream" if polite else "leaves"
            c = Client(s.port)
            x = c.request(f"/leaves.py?at={at}&on={on}&end={end}",
                          body=b"body")
            t.eq(take(at), "running", f"client {name}: a function runs")
            if polite:
                c.reset(x.sid)
                t.ok(c.ping(), f"client {name}: the connection goes on")
            else:
                c.close()
            other.fetch(f"/stash.py?put={on}", body=b"go on")
            t.eq(take(end), "told to go on, StreamClosedError, "
                 "# SPDX-License-Identifier: MIT",
                 f"client {name}: the function ends, with stash and files")
            c.close()
        t.ok(tap.wait_until(lambda: not s.children()),
             f"client {name}: its process goes in the end")


# The scripts raise these signals on purpose: the sanitizer must not report
# them.
asan = os.environ.get("ASAN_OPTIONS", "") + ":handle_segv=0:handle_abort=0"
with Server(SCRIPTS, env={"ASAN_OPTIONS": asan.lstrip(":")}) as server:
    crashes(server)
    crashes_early(server)
    no_crash(server)
    client_leaves(server)
    t.ok(server.alive(), "the server has survived it all")
with Server(SCRIPTS, "--run-limit", "1", "--grace", "1") as server:
    limits(server)
t.done()
