# SPDX-License-Identifier: MIT
#
# Takes a body of any size.
#
# A client sees: JSON with the length and the SHA-256 of the body that it sent.

import hashlib

from wptserve.handlers import json_handler


@json_handler
def main(request, response):
    return {"length": len(request.body),
            "sha256": hashlib.sha256(request.body).hexdigest()}
