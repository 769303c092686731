# SPDX-License-Identifier: MIT
"""A server that stands in for h2bad and serves the page of a run.  Its `seen`
holds the requests that came; its events give the verdicts of VERDICTS."""
import contextlib
import http.server
import json
import threading
import urllib.parse

import badsample
import tap
from h2bad import report as reports

PLAN = [
    {"name": "slow", "urls": [{"method": "GET", "url": "/bad/slow"}],
     "timeout_s": 10},
    {"name": "good", "urls": [
        {"method": "GET", "url": "/bad/good"},
        {"method": "GET", "url": "/ok?case=good", "follow_up": True}]},
    {"name": "parallel", "urls": [
        {"method": "GET", "url": "/bad/parallel?i=0", "parallel": 1},
        {"method": "GET", "url": "/bad/parallel?i=1", "parallel": 1},
        {"method": "GET", "url": "/ok?case=parallel", "follow_up": True}]},
    {"name": "post", "urls": [
        {"method": "GET", "url": "/run/x/arm/post", "arm": True},
        {"method": "POST", "url": "/bad/post", "body_size": 1000,
         "headers": [["x-a", "1"]]},
        {"method": "GET", "url": "/ok?case=post", "follow_up": True}]}]
VERDICTS = {
    "good": {"verdict": "pass", "reaction": "ok"},
    "parallel": {"verdict": "tolerated", "reaction": "rst:CANCEL",
                 "reason": "other-code"},
    "post": {"verdict": "fail", "reaction": "ack", "reason":
             badsample.HOSTILE, "message": badsample.HOSTILE},
    "slow": {"verdict": "info", "reaction": "timeout"}}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the page, its list of cases, the cases and the events."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Writes no log."""

    def answer(self, body, kind="text/plain"):
        """Sends a response with status 200 and this body."""
        octets = body if isinstance(body, bytes) else body.encode()
        self.send_response(200)
        self.send_header("content-type", kind + "; charset=utf-8")
        self.send_header("content-length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def do_POST(self):
        """Serves the page's reports (got) and cases that have a body."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.seen.append((self.path, body, self.headers.get("x-a")))
        self.answer("")
        if b'"skip"' in body:
            said = json.loads(body)
            self.server.told.append({"case": said["case"], "verdict": "skip",
                                     "reason": "needs",
                                     "message": said["error"]})

    def do_GET(self):
        """Serves the page, its list, its events and cases without a body."""
        server = self.server
        path = urllib.parse.urlsplit(self.path)
        if path.path == "/run/x/":
            self.answer(reports.run_page(
                "x", "Browser <b>1</b>", [x["name"] for x in PLAN]),
                "text/html")
            return
        if path.path == "/run/x/events":
            self.events()
            return
        if path.path == "/run/x/urls.json":
            self.answer(json.dumps(server.plan), "application/json")
            return
        server.seen.append((self.path, b"", None))
        name = path.path.rpartition("/")[2]
        if name == "parallel":      # answers both once both have come
            server.both.wait(tap.scaled(60))
        if name == "slow":
            server.over.wait(tap.scaled(60))
        if name == "cancel":
            self.endless()
            return
        self.answer("Hello, world\n")
        if name == "ok":
            name = path.query.partition("=")[2]
            server.told.append({"case": name, **VERDICTS.get(
                name, {"verdict": "pass"})})
        elif name == "done":
            server.told.append({"case": "slow", **VERDICTS["slow"]})

    def endless(self):
        """Sends an incomplete response and waits until the client leaves."""
        self.send_response(200)
        self.send_header("content-length", "1000000")
        self.end_headers()
        self.wfile.write(b"0123456789")
        self.wfile.flush()
        try:
            self.rfile.read(1)
        except ConnectionError:
            pass
        self.server.left = True
        self.close_connection = True

    def events(self):
        """Sends the verdicts as they come, as text/event-stream."""
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        sent = 0
        while tap.wait_until(lambda: len(self.server.told) > sent
                             or self.server.over.is_set(), 120):
            if len(self.server.told) == sent:
                return
            self.wfile.write(b"data: %s\n\n" % json.dumps(
                self.server.told[sent]).encode())
            self.wfile.flush()
            sent += 1


class Server(http.server.ThreadingHTTPServer):
    """The server.  plan: its cases.  seen: requests, (path, body, x-a) each.
    told: the events that the page gets.  left: endless()'s client has left."""

    daemon_threads = True

    def __init__(self, plan):
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan, self.seen, self.told = plan, [], []
        self.both = threading.Barrier(2)
        self.left = False
        self.over = threading.Event()

    def handle_error(self, *_):
        """Ignores errors: a browser may close its connections."""


@contextlib.contextmanager
def serving(plan):
    """Runs a server with this plan; yields (server, URL of the page)."""
    server = Server(plan)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server, "http://127.0.0.1:%d/run/x/" % server.server_port
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
