# SPDX-License-Identifier: MIT
#
# A WebSocket for the path /echo, which sends each message back.
#
# A client, such as websocket_client.py, sees: 200 in answer to its extended
# CONNECT, then an equal message for each message that it sends.

def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    while True:
        message = request.ws_stream.receive_message()
        if message is None:
            return
        request.ws_stream.send_message(
            message, binary=isinstance(message, bytes))
