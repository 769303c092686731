# SPDX-License-Identifier: MIT
import json


def main(request, response):
    value = json.loads(request.body)
    value["seen"] = True
    return [("Content-Type", "application/json")], json.dumps(
        value, sort_keys=True)
