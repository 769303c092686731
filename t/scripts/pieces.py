# SPDX-License-Identifier: MIT
"""Sends a piece, and another once a script of the same connection has noted
that the first was read."""
from common import shared


def main(request, response):
    response.writer.write_headers([("content-type", "text/plain")], 200)
    response.writer.write_data("first piece")
    told = shared.wait_note("first read")
    response.writer.write_data("second" if told else "never told", last=True)
