# SPDX-License-Identifier: MIT
# A script of JavaScript that tells what the request was like.
def main(request, response):
    dest = request.headers.get(b"sec-fetch-dest", b"none")
    return ([(b"Content-Type", b"text/javascript"),
             (b"Service-Worker-Allowed", b"/")],
            b"self.dest = '%s';" % dest)
