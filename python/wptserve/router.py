# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.router`."""

from h2rig.router import Router, compile_pattern  # noqa: F401

#: What `Router.register` takes for every method.
any_method = "*"
