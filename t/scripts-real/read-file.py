# SPDX-License-Identifier: MIT
# A file beside the script.
import os


def main(request, response):
    path = os.path.join(os.path.dirname(__file__), "page.sub.html")
    with open(path, "rb") as f:
        return [(b"Content-Type", b"text/plain")], f.read()[:15]
