# SPDX-License-Identifier: MIT
"""Aliases of what `h2rig.response` and `h2rig.writer` have."""

from h2rig.headers import ResponseHeaders  # noqa: F401
from h2rig.response import Response  # noqa: F401
from h2rig.server.ranges import MultipartContent, MultipartPart  # noqa: F401
from h2rig.writer import ResponseWriter  # noqa: F401
