# SPDX-License-Identifier: MIT
#
# writer.write_headers: sends a field section that follows the rules.
#
# A client sees: HEADERS with :status 200, x-name and x-number, whose names are
# in lower case; no "connection", which HTTP/2 does not have; then DATA "done"
# with END_STREAM.

def main(request, response):
    response.writer.write_headers(
        [("X-Name", "value"), ("X-Number", 17), ("Connection", "close")], 200)
    response.writer.write_data("done", last=True)
