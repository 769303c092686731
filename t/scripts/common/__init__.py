# SPDX-License-Identifier: MIT
"""What the scripts of one connection share: imported modules live as long as
the connection's process."""
