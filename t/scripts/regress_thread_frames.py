# SPDX-License-Identifier: MIT
"""As regress_thread.py, and handle_data counts the body's octets."""
import regress_thread


def handle_headers(frame, request, response):
    request.seen = 0
    regress_thread.handle_headers(frame, request, response)


def handle_data(frame, request, response):
    request.seen += len(frame.data)


def main(request, response):
    length = regress_thread.main(request, response)
    return "%s %d" % (length, request.seen)
