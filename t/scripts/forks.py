# SPDX-License-Identifier: MIT
"""Forks; both processes return from main.  The child first tries to write."""
import os

from common import shared


def main(request, response):
    response.writer.write_headers([], 200)
    pid = os.fork()
    if pid == 0:
        try:
            response.writer.write_data("from the child")
        except BaseException:   # however it is refused, return as scripts do
            pass
        return "child"
    status = os.waitpid(pid, 0)[1]
    shared.note("forked", os.WIFEXITED(status))
    response.writer.write_data("from the parent", last=True)
    return "parent"
