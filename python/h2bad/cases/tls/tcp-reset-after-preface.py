# SPDX-License-Identifier: MIT
"""RST after the preface

What the server sends
    A TCP reset once the preface of the client has come, before any frame of
    the server.

What a client must do
    Tell the program of an error, or try again, a bounded number of times; not
    wait.

Why it matters
    A process that crashes at its first request looks like that.
"""
from h2bad.case import R

section = "RFC 9113 §9.1"
kind = "must"
expect = R(hang=True)
wave = 2
fence = None
finish = False


def connect(x):
    x.settings = None
    x.automatic -= {"settings_ack"}      # which would come first


def main(x):
    x.wait("SETTINGS")
    x.next_request(1.0)             # else chance would say if it was repeated
    x.close("rst")
