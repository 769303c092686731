# SPDX-License-Identifier: MIT
def main(request, response):
    key = request.GET.first("key")
    if request.method == "PUT":
        request.server.stash.put(key, request.body)
        return "stored"
    return request.server.stash.take(key) or (404, [], "none")
