#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what cases of h2bad send where a rule says what that has to be, and
that a request which is not what a case needs is no exercise of it."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap
from rawclient import Client, PUSH_PROMISE
from server import program

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode"]
CURL = ["curl", "-sS", "--http2", "--cacert", "{ca}", "-o", "/dev/null",
        "{url}", "-o", "/dev/null", "{follow}"]

t = tap.Tap()
work = tempfile.mkdtemp(prefix="h2bad-sent-")


def run(names, *client):
    """Runs cases with a client.  Returns {name: (result, lines of the trace of
    its first connection)}."""
    report, kept = os.path.join(work, "report.json"), os.path.join(
        work, str(t.count))
    p = subprocess.run(
        [H2BAD, "run", *names, "--needs", "all", "--timeout",
         str(tap.scaled(60)), "--json", report, "--traces", kept, "--",
         *client], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        check=False)
    t.ok(p.returncode in (0, 1), " ".join(client[:1] + client[3:]) +
         ": the run of " + names[0], p.stderr.decode()[-2000:])
    with open(report, encoding="utf-8") as f:
        cases = json.load(f)["cases"]
    made = {}
    for c in cases:
        path = os.path.join(kept, c["name"], "trace.jsonl")
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                lines = [json.loads(line) for line in f]
        made[c["name"]] = c, lines
    return made


def verdict(made):
    return "%s %s %s" % (made["verdict"], made["reason"], made["message"])


def tls():
    """TLS 1.2 with the suite of RFC 9113 §9.2.2; a renegotiation is seen by a
    client that looks for it, and taken by another one."""
    suite = "ECDHE-RSA-AES128-GCM-SHA256"
    made = run(["tls12-good", "tls-renegotiate"], *CLIENT, "good")
    result, lines = made["tls12-good"]
    t.eq([(each["tls"], each["cipher"]) for each in lines
          if each["type"] == "handshake"], [("TLSv1.2", suite)],
         "tls12-good: the suite that is mandatory")
    t.ok(result["verdict"] == "pass", "tls12-good: good", verdict(result))
    result, _ = made["tls-renegotiate"]
    t.ok(result["verdict"] == "pass", "tls-renegotiate: good",
         verdict(result))
    result, _ = run(["tls-renegotiate"], *CLIENT, "good", "--without",
                    "renegotiation")["tls-renegotiate"]
    t.eq((result["verdict"], result["reason"]), ("fail", "ignored"),
         "tls-renegotiate: without the rule")


def unknown_frames():
    """Where two rules meet the case is another one: a frame of an unknown type
    on an idle stream."""
    made = run(["frame-unknown-type", "frame-unknown-type-idle"], *CLIENT,
               "good")
    streams = {}
    for name, (_, lines) in made.items():
        streams[name] = {
            line["stream"] for line in lines if line.get("dir") == "out"
            and line["type"].startswith(("0x", "UNKNOWN", "unknown"))}
    t.eq(streams["frame-unknown-type"], {0, 1},
         "frame-unknown-type: no idle stream")
    t.ok(streams["frame-unknown-type-idle"] - {0, 1},
         "frame-unknown-type-idle: an idle stream", streams)


def own_bounds():
    """A flood ends by its own bounds: a client that refuses each of its pushes
    does not meet h2rig's bound on resets."""
    p = subprocess.Popen([H2BAD, "one", "flood-push", "--port", "0"], cwd=work,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    port = int(re.search(rb"localhost:([0-9]+)/", p.stdout.readline())[1])
    with Client(port) as c:
        c.open("/bad/flood-push")
        refused, done = 0, time.monotonic() + tap.scaled(60)
        while not (c.end or c.goaway or c.fin) and time.monotonic() < done and \
                refused < 3000:
            c.pump(0.5)
            new, c.frames[:] = list(c.frames), []
            for f in new:
                if f.type == PUSH_PROMISE:
                    c.reset(int.from_bytes(f.payload[:4], "big"))
                    refused += 1
        c.wait_for(lambda: c.goaway, 1.0)
        t.ok(refused >= 3000 and not c.goaway, "flood-push: each push refused",
             (refused, c.goaway, c.end))
    out, err = p.communicate(timeout=tap.scaled(60))
    t.ok(b"verdict pass" in out, "flood-push: passed",
         (out[-2000:] + err).decode("utf-8", "replace"))


def not_exercised():
    """A GET by a client that was said to do all is no CONNECT."""
    if not shutil.which("curl"):
        t.skip("curl", "it is not installed")
        return
    cases = {"connect-refused": "connect", "websocket": "websocket",
             "redirect-cross-host": "authorization",
             "post-retry-once": "post", "expect-refused": "expect"}
    made = run(list(cases), *CURL)
    for name, need in cases.items():
        result, _ = made[name]
        t.eq((result["verdict"], result["reason"], result["message"]),
             ("skip", "not-exercised", "the request is not what the case "
              "needs: " + need), f"{name} by a GET")


def told_time():
    """The plan gives the client half of the time of --timeout, so that it
    ends by itself."""
    report = os.path.join(work, "report.json")
    for seconds, want in ("0.5", 10), ("50", 25):
        subprocess.run(
            [H2BAD, "run", "good", "--timeout", seconds, "--json", report,
             "--", "sh", "-c", 'printf %s "$H2BAD_PLAN"'],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        with open(report, encoding="utf-8") as f:
            told = json.loads(json.load(f)["cases"][0]["output"])
        t.eq(told["timeout_s"], want, f"--timeout {seconds}")


#: badclient, which sends more before a request, or the request's fields in
#: many frames.
CHANGED = """
import sys
sys.path.insert(0, sys.argv.pop(1))
from badclient import __main__, http2
known = http2.Engine.open
def opened(self, x):
    self.out += %(before)r
    at = len(self.out)
    known(self, x)
    for _ in range(%(frames)d):
        self.out[at + 4] &= 0xfb
        self.out += http2.frame(9, 0, http2.number(self.out[at + 5:at + 9]))
    if %(frames)d:
        self.out[-5] = 4
http2.Engine.open = opened
sys.exit(__main__.main())
"""


def ended_by_h2rig():
    """A request may come in many CONTINUATION frames.  Of a client with which
    h2rig ends the connection, that is told."""
    for name, more, frames, want in (
            ("100 CONTINUATION frames", b"", 100, "pass  "),
            ("PING of 5 octets", b"\0\0\5\6\0\0\0\0\0short", 0,
             "skip no-request h2rig has ended the connection by "
             "FRAME_SIZE_ERROR: the payload is ")):
        report = os.path.join(work, "report.json")
        subprocess.run(
            [H2BAD, "run", "good", "--json", report, "--", sys.executable,
             "-B", "-c", CHANGED % {"before": more, "frames": frames},
             os.path.join(HERE, "lib")], stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, check=False)
        with open(report, encoding="utf-8") as f:
            told = verdict(json.load(f)["cases"][0])
        t.ok(told.startswith(want), name, told)


def addresses():
    """A client may take ::1 for localhost."""
    try:
        with socket.socket(socket.AF_INET6) as s:
            s.bind(("::1", 0))
    except OSError:
        t.skip("::1", "there is no IPv6")
        return
    if not shutil.which("curl"):
        t.skip("::1", "curl is not installed")
        return
    result, lines = run(["good"], *CURL, "--connect-to", "::[::1]:")["good"]
    t.eq((result["verdict"], [each["client"].rpartition(":")[0]
                              for each in lines[:1]]), ("pass", ["[::1]"]),
         "by ::1")


if __name__ == "__main__":
    try:
        tls()
        unknown_frames()
        own_bounds()
        not_exercised()
        told_time()
        ended_by_h2rig()
        addresses()
    finally:
        shutil.rmtree(work)
    t.done()
