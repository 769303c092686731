# SPDX-License-Identifier: MIT
"""The pytest fixture `h2rig_server`.

Where h2rig is installed, pytest finds this module by itself.  Elsewhere, the
option is needed:  pytest -p h2rig.testing.plugin
"""

import contextlib
import sys
from typing import Any, Callable, Iterator

from h2rig.testing.server import Server

try:
    from pytest import fixture
except ImportError:             # so that the module can be imported and read
    def fixture(function: Any) -> Any:  # type: ignore
        """Replaces pytest's function."""
        return function

__all__ = ["h2rig_server"]


@fixture
def h2rig_server() -> Iterator[Callable[..., Server]]:
    """A function that starts a server, with the arguments of
    `h2rig.testing.Server`, and returns it.  It may be called several times.
    The servers end with the test; if that fails, pytest shows their logs."""
    servers = []
    with contextlib.ExitStack() as stack:
        def start(*args: Any, **options: Any) -> Server:
            server = Server(*args, **options)
            servers.append(stack.enter_context(server))
            return server

        yield start
    for server in servers:
        print(server.log, file=sys.stderr)
