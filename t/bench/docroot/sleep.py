# SPDX-License-Identifier: MIT
import time


def main(request, response):
    time.sleep(0.5)
    return "slept"
