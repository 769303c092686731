# SPDX-License-Identifier: MIT
"""What serves requests and runs scripts.  The program's own: no interface for
scripts, and without notice changed.
"""
