# SPDX-License-Identifier: MIT
#
# writer.write_push: sends a response that the client has not asked for.
#
# A client sees: PUSH_PROMISE for /pushed.txt, then on the promised (even)
# stream HEADERS and DATA "pushed" with END_STREAM, then the response.  A
# client that has set SETTINGS_ENABLE_PUSH to 0, as browsers do, sees only the
# response, whose content is then "push is disabled".

from h2rig.errors import PushDisabledError


def main(request, response):
    promise = [(":method", "GET"), (":scheme", "https"),
               (":authority", request.headers["host"]),
               (":path", "/pushed.txt")]
    try:
        stream = response.writer.write_push(
            promise, status=200,
            response_headers=[("content-type", "text/plain")],
            response_data="pushed")
    except PushDisabledError:
        return [("content-type", "text/plain")], "push is disabled"
    return [("content-type", "text/plain")], "pushed stream %d" % stream
