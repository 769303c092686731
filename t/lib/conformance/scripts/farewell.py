# SPDX-License-Identifier: MIT
"""Sends GOAWAY, and then the response."""


def main(request, response):
    response.writer.goaway("NO_ERROR", debug_data="farewell")
    return "farewell"
