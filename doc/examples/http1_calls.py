# SPDX-License-Identifier: MIT
#
# Calls for handlers that were written for HTTP/1: write_status, write_header,
# end_headers, write_content and write.
#
# A client sees: HEADERS with :status 201, content-type and x-made (the reason
# phrase and "connection" do not exist in HTTP/2), DATA "first ", DATA
# "second", and END_STREAM after main has returned.

def main(request, response):
    writer = response.writer
    writer.write_status(201, "Made")
    writer.write_header("Content-Type", "text/plain")
    writer.write_header("X-Made", "by hand")
    writer.write_header("Connection", "close")
    writer.end_headers()
    if not writer.write_content("first "):
        return  # the client has left
    writer.write("second")
