# SPDX-License-Identifier: MIT
# Brings the class along.
class HTTPException(Exception):
    def __init__(self, code, message):
        self.code = code
        self.message = message


def main(request, response):
    raise HTTPException(451, "of its own")
