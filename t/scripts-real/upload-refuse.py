# SPDX-License-Identifier: MIT
# Will not have it, before the first octet.
def handle_headers(frame, request, response):
    if int(request.headers.get("content-length", 0)) > 10:
        response.status = 413
        response.headers.set("x-limit", 10)
        response.write_status_headers()
        response.writer.end_stream()


def main(request, response):
    return "small enough: " + request.body.decode()
