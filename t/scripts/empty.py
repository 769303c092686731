# SPDX-License-Identifier: MIT
"""None of the three functions."""
