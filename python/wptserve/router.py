# SPDX-License-Identifier: MIT
"""Aliases of `h2rig.server.router`."""

from h2rig.server.router import Router, compile_pattern  # noqa: F401

#: What `Router.register` takes for every method.
any_method = "*"
