# SPDX-License-Identifier: MIT
def main(request, response):
    origin = request.headers.get(b"origin")
    if not origin:
        return 403, [], b"no origin"
    response.headers.set(b"Access-Control-Allow-Origin", origin)
    response.headers.set(b"Vary", b"Origin")
    response.headers.set(b"Access-Control-Allow-Credentials", b"true")
    return b"PASS"
