# SPDX-License-Identifier: MIT
#
# writer.write_raw_frame: sends a frame of any type, any flags and any payload.
#
# A client sees: a frame of the unknown type 0xbf with all flags set, which it
# must ignore (RFC 9113 §4.1), a WINDOW_UPDATE frame that adds 1,000 octets to
# the connection's window, then the response.

def main(request, response):
    writer = response.writer
    writer.write_raw_frame(0xbf, 0xff, payload=b"ignore me")
    writer.write_raw_frame("WINDOW_UPDATE", stream_id=0,
                           payload=(1000).to_bytes(4, "big"))
    return [("content-type", "text/plain")], "after two raw frames"
