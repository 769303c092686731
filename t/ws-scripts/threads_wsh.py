# SPDX-License-Identifier: MIT
"""Four threads send messages while the handler's own closes."""
import threading

from pywebsocket3 import stream


def web_socket_do_extra_handshake(request):
    pass


def flood(request, begun):
    try:
        while True:
            request.ws_stream.send_message("x")
            begun.set()
    except (stream.BadOperationException,
            stream.ConnectionTerminatedException):
        pass


def web_socket_transfer_data(request):
    begun = threading.Event()
    threads = [threading.Thread(target=flood, args=(request, begun))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    begun.wait()
    request.ws_stream.close_connection(1000, "", wait_response=False)
    for thread in threads:
        thread.join()
