# SPDX-License-Identifier: MIT
"""Tasks: several at a time in one thread.

A task is a generator that yields wherever it waits: a file descriptor that may
become readable, or -1.  There is no lock.  For its own processes h2bad waits
by `expect`, which has a time limit.
"""

import os
import select
import time
from typing import Any, Callable, Dict, Generator, Iterable, List

__all__ = ["Broken", "Task", "expect", "line", "run", "wait"]

#: Seconds between two looks at what is waited for.
LOOK = 0.02

Task = Generator[int, None, Any]


class Broken(Exception):
    """Something of h2bad's own has failed, or did not come in time; the text
    says what.
    """


def expect(what: str, seconds: float, ready: Callable[[], Any], fd: int = -1
           ) -> Task:
    """Waits until ready() is true, and returns its value.

    ready: called when fd is readable, and again and again.  Broken, whose text
    begins with what, when the seconds are over.
    """
    end = time.monotonic() + seconds
    while True:
        found = ready()
        if found:
            return found
        if time.monotonic() >= end:
            raise Broken("%s: nothing came within %g seconds" % (what, seconds))
        yield fd


def line(what: str, seconds: float, fd: int) -> Task:
    """Waits for a line; returns what has been read by then, b"" at the end of
    the file.
    """
    got = bytearray()
    os.set_blocking(fd, False)

    def ready() -> bool:
        try:
            part = os.read(fd, 65536)
        except BlockingIOError:
            return False
        got.extend(part)
        return not part or b"\n" in part

    yield from expect(what, seconds, ready, fd)
    return bytes(got)


def run(tasks: Iterable[Task], look: Callable[[], None] = lambda: None
        ) -> None:
    """Runs all tasks to their ends.

    look: called again and again.  What it or a task raises ends all tasks.
    """
    waiting: Dict[Task, int] = {task: -1 for task in tasks}
    try:
        while waiting:
            look()
            for task in list(waiting):
                try:
                    waiting[task] = next(task)
                except StopIteration:
                    del waiting[task]
            ready = select.poll()
            for fd in waiting.values():
                if fd >= 0:
                    ready.register(fd, select.POLLIN)
            if waiting:
                ready.poll(LOOK * 1000)
    finally:
        for task in waiting:
            task.close()


def wait(task: Task) -> Any:
    """Runs one task alone; returns what it returns."""
    found: List[Any] = []

    def keep() -> Task:
        found.append((yield from task))

    run([keep()])
    return found[0]
