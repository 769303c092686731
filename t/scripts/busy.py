# SPDX-License-Identifier: MIT
"""Keeps its thread busy in one way or another (?how) until it is told that it
is enough (/note.py?set=enough), or for ?seconds."""
import time

from common import shared


def sleep():
    time.sleep(0.02)


def spin():
    for _ in range(1000):
        pass


def gil():
    """A call into C that does not let go of the GIL."""
    sum(range(5 * 10**6))


def main(request, response):
    how = shared.query(request, "how")
    end = time.monotonic() + float(shared.query(request, "seconds", "300"))
    shared.note("busy " + how)
    while "enough" not in shared.notes and time.monotonic() < end:
        globals()[how]()
    return how
