# SPDX-License-Identifier: MIT
"""?set=KEY records KEY, ?get=KEY answers what was recorded, ?wait=KEY waits for
it first, with &begun when the client has been sent HEADERS; all within one
connection."""
import json

from common import shared


def main(request, response):
    key = shared.query(request, "set")
    if key:
        shared.note(key)
        return "set"
    key = shared.query(request, "wait")
    if b"begun" in request.GET:
        response.write_status_headers()
    if key:
        return json.dumps(shared.wait_note(key))
    return json.dumps(shared.notes.get(shared.query(request, "get")))
