# SPDX-License-Identifier: MIT
"""Raw SETTINGS that are not legal: ?case=..., then INITIAL_WINDOW_SIZE 100."""
from common import shared

CASES = {
    "value": dict(payload=b"\0\5\0\0\0\1"),
    "push": dict(payload=b"\0\2\0\0\0\1"),
    "length": dict(payload=b"\0\4\0\0\0\1\0"),
    "stream": dict(stream_id=1, payload=b"\0\4\0\0\0\1"),
    "size": dict(payload=b"\0\4\0\0\0\1" * 2731),
}


def main(request, response):
    frame = {"stream_id": 0, **CASES[shared.query(request, "case")]}
    response.writer.write_raw_frame("SETTINGS", **frame)
    response.writer.settings([("INITIAL_WINDOW_SIZE", 100)])
    return "sent"
