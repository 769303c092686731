# SPDX-License-Identifier: MIT
# Writes like a server of the old days.
def main(request, response):
    response.add_required_headers = False
    response.writer.write_status(200)
    response.writer.write_header(b"content-type", b"text/html")
    response.writer.write_header(b"x-old", b"days")
    response.writer.end_headers()
    response.writer.write(b"<p>")
    response.writer.write(b"written")
    response.close_connection = False
