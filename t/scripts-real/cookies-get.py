# SPDX-License-Identifier: MIT
import json


def main(request, response):
    out = {}
    for name in request.cookies:
        out[name.decode()] = request.cookies[name].value.decode()
    return [(b"Content-Type", b"application/json")], json.dumps(
        out, sort_keys=True)
