# SPDX-License-Identifier: MIT
"""Says that it has begun; and, when all is there, how long the body is."""


def handle_headers(frame, request, response):
    response.write_status_headers()


def main(request, response):
    response.writer.write_data(b"%d" % len(request.body), last=True)
