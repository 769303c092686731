# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.server.ranges`."""

from h2rig.server.ranges import Range, RangeParser  # noqa: F401
