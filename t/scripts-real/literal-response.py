# SPDX-License-Identifier: MIT
def main(request, response):
    response.writer.write(b"HTTP/1.1 203 Literally\r\n"
                          b"Content-Type: text/plain\r\n"
                          b"X-Literal: yes\r\n\r\nverbatim")
