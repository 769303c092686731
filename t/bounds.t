#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests every bound on what a client may send: each attack goes past one of
them.  lib/attacks.py says what the server must do.  slow.t has clients that
send too little.

    bounds.t [TEXT]

runs only the attacks whose names contain TEXT.
"""
import os
import struct
import sys
from typing import Callable

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "lib"))
import attacks                                                  # noqa: E402
import tap                                                      # noqa: E402
from attacks import (ATTACKS, CALM, Attack, Victim, attack,     # noqa: E402
                     calm, served, survives, told, too_large)
from conformance import wire                                    # noqa: E402
from rawclient import ACK, DATA                                 # noqa: E402

# ---- frames that do no work

def frame_flood(name: str, octets: bytes, before: bytes = b"",
                bound: str = "max-idle-frames", times: int = 12000,
                answered: bool = False) -> None:
    """Adds an attack that sends one kind of frame many times, after `before`.

    answered: the attack first waits for the response to `before`: a response
    is work, so it would reset the count later.
    """
    def run(v: Victim) -> str:
        v.client.send(before)
        if answered and not v.client.wait_for(
                lambda: 1 in v.client.streams and v.client.streams[1].done):
            return "no answer before"
        v.flood(octets, times)
        return calm(v, bound)
    ATTACKS.append(Attack(f"{name} flood", run, (), {}))


# A client that sends faster than it reads meets the bound on replies first.
REPLIES = "max-(idle-frames|replies)"
frame_flood("PING", wire.ping(), bound=REPLIES)
frame_flood("PING ACK", wire.ping(flags=ACK))
frame_flood("SETTINGS", wire.settings(), bound=REPLIES)
frame_flood("SETTINGS ACK", wire.SETTINGS_ACK)
frame_flood("HEADER_TABLE_SIZE", wire.settings((1, 0), (1, 4096)),
            bound=REPLIES)
frame_flood("INITIAL_WINDOW_SIZE", wire.settings((4, 0), (4, 1 << 30)),
            wire.post(1) + wire.post(3), REPLIES)
frame_flood("PRIORITY", wire.priority(1))
frame_flood("PRIORITY_UPDATE", wire.priority_update(1, "u=1"))
# Until a stream's script is loaded, the server keeps these frames for it: the
# script may have functions for them.
WAITING = "(max-idle-frames|on frames that wait for a stream's functions)"
frame_flood("PRIORITY_UPDATE of open streams",
            wire.priority_update(1, "u=" + "1" * 60), wire.post(1), WAITING)
frame_flood("WINDOW_UPDATE", wire.window(0, 1))
frame_flood("WINDOW_UPDATE of a stream", wire.window(1, 1), wire.post(1),
            WAITING)
frame_flood("WINDOW_UPDATE of a closed stream", wire.window(1, 1),
            wire.get(1), answered=True)
frame_flood("empty DATA", wire.data(1), wire.post(1))
frame_flood("padding and no content", wire.padded(1, b"", 1), wire.post(1))
frame_flood("DATA of a reset stream", wire.data(1, b"x"),
            wire.post(1) + wire.window(1, 0))
frame_flood("unknown frame", wire.frame(0xbb, 0, 7, b"x"))
frame_flood("GOAWAY", wire.goaway())
frame_flood("RST_STREAM of a closed stream", wire.rst(1), wire.get(1),
            "max-resets", 3000, answered=True)


@attack("more SETTINGS entries than max-settings")
def settings_entries(v: Victim) -> str:
    v.client.send(wire.settings(*[(0x55, 1)] * 32))
    if not v.client.ping():
        return "32 are too many"
    v.client.send(wire.settings(*[(0x55, 1)] * 33))
    return calm(v, "max-settings")


@attack("frames that do no work, with work between them")
def idle_frames_between_work(v: Victim) -> str:
    for sid in range(1, 9, 2):
        v.flood(wire.window(0, 1), 9000)
        v.client.send(wire.get(sid))
        if not v.client.wait_for(lambda s=sid: v.client.streams[s].done):
            break
    return survives(v)


@attack("replies that nobody reads", "--max-idle-frames", "100000000",
        "--stall-timeout", "600", receive_buffer=4096)
def unread_replies(v: Victim) -> str:
    v.flood(wire.settings() + wire.ping(), 1 << 20, read=False)
    if v.server.wait_log("max-replies", 30) is None:
        return f"no end of it in the log; {v.client.end}"
    v.measure()
    return calm(v, "max-replies")


@attack("content in frames of one octet", "--max-data-frames", "5000")
def small_data(v: Victim) -> str:
    v.client.send(wire.post(1))
    v.flood(wire.data(1, b"x"), 6000)
    return calm(v, "max-data-frames")


# ---- resets

@attack("rapid reset")
def rapid_reset(v: Victim) -> str:
    for sid in range(1, 20001, 2):
        v.flood(wire.post(sid) + wire.rst(sid), 1)
        if v.client.goaway or v.client.end:
            break
    return calm(v, "max-resets")


@attack("rapid reset of requests that are whole")
def rapid_reset_whole(v: Victim) -> str:
    for sid in range(1, 20001, 2):
        v.flood(wire.get(sid) + wire.rst(sid), 1)
        if v.client.goaway or v.client.end:
            break
    return calm(v, "max-resets")


def made_to_reset(name: str, provoke: Callable[[int], bytes],
                  before: bytes = b"") -> None:
    """Adds an attack that makes the server send resets."""
    def run(v: Victim) -> str:
        v.client.send(before)
        for sid in range(201, 20001, 2):
            v.flood(provoke(sid), 1)
            if v.client.goaway or v.client.end:
                break
        # The server reads many frames at once: their replies may reach
        # max-replies before the resets reach max-resets.
        return calm(v, "max-(resets|replies)")
    ATTACKS.append(Attack(f"made to reset: {name}", run, (), {}))


made_to_reset("malformed requests", lambda sid: wire.headers(
    sid, [("Upper", "x")]))
made_to_reset("WINDOW_UPDATE of 0", lambda sid: wire.post(sid)
              + wire.window(sid, 0))
made_to_reset("windows that overflow", lambda sid: wire.post(sid)
              + wire.window(sid, wire.MAX))
made_to_reset("DATA on half-closed streams", lambda sid: wire.get(
    sid, "/later.py?case=open_stream") + wire.data(sid, b"x"))
made_to_reset("content-length that does not fit", lambda sid: wire.post(
    sid, "/quick.py", ("content-length", "1")) + wire.data(sid, b"xx"))
made_to_reset("streams above max-concurrent-streams", wire.get,
              b"".join(wire.post(sid) for sid in range(1, 201, 2)))


@attack("resets at once, few in the long run", "--max-resets", "20",
        "--resets-per-second", "1")
def few_resets(v: Victim) -> str:
    for sid in range(1, 401, 2):
        v.flood(wire.post(sid) + wire.rst(sid), 1)
    return calm(v, "max-resets")


# Python may be slow: no script may have ended when the next reset comes.
@attack("resets at a rate that is allowed", "--max-resets", "50",
        "--resets-per-second", "1000000", "--max-concurrent-streams", "1000")
def allowed_resets(v: Victim) -> str:
    for sid in range(1, 401, 2):
        v.client.send(wire.post(sid) + wire.rst(sid))
        if not v.client.ping():
            break
    return survives(v)


@attack("100 streams cancelled while their scripts run")
def cancelled(v: Victim) -> str:
    c = v.client
    held = range(1, 199, 2)
    for sid in held:
        c.send(wire.get(sid, "/note.py?wait=go&begun="))
    c.wait_for(lambda: all(c.streams[sid].status for sid in held))
    c.send(b"".join(wire.rst(sid) for sid in held))
    c.send(wire.post(201) + wire.get(203))
    c.wait_for(lambda: c.streams[203].done)
    if c.streams[203].reset != wire.REFUSED_STREAM:
        return f"a reset has freed a place: {c.streams[203]!r}"
    c.send(wire.data(201, end=True))
    if served(v, 201):
        return served(v, 201)
    c.send(wire.get(205, "/note.py?set=go"))
    for sid in range(207, 1999, 2):     # until those scripts have ended
        c.send(wire.post(sid) + wire.get(sid + 2))
        c.wait_for(lambda s=sid: c.streams[s + 2].done)
        if c.streams[sid + 2].status:
            return survives(v)
        c.send(wire.rst(sid))
    return "the places are not free again"


# ---- header blocks

@attack("CONTINUATION flood")
def continuations(v: Victim) -> str:
    v.client.send(wire.headers(1, b"", flags=0))
    v.flood(wire.continuation(1, b"", end=False), 20)
    return calm(v, "max-continuations")


@attack("CONTINUATION flood with octets")
def large_continuations(v: Victim) -> str:
    v.client.send(wire.headers(1, b"", flags=0))
    v.flood(wire.continuation(1, wire.literal("x", "v" * 16000), end=False),
            20)
    return calm(v, "max-continuations")


@attack("as many CONTINUATION frames as there may be")
def eight_continuations(v: Victim) -> str:
    v.client.send(wire.headers(1, wire.GET_BLOCK, flags=0) + b"".join(
        wire.continuation(1, b"", end=i == 7) for i in range(8)))
    return served(v, 1, 5)


def bomb(v: Victim, entry: bytes, uses: int) -> None:
    """Puts an entry into the dynamic table, then sends a block that
    uses it many times."""
    v.client.send(wire.headers(1, wire.GET_BLOCK + entry))
    v.client.send(wire.headers(3, wire.GET_BLOCK + b"\xbe" * uses))


@attack("HPACK bomb of 4,096:1 by indexing")
def index_bomb(v: Victim) -> str:
    bomb(v, b"\x40" + wire.string("x") + wire.string("v" * 4063), 16000)
    return calm(v, "max-header-list-size")


@attack("HPACK bomb by indexing in many blocks")
def index_bombs(v: Victim) -> str:
    c = v.client
    c.send(wire.headers(1, wire.GET_BLOCK + b"\x40" + wire.string("x")
                        + wire.string("v" * 4063)))
    for sid in range(3, 199, 2):        # each block is below the bound
        c.send(wire.headers(sid, wire.GET_BLOCK + b"\xbe" * 15))
    return served(v, 197, 5)


@attack("a header list over max-header-list-size")
def large_list(v: Victim) -> str:
    block = wire.GET_BLOCK + wire.literal("x-a", "v" * 60000)
    block += wire.literal("x-b", "v" * 6000)
    v.client.send(wire.in_frames(1, block))
    return too_large(v, 1, "max-header-list-size")


@attack("a field of 100,000 octets within the bound", "--max-header-list-size",
        "200000", "--max-continuations", "20")
def long_field(v: Victim) -> str:
    v.client.send(wire.in_frames(1, wire.GET_BLOCK + wire.literal(
        "x-a", "v" * 100000)))
    return served(v, 1, 5)


@attack("a field of 100,000 octets past the bound")
def too_long_field(v: Victim) -> str:
    v.client.send(wire.in_frames(1, wire.GET_BLOCK + wire.literal(
        "x-a", "v" * 100000)))
    return too_large(v, 1, "max-header-list-size")


@attack("a block of four times the bound", "--max-continuations", "1000000")
def huge_block(v: Victim) -> str:
    v.client.send(wire.headers(1, b"", flags=0))
    v.flood(wire.continuation(1, wire.literal("x", "v" * 16000), end=False),
            20)
    return calm(v, "max-header-list-size")


@attack("an upload that goes on after 431")
def large_upload(v: Victim) -> str:
    c = v.client
    c.send(wire.in_frames(1, wire.POST_BLOCK + wire.literal(
        "x-a", "v" * 70000), end_stream=False))
    for _ in range(100):                # the connection's credit is
        c.wait_for(lambda: c.credit >= 8000 or c.end)           # 256 KiB only
        c.credit -= 8000
        c.send(wire.data(1, b"d" * 8000))
    c.wait_for(lambda: c.streams[1].done)
    if c.streams[1].reset != wire.NO_ERROR:
        return f"the rest is not refused: {c.streams[1]!r}"
    return too_large(v, 1, "max-header-list-size")


@attack("many requests over the bound")
def many_large(v: Victim) -> str:
    c = v.client
    c.send(wire.headers(1, wire.GET_BLOCK + b"\x40" + wire.string("x")
                        + wire.string("v" * 4063)))
    for sid in range(3, 1999, 2):
        c.send(wire.headers(sid, wire.GET_BLOCK + b"\xbe" * 20))
        c.pump()
    c.wait_for(lambda: c.streams[1997].done)
    if any(c.streams[n].status != 431 for n in range(3, 1999, 2)):
        return "not all of them have 431"
    # The log may lose some of so many records, but not the first.
    return too_large(v, 3, "max-header-list-size")


@attack("many requests over the bound by a client that does not read",
        "--log-level", "warn", "--stall-timeout", "600", receive_buffer=4096)
def many_large_unread(v: Victim) -> str:
    c = v.client
    c.send(wire.headers(1, wire.GET_BLOCK + b"\x40" + wire.string("x")
                        + wire.string("v" * 4063)))
    c.sock.settimeout(tap.scaled(60))   # Client.send would also read
    try:
        for sid in range(3, 1 << 22, 200):
            c.tls.write(b"".join(
                wire.headers(n, wire.GET_BLOCK + b"\xbe" * 20)
                for n in range(sid, sid + 200, 2)))
            c.sock.sendall(c._bio_out.read())
    except (BrokenPipeError, ConnectionResetError):
        v.measure()
        return ""
    return "two million requests, and no end of it"


@attack("trailers over max-header-list-size")
def large_trailers(v: Victim) -> str:
    v.client.send(wire.post(1) + wire.headers(
        1, b"\x40" + wire.string("x") + wire.string("v" * 4000)
        + b"\xbe" * 17))
    v.client.wait_for(lambda: v.client.streams[1].done)
    if v.client.streams[1].reset != CALM:
        return f"not reset: {v.client.streams[1]!r}"
    return survives(v)


@attack("more fields than max-fields")
def many_fields(v: Victim) -> str:
    v.client.send(wire.headers(1, wire.GET_BLOCK
                               + wire.literal("x", "") * 997))
    return too_large(v, 1, "max-fields")


@attack("as many fields as there may be")
def enough_fields(v: Victim) -> str:
    v.client.send(wire.headers(1, wire.GET_BLOCK
                               + wire.literal("x", "") * 996))
    return served(v, 1, 5)


@attack("cookie crumbs")
def crumbs(v: Victim) -> str:
    bomb(v, b"\x40" + wire.string("cookie") + wire.string("a=b"), 1100)
    return too_large(v, 3, "max-fields")


@attack("fields that count for their 32 octets only", "--max-fields",
        "1000000")
def overhead(v: Victim) -> str:
    bomb(v, b"\x40" + wire.string("x") + wire.string(""), 2000)
    return too_large(v, 3, "max-header-list-size")


@attack("table-size thrash")
def thrash(v: Victim) -> str:
    sizes = b"\x20\x3f\xe1\x1f" * 3000
    for sid in range(1, 199, 2):
        v.client.send(wire.headers(
            sid, sizes + wire.GET_BLOCK + b"\x40" + wire.string("x")
            + wire.string("v" * 4000)))
    return served(v, 197, 5)


@attack("a table that is filled and emptied", "--header-table-size",
        "1000000")
def refill(v: Victim) -> str:
    c = v.client
    c.wait_for(lambda: c.settings)
    fill = b"".join(b"\x40" + wire.string(f"x-{i}") + wire.string("v" * 300)
                    for i in range(40))
    for sid in range(1, 1001, 2):
        c.send(wire.headers(sid, b"\x20\x3f\xa1\x8d\x06" + wire.GET_BLOCK
                            + fill))
        c.wait_for(lambda s=sid: c.streams[s].done or c.goaway)
    return served(v, 999, 5)


@attack("HPACK state of a client that changes HEADER_TABLE_SIZE to the most")
def encoder_table(v: Victim) -> str:
    v.client.send(wire.settings((1, 0xffffffff)))
    for sid in range(1, 401, 2):
        v.client.send(wire.get(sid, "/forms.py?case=triple"))
        v.client.wait_for(lambda s=sid: v.client.streams[s].done)
    return survives(v)


# ---- sizes

@attack("a frame longer than max-frame-size")
def long_frame(v: Victim) -> str:
    v.client.send(wire.post(1))
    v.flood(wire.data(1, bytes(16385)), 1)
    return told(v, wire.FRAME_SIZE_ERROR, "MAX_FRAME_SIZE")


@attack("a frame of 16 MiB, and its octets")
def longest_frame(v: Victim) -> str:
    try:
        v.client.send(wire.post(1) + b"\xff\xff\xff" + bytes([DATA, 0])
                      + struct.pack(">I", 1))
        for _ in range(256):
            v.client.send(bytes(65536))
    except (BrokenPipeError, ConnectionResetError):
        pass
    return told(v, wire.FRAME_SIZE_ERROR, "MAX_FRAME_SIZE")


@attack("a body over max-body", "--max-body", "50000")
def large_body(v: Victim) -> str:
    c = v.client
    c.send(wire.post(1) + wire.data(1, bytes(16000)) * 3
           + wire.data(1, bytes(2000)) + wire.data(1, end=True))
    if served(v, 1, 50000):
        return "50000 octets: " + served(v, 1, 50000)
    c.send(wire.post(3) + wire.data(3, bytes(16000)) * 3
           + wire.data(3, bytes(2001)))
    c.wait_for(lambda: c.streams[3].done)
    if c.streams[3].reset != CALM:
        return repr(c.streams[3])
    if not v.server.wait_log("stream 3 reset with ENHANCE_YOUR_CALM: .*"
                             "max-body"):
        return "the log does not name the bound"
    return survives(v)


# 6 MiB of content and 99 threads usually take 11 or 12 MiB; with CPython 3.9
# on a busy machine it was 17 MiB once.
@attack("content that no script takes, on 99 streams", room=24)
def unread_bodies(v: Victim) -> str:
    c = v.client
    for sid in range(1, 199, 2):
        c.send(wire.post(sid, "/unread.py") + wire.data(sid, bytes(16384)) * 3
               + wire.data(sid, bytes(16383)))
        c.pump()
    c.send(wire.get(199, "/note.py?set=go"))
    return served(v, 199, 3)


@attack("more streams than max-concurrent-streams")
def many_streams(v: Victim) -> str:
    c = v.client
    c.send(b"".join(wire.post(sid) for sid in range(1, 203, 2)))
    c.wait_for(lambda: c.streams[201].done)
    if c.streams[201].reset != wire.REFUSED_STREAM:
        return repr(c.streams[201])
    c.send(b"".join(wire.data(sid, end=True) for sid in range(1, 201, 2)))
    return next(filter(None, (served(v, s) for s in range(1, 201, 2))), "")


attacks.main()
