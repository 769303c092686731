# SPDX-License-Identifier: MIT
# Counts itself down by redirects, by what is in the stash.
def main(request, response):
    token = request.GET.first(b"token")
    count = request.server.stash.take(token)
    count = int(request.GET.first(b"count", b"3")) if count is None else count
    if count == 0:
        return [(b"Content-Type", b"text/plain")], b"arrived"
    request.server.stash.put(token, count - 1)
    return 302, [(b"Location", b"?token=" + token)], b""
