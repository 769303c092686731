# SPDX-License-Identifier: MIT
# Text in a charset of one's choice.
def main(request, response):
    response.encoding = request.GET.first(b"charset").decode()
    response.headers.set("Content-Type", "text/plain; charset="
                         + response.encoding)
    return u"caf\u00e9 \u20ac"[:4 if "latin" in response.encoding else None]
