# SPDX-License-Identifier: MIT
import json


def main(request, response):
    return json.dumps(dict(request.raw_headers), sort_keys=True)
