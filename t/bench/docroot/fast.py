# SPDX-License-Identifier: MIT
"""The least that a script does: a field and five octets."""


def main(request, response):
    return [("x-bench", "1")], "hello"
