# SPDX-License-Identifier: MIT
"""A thread of the script's own reads the body while no function runs, and
handle_data counts its octets.
"""
import sys
import threading
import time


def handle_headers(frame, request, response):
    def read():
        request.read = request.body

    request.seen = 0
    request.reader = threading.Thread(target=read, daemon=True)
    request.reader.start()
    # Until it is in the server's code, which waits.
    while not sys._current_frames()[request.reader.ident].f_globals[
            "__name__"].startswith("h2rig."):
        time.sleep(0.001)
    response.writer.write_informational(103, [])


def handle_data(frame, request, response):
    request.seen += len(frame.data)


def main(request, response):
    request.reader.join()
    return "%d %d" % (len(request.read), request.seen)
