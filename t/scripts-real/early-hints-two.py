# SPDX-License-Identifier: MIT
def handle_headers(frame, request, response):
    for i in range(2):
        response.writer.write_informational(
            103, [("link", "</%d.js>; rel=preload" % i)])


def main(request, response):
    response.status = 404
    response.content = "none after all"
