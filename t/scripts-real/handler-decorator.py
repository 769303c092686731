# SPDX-License-Identifier: MIT
from wptserve.handlers import handler


@handler
def main(request, response):
    response.headers.set("X-Decorated", "yes")
    return 201, [("X-Also", "this")], "decorated"
