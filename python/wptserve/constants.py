# SPDX-License-Identifier: MIT
"""Alias of `h2rig.constants`."""

from h2rig.constants import content_types, response_codes  # noqa: F401
