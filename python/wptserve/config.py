# SPDX-License-Identifier: MIT
"""Alias of `h2rig.server.config`."""

from h2rig.server.config import Config  # noqa: F401
