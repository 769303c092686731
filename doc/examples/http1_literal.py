# SPDX-License-Identifier: MIT
#
# writer.write: takes a literal HTTP/1 response and sends it as HTTP/2.
#
# A client sees: HEADERS with :status 202, content-type and x-literal, DATA
# "literal" (h2rig removes the chunked framing), and END_STREAM after main has
# returned.

def main(request, response):
    response.writer.write(
        "HTTP/1.1 202 Accepted\r\n"
        "Content-Type: text/plain\r\n"
        "X-Literal: yes\r\n"
        "Transfer-Encoding: chunked\r\n"
        "\r\n"
        "7\r\nliteral\r\n0\r\n\r\n")
