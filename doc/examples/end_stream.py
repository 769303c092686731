# SPDX-License-Identifier: MIT
#
# writer.end_stream: ends the response.
#
# A client sees: HEADERS with :status 200, DATA "before", and an empty DATA
# frame with END_STREAM.  A call that writes more raises StreamClosedError.

from h2.exceptions import StreamClosedError


def main(request, response):
    writer = response.writer
    writer.write_headers([("content-type", "text/plain")], 200)
    writer.write_data("before")
    writer.end_stream()
    try:
        writer.write_data("after")
    except StreamClosedError:
        pass
