# SPDX-License-Identifier: MIT
import os
from wptserve.pipes import template


def main(request, response):
    path = os.path.join(os.path.dirname(__file__), "page.sub.html")
    with open(path, "rb") as f:
        return [("Content-Type", "text/html")], template(request, f.read())
