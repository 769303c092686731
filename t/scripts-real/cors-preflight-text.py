# SPDX-License-Identifier: MIT
def main(request, response):
    response.headers.set("Access-Control-Allow-Origin", "*")
    if request.method == "OPTIONS":
        if not "x-test" in [h.strip(" ") for h in request.headers.get(
                "Access-Control-Request-Headers", "").split(",")]:
            response.set_error(400, "x-test is not asked for")
            return None
        response.headers.set("Access-Control-Allow-Headers", "x-test")
        return ""
    return "x-test: " + request.headers["x-test"]
