# SPDX-License-Identifier: MIT
"""Ways for a script to end its process, ?how=..., after an x is written."""
import ctypes
import os
import signal
import sys

from common import shared


def abort():
    os.abort()


def leave():
    os._exit(3)


def segv():
    ctypes.string_at(1)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def sys_exit():
    sys.exit(5)


def main(request, response):
    how = shared.query(request, "how")
    if how != "sys_exit":
        response.writer.write_headers([], 200)
        response.writer.write_data("x")
    globals()[how]()
