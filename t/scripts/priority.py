# SPDX-License-Identifier: MIT
"""The request's priority, before its content and after it."""


def handle_headers(frame, request, response):
    request.before = request.priority


def main(request, response):
    return "%r %r" % (request.before, request.priority)
