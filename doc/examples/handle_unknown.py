# SPDX-License-Identifier: MIT
#
# handle_unknown: called for each frame on the stream whose type is not known.
#
# A client that sends such frames before the end of its request sees: each of
# them again, with the same type, flags and payload; then 200 without content.

def handle_unknown(frame, request, response):
    response.writer.write_raw_frame(frame.type, frame.flags,
                                    payload=frame.payload)
