# SPDX-License-Identifier: MIT
"""1xx, trailers, a stream left open: what a whole response may consist of."""
from common import shared


def informational(request, response):
    response.writer.write_informational(103, [("link", "</a>; rel=preload")])
    response.writer.write_informational(102, [])
    return (200, [("x-final", "yes")], "after 103")


def trailers(request, response):
    response.writer.write_headers([("x-first", "1")], 200)
    response.writer.write_data("body")
    response.writer.write_trailers([("x-sum", "42")])


def echo_trailers(request, response):
    return request.trailers["x-sum"]


def open_stream(request, response):
    """Leaves the stream open: nothing ends it after main."""
    response.writer.write_headers([], 200)
    response.writer.write_data("open")
    response.writer.stream_ended = True
    response.writer.content_written = True


def unsent(request, response):
    """What main returns is not sent once headers have gone out."""
    response.writer.write_headers([("x-first", "1")], 201)
    return (404, [("x-second", "2")], "not sent")


def main(request, response):
    return globals()[shared.query(request, "case")](request, response)
