# SPDX-License-Identifier: MIT
#
# writer.ping: a PING frame.
#
# A client sees: PING with the octets "12345678", which it answers by itself,
# then the response.

def main(request, response):
    response.writer.ping(b"12345678")
    return [("content-type", "text/plain")], "after PING"
