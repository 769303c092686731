# SPDX-License-Identifier: MIT
#
# writer.close("goaway"): ends the connection in good order, with GOAWAY.
#
# A client sees: HEADERS, GOAWAY with NO_ERROR, the rest of this response, and
# the end of the connection when its last stream has ended.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.close("goaway")
    response.writer.write_data("whole", last=True)
