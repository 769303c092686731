# SPDX-License-Identifier: MIT
import os


def main(request, response):
    response.headers.set("Content-Type", "text/html")
    return open(os.path.join(request.doc_root, "page.sub.html"), "rb")
