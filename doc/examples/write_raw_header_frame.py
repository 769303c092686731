# SPDX-License-Identifier: MIT
#
# writer.write_raw_header_frame: sends a HEADERS frame with these fields and
# flags, and checks none of them.
#
# A client sees: HEADERS with END_HEADERS, with the fields in the order given.
# The name of one field is in upper case, which makes the response malformed
# (RFC 9113 §8.2.1).  nghttp2 (curl, nghttp) and browsers reset the stream with
# PROTOCOL_ERROR.  With ?name=x-lower the response is well-formed, and its
# content is DATA "raw" with END_STREAM.

def main(request, response):
    name = request.GET.first("name", b"X-Upper")
    response.writer.write_raw_header_frame(
        [(":status", "200"), (name, 1), (b"x-bytes", b"\xff")],
        end_headers=True)
    response.writer.write_raw_data_frame("raw", end_stream=True)
