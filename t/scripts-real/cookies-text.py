# SPDX-License-Identifier: MIT
def main(request, response):
    cookie = request.cookies.first("name", None)
    if cookie is not None and cookie.value == "value":
        response.delete_cookie("name")
        return "found and deleted"
    response.set_cookie("name", "value", max_age=100, httponly=True)
    return "set"
