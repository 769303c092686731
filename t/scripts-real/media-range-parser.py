# SPDX-License-Identifier: MIT
from wptserve.ranges import RangeParser
from wptserve.response import MultipartContent


def main(request, response):
    media = "abcdefghij"
    ranges = RangeParser()(request.headers["Range"], len(media))
    content = MultipartContent(boundary="xx")
    for r in ranges:
        content.append_part(media[r.lower:r.upper].encode(), "text/a",
                            [("Content-Range", r.header_value())])
    response.status = 206
    response.headers.set("Content-Type",
                         "multipart/byteranges; boundary=" + content.boundary)
    response.content = content
