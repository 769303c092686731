# SPDX-License-Identifier: MIT
"""A header block that is left open: by time (?how=sleep), until another stream
was heard of (flag), for longer than the server waits (never), or for good
(forgotten)."""
import time

from common import shared


def handle_headers(frame, request, response):
    w = response.writer
    w.write_raw_header_frame([(":status", "200")])
    how = shared.query(request, "how")
    if how == "forgotten":
        w.stream_ended = w.content_written = True
        return
    if how == "sleep":
        time.sleep(0.2)
    else:
        shared.wait_note(how, 20)
    w.write_raw_continuation_frame([("x-how", how)], end_headers=True)


def main(request, response):
    if not response.writer.stream_ended:
        response.writer.write_data("held", last=True)
