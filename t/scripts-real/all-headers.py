# SPDX-License-Identifier: MIT
# Every field as JSON.
import json


def main(request, response):
    response.headers.set("Content-Type", "application/json")
    return json.dumps({name.decode(): [v.decode() for v in values]
                       for name, values in request.headers.items()
                       if name.startswith("x-")}, sort_keys=True)
