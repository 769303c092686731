# SPDX-License-Identifier: MIT
"""Runs past the run-time limit, ?how=loop or sleep."""
import time

from common import shared


def handle_headers(frame, request, response):
    if shared.query(request, "how") == "sleep":
        response.writer.write_headers([], 200)
        time.sleep(60)
        return
    try:
        while True:
            pass
    except BaseException as e:
        shared.note("limit", [type(e).__name__, isinstance(e, Exception)])
        raise


def main(request, response):
    return "never"
