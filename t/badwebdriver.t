#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2bad run --webdriver: a browser runs the cases.  One driver
is part of the test, and its browser is curl; the other is
chromedriver, if it is installed."""
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap                                                      # noqa: E402
from server import free_port, listens, program                  # noqa: E402

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CASES = ["good", "ping-wrong-length", "name-uppercase"]

t = tap.Tap()
work = tempfile.mkdtemp(prefix="badwebdriver-t-")


class Driver(http.server.BaseHTTPRequestHandler):
    """The part of WebDriver that h2bad uses."""

    def log_message(self, *_):
        """Writes no log."""

    def answer(self, value, status=200):
        octets = json.dumps({"value": value}).encode() \
            if not isinstance(value, bytes) else value
        self.send_response(status)
        self.send_header("content-length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def do_POST(self):
        """Creates a session, or opens a page."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        server = self.server
        server.seen.append(self.path)
        if self.path == "/session" and server.mode == "refuses":
            self.answer({"error": "session not created",
                         "message": "no such browser"}, 500)
        elif self.path == "/session" and server.mode == "strange":
            self.answer(b"<html>hello</html>")
        elif self.path == "/session":
            server.asked = body
            self.answer({"sessionId": "s1", "capabilities": {
                "browserName": "fake", "browserVersion": "1.2"}})
        else:
            server.url = body["url"]
            if server.mode == "runs":
                threading.Thread(target=self.browse, daemon=True).start()
            self.answer(None)

    def browse(self):
        """Does what the page of a run does."""
        def get(url):
            return subprocess.run(
                ["curl", "-sk", "--http2", "--max-time", "20", url],
                stdout=subprocess.PIPE, check=False).stdout.decode()
        here = self.server.url.partition("?")[0]
        for url in get(here + "urls").split():
            get(url)
        get(here + "done")
        self.server.title = "done"

    def do_GET(self):
        """Returns the title of the page."""
        self.answer("blocked" if self.server.mode == "blocked"
                    else self.server.title)

    def do_DELETE(self):
        """Ends the session."""
        self.server.seen.append("DELETE " + self.path)
        self.answer(None)


def driven(mode, *options, stop=None):
    """Runs h2bad with a Driver in this mode.  Returns (status, output, errors,
    the driver's server)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Driver)
    server.mode, server.seen, server.title, server.url = mode, [], "x", ""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    p = subprocess.Popen(
        [H2BAD, "run", "--webdriver", "http://127.0.0.1:%d/"
         % server.server_port, *options, *CASES], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work)
    if stop is not None:
        tap.wait_until(lambda: server.url)
        p.send_signal(stop)
    out, err = p.communicate(timeout=tap.scaled(120))
    server.shutdown()
    server.server_close()
    return p.returncode, out.decode(), err.decode(), server


def verdicts(path):
    with open(os.path.join(work, path), encoding="utf-8") as f:
        made = json.load(f)
    return made, {c["name"]: c["verdict"] for c in made["cases"]}


def fakes():
    status, out, err, driver = driven("runs", "--json", "r.json", "--dir",
                                      "kept", "--traces", "traces")
    made, found = verdicts("r.json")
    t.ok(status == 0 and out.count("\nok ") == 3 and "3/3" in err,
         "a run: status, TAP and progress", f"{status} {out} {err}")
    t.eq((made["client"], found), ("fake 1.2", {
        "good": "tolerated", "ping-wrong-length": "pass",
        "name-uppercase": "pass"}), "... and verdicts")
    t.eq((driver.asked["capabilities"]["alwaysMatch"], driver.seen),
         ({"acceptInsecureCerts": True}, [
             "/session", "/session/s1/url", "DELETE /session/s1"]),
         "... by a session, which is ended")
    t.ok({"report.json", "report.html"} <= set(os.listdir(os.path.join(
        work, "kept", "fake_1.2"))) and sorted(os.listdir(os.path.join(
            work, "traces"))) == sorted(CASES), "... --dir, --traces")
    status, _, err, driver = driven("blocked")
    t.ok(status == 77 and "no case could be tried" in err and
         "DELETE /session/s1" in driver.seen,
         "the page is blocked: 77", f"{status} {err}")
    status, out, err, driver = driven("waits", "--json", "i.json",
                                      stop=signal.SIGINT)
    t.ok(status == 130 and verdicts("i.json")[1] == {} and
         "DELETE /session/s1" in driver.seen,
         "SIGINT: 130, and the session is ended", f"{status} {out} {err}")
    for mode, words in (("refuses", "no such browser"),
                        ("strange", "expected the answer of a WebDriver")):
        status, _, err, _ = driven(mode)
        t.ok(status == 71 and words in err and "Traceback" not in err,
             f"a driver that {mode}: 71", f"{status} {err}")
    for url in "http://127.0.0.1:9", "nonsense":
        p = subprocess.run([H2BAD, "run", "--webdriver", url, "good"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=tap.scaled(60), check=False)
        t.ok(p.returncode == 71 and url in p.stderr.decode() and
             b"expected the URL of a WebDriver" in p.stderr,
             f"{url}: 71", p.stderr.decode())
    p = subprocess.run([H2BAD, "run", "--webdriver", "x", "--", "true"],
                       stderr=subprocess.PIPE, check=False)
    t.ok(p.returncode == 64 and b"--webdriver or a command" in p.stderr,
         "a command too: 64", p.stderr.decode())


def real():
    """chromedriver runs Chromium."""
    driver = shutil.which("chromedriver")
    if driver is None:
        t.skip("chromedriver", "is not installed")
        return
    # With --port=0 it ends if the port that it found is taken on ::1.
    port = free_port()
    said = os.path.join(work, "chromedriver.log")
    with open(said, "wb") as f:
        p = subprocess.Popen([driver, f"--port={port}"], stdout=f,
                             stderr=subprocess.STDOUT)
    try:
        tap.wait_until(lambda: listens(port) or p.poll() is not None)
        run = subprocess.run(
            [H2BAD, "run", "--webdriver", f"http://127.0.0.1:{port}",
             "--json", "c.json", "good", "ping-wrong-length"], cwd=work,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=tap.scaled(200), check=False)
        if not t.eq(run.returncode, 0, "Chromium: status"):
            with open(said, encoding="utf-8") as f:
                t.diag(run.stderr.decode() + f.read())
            return
        made, found = verdicts("c.json")
        t.ok("chrome" in made["client"] and found == {
            "good": "pass", "ping-wrong-length": "pass"},
            "Chromium: verdicts", f"{made['client']} {found}")
    finally:
        p.terminate()
        p.wait()


try:
    if shutil.which("curl"):
        fakes()
    else:
        t.skip("a driver of our own", "curl is not installed")
    real()
finally:
    shutil.rmtree(work)
t.done()
