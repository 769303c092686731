# SPDX-License-Identifier: MIT
"""Answers with the request's body, backwards."""


def main(request, response):
    return request.body[::-1]
