# SPDX-License-Identifier: MIT
# Octets that are no text.
import base64

GIF = base64.b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")


def main(request, response):
    return [(b"Content-Type", b"image/gif"),
            (b"Content-Length", len(GIF))], GIF
