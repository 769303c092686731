# SPDX-License-Identifier: MIT
"""How many objects frames make that came while handle_data ran."""
import sys

from common import shared


def handle_data(frame, request, response):
    if not hasattr(request, "before"):
        response.writer.write_informational(103, [])
        shared.wait_note("all")
        request.before = sys.getallocatedblocks()
    elif not hasattr(request, "more"):
        request.more = sys.getallocatedblocks() - request.before


def main(request, response):
    return "%d %d" % (len(request.body), request.more)
