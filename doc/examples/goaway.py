# SPDX-License-Identifier: MIT
#
# writer.goaway: tells the client to open no more streams on this connection.
#
# A client sees: GOAWAY with the last stream that it opened, NO_ERROR and the
# debug data "see you", then the whole response.  Its next request needs
# another connection.

def main(request, response):
    response.writer.goaway("NO_ERROR", debug_data="see you")
    return [("content-type", "text/plain")], "after GOAWAY"
