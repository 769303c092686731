# SPDX-License-Identifier: MIT
"""Ends the connection in one of four ways, ?how=..., after an octet."""
from common import shared


def main(request, response):
    response.writer.write_headers([], 200)
    response.writer.write_data("x")
    response.writer.close(shared.query(request, "how"))
