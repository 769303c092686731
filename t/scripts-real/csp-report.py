# SPDX-License-Identifier: MIT
# Reports are put away, and given to whoever asks.
import json


def main(request, response):
    key = request.GET.first(b"id")
    if request.method == "POST":
        reports = request.server.stash.take(key) or []
        reports.append(json.loads(request.body))
        request.server.stash.put(key, reports)
        return 204, [], b""
    return json.dumps(request.server.stash.take(key) or [])
