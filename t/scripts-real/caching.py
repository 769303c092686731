# SPDX-License-Identifier: MIT
# Conditional requests as a script answers them.
def main(request, response):
    etag = request.headers.get(b"If-None-Match", None)
    date = request.headers.get(b"If-Modified-Since", None)
    if request.GET.first(b"tag", None):
        response.headers.set(b"ETag", b'"' + request.GET[b"tag"] + b'"')
    response.headers.set(b"Cache-Control", b"max-age=0, must-revalidate")
    if etag == b'"%s"' % request.GET.first(b"tag", b"-") or date == (
            b"Mon, 01 Jan 2024 00:00:00 GMT"):
        response.status = (304, b"SUPERCOOL")
        return b""
    return b"fresh"
