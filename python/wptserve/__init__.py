# SPDX-License-Identifier: MIT
"""The import names of web-platform-tests' Python server, on h2rig's code."""
