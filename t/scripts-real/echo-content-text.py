# SPDX-License-Identifier: MIT
# The same as people wrote it for Python 2.
def main(request, response):
    headers = [("X-Request-Method", request.method),
               ("X-Request-Content-Length",
                request.headers.get("Content-Length", "NO")),
               ("X-Request-Content-Type",
                request.headers.get("Content-Type", "NO")),
               ("Content-Type", "text/plain")]
    return headers, request.body
