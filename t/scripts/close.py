# SPDX-License-Identifier: MIT
"""Ends the connection in one of four ways, ?how=..., after an octet or
?size=... of them.
"""
from common import shared


def main(request, response):
    response.writer.write_headers([], 200)
    response.writer.write_data("x" * int(shared.query(request, "size", "1")))
    response.writer.close(shared.query(request, "how"))
