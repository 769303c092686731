# SPDX-License-Identifier: MIT
"""Answers the client's Close frame as ?how= says, and notes what was in it."""
from common import shared
from mod_pywebsocket import common, msgutil


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    assert request.ws_stream.receive_message() is None
    try:
        request.ws_stream.receive_message()
    except msgutil.BadOperationException:
        pass
    else:
        raise AssertionError("receive_message after Close")
    try:
        request.ws_stream.send_message("late")
    except msgutil.BadOperationException:
        shared.note("closed", [request.ws_close_code, request.ws_close_reason,
                               request.client_terminated,
                               request.server_terminated])


def web_socket_passive_closing_handshake(request):
    how = request.unparsed_uri.partition("?how=")[2]
    if how == "none":
        return None, None
    if how == "wrong":
        return "1000"
    if request.ws_close_code == common.STATUS_NO_STATUS_RECEIVED:
        return None, ""
    return request.ws_close_code, request.ws_close_reason
