# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.pipes`."""

from h2rig.pipes import PipeError, Pipeline, template  # noqa: F401
