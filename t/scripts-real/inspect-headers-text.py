# SPDX-License-Identifier: MIT
def main(request, response):
    headers = []
    for header in request.GET.first("headers").split("|"):
        if header in request.headers:
            headers.append(("x-request-" + header,
                            request.headers.get(header, "")))
    return headers, ""
