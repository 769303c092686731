# SPDX-License-Identifier: MIT
#
# writer.write_data: sends content of any size, as flow control allows.
#
# A client sees: HEADERS, then 40,000 times "x" in DATA frames no longer than
# its SETTINGS_MAX_FRAME_SIZE (16,384, 16,384 and 7,232 octets if it has not
# set one), then DATA "last" with END_STREAM.

def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("x" * 40000)
    response.writer.write_data(b"last", last=True)
