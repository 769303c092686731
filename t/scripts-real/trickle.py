# SPDX-License-Identifier: MIT
# A page in pieces.
import time


def main(request, response):
    delay = float(request.GET.first(b"ms", 1)) / 1E3
    count = int(request.GET.first(b"count", 5))
    response.headers.set(b"Content-type", b"text/plain")
    response.write_status_headers()
    for i in range(count):
        if not response.writer.write_content(b"piece %d\n" % i):
            break
        time.sleep(delay)
