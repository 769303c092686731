# SPDX-License-Identifier: MIT
"""Alias of `h2rig.server.constants`."""

from h2rig.server.constants import content_types, response_codes  # noqa: F401
