# SPDX-License-Identifier: MIT
"""Alias of `h2rig.server.router`."""

from h2rig.server.router import Router  # noqa: F401
