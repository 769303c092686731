# SPDX-License-Identifier: MIT
"""Part of a frame by handle_headers, and no other function; ?raise=1: it raises
then."""
from common import shared


def handle_headers(frame, request, response):
    response.writer.write_raw(b"\0\0\0\0\0")
    if shared.query(request, "raise"):
        raise ValueError("on purpose")
