# SPDX-License-Identifier: MIT
"""Opens its stream's window by as many octets as the query says."""


def handle_headers(frame, request, response):
    size = int(request.GET.first("open", "0"))
    if size:
        response.writer.write_raw_frame("WINDOW_UPDATE", 0, None,
                                        size.to_bytes(4, "big"))


def main(request, response):
    return request.body
