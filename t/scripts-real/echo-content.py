# SPDX-License-Identifier: MIT
# The request's body, with its type.
from wptserve.utils import isomorphic_encode


def main(request, response):
    headers = [(b"X-Request-Method", isomorphic_encode(request.method)),
               (b"X-Request-Content-Length",
                request.headers.get(b"Content-Length", b"NO")),
               (b"X-Request-Content-Type",
                request.headers.get(b"Content-Type", b"NO")),
               (b"Content-Type", b"text/plain")]
    return headers, request.body
