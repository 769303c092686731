# SPDX-License-Identifier: MIT
def main(request, response):
    response.headers.update([
        (b"Cross-Origin-Opener-Policy", b"same-origin"),
        (b"Cross-Origin-Embedder-Policy", b"require-corp"),
        (b"Cross-Origin-Resource-Policy", b"cross-origin"),
        (b"Timing-Allow-Origin", b"*")])
    del response.headers[b"timing-allow-origin"]
    return b"isolated" if b"cross-origin-opener-policy" in response.headers \
        else b"not"
