# SPDX-License-Identifier: MIT
"""Has the GIL from when somebody can open the FIFO ?fifo for writing until
there is an octet in it.
"""
import ctypes
import os
import sys

from common import shared


def main(request, response):
    fifo = shared.query(request, "fifo").encode()
    libc, octet = ctypes.PyDLL(None), ctypes.create_string_buffer(1)
    # The GIL is not taken away between the two calls either.
    sys.setswitchinterval(1000)
    libc.read(libc.open(fifo, os.O_RDONLY), octet, 1)
    sys.setswitchinterval(0.005)
    return octet.raw
