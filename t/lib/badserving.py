# SPDX-License-Identifier: MIT
"""Runs h2bad serve for tests, and requests its pages with curl."""
import os
import signal
import subprocess

import tap
from server import program

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")


class Serving:
    """A running h2bad serve.  t: the Tap for a test that it ends with
    0; below: its --dir; ca: the file for its CA; err: its standard
    error, after the end."""

    def __init__(self, t, below, ca, *options):
        self.t, self.ca, self.err = t, ca, ""
        self.p = subprocess.Popen(
            [H2BAD, "serve", "--control", "0", "--bad", "0", "--ca-out", ca,
             "--dir", below, *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.control, self.bad = (
            int(self.p.stdout.readline().decode().rsplit(":", 1)[1])
            for _ in range(2))
        self.base = f"https://localhost:{self.control}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.send_signal(signal.SIGTERM)
        self.err = self.p.communicate(timeout=tap.scaled(60))[1].decode()
        self.t.ok(self.p.returncode == 0, "serve: status 0 after SIGTERM",
                  f"{self.p.returncode} {self.err}")

    def get(self, url, *more):
        """Requests a URL, or a path of the control server, with curl and its
        options `more`.  Returns (status, body, URL of the redirect)."""
        p = subprocess.run(
            ["curl", "-s", "--http2", "--cacert", self.ca, "-w",
             "\n%{http_code} %{redirect_url}", *more,
             url if "://" in url else self.base + url],
            stdout=subprocess.PIPE, timeout=tap.scaled(60), check=False)
        body, _, tail = p.stdout.decode("utf-8", "replace").rpartition("\n")
        status, _, where = tail.partition(" ")
        return int(status), body, where
