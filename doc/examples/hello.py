# SPDX-License-Identifier: MIT
#
# The return value of main is the response: (headers, content).
#
# A client sees: HEADERS with :status 200 and content-type, then DATA "hello,
# world" and a newline, with END_STREAM.

def main(request, response):
    return [("Content-Type", "text/plain")], "hello, world\n"
