# SPDX-License-Identifier: MIT
"""Handshakes that end otherwise: ?HOW."""
from pywebsocket3 import handshake
from pywebsocket3.handshake import AbortedByUserException


def status(request):
    raise handshake.HandshakeException("not today", status=401)


def default(request):
    raise handshake.HandshakeException("no")


def version(request):
    raise handshake.VersionException("old", supported_versions="8, 13")


def error(request):
    raise ValueError("Unacceptable origin: %r" % request.ws_origin)


def abort(request):
    raise AbortedByUserException("without a word")


def literal(request):
    request.connection.write(
        b"HTTP/1.1 401 Unauthorized\r\n"
        b"WWW-Authenticate: Basic realm=\"x\"\r\n"
        b"Connection: close\r\n\r\nwho?")
    raise AbortedByUserException("answered by hand")


def begun(request):
    request.connection.write(b"HTTP/1.1 404 Not Found\r\nX-A: 1\r\n")
    raise AbortedByUserException("cut short")


def switch(request):
    request.connection.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Protocol: by hand\r\n\r\n")
    raise AbortedByUserException("shaken by hand")


def garbage(request):
    request.connection.write(b"FOO BAR BAZ\r\n\r\n")


def header(request):
    request.extra_headers.append(("bad name", "v"))


def none(request):
    request.ws_extension_processors = []


def window(request):
    for processor in request.ws_extension_processors:
        processor.set_client_max_window_bits(10)
        processor.set_client_no_context_takeover(True)


def protocol(request):
    request.ws_protocol = request.ws_requested_protocols[-1]


def unasked(request):
    request.ws_protocol = "p"


def other(request):
    request.status = 202


def web_socket_do_extra_handshake(request):
    globals()[request.unparsed_uri.partition("?")[2]](request)


def web_socket_transfer_data(request):
    request.ws_stream.send_message("open")
