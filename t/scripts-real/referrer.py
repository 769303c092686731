# SPDX-License-Identifier: MIT
def main(request, response):
    referrer = request.headers.get(b"referer", b"")
    callback = request.GET.first(b"callback", b"")
    body = b'"%s"' % referrer
    if callback:
        body = b"%s(%s);" % (callback, body)
    response.headers.set(b"Content-Type", b"text/javascript")
    return body
