# SPDX-License-Identifier: MIT
"""Traces of `h2rig --trace` (doc/trace.md): the parts of h2rig-trace(1)."""
