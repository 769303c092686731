# SPDX-License-Identifier: MIT
def main(request, response):
    code = int(request.GET.first("code", 200))
    text = request.GET.first("text", "OMG")
    content = request.GET.first("content", "")
    return (code, text), [("X-Request-Method", request.method)], content
