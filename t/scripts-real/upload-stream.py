# SPDX-License-Identifier: MIT
# Reads a part, answers, reads the rest.
def handle_headers(frame, request, response):
    start = request.raw_input.read(4)
    response.writer.write_headers([("x-start", start)], 200)
    response.writer.write_data(request.raw_input.read(), last=True)
