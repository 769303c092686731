# SPDX-License-Identifier: MIT
"""Answers with one field and five octets: the least that a script does."""


def main(request, response):
    return [("x-bench", "1")], "hello"
