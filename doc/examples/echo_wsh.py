# SPDX-License-Identifier: MIT
#
# A WebSocket that sends each message back, for the path /echo.
#
# A client sees (websocket_client.py is one): 200 in answer to its extended
# CONNECT, then for each of its messages one that is equal.

def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    while True:
        message = request.ws_stream.receive_message()
        if message is None:
            return
        request.ws_stream.send_message(
            message, binary=isinstance(message, bytes))
