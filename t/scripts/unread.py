# SPDX-License-Identifier: MIT
"""handle_data of the first frame does not return before "go" was noted."""
import json

from common import shared

state = {"frames": 0, "octets": 0}


def handle_data(frame, request, response):
    state["frames"] += 1
    state["octets"] += len(frame.data)
    if state["frames"] == 1:
        shared.note("unread waits")
        state["went"] = shared.wait_note("go", 60)


def main(request, response):
    return json.dumps(state)
