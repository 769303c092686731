# SPDX-License-Identifier: MIT
"""Puts a value into the stash and takes it out, ?n= times."""
import uuid


def main(request, response):
    stash = request.server.stash
    for _ in range(int(request.GET.first("n"))):
        key = str(uuid.uuid4())
        stash.put(key, "value")
        if stash.take(key) != "value":
            return 500, [], "not what was put"
    return "done"
