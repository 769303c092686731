# SPDX-License-Identifier: MIT
"""Answers at once, with the request's body."""


def main(request, response):
    return request.body or b"quick"
