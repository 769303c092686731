# SPDX-License-Identifier: MIT
"""Imported by a name that is no identifier."""


def shout(text):
    """In capitals."""
    return text.upper() + b"!"
