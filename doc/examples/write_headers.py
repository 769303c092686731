# SPDX-License-Identifier: MIT
#
# writer.write_headers: a field section, checked.
#
# A client sees: HEADERS with :status 200, x-name and x-number, in lower case;
# no "connection" (HTTP/2 has no such field); then DATA "done" with END_STREAM.

def main(request, response):
    response.writer.write_headers(
        [("X-Name", "value"), ("X-Number", 17), ("Connection", "close")], 200)
    response.writer.write_data("done", last=True)
