# SPDX-License-Identifier: MIT
"""Takes the whole body into memory and says how long it is."""


def main(request, response):
    return str(len(request.body))
