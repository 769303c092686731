# SPDX-License-Identifier: MIT
# Answers each piece of an upload when it comes.
def handle_headers(frame, request, response):
    response.status = 200
    response.headers.update([('Content-Type', 'text/plain')])
    response.write_status_headers()


def handle_data(frame, request, response):
    response.writer.write_data("%d," % len(frame.data))


def main(request, response):
    response.writer.write_data("end", last=True)
