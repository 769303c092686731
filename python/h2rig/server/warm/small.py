# SPDX-License-Identifier: MIT
"""The shortest script that the parent runs instead of user scripts (see
h2rig.server.warm_up).
"""

from typing import Any


def main(request: Any, response: Any) -> str:
    """Returns a content, and does nothing else."""
    return "warm"
