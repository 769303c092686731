# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.stash`."""

from h2rig.stash import Stash, StashError, load_env_config  # noqa: F401
