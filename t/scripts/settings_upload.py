# SPDX-License-Identifier: MIT
"""An upload in the course of which the window goes from 65,535 to 1,024, to 0
and, when nothing has come for a while, to 1 MiB.  The answer: the length and
digest of what came, and how much there was before the last change.
"""
import hashlib
import json
import threading
import time

digest = hashlib.sha256()
state = {"length": 0}


def raise_window(writer):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        before = state["length"]
        time.sleep(0.2)
        if state["length"] == before:
            break
    state["stopped"] = state["length"]
    writer.settings([("INITIAL_WINDOW_SIZE", 1 << 20)])


def handle_data(frame, request, response):
    digest.update(frame.data)
    before = state["length"]
    state["length"] += len(frame.data)
    if before < 1 << 20 <= state["length"]:
        response.writer.settings([("INITIAL_WINDOW_SIZE", 1024)])
    if before < 5 << 18 <= state["length"]:
        response.writer.settings([("INITIAL_WINDOW_SIZE", 0)])
        threading.Thread(target=raise_window, args=[response.writer]).start()


def main(request, response):
    return json.dumps({**state, "sha256": digest.hexdigest()})
