# SPDX-License-Identifier: MIT
# Adds up what comes, and says so behind it.
def handle_headers(frame, request, response):
    response.status = 200
    response.headers.set("Trailer", "x-sum")
    response.write_status_headers()


def handle_data(frame, request, response):
    response.writer.write_data(frame.data)


def main(request, response):
    response.writer.write_trailers([
        ("x-sum", str(sum(request.body))),
        ("x-theirs", request.trailers.get("x-mine", "none"))])
