# SPDX-License-Identifier: MIT
"""Takes the whole body into memory, and answers with its length."""


def main(request, response):
    return str(len(request.body))
