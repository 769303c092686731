# SPDX-License-Identifier: MIT
from wptserve.handlers import json_handler


@json_handler
def main(request, response):
    response.headers.set("X-By", "json_handler")
    return {"method": request.method, "list": [1, None, "x"]}
