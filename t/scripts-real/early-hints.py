# SPDX-License-Identifier: MIT
# A 103 first; and the final response says which hints there were.
def handle_headers(frame, request, response):
    early = [(b":status", b"103"),
             (b"link", b"</style.css>; rel=preload; as=style")]
    response.writer.write_raw_header_frame(headers=early, end_headers=True)
    response.status = 200
    response.headers[b"content-type"] = "text/html"
    response.write_status_headers()


def main(request, response):
    response.writer.write_data(item="hinted", last=True)
