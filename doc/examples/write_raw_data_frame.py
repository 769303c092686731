# SPDX-License-Identifier: MIT
#
# writer.write_raw_data_frame: sends one DATA frame, and ignores the windows.
#
# A client sees: HEADERS, DATA "one", and DATA "two" with END_STREAM.  With
# ?early=1 the DATA frames come before any HEADERS, and the client ends the
# stream or the connection with PROTOCOL_ERROR.

def main(request, response):
    writer = response.writer
    if "early" not in request.GET:
        writer.write_headers([("content-type", "text/plain")], 200)
    writer.write_raw_data_frame("one")
    writer.write_raw_data_frame(b"two", end_stream=True)
