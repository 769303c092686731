# SPDX-License-Identifier: MIT
# Says what it got, of the fields that it is asked for; with CORS.
def main(request, response):
    headers = []
    if b"headers" in request.GET:
        checked = request.GET.first(b"headers").split(b"|")
        for header in checked:
            if header in request.headers:
                headers.append((b"x-request-" + header,
                                request.headers.get(header, b"")))
    if b"cors" in request.GET:
        headers.append((b"Access-Control-Allow-Origin",
                        request.headers.get(b"Origin", b"*")))
        headers.append((b"Access-Control-Allow-Credentials", b"true"))
        exposed = [b"x-request-" + h for h in checked]
        headers.append((b"Access-Control-Expose-Headers",
                        b", ".join(exposed)))
    headers.append((b"content-type", b"text/plain"))
    return headers, b""
