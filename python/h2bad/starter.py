# SPDX-License-Identifier: MIT
"""A small program that starts others: clients, so that their peak memory is
their own, since that of a process begins with its parent's; and servers, so
that they end when h2bad is killed.

Each line of its input is a request: the name of a file of JSON with {"argv",
"env", "out", "timeout"}.  It answers each with a line of JSON: {"exit",
"signal", "hung", "rss_kb", "ms"}, or {"error", "errno"}.  With the argument
`once` it ends after the first answer.  When its input ends it ends too, and so
does what it has started.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from typing import Any, Dict, List, Optional

__all__ = ["STOP", "TERM"]

#: Seconds between SIGTERM and SIGKILL, of a client and of a server.
TERM, STOP = 2.0, 15.0


class _Child:
    """A process that this program has started.

    timeout: seconds until it gets SIGTERM, then SIGKILL.  None: it is a
    server, which ends its own children, so that SIGTERM goes to it alone.
    """

    def __init__(self, argv: List[str], env: Dict[str, str],
                 out: Optional[str], timeout: Optional[float]) -> None:
        self._began = time.monotonic()
        self._gently = timeout is None
        #: (when, signal) of the signals that it is to get
        self._due = [] if timeout is None else [
            (self._began + timeout, signal.SIGTERM),
            (self._began + timeout + TERM, signal.SIGKILL)]
        self._hung = False
        with open(out or os.devnull, "wb") as f:
            self._process = subprocess.Popen(
                argv, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
                stdout=f if out else None, stderr=f if out else None,
                start_new_session=True)

    def _kill(self, number: int, group: bool = True) -> None:
        try:
            (os.killpg if group else os.kill)(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def end(self) -> None:
        """Has `look` send the signals that end the process."""
        now = time.monotonic()
        self._due = [(now, signal.SIGTERM), (now + STOP, signal.SIGKILL)] \
            if self._gently else [(now, signal.SIGKILL)]

    def look(self) -> Optional[Dict[str, Any]]:
        """Sends the signals that are due.  Returns how the process ended, or
        None if it has not.
        """
        while self._due and self._due[0][0] <= time.monotonic():
            number = self._due.pop(0)[1]
            self._hung = True
            self._kill(number, number == signal.SIGKILL or not self._gently)
        pid, status, usage = os.wait4(self._process.pid, os.WNOHANG)
        if pid == 0:
            return None
        self._kill(signal.SIGKILL)      # what its process group still has
        self._process.returncode = 0    # for Popen: it has been waited for
        ended = os.WIFSIGNALED(status)
        return {"exit": None if ended else os.WEXITSTATUS(status),
                "signal": os.WTERMSIG(status) if ended else None,
                "hung": self._hung, "rss_kb": usage.ru_maxrss,
                "ms": round((time.monotonic() - self._began) * 1000)}

    def seconds(self) -> float:
        """Returns the seconds until `look` has to be called, 1 at most."""
        return max(0.0, min([1.0] + [at - time.monotonic()
                                     for at, _ in self._due]))


def _run(request: Dict[str, Any], ends: int) -> Dict[str, Any]:
    # ends: a pipe that is readable after SIGCHLD.
    try:
        child = _Child(**request)
    except OSError as e:
        return {"error": e.strerror, "errno": e.errno}
    inputs = [0, ends]
    while True:
        made = child.look()
        if made is not None:
            return made
        ready = select.select(inputs, [], [], child.seconds())[0]
        if ends in ready:
            os.read(ends, 4096)
        if 0 in ready and not os.read(0, 4096):     # h2bad has gone
            inputs.remove(0)
            child.end()


def _serve(once: bool) -> None:
    ends, told = os.pipe()
    for fd in ends, told:
        os.set_blocking(fd, False)
    signal.set_wakeup_fd(told)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for name in iter(lambda: os.read(0, 4096), b""):
        with open(name[:-1], encoding="ascii") as f:
            made = _run(json.load(f), ends)
        try:
            print(json.dumps(made), flush=True)
        except BrokenPipeError:         # h2bad has gone
            os._exit(0)
        if once:
            return


if __name__ == "__main__":
    _serve("once" in sys.argv)
