# SPDX-License-Identifier: MIT
#
# A response from main's return value: (headers, content).
#
# A client sees: HEADERS with :status 200 and content-type, DATA "hello, world"
# and a newline, with END_STREAM.

def main(request, response):
    return [("Content-Type", "text/plain")], "hello, world\n"
