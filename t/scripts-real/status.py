# SPDX-License-Identifier: MIT
# A status, with a reason, a type and content of one's choice.
def main(request, response):
    code = int(request.GET.first(b"code", b"200"))
    text = request.GET.first(b"text", b"OMG")
    content = request.GET.first(b"content", b"")
    mime = request.GET.first(b"type", b"")
    return (code, text), [(b"Content-Type", mime),
                          (b"X-Request-Method", request.method)], content
