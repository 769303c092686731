# SPDX-License-Identifier: MIT
#
# The documented example.  A client whose request has the field "test: pass"
# sees: each DATA frame of its request reversed, then "\nEnd of File".  With
# another value it sees: 403.

def handle_headers(frame, request, response):
    if request.headers["test"] == "pass":
        response.status = 200
        response.headers.update([('test', 'passed')])
        response.write_status_headers()
    else:
        response.status = 403
        response.headers.update([('test', 'failed')])
        response.write_status_headers()
        response.writer.end_stream()

def handle_data(frame, request, response):
    response.writer.write_data(frame.data[::-1])

def main(request, response):
    response.writer.write_data('\nEnd of File', last=True)
