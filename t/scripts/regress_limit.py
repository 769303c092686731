# SPDX-License-Identifier: MIT
"""Runs past the run-time limit in ways that once escaped it, ?case=..."""
import time

from common import shared


class Lasting:
    """Its end takes long, when no function runs any more."""

    def __del__(self):
        end = time.monotonic() + 600
        while time.monotonic() < end:
            time.sleep(0.05)


def finalizer(request, response):
    response.lasting = Lasting()
    return "finalizer"


def twice(request, response):
    """Waits for window until the limit, then looks for a second exception;
    what was raised is the trailers, which need no window."""
    raised = []
    w = response.writer
    w.write_headers([], 200)
    try:
        w.write_data(b"x" * (1 << 20))
    except BaseException as e:
        raised.append(type(e).__name__)
        try:
            for _ in range(30):
                time.sleep(0.01)
        except BaseException as again:
            raised.append(type(again).__name__)
    w.write_trailers([("x-raised", ", ".join(raised))])


def main(request, response):
    return globals()[shared.query(request, "case")](request, response)
