# SPDX-License-Identifier: MIT
"""Says GOAWAY, and answers."""


def main(request, response):
    response.writer.goaway("NO_ERROR", debug_data="farewell")
    return "farewell"
