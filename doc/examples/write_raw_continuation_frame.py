# SPDX-License-Identifier: MIT
#
# writer.write_raw_continuation_frame: a field block in several frames.
#
# A client sees: HEADERS without END_HEADERS, 0.2 seconds later CONTINUATION
# without it, then CONTINUATION with it, and no other frame in between on the
# whole connection (RFC 9113 §6.10); then DATA "three frames" with END_STREAM.

import time


def main(request, response):
    writer = response.writer
    writer.write_raw_header_frame([(":status", "200")])
    time.sleep(0.2)
    writer.write_raw_continuation_frame([("x-second", "2")])
    writer.write_raw_continuation_frame([("x-third", "3")], end_headers=True)
    writer.write_raw_data_frame("three frames", end_stream=True)
