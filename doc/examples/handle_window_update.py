# SPDX-License-Identifier: MIT
#
# handle_window_update: called for each WINDOW_UPDATE frame on the stream,
# after the stream's window has grown.
#
# A client sees: HEADERS, then for each WINDOW_UPDATE frame that it sends on
# the stream, a DATA frame with the increment.  An increment of 1 ends the
# stream.

def main(request, response):
    response.write_status_headers()
    response.writer.stream_ended = True         # h2rig will not end the stream


def handle_window_update(frame, request, response):
    response.writer.write_data("%d\n" % frame.increment,
                               last=frame.increment == 1)
