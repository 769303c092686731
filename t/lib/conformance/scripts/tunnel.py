# SPDX-License-Identifier: MIT
"""The far end of a tunnel: sends back each DATA frame in upper
case, as it comes."""


def handle_headers(frame, request, response):
    response.writer.write_headers([], 200)


def handle_data(frame, request, response):
    response.writer.write_data(frame.data.upper())


def main(request, response):
    response.writer.end_stream()
