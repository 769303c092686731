# SPDX-License-Identifier: MIT
"""What serves requests and runs scripts: the program's own, not for scripts."""
