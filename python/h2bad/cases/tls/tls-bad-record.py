# SPDX-License-Identifier: MIT
"""A record that does not decrypt

What the server sends
    A response of 10 octets, of which 5 are sent; then a TLS record of zeros,
    whose authentication fails.

What a client must do
    End the connection (RFC 8446 §5.2, bad_record_mac), and not take the
    response for a whole one.

Why it matters
    It is what an attacker on the network, or bad memory, looks like.
"""
from h2bad.case import Refuses

section = "RFC 8446 §5.2"
kind = "check"
expect = Refuses()
wave = 2
finish = False


def misbehave(x):
    x.headers([(":status", "200"), ("content-length", "10")])
    x.data("hello")
    x.connection.writer.write_transport(b"\x17\x03\x03\x00\x20" + bytes(32))


def judge(o):
    if o.fences or o.reused:
        return "fail", "ignored", "the connection was used further"
    return ("pass" if o.left else "fail"), "" if o.left else "hang", ""
