# SPDX-License-Identifier: MIT
#
# writer.write_raw_header_frame: a HEADERS frame with these fields and flags,
# unchecked.
#
# A client sees: HEADERS with END_HEADERS whose fields are in the order given,
# one of them with an upper-case name, which RFC 9113 §8.2.1 calls malformed.
# nghttp2 (curl, nghttp) and browsers reset the stream with PROTOCOL_ERROR;
# with ?name=x-lower the response is well-formed: DATA "raw" and END_STREAM.

def main(request, response):
    name = request.GET.first("name", b"X-Upper")
    response.writer.write_raw_header_frame(
        [(":status", "200"), (name, 1), (b"x-bytes", b"\xff")],
        end_headers=True)
    response.writer.write_raw_data_frame("raw", end_stream=True)
