# SPDX-License-Identifier: MIT
"""A small process that starts clients, so that their memory is their own: a
process begins with the most that its parent ever had.

Run as a program it takes requests as lines of JSON, {"argv", "env", "out",
"timeout"}, and answers each with a line as well: {"exit", "signal", "hung",
"rss_kb", "ms"}, or {"error"}.  It ends, and its client with it, when its input
does.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any, Dict, List, Optional

__all__ = ["Launcher"]

#: Seconds between SIGTERM and SIGKILL.
TERM = 2.0


class Launcher:
    """That process, as h2bad has it.  One client at a time."""

    def __init__(self) -> None:
        self._process: Any = subprocess.Popen(
            [sys.executable, "-I", "-S", os.path.abspath(__file__)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True)

    def run(self, argv: List[str], env: Dict[str, str], out: str,
            timeout: float) -> Dict[str, Any]:
        """Runs a client, with its output in a file.  OSError."""
        self._process.stdin.write(json.dumps(
            {"argv": argv, "env": env, "out": out, "timeout": timeout}
        ).encode() + b"\n")
        self._process.stdin.flush()
        made: Dict[str, Any] = json.loads(self._process.stdout.readline())
        if "error" in made:
            raise OSError(made["errno"], made["error"], argv[0])
        return made

    def stop(self) -> None:
        """Ends it, and its client."""
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


_child: Optional["subprocess.Popen[bytes]"] = None
_hung = False


def _signal(number: int) -> None:
    global _hung
    _hung = True
    _kill(number)


def _kill(number: int) -> None:
    if _child is not None:
        try:
            os.killpg(_child.pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def _run(argv: List[str], env: Dict[str, str], out: str, timeout: float
         ) -> Dict[str, Any]:
    global _child, _hung
    _hung = False
    began = time.monotonic()
    with open(out, "wb") as f:
        try:
            _child = subprocess.Popen(
                argv, env=env, stdin=subprocess.DEVNULL, stdout=f, stderr=f,
                start_new_session=True)
        except OSError as e:
            return {"error": e.strerror, "errno": e.errno}
    timers = [threading.Timer(timeout, _signal, (signal.SIGTERM,)),
              threading.Timer(timeout + TERM, _signal, (signal.SIGKILL,))]
    for timer in timers:
        timer.start()
    _, status, usage = os.wait4(_child.pid, 0)
    for timer in timers:
        timer.cancel()
    _kill(signal.SIGKILL)           # what it has left
    _child.returncode = 0           # it has been waited for
    _child = None                   # its number may soon be another's
    ended = os.WIFSIGNALED(status)
    return {"exit": None if ended else os.WEXITSTATUS(status),
            "signal": os.WTERMSIG(status) if ended else None, "hung": _hung,
            "rss_kb": usage.ru_maxrss,
            "ms": round((time.monotonic() - began) * 1000)}


def _read() -> None:
    for line in sys.stdin.buffer:
        _requests.append(json.loads(line))
        _asked.release()
    _kill(signal.SIGKILL)
    os._exit(0)


_requests: List[Dict[str, Any]] = []
_asked = threading.Semaphore(0)

if __name__ == "__main__":
    threading.Thread(target=_read, daemon=True).start()
    while True:
        _asked.acquire()
        print(json.dumps(_run(**_requests.pop(0))), flush=True)
