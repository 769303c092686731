# SPDX-License-Identifier: MIT
#
# handle_headers sends a raw 103, then waits for another request.
#
# A client that asks for /early_hints.py?key=UUID sees: HEADERS with :status
# 103 at once.  The client then asks for /early_hints_go.py?key=UUID, on the
# same connection or on another one.  After that it sees HEADERS with :status
# 200, and DATA with the value that this other request has put in the stash.
# If no such request comes within 10 seconds, the client sees :status 504.

def handle_headers(frame, request, response):
    response.writer.write_raw_header_frame(
        [(":status", "103"), ("link", "</style.css>; rel=preload; as=style")],
        end_headers=True)
    value = request.server.stash.wait(request.GET["key"], 10, "/early_hints")
    response.status = 504 if value is None else 200
    response.headers.set("content-type", "text/plain")
    response.content = "nobody came" if value is None else value
    response.write_status_headers()


def main(request, response):
    response.write_content()
