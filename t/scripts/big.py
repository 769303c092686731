# SPDX-License-Identifier: MIT
"""A response of ?size octets that no shift of itself equals; ?way=write
sends it by the writer."""
from common import shared


def pattern(size):
    return b"".join(b"%07x\n" % i for i in range(size // 8 + 1))[:size]


def main(request, response):
    content = pattern(int(shared.query(request, "size")))
    if shared.query(request, "way") != "write":
        return content
    response.writer.write_headers([("x-way", "write")], 200)
    response.writer.write_data(content, last=True)
