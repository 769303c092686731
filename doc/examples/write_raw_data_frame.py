# SPDX-License-Identifier: MIT
#
# writer.write_raw_data_frame: one DATA frame, whatever the windows say.
#
# A client sees: HEADERS, DATA "one", and DATA "two" with END_STREAM.
# With ?early=1 the DATA frames come before any HEADERS, and a client ends the
# stream or the connection with PROTOCOL_ERROR.

def main(request, response):
    writer = response.writer
    if "early" not in request.GET:
        writer.write_headers([("content-type", "text/plain")], 200)
    writer.write_raw_data_frame("one")
    writer.write_raw_data_frame(b"two", end_stream=True)
