# SPDX-License-Identifier: MIT
"""Exceptions: ?case=... says which and where; later functions leave a note, so
that a test can see that they were not run."""
import sys

from common import shared
from wptserve.utils import HTTPException


def start(request, response):
    response.status = 200
    response.write_status_headers()


def fail(request, response, where):
    case = shared.query(request, "case")
    if case == where:
        raise KeyError("the missing key")
    if case == where + "-http":
        raise HTTPException(404, "nothing of that sort")
    if case == where + "-exit":
        sys.exit(3)
    if case == where + "-started":
        start(request, response)
        raise ValueError("after the start")


def handle_headers(frame, request, response):
    fail(request, response, "headers")


def handle_data(frame, request, response):
    shared.note("data " + shared.query(request, "case"))
    fail(request, response, "data")


def main(request, response):
    shared.note("main " + shared.query(request, "case"))
    fail(request, response, "main")
    return "no error"
