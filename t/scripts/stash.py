# SPDX-License-Identifier: MIT
"""?put=UUID puts the body in the stash, ?take=UUID takes it out; works between
connections."""
from common import shared


def main(request, response):
    key = shared.query(request, "put")
    if key:
        request.server.stash.put(key, request.body.decode(), path="/t")
        return "put"
    value = request.server.stash.take(shared.query(request, "take"), path="/t")
    return (404, [], "") if value is None else str(value)
