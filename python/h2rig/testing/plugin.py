# SPDX-License-Identifier: MIT
"""The fixture `h2rig_server` of pytest, which finds this module by itself where
h2rig is installed; elsewhere by  pytest -p h2rig.testing.plugin
"""

import contextlib
import sys
from typing import Any, Callable, Iterator

from h2rig.testing.server import Server

try:
    from pytest import fixture
except ImportError:             # of no use, but can be imported and read
    def fixture(function: Any) -> Any:  # type: ignore
        """Stands in for pytest's."""
        return function

__all__ = ["h2rig_server"]


@fixture
def h2rig_server() -> Iterator[Callable[..., Server]]:
    """Starts a server, with the arguments of `h2rig.testing.Server`, and returns
    it; may be called several times.  All end with the test.  If that has
    failed, pytest shows their logs."""
    servers = []
    with contextlib.ExitStack() as stack:
        def start(*args: Any, **options: Any) -> Server:
            server = Server(*args, **options)
            servers.append(stack.enter_context(server))
            return server

        yield start
    for server in servers:
        print(server.log, file=sys.stderr)
