# SPDX-License-Identifier: MIT
"""A script's globals are new for each request, an imported module's are not,
and `connection.data` is the connection's."""
import json

from common import shared

count = 0


def main(request, response):
    global count
    count += 1
    data = request.connection.data
    data["count"] = data.get("count", 0) + 1
    shared.note("count", shared.notes.get("count", 0) + 1)
    return json.dumps([count, shared.notes["count"], data["count"]])
