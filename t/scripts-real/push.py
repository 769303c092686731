# SPDX-License-Identifier: MIT
# Pushes a style sheet, if it may.
from h2.exceptions import ProtocolError


def main(request, response):
    try:
        response.writer.write_push(
            promise_headers=[(":method", "GET"), (":path", "/pushed.css"),
                             (":scheme", request.url_parts.scheme),
                             (":authority", request.url_parts.netloc)],
            status=200, response_headers=[("content-type", "text/css")],
            response_data="* {}")
    except ProtocolError as e:
        return "not pushed: " + type(e).__name__
    return "pushed"
