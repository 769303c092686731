# SPDX-License-Identifier: MIT
"""Starts programs that end when h2bad does, by whatever: see `h2bad.starter`.
"""

import json
import os
import signal
import subprocess
import sys
from typing import IO, Any, Dict, List, Mapping, Optional, Sequence

from h2bad import starter
from h2bad.tasks import Broken, Task, line

__all__ = ["Launcher"]

#: Seconds beyond a client's own time in which its end has to be told.
ANSWER = 20.0


class Launcher:
    """A process that starts one program at a time.

    directory: for the file of its requests.  argument: `once` or "".  errors:
    a file for the standard error, also of programs without a file of their
    own; None: h2bad's.  output: the descriptor that answers are read from.
    """

    def __init__(self, directory: str, argument: str = "",
                 errors: Optional[IO[bytes]] = None) -> None:
        self._request = os.path.join(directory, "request" + argument)
        self._process: Any = subprocess.Popen(
            [sys.executable, "-I", "-S", starter.__file__, argument],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            bufsize=0, start_new_session=True)
        self.output: int = self._process.stdout.fileno()

    def start(self, argv: Sequence[str], env: Mapping[str, str],
              out: Optional[str] = None, timeout: Optional[float] = None
              ) -> None:
        """Starts a program.

        out: a file for all that it prints; None: `output` and `errors`.  env:
        added to the environment.  timeout: seconds; None: a server, without.
        """
        with open(self._request, "w", encoding="ascii") as f:
            json.dump({"argv": list(argv), "env": dict(env), "out": out,
                       "timeout": timeout}, f)
        try:
            self._process.stdin.write(os.fsencode(self._request) + b"\n")
        except BrokenPipeError:
            pass                        # `run` finds that no answer comes

    def run(self, argv: List[str], env: Mapping[str, str], out: str,
            timeout: float) -> Task:
        """Runs a client to its end; returns the answer (`h2bad.starter`).

        OSError if the program cannot be started; Broken if no answer comes.
        """
        self.start(argv, env, out, timeout)
        said = yield from line("the process that starts clients",
                               timeout + starter.TERM + ANSWER, self.output)
        try:
            made: Dict[str, Any] = json.loads(said)
        except ValueError:
            raise Broken("the process that starts clients has ended by itself"
                         ) from None
        if "error" in made:
            raise OSError(made["errno"], made["error"], argv[0])
        return made

    def runs(self) -> bool:
        """Returns whether the process has not ended."""
        return self._process.poll() is None

    def tell_end(self) -> None:
        """Makes the process end, and what it has started."""
        self._process.stdin.close()
        self._process.send_signal(signal.SIGCONT)   # SIGSTOP may have come

    def stop(self) -> None:
        """Makes the process end, and waits until it has."""
        self.tell_end()
        try:
            self._process.wait(starter.STOP + starter.TERM)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
