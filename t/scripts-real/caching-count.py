# SPDX-License-Identifier: MIT
# How often it was fetched: a cache would not let it count.
import uuid


def main(request, response):
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, request.url))
    count = request.server.stash.take(key) or 0
    request.server.stash.put(key, count + 1)
    return [("Cache-Control", "no-store")], str(count + 1)
