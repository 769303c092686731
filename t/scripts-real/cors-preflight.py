# SPDX-License-Identifier: MIT
# Preflights, counted in the stash by a token.
def main(request, response):
    token = request.GET.first(b"token")
    stash = request.server.stash
    headers = [(b"Access-Control-Allow-Origin",
                request.headers.get(b"Origin", b"*"))]
    if request.method == "OPTIONS":
        if b"Access-Control-Request-Method" not in request.headers:
            response.set_error(400, "No Access-Control-Request-Method header")
            return None
        stash.put(token, request.headers[b"Access-Control-Request-Method"])
        headers += [(b"Access-Control-Allow-Methods", b"PUT, PATCH"),
                    (b"Access-Control-Allow-Headers",
                     request.headers.get(b"Access-Control-Request-Headers")),
                    (b"Access-Control-Max-Age", 60)]
        return (204, b"No Content"), headers, b""
    asked = stash.take(token)
    headers.append((b"X-Did-Preflight", b"0" if asked is None else b"1"))
    headers.append((b"X-Preflight-Method", asked or b"none"))
    return headers, b"the content"
