# SPDX-License-Identifier: MIT
"""`h2bad serve`: a port that misbehaves, and one with pages and verdicts."""

import contextlib
import ipaddress
import os
import time
from typing import Callable, Sequence

from h2bad import tasks
from h2bad.servers import HERE, BadServer, Process, ServerError
from h2bad.watch import Watch

__all__ = ["Serving"]

#: Seconds between two looks at the traces.
LOOK = 0.1


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:              # h2rig does not take it either
        return False


def _start(server: Process, port: str) -> None:
    # Waits until it listens.  An error has the names of h2bad's options.
    try:
        tasks.wait(server.ready())
    except ServerError as e:
        raise ServerError(str(e).replace("h2rig: --port:", port + ":").replace(
            "h2rig: --bind:", "--addr:")) from None


class Serving:
    """The two servers of `h2bad serve`, and the judge of what comes.

    h2rig: the program.  below: the directory of reports.  control, bad: ports,
    0 for any.  binds: addresses (see `Process`).  floods: whether clients may
    ask for floods; on loopback addresses alone they always may.
    """

    def __init__(self, h2rig: str, below: str, control: int, bad: int,
                 binds: Sequence[str], floods: bool) -> None:
        self.below = below
        os.makedirs(os.path.join(below, "runs"), exist_ok=True)
        ca = os.path.join(below, "ca.pem")
        floods = floods or all(map(_is_loopback, binds))
        with contextlib.ExitStack() as stack:
            self.bad = BadServer(h2rig, os.path.join(below, "bad"), ca,
                                 "--max-traces", "128M", port=bad, binds=binds,
                                 floods=floods)
            stack.callback(self.bad.stop)
            _start(self.bad, "--bad")
            empty = os.path.join(below, "bad", "docroot")
            self.control = Process(
                [h2rig, "--port", str(control), "--ca", ca, "--routes",
                 os.path.join(HERE, "control.py"), "--log-format", "json",
                 "--grace", "1"], binds, empty,
                os.path.join(below, "control.log"), {
                    "H2BAD_DIRECTORY": os.path.abspath(below),
                    "H2BAD_PORT": str(self.bad.port),
                    "H2BAD_FLOODS": "1" if floods else "0"})
            stack.callback(self.control.stop)
            _start(self.control, "--control")
            self._servers = stack.pop_all()
        self.watch = Watch(self.bad, below, "https://localhost:%d"
                           % self.control.port)

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Judges what comes, until a server ends or until() is true."""
        while not until() and self.bad.runs() and self.control.runs():
            self.watch.look()
            time.sleep(LOOK)

    def stop(self) -> None:
        """Ends both servers; reports stay."""
        self._servers.close()
        self.watch.look()
        self.watch.stop()
