# SPDX-License-Identifier: MIT
"""The worst that a script can do to its process, ?how=..."""
import contextlib
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
    """What it is started with says whose it is."""
    subprocess.Popen(["tail", "-f", __file__])


def multiprocessing_ends():
    import multiprocessing
    context = multiprocessing.get_context("fork")
    process = context.Process(target=time.sleep, args=(1000,))
    process.start()
    process.terminate()
    process.join()


def memory():
    kept = []
    while True:
        kept.append(b"x" * (1 << 20))


def forks():
    """100 processes at most, whatever the server does."""
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    time.sleep(60)


def closes():
    os.closerange(0, 1 << 16)


def replaces():
    """Each descriptor is to be another file's, which the server's cannot be."""
    file = os.open("/dev/null", os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            os.dup2(file, int(name))


def nonblocking():
    """As asyncio does to what it writes to."""
    for fd in 1, 2:
        os.set_blocking(fd, False)
    output()


def output():
    """By Python, by the descriptor, and by a program."""
    for i in range(500):
        print(i, "x" * 100)
        with contextlib.suppress(BlockingIOError):
            os.write(2, b"y" * 100 + b"\n")
    subprocess.run(["sh", "-c", "for i in 1 2 3; do echo $i; done"])


def stop():
    """Not even the thread that sends the signal is stopped at once."""
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(1000)


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
    for _ in range(2):
        threading.Thread(target=spin, daemon=True).start()


def starts():
    """Is starting threads when its time is over."""
    while True:
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()


class Text(Exception):
    """Does something when it is shown."""

    def __init__(self, do):
        self.do = do

    def __str__(self):
        self.do()
        return "text"

    __iter__ = __str__


def spin():
    while True:
        pass


def text_loops():
    raise Text(spin)


def text_forks():
    raise Text(os.fork)


def headers_loop():
    return Text(spin), "content"


def finalizer_loops():
    class Final:
        def __del__(self):
            spin()
    Final()


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
    if how == "form":
        return str(len(request.POST))
    do = {"subprocess": subprocess_left,
          "multiprocessing": multiprocessing_ends}.get(how)
    return (do or globals()[how])() or "still there"
