# SPDX-License-Identifier: MIT
"""Notes "arrived" as soon as its request is there; answers with the body."""
from common import shared


def handle_headers(frame, request, response):
    shared.note("arrived")


def main(request, response):
    return request.body or b"arrived"
