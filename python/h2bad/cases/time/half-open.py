# SPDX-License-Identifier: MIT
"""A peer that has vanished

What the server sends
    Nothing is read and nothing is sent for three seconds, PINGs and
    SETTINGS included, while TCP lives; then the response.

What a client must do
    No rule: the client's patience is the result.

Why it matters
    So does a connection look whose peer has lost its power or its network.
    Only time limits and PINGs notice.
"""
from h2bad.case import R

section = "none"
kind = "check"
expect = R()
fence = None
wait = 0.5


def misbehave(x):
    x.connection.pause_reading()
    x.sleep(3.0)
    x.connection.resume_reading()
