# SPDX-License-Identifier: MIT
"""A response without content, which says so in DATA: HEADERS do not end it."""


def main(request, response):
    response.writer.write_headers([], 200)
    response.writer.end_stream()
