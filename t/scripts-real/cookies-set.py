# SPDX-License-Identifier: MIT
# Sets as many as the query names.
def main(request, response):
    for name in request.GET:
        response.set_cookie(name, request.GET.first(name), path=b"/here",
                            samesite=b"Lax", secure=True)
    return b"set"
