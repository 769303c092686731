# SPDX-License-Identifier: MIT
"""The worst that a script can do to its process, ?how=..."""
import ctypes
import os
import re
import signal
import subprocess
import sys
import threading
import time


def segv():
    ctypes.string_at(1)


def abort():
    os.abort()


def exit():
    os._exit(9)


def overflow():
    """CPython 3.14 looks at its stack; the C library's parser does not."""
    ctypes.CDLL(None).regcomp(bytes(1000), b"(" * 1000000, 1)
    sys.setrecursionlimit(10 ** 9)
    kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)
    deeper = kind(lambda n: deeper(n + 1))
    deeper(0)


def fork():
    """Both processes return from main."""
    pid = os.fork()
    if pid != 0:
        os.waitpid(pid, 0)


def subprocess_left():
    subprocess.Popen(["sleep", "1000"])


def memory():
    kept = []
    while True:
        kept.append(bytearray(1 << 20))


def forks():
    """100 processes at most, whatever the server does."""
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)


def closes():
    os.closerange(0, 1000)


def stop():
    os.kill(os.getpid(), signal.SIGSTOP)


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def signal_parent():
    """Raises, and gets 200 all the same, if that is not allowed."""
    for sig in signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM:
        try:
            os.kill(os.getppid(), sig)
        except PermissionError:
            continue
        raise RuntimeError("it was allowed")


def kill_all():
    os.kill(0, signal.SIGKILL)


def loop():
    """In one C call, which keeps the GIL."""
    re.match(r"(a*)*b", "a" * 40)


def threads():
    def spin():
        while True:
            pass
    for _ in range(2):
        threading.Thread(target=spin, daemon=True).start()


def handlers():
    """Changes what signals do, behind Python's back."""
    libc = ctypes.CDLL(None)
    libc.signal.argtypes = ctypes.c_int, ctypes.c_void_p
    for sig in range(1, 32):
        libc.signal(sig, 1)


def exec():
    os.execv("/bin/true", ["true"])


def main(request, response):
    how = request.GET.first(b"how").decode()
    {**globals(), "subprocess": subprocess_left}[how]()
    return "still there"
