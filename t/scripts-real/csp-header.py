# SPDX-License-Identifier: MIT
def main(request, response):
    policy = request.GET.first(b"csp")
    response.headers.set(b"Content-Security-Policy", policy)
    if b"csp2" in request.GET:
        response.headers.append(b"Content-Security-Policy",
                                request.GET.first(b"csp2"))
    return (b"<!DOCTYPE html><script>"
            b"parent.postMessage('ran', '*')</script>")
