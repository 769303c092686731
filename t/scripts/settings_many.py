# SPDX-License-Identifier: MIT
"""?n= SETTINGS and as many PING frames, each window 1 smaller than before."""
from common import shared


def main(request, response):
    for i in range(int(shared.query(request, "n"))):
        response.writer.settings([("INITIAL_WINDOW_SIZE", 65535 - i)])
        response.writer.ping(b"%08d" % i)
    return "sent"
