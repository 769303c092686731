# SPDX-License-Identifier: MIT
# Long enough for others to pass.
import time


def main(request, response):
    time.sleep(float(request.GET.first(b"seconds", b"0.05")))
    return b"slow"
