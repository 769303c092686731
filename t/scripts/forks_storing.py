# SPDX-License-Identifier: MIT
"""Forks while a thread of its own moves content to a file; the child reads it.
Answers with the child's status.
"""
import os
import signal
import threading

from h2rig.server.body import IN_MEMORY, BodyStore


def main(request, response):
    pwrite, store = os.pwrite, BodyStore()
    begun, forked = threading.Event(), threading.Event()

    def slow(fd, data, at):
        begun.set()
        # The fork, if it does not wait for this.
        forked.wait(0.5)
        return pwrite(fd, data, at)
    os.pwrite = slow

    def move():
        store.append(b"c" * IN_MEMORY)
        # A thread that ends has locks of AddressSanitizer's allocator, which
        # before GCC 14 and LLVM 17 a new process does not get back.
        forked.wait(60)
    mover = threading.Thread(target=move)
    mover.start()
    begun.wait(10)
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        os._exit(store.read(0, IN_MEMORY) == b"c" * IN_MEMORY)
    forked.set()
    mover.join()
    return str(os.waitpid(pid, 0)[1])
