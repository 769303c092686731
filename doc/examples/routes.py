# SPDX-License-Identifier: MIT
#
# Routes for requests without a path: h2rig --routes doc/examples/routes.py
#
# A client that sends CONNECT sees: 200, with the authority that it asked for
# in x-authority, then each of its DATA frames again, until it ends the stream.
# A client that sends OPTIONS * sees: 204, with the methods in allow.

from h2rig.router import ASTERISK, AUTHORITY


class Tunnel:
    def frame_handler(self, request):
        return self

    def handle_headers(self, frame, request, response):
        response.writer.write_headers(
            [("x-authority", request.connect_authority)], 200)

    def handle_data(self, frame, request, response):
        response.writer.write_data(frame.data)


def options(request, response):
    return 204, [("allow", "CONNECT, GET, OPTIONS")], ""


routes = [
    ("CONNECT", AUTHORITY, Tunnel()),
    ("OPTIONS", ASTERISK, options),
]
