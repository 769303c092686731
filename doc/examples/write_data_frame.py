# SPDX-License-Identifier: MIT
#
# writer.write_data_frame: exactly one DATA frame for each call.
#
# A client sees: HEADERS, then one DATA frame for each word, the last one empty
# and with END_STREAM.  A frame that the client's window or maximum frame size
# has no room for raises FlowControlError or ProtocolError, and is not sent.

def main(request, response):
    writer = response.writer
    writer.write_headers([("content-type", "text/plain")], 200)
    for word in ("one ", "frame ", "each"):
        if len(word) <= writer.get_max_payload_size():
            writer.write_data_frame(word, False)
    writer.write_data_frame(b"", True)
