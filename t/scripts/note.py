# SPDX-License-Identifier: MIT
"""?set=KEY records KEY, ?get=KEY answers what was recorded, ?wait=KEY waits for
it first; all within one connection."""
import json

from common import shared


def main(request, response):
    key = shared.query(request, "set")
    if key:
        shared.note(key)
        return "set"
    key = shared.query(request, "wait")
    if key:
        return json.dumps(shared.wait_note(key))
    return json.dumps(shared.notes.get(shared.query(request, "get")))
