# SPDX-License-Identifier: MIT
"""SETTINGS one second late

What the server sends
    Nothing for one second after the handshake; then SETTINGS, and all as
    usual.

What a client must do
    "To avoid unnecessary latency, clients are permitted to send additional
    frames to the server immediately after sending the client connection
    preface, without waiting to receive the server connection preface." (RFC
    9113 §3.4) They may wait as well; either way the request succeeds.

Why it matters
    Servers behind a slow TLS terminator are late by more. Clients with a short
    limit of their own fail there, and only there.
"""
from h2bad.case import OK

import time

section = "RFC 9113 §3.4"
kind = "must"
expect = OK()


def connect(x):
    time.sleep(1)
