# SPDX-License-Identifier: MIT
# Ranges of made-up media, by hand.
import re


def main(request, response):
    media = bytes(range(256)) * 4
    range_header = request.headers.get(b"Range")
    response.headers.set(b"Accept-Ranges", b"bytes")
    response.headers.set(b"Content-Type", b"audio/wav")
    if not range_header:
        return media
    match = re.match(r"^bytes=(\d+)-(\d*)$", range_header.decode())
    if not match:
        return (416, b"Bad"), [(b"Content-Range", b"bytes */%d" % len(media))]\
            , b""
    start = int(match.group(1))
    end = int(match.group(2) or len(media) - 1) + 1
    response.status = (206, b"Partial Content")
    response.headers.set(b"Content-Range", b"bytes %d-%d/%d" % (
        start, end - 1, len(media)))
    return media[start:end]
