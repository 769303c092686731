# SPDX-License-Identifier: MIT
"""Stash: one WebSocket puts what another takes."""


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    stash = request.server.stash
    while True:
        line = request.ws_stream.receive_message()
        if line is None:
            return
        what, key, *value = line.split(" ")
        if what == "put":
            stash.put(key, value[0])
        request.ws_stream.send_message(
            "put" if what == "put" else str(stash.take(key)))
