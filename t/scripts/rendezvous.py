# SPDX-License-Identifier: MIT
"""103 in handle_headers, which then waits for what another stream puts in the
stash; then 200."""
import time

from common import shared


def handle_headers(frame, request, response):
    response.writer.write_raw_header_frame(
        [(":status", "103"), ("x-early", "yes")], end_headers=True)
    end = time.monotonic() + 60
    key, value = shared.query(request, "key"), None
    while value is None and time.monotonic() < end:
        value = request.server.stash.take(key, path="/t")
        time.sleep(0.005)
    response.status = 200
    response.headers.set("x-value", value or "none")
    response.write_status_headers()


def main(request, response):
    response.writer.write_data("late", last=True)
