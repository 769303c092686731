# SPDX-License-Identifier: MIT
"""Answers with a body of ?octets= octets, and with ?fields= header fields."""


def main(request, response):
    fields = int(request.GET.first("fields", 0))
    return ([("x-bench-%04d" % i, "a value of field %04d" % i)
             for i in range(fields)],
            b"x" * int(request.GET.first("octets", 0)))
