# SPDX-License-Identifier: MIT
#
# writer.write_informational: sends a 1xx response before the final one.
#
# A client sees: HEADERS with :status 103 and a link field, without END_STREAM,
# while the script is still running; then HEADERS with :status 200, and the
# content.

import time


def main(request, response):
    response.writer.write_informational(
        103, [("link", "</style.css>; rel=preload; as=style")])
    time.sleep(0.1)
    return [("content-type", "text/plain")], "final"
