# SPDX-License-Identifier: MIT
#
# handle_trailers: called for the HEADERS frame of a request's trailers.
#
# A client that sends trailers sees: them as the content, a line for each.

def handle_trailers(frame, request, response):
    response.content = [b"%s: %s\n" % field for field in frame.headers]
