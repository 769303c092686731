# SPDX-License-Identifier: MIT
"""Alias of `h2rig.router`."""

from h2rig.router import Router  # noqa: F401
