# SPDX-License-Identifier: MIT
"""A header block as raw octets, ?block=HEX, by=frame, octets or parts (a
CONTINUATION for each octet after the first); without one, a checked response
with x-a: b and x-c: d.  ?interim=1: the block is no final response.
"""
from common import shared
from h2rig.frames import HeadersFrame


def send(writer, by, block, end):
    if by == "frame":
        writer.write_raw_frame("HEADERS", end + ["END_HEADERS"], payload=block)
    elif by == "octets":
        frame = HeadersFrame(writer.request.h2_stream_id, data=block,
                             flags=end + ["END_HEADERS"])
        for octet in frame.serialize():
            writer.write_raw(bytes([octet]))
    else:
        writer.write_raw_frame("HEADERS", end, payload=block[:1])
        for octet in block[1:]:
            writer.write_raw_frame("CONTINUATION", payload=bytes([octet]))
        writer.write_raw_frame("CONTINUATION", "END_HEADERS")


def main(request, response):
    block = bytes.fromhex(shared.query(request, "block"))
    if not block:
        response.headers.update([("x-a", "b"), ("x-c", "d")])
        return "checked"
    if shared.query(request, "interim"):
        send(response.writer, shared.query(request, "by"), block, [])
        return "final"
    send(response.writer, shared.query(request, "by"), block, ["END_STREAM"])
    return None
