# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.stash`."""

from h2rig.stash import (Stash, StashError,  # noqa: F401
                         load_env_config)
