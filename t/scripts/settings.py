# SPDX-License-Identifier: MIT
"""Sends SETTINGS: ?send=NAME:VALUE,NAME:VALUE/... with a slash between frames;
by=settings (the default), by=frame or by=octets says with which call.  The
answer is "sent", or the exception.
"""
import struct

from common import shared
from h2rig import frames


def send(writer, by, pairs):
    if by == "settings":
        return writer.settings(pairs)
    payload = b"".join(struct.pack(">HL", *frames.setting(*pair))
                       for pair in pairs)
    if by == "frame":
        return writer.write_raw_frame("SETTINGS", 0, 0, payload)
    frame = struct.pack(">L", len(payload))[1:] + bytes([4, 0]) + bytes(4)
    for octet in frame + payload:
        writer.write_raw(bytes([octet]))


def pair(text):
    name, value = text.split(":")
    return int(name) if name.isdigit() else name, int(value)


def main(request, response):
    by = shared.query(request, "by", "settings")
    try:
        for frame in shared.query(request, "send").split("/"):
            send(response.writer, by, [pair(p) for p in frame.split(",") if p])
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)
    return "sent"
