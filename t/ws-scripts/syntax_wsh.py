# SPDX-License-Identifier: MIT
"""Does not compile."""
def web_socket_do_extra_handshake(request)
