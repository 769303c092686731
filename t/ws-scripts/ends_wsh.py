# SPDX-License-Identifier: MIT
"""How web_socket_transfer_data may end: ?HOW; and a client that leaves."""
import sys

from common import shared
from mod_pywebsocket import handshake, msgutil, stream

loads = shared.notes.get("loads", 0) + 1
shared.note("loads", loads)


def error(request):
    raise KeyError("a script's mistake")


def exit(request):
    sys.exit(3)


def abort(request):
    request.ws_stream.send_message("last")
    raise handshake.AbortedByUserException("no closing handshake")


def unsupported(request):
    raise stream.UnsupportedFrameException("what is this")


def lone(request):
    request.ws_stream.send_message("\ud800")


def number(request):
    request.ws_stream.send_message(5)


def reason(request):
    request.ws_stream.close_connection(1000, "\u00e9" * 62)


def leaves(request):
    shared.note("waits")
    try:
        request.ws_stream.receive_message()
    except msgutil.ConnectionTerminatedException as e:
        shared.note("left", str(e))
        raise


def waits(request):
    request.ws_stream.send_message("I wait")
    try:
        request.ws_stream.receive_message()
    except msgutil.ConnectionTerminatedException as e:
        print("told:", e)
        raise


def reads(request):
    request.ws_stream.send_message("I read")
    request.connection.read()


def writes(request):
    shared.note("writes")
    shared.wait_note("client has left")
    try:
        while True:
            request.ws_stream.send_message("x")
    except msgutil.ConnectionTerminatedException:
        shared.note("write failed")
        raise


def early(request):
    request.ws_stream.send_message("early")


def invalid(request):
    try:
        request.ws_stream.receive_message()
    except Exception as e:
        shared.note("invalid", type(e).__name__)
        raise


def bytes(request):
    while True:
        data = request.connection.read(5)
        if not data:
            break
        request.connection.write(data[::-1])
    raise handshake.AbortedByUserException("the client has ended it")


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    globals()[request.unparsed_uri.partition("?")[2]](request)
