# SPDX-License-Identifier: MIT
"""A script that the parent runs instead of user scripts (see
h2rig.server.warm_up).
"""

from typing import Any, List, Tuple


def main(request: Any, response: Any) -> Tuple[List[Tuple[str, str]], str]:
    """Does what most scripts do."""
    response.headers.set("Content-Type", "text/plain")
    request.GET.first("name", None)
    request.headers.get("accept")
    return [("X-Warm", "1")], "warm"
