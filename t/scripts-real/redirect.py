# SPDX-License-Identifier: MIT
# Goes where it is told, with the status it is told.


def main(request, response):
    status = int(request.GET.first(b"status", b"302"))
    location = request.GET.first(b"location", b"/echo-content.py")
    response.status = (status, b"Redirected")
    response.headers.append(b"Location", location)
    if b"max_age" in request.GET:
        response.headers.set(b"Cache-Control", b"max-age="
                             + request.GET[b"max_age"])
    else:
        response.headers.set(b"Cache-Control", b"no-cache")
    return b""
