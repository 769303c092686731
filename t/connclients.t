#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests what curl, nghttp, Node, Go's net/http and Chromium do when SETTINGS
come late or never, when PING is not acknowledged and when credit is withheld;
and that fence() works with each of them."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import browser                                                  # noqa: E402
import tap                                                      # noqa: E402
from connscript import Scripted                                 # noqa: E402
from server import write_scripts                                # noqa: E402

t = tap.Tap()
SIZE = 100000
WORK = tempfile.mkdtemp(prefix="h2rig-connclients-")
BODY = os.path.join(WORK, "body")
with open(BODY, "wb") as body:
    body.write(b"x" * SIZE)

#: A request's script that responds once the connection's script is done.
HELD = '''
import time

def main(request, response):
    end = time.monotonic() + 60
    while not request.connection.data.get("done"):
        if time.monotonic() > end:
            return 504, [], ""
        time.sleep(0.005)
    return "held"
'''

#: {name: (connection script, whether an upload succeeds, what it notes)}.
CASES = {
    "fence": ('''
def main(connection):
    note("fence", 0 < connection.fence() < 60)
    connection.data["done"] = True
''', True, ["fence", True]),
    "late SETTINGS": ('''
def handle_connect(connection):
    connection.settings = None
    connection.automatic -= {"settings_ack", "ping_ack", "window_update"}
def main(connection):
    connection.wait("HEADERS", timeout=30)
    connection.writer.settings([("INITIAL_WINDOW_SIZE", 65535)])
    connection.writer.write_raw_frame("SETTINGS", "ACK")
    connection.automatic |= {"settings_ack", "ping_ack", "window_update"}
    note("late")
    connection.data["done"] = True
''', True, "late"),
    "no SETTINGS": ('''
def handle_connect(connection):
    connection.settings = None
    connection.automatic.remove("settings_ack")
    connection.data["done"] = True
def handle_close(connection):
    note("over")
''', False, "over"),
    "unanswered PING": ('''
def handle_connect(connection):
    connection.automatic.remove("ping_ack")
    note("removed")
    connection.data["done"] = True
''', True, "removed"),
    "withheld credit": ('''
def handle_connect(connection):
    connection.settings = [("INITIAL_WINDOW_SIZE", 65535)]
    connection.automatic.remove("window_update")
def main(connection):
    got = 0
    while got < 65535:
        frame = connection.wait("DATA", timeout=30)
        got += frame.length
    stream = frame.stream_id
    sizes = []
    for i in range(4):
        connection.writer.window_update(1)
        connection.writer.window_update(1, stream)
        sizes.append(connection.wait("DATA", timeout=30).length)
    note(got, sizes)
    connection.data["done"] = True
    connection.automatic.add("window_update")
    connection.writer.window_update(100000, stream)
''', True, [65535, [1, 1, 1, 1]]),
}

#: Chromium accepts a connection without SETTINGS.
EXCEPTIONS = {("Chromium", "no SETTINGS"): (True, "over")}

NODE = '''
const c = require("http2").connect(process.argv[1],
                                   {rejectUnauthorized: false});
c.on("error", e => {});
const r = c.request({":path": "/held.py", ":method": "POST"});
r.on("error", e => {});
r.on("response", x => console.log("status " + x[":status"]));
r.on("end", () => c.close());
r.resume();
r.end(require("fs").readFileSync(process.argv[2]));
setTimeout(() => process.exit(3), 60000).unref();
'''

GO = '''package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func main() {
	body, _ := os.ReadFile(os.Args[2])
	t := &http.Transport{ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
	c := &http.Client{Transport: t, Timeout: 60 * time.Second}
	r, err := c.Post(os.Args[1] + "/held.py", "text/plain",
		bytes.NewReader(body))
	if err != nil {
		return
	}
	io.Copy(io.Discard, r.Body)
	fmt.Println("status", r.StatusCode)
}
'''

#: The page's load event waits for its synchronous request.
PAGE = '''<!doctype html><pre id="result"></pre><script>
const x = new XMLHttpRequest();
x.open("POST", "/held.py", false);
x.send("x".repeat(%d));
document.getElementById("result").textContent =
  JSON.stringify({status: x.status});
</script>
''' % SIZE


def command(url):
    """Returns {client: its command} for the clients that are installed."""
    found = {}
    if shutil.which("curl"):
        found["curl"] = ["curl", "-sk", "--http2", "-m", "60", "-o",
                         os.devnull, "-w", "status %{http_code}\n",
                         "--data-binary", "@" + BODY, url + "/held.py"]
    if shutil.which("nghttp"):
        found["nghttp"] = ["nghttp", "-nv", "--no-verify-peer", "-d", BODY,
                           url + "/held.py"]
    if shutil.which("node"):
        found["Node"] = ["node", "-e", NODE, url, BODY]
    if os.path.exists(os.path.join(WORK, "client")):
        found["Go"] = [os.path.join(WORK, "client"), url, BODY]
    return found


def build_go():
    """Builds Go's client, if the compiler is installed."""
    source = os.path.join(WORK, "client.go")
    with open(source, "w", encoding="utf-8") as f:
        f.write(GO)
    if shutil.which("go"):
        subprocess.run(
            ["go", "build", "-o", os.path.join(WORK, "client"), source],
            cwd=WORK, check=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ, GO111MODULE="off", GOCACHE=os.path.join(
                WORK, "cache"), HOME=WORK))


def by_command(argv):
    """Runs a client.  Returns whether its upload gets a response with 200."""
    run = subprocess.run(argv, stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, check=False,
                         timeout=tap.scaled(120))
    status = re.search(rb"status:? (\d+)", run.stdout)
    return bool(status and status[1] == b"200")


def case(s, client, served, name):
    """One client meets one script."""
    text, *expected = CASES[name]
    succeeds, want = EXCEPTIONS.get((client, name), expected)
    s.set(text)

    def noted():
        return [json.loads(found) for found in re.findall(
            r"NOTE \d+ (.*)$", s.log(), re.M)]
    before = len(noted())
    t.eq(served(), succeeds,
         f"{client}, {name}: {'served' if succeeds else 'refused'}")
    t.ok(tap.wait_until(lambda: want in noted()[before:]),
         f"{client}, {name}: what the script has seen", noted()[before:])


build_go()
with Scripted() as server:
    write_scripts(server.root, {"held": HELD})
    clients = command(f"https://127.0.0.1:{server.port}")
    for client_name, arguments in clients.items():
        for case_name in CASES:
            case(server, client_name, lambda a=arguments: by_command(a),
                 case_name)
    for absent in {"curl", "nghttp", "Node", "Go"} - set(clients):
        t.skip(absent, "is not installed")
    chromium = browser.find()
    if chromium is None:
        t.skip("Chromium", "is not installed")
    else:
        with open(os.path.join(server.root, "page.html"), "w",
                  encoding="utf-8") as page:
            page.write(PAGE)
        for case_name in CASES:
            case(server, "Chromium", lambda: browser.run(
                chromium, server.url("/page.html"))[0].get("status") == 200,
                 case_name)
shutil.rmtree(WORK, ignore_errors=True)
t.done()
