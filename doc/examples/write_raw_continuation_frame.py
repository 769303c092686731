# SPDX-License-Identifier: MIT
#
# writer.write_raw_continuation_frame: a field block in several frames.
#
# A client sees: HEADERS without END_HEADERS, 0.2 seconds later CONTINUATION
# without END_HEADERS, then CONTINUATION with END_HEADERS.  There is no other
# frame between these on the whole connection (RFC 9113 §6.10).  After them
# comes DATA "three frames" with END_STREAM.

import time


def main(request, response):
    writer = response.writer
    writer.write_raw_header_frame([(":status", "200")])
    time.sleep(0.2)
    writer.write_raw_continuation_frame([("x-second", "2")])
    writer.write_raw_continuation_frame([("x-third", "3")], end_headers=True)
    writer.write_raw_data_frame("three frames", end_stream=True)
