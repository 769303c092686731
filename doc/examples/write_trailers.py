# SPDX-License-Identifier: MIT
#
# writer.write_trailers: sends fields after the content, and ends the stream.
#
# A client sees: HEADERS, DATA "content", then HEADERS with x-checksum and
# END_STREAM.

def main(request, response):
    response.writer.write_headers([("trailer", "x-checksum")], 200)
    response.writer.write_data("content")
    response.writer.write_trailers([("x-checksum", "42")])
