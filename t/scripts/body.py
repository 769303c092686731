# SPDX-License-Identifier: MIT
"""Digest of the request's body, as main has it whole."""
import hashlib
import json


def main(request, response):
    body = request.body
    return json.dumps({
        "length": len(body), "sha256": hashlib.sha256(body).hexdigest(),
        "content-length": request.headers.get("content-length", b"").decode()})
