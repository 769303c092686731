# SPDX-License-Identifier: MIT
# Server-sent events.
def main(request, response):
    last = request.headers.get(b"Last-Event-ID", b"0")
    headers = [(b"Content-Type", b"text/event-stream"),
               (b"Cache-Control", b"no-store")]
    start = int(last) + 1
    body = b"".join(b"id: %d\ndata: event %d\n\n" % (i, i)
                    for i in range(start, start + 3))
    return headers, b"retry: 10\n\n" + body
