# SPDX-License-Identifier: MIT
"""What the client speaks, as the server sees it: ALPN, the name that it asks
for, the names of the first fields of its request, who it says it is."""
import json

from common import shared


def handle_headers(frame, request, response):
    shared.note("fields", [
        name.decode("latin-1") for name, _ in frame.headers])


def main(request, response):
    return json.dumps({
        "alpn": request.connection.alpn_protocol,
        "sni": request.connection.sni,
        "pseudo": sorted(n for n in shared.notes["fields"] if n[:1] == ":"),
        "host": "host" in shared.notes["fields"],
        "authority": request.url_parts.netloc,
        "agent": request.headers["user-agent"].decode("latin-1")})
