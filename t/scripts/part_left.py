# SPDX-License-Identifier: MIT
"""A thread that outlives its function stops inside of a frame, when told."""
import threading

from common import shared


def main(request, response):
    writer = response.writer

    def part():
        shared.wait_note("go", 20)
        writer.write_raw(b"\0\0\0")

    threading.Thread(target=part, daemon=True).start()
    return "done"
