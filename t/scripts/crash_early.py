# SPDX-License-Identifier: MIT
"""Ends its process as crash.py does, ?how=..., at the first DATA frame."""
import crash

from common import shared


def handle_headers(frame, request, response):
    response.writer.write_headers([], 200)


def handle_data(frame, request, response):
    response.writer.write_data("x")
    getattr(crash, shared.query(request, "how"))()
