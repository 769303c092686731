# SPDX-License-Identifier: MIT
"""Keeps its thread busy for ?seconds, in one way or another (?how)."""
import time

from common import shared


def sleep(seconds):
    time.sleep(seconds)


def spin(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def gil(seconds):
    """One call into C after another; none of them lets go of the GIL."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(5 * 10**6))


def main(request, response):
    how = shared.query(request, "how")
    shared.note("busy " + how)
    globals()[how](float(shared.query(request, "seconds")))
    return how
