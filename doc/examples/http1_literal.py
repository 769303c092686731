# SPDX-License-Identifier: MIT
#
# writer.write with a literal HTTP/1 response.
#
# A client sees: HEADERS with :status 202, content-type and x-literal, DATA
# "literal" (the chunk framing is taken off), and END_STREAM after main.

def main(request, response):
    response.writer.write(
        "HTTP/1.1 202 Accepted\r\n"
        "Content-Type: text/plain\r\n"
        "X-Literal: yes\r\n"
        "Transfer-Encoding: chunked\r\n"
        "\r\n"
        "7\r\nliteral\r\n0\r\n\r\n")
