# SPDX-License-Identifier: MIT
def main(request, response):
    response.headers.set(b"X-Method", request.method)
    return b"" if request.method == "HEAD" else request.method.encode()
