# SPDX-License-Identifier: MIT
def main(request, response):
    value = request.server.stash.take(request.GET.first(b"key"), b"/stash")
    response.headers.set(b"Content-Type", b"text/plain")
    return b"nothing" if value is None else value
