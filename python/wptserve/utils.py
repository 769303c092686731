# SPDX-License-Identifier: MIT
"""Aliases: text and bytes, and `HTTPException`."""

from h2rig.errors import HTTPException  # noqa: F401
from h2rig.server.isomorphic import (isomorphic_decode,  # noqa: F401
                                     isomorphic_encode)
