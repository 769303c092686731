# SPDX-License-Identifier: MIT
def main(request, response):
    response.writer.write_headers([("link", "</a>; rel=preload")], 103)
    response.writer.write_headers([("location", "/elsewhere")], 302,
                                  last=True)
