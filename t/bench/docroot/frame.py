# SPDX-License-Identifier: MIT
"""Has a function for each frame, and sends each DATA frame back reversed."""


def handle_headers(frame, request, response):
    response.status = 200
    response.headers.set("x-bench", "1")
    response.write_status_headers()


def handle_data(frame, request, response):
    response.writer.write_data(frame.data[::-1])


def main(request, response):
    response.writer.write_data(b"END", last=True)
