# SPDX-License-Identifier: MIT
#
# writer.write_raw: sends any octets.
#
# A client sees: the octets of a PING frame, then the response.  With ?break=1
# it sees an empty SETTINGS frame on stream 7 instead of PING, which is a
# connection error of type PROTOCOL_ERROR (RFC 9113 §6.5).

from h2rig.frames import PingFrame


def main(request, response):
    if "break" in request.GET:
        response.writer.write_raw(b"\0\0\0\x04\0\0\0\0\x07")
    else:
        response.writer.write_raw(PingFrame(0, b"rawbytes").serialize())
    return [("content-type", "text/plain")], "after raw octets"
