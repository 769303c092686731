# SPDX-License-Identifier: MIT
#
# writer.ping: sends a PING frame.
#
# A client sees: PING with the octets "12345678", then the response.  Its
# HTTP/2 library acknowledges the PING by itself.

def main(request, response):
    response.writer.ping(b"12345678")
    return [("content-type", "text/plain")], "after PING"
