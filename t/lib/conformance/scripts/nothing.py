# SPDX-License-Identifier: MIT
"""Sends a response without content, which ends with an empty DATA frame and
not with HEADERS."""


def main(request, response):
    response.writer.write_headers([], 200)
    response.writer.end_stream()
