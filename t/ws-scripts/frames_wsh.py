# SPDX-License-Identifier: MIT
"""Fragments, control frames among them, and frames made by hand."""
from mod_pywebsocket import msgutil, stream


def web_socket_do_extra_handshake(request):
    pass


def fragments(request):
    request.ws_stream.send_message("one ", end=False)
    request.ws_stream.send_ping(b"between")
    msgutil.send_message(request, "two ", end=False)
    request.ws_stream.send_message("three", end=True)
    request.ws_stream.send_message(b"\x00", end=False, binary=True)
    request.ws_stream.send_message(b"\xff", end=True, binary=True)


def mixed(request):
    request.ws_stream.send_message("text", end=False)
    try:
        request.ws_stream.send_message(b"\xff", binary=True)
    except msgutil.BadOperationException:
        request.ws_stream.send_message(" refused")


def kinds(request):
    try:
        request.ws_stream.send_message("text", binary=True)
    except msgutil.BadOperationException:
        request.ws_stream.send_message("refused")
    request.ws_stream.send_message(b"octets as text")
    request.ws_stream.send_message(b"not UTF-8: \xff")


def raw(request):
    request.connection.write(stream.create_header(
        1,
        3, 1, 1, 1, 1) + b"abc")
    request.connection.write(stream.create_text_frame("t\u00e9", fin=0))
    request.connection.write(stream.create_ping_frame(b"p"))
    request.connection.write(stream.create_pong_frame(b"q"))
    request.connection.write(stream.create_text_frame(b"z" * 126, opcode=0))
    request.connection.write(stream.create_binary_frame(
        b"y" * 65536, mask=True))
    request.connection.write(stream.create_close_frame(
        stream.create_closing_handshake_body(3000, "by hand")))


def pongs(request):
    got = []
    request.on_pong_handler = lambda r, body: got.append(body)
    for body in (b"1", b"2", "3"):
        request.ws_stream.send_ping(body)
    request.ws_stream.receive_message()
    request.ws_stream.send_message(b",".join(got))


def pings(request):
    request.on_ping_handler = lambda r, body: (
        r.ws_stream.send_message(b"pinged " + body),
        r.ws_stream.send_pong(b"another"))
    request.ws_stream.receive_message()
    request.ws_stream.send_message(str(
        request.ws_stream.get_last_received_opcode()))


def web_socket_transfer_data(request):
    globals()[request.unparsed_uri.partition("?")[2]](request)
