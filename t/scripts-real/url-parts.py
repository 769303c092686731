# SPDX-License-Identifier: MIT
import json
from urllib.parse import parse_qs


def main(request, response):
    parts = request.url_parts
    return json.dumps([parts.scheme, parts.hostname, parts.path, parts.query,
                       parse_qs(parts.query), request.request_path,
                       request.url_base, request.protocol_version])
