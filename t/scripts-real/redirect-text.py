# SPDX-License-Identifier: MIT
def main(request, response):
    status = request.GET.first("status", "302")
    return (int(status), "Redirected"), [
        ("Location", request.GET["location"])], ""
