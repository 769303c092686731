# SPDX-License-Identifier: MIT
"""Sends what the script sees of its request, as JSON."""
import json


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else value


def main(request, response):
    pairs = [[text(n), text(v)] for n, v in request.frames[0].headers]
    trailers = request.trailers
    return json.dumps({
        "method": text(request.method), "fields": pairs,
        "cookie": text(request.headers.get("cookie")),
        "body": text(request.body),
        "trailers": [text(trailers.get(n)) for n in ("x-sum",)]
        if trailers else []})
