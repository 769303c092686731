# SPDX-License-Identifier: MIT
"""Alias of `h2rig.config`."""

from h2rig.config import Config  # noqa: F401
