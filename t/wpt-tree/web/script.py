# SPDX-License-Identifier: MIT
"""Puts what it is sent into the stash."""


def main(request, response):
    if request.method == "POST":
        request.server.stash.put(request.GET.first(b"key"), request.body,
                                 "/shared")
    return [("x-host", request.server.config["browser_host"])], "script"
