# SPDX-License-Identifier: MIT
"""Answers ?me when ?of requests, numbered from 0, are there at once, all on one
connection."""
from common import shared


def main(request, response):
    me, of = shared.query(request, "me"), int(shared.query(request, "of"))
    shared.note("together " + me)
    if all(shared.wait_note("together %d" % i) for i in range(of)):
        return me
    return (504, [], "some never came")
