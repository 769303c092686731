# SPDX-License-Identifier: MIT
"""Its client leaves while it runs: ?at and ?on are stash keys for the test to
follow it by, ?end that of what it has seen."""
import time

from common import shared


def main(request, response):
    stash = request.server.stash
    seen = []
    response.writer.write_headers([], 200)
    stash.put(shared.query(request, "at"), "running", path="/t")
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if stash.take(shared.query(request, "on"), path="/t"):
            seen.append("told to go on")
            break
        time.sleep(0.005)
    for _ in range(1000):
        try:
            response.writer.write_data("anyone there?")
        except Exception as e:
            seen.append(type(e).__name__)
            break
        time.sleep(0.005)
    with open(__file__) as f:
        seen.append(f.readline().strip())
    stash.put(shared.query(request, "end"), ", ".join(seen), path="/t")
