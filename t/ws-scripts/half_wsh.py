# SPDX-License-Identifier: MIT
"""Has only half of what a handler needs."""


def web_socket_do_extra_handshake(request):
    pass
