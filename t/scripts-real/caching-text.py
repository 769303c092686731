# SPDX-License-Identifier: MIT
def main(request, response):
    if request.headers.get("If-None-Match") == '"abc"':
        return (304, "SUPERCOOL"), [("ETag", '"abc"')], ""
    return [("Cache-Control", "max-age=60"), ("ETag", '"abc"')], "not cached"
