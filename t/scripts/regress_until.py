# SPDX-License-Identifier: MIT
"""Answers whole and goes on until another connection puts ?key in the stash;
with ?close it first asks for the connection's end."""
import time

from common import shared


def main(request, response):
    if shared.query(request, "close"):
        response.writer.close(shared.query(request, "close"))
    response.writer.write_headers([], 200)
    response.writer.write_data("answered", last=True)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if request.server.stash.take(shared.query(request, "key"), path="/t"):
            return
        time.sleep(0.005)
