# SPDX-License-Identifier: MIT
import time


def main(request, response):
    def content():
        for word in ("one ", "two ", b"three"):
            time.sleep(0.001)
            yield word
    return (200, "OK"), [("Content-Type", "text/plain")], content()
