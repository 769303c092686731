# SPDX-License-Identifier: MIT
"""Answers of t/regress.t, ?case=...: each once went wrong."""
import os
import stat
import time

from common import shared

SIZE = 3000000
QUIET = 3       # seconds without a descriptor


def exact(request, response):
    """DATA frames of 16384 octets with their headers: a queue of them is
    exactly as long as it may be."""
    w = response.writer
    w.write_headers([], 200)
    for _ in range(4000):
        w.write_data(b"x" * (16384 - 9))
    w.end_stream()


def whole(request, response):
    response.writer.write_headers([], 200)
    response.writer.write_data(b"x" * SIZE, last=True)


def goaway(request, response):
    whole(request, response)
    response.writer.close("goaway")


def tls(request, response):
    whole(request, response)
    response.writer.close("tls")


def close_connection(request, response):
    response.close_connection = True
    return b"x" * SIZE


def block_open(request, response):
    """A header block without an end."""
    response.writer.write_raw_header_frame([(":status", "200")])


def block_open_raises(request, response):
    block_open(request, response)
    raise ValueError("with the block open")


def promise(request, response):
    """A promised response that never comes."""
    response.writer.write_push([
        (":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
        (":path", "/promised")])
    return "promised"


def sni(request, response):
    return request.connection.sni.encode("latin-1")


def no_descriptors(request, response):
    """All are closed but for output; what the process uses of the processor
    from then on goes there."""
    os.closerange(3, 1 << 16)
    begin = time.process_time()
    end = time.monotonic() + QUIET
    while time.monotonic() < end:
        time.sleep(0.1)
    used = (time.process_time() - begin) / QUIET
    os.write(2, b"no_descriptors: %d%% used\n" % (used * 100))


def pipes(request, response):
    """How many of its descriptors are ends of pipes."""
    found = 0
    for fd in range(4096):
        try:
            found += stat.S_ISFIFO(os.fstat(fd).st_mode)
        except OSError:
            pass
    return str(found)


def main(request, response):
    return globals()[shared.query(request, "case")](request, response)
