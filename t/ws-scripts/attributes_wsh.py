# SPDX-License-Identifier: MIT
"""Tells what the request's attributes are."""
import json

from mod_pywebsocket import common, msgutil


def web_socket_do_extra_handshake(request):
    request.extra_headers.append(("Set-Cookie", "a=b"))
    request.extra_headers.append((b"X-Bytes", b"\xff"))
    request.cookie = request.headers_in.get("Cookie")
    request.headers_out["X-Out"] = "o"
    if request.ws_requested_protocols:
        request.ws_protocol = request.ws_requested_protocols[0]


def web_socket_transfer_data(request):
    msgutil.send_message(request, json.dumps({
        "cookie": request.cookie,
        "missing": request.headers_in.get("X-Missing"),
        "in": "X-MISSING" in request.headers_in,
        "origin": request.ws_origin,
        "protocols": request.ws_requested_protocols,
        "protocol": request.ws_protocol,
        "uri": request.uri,
        "unparsed_uri": request.unparsed_uri,
        "resource": request.ws_resource,
        "version": request.ws_version,
        "method": request.method,
        "https": request.is_https(),
        "address": request.connection.remote_addr[0],
        "host": request.remote_host,
        "terminated": [request.client_terminated, request.server_terminated],
        "spoken": request.protocol,
        "status": request.status,
        "extensions": request.ws_requested_extensions and [
            e.name() for e in request.ws_requested_extensions],
        "accepted": None if request.ws_extensions is None else
        common.format_extensions(request.ws_extensions),
    }, sort_keys=True))
