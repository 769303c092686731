# SPDX-License-Identifier: MIT
"""What handle_headers alone does for t/regress.t, ?case=..."""
import time

from common import shared


def early(response):
    """The whole answer, while the request is still to come."""
    response.writer.write_headers([], 200, last=True)


def tunnel(response):
    """Goes on for as long as it may."""
    response.writer.write_headers([], 200)
    end = time.monotonic() + 600
    try:
        while time.monotonic() < end:
            time.sleep(0.05)
    except BaseException as e:
        shared.note("tunnel", type(e).__name__)
        raise


def handle_headers(frame, request, response):
    globals()[shared.query(request, "case")](response)
