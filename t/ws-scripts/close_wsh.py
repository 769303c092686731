# SPDX-License-Identifier: MIT
"""?code=&reason= closes; ?code=none without a code.  Notes how it went."""
from urllib.parse import parse_qs

from common import shared
from mod_pywebsocket import msgutil


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    query = parse_qs(request.unparsed_uri.partition("?")[2])
    code = query["code"][0]
    try:
        request.ws_stream.close_connection(
            None if code == "none" else int(code),
            query.get("reason", [""])[0])
    except (msgutil.BadOperationException,
            msgutil.ConnectionTerminatedException) as e:
        shared.note("close " + code, type(e).__name__)
        raise
    shared.note("close " + code, [request.ws_close_code,
                                  request.ws_close_reason])
