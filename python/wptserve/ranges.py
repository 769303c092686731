# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.ranges`."""

from h2rig.ranges import Range, RangeParser  # noqa: F401
