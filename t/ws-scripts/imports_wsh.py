# SPDX-License-Identifier: MIT
"""The names that handlers import, from either package."""
import importlib

import mod_pywebsocket.handshake.hybi
from mod_pywebsocket import common, handshake, msgutil, stream, util
from mod_pywebsocket.handshake import AbortedByUserException, hybi
from pywebsocket3.extensions import PerMessageDeflateExtensionProcessor

MODULES = ("common", "extensions", "handshake", "handshake.hybi", "msgutil",
           "stream", "util")


def web_socket_do_extra_handshake(request):
    pass


def web_socket_transfer_data(request):
    same = all(
        vars(importlib.import_module("mod_pywebsocket." + name))[key] is value
        for name in MODULES
        for key, value in vars(importlib.import_module(
            "pywebsocket3." + name)).items()
        if callable(value) and not key.startswith("__")
        and key != "is_control_opcode")
    accept = hybi.compute_accept_from_unicode("dGhlIHNhbXBsZSBub25jZQ==")
    msgutil.send_message(request, " ".join(map(str, (
        same, accept.decode(), common.STATUS_GOING_AWAY, common.OPCODE_PING,
        common.is_control_opcode(common.OPCODE_PONG),
        handshake.AbortedByUserException is AbortedByUserException,
        mod_pywebsocket.handshake.hybi is hybi,
        msgutil.ConnectionTerminatedException
        is stream.ConnectionTerminatedException, util.hexify(b"\x01\xff"),
        PerMessageDeflateExtensionProcessor.NAME))))
