# SPDX-License-Identifier: MIT
#
# handle_trailers: called for the HEADERS frame of a request's trailers.
#
# A client that sends trailers sees: these trailers as the content, a line for
# each field.

def handle_trailers(frame, request, response):
    response.content = [b"%s: %s\n" % field for field in frame.headers]
