# SPDX-License-Identifier: MIT
#
# writer.write_data_frame: sends exactly one DATA frame for each call.
#
# A client sees: HEADERS, then one DATA frame for each word, and an empty one
# with END_STREAM.  If a frame is too large for the client's window or for its
# maximum frame size, the call sends nothing and raises FlowControlError or
# ProtocolError.

def main(request, response):
    writer = response.writer
    writer.write_headers([("content-type", "text/plain")], 200)
    for word in ("one ", "frame ", "each"):
        if len(word) <= writer.get_max_payload_size():
            writer.write_data_frame(word, False)
    writer.write_data_frame(b"", True)
