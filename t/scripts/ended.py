# SPDX-License-Identifier: MIT
"""Ends its stream in handle_headers: the later functions are still called, and
what they try to send raises StreamClosedError.  ?let=pass lets it pass."""
from common import shared
from h2.exceptions import ProtocolError, StreamClosedError

assert issubclass(StreamClosedError, ProtocolError)


def handle_headers(frame, request, response):
    response.status = 403
    response.write_status_headers()
    response.writer.end_stream()


def attempt(request, response, name):
    if shared.query(request, "let") == "pass":
        shared.note(name + " passed")
        response.writer.write_data("too late")
    try:
        response.writer.write_data("too late")
        shared.note(name, "sent")
    except StreamClosedError:
        shared.note(name, "StreamClosedError")


def handle_data(frame, request, response):
    attempt(request, response, "data")


def main(request, response):
    attempt(request, response, "main")
