#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests every bound on how long a client may take: clients that wait, are
slow, or do nothing for a stream.  lib/attacks.py says what the server must do.

    slow.t [TEXT]

runs only the attacks whose names contain TEXT.
"""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(
    os.path.abspath(__file__)), "lib"))
import attacks                                                  # noqa: E402
import tap                                                      # noqa: E402
from attacks import (ATTACKS, CALM, Attack, Victim, attack,     # noqa: E402
                     served, told)
from conformance import wire                                    # noqa: E402
from rawclient import INITIAL_WINDOW_SIZE, PREFACE              # noqa: E402

STALL = ("--stall-timeout", "1")


@attack("a window of zero held for ever", *STALL,
        settings={INITIAL_WINDOW_SIZE: 0})
def zero_window(v: Victim) -> str:
    v.client.send(wire.get(1, "/big.py?size=100000"))
    return told(v, CALM, "--stall-timeout")


@attack("windows of zero on 100 streams, with PING all the time", *STALL,
        settings={INITIAL_WINDOW_SIZE: 0})
def zero_windows(v: Victim) -> str:
    c = v.client
    for sid in range(1, 201, 2):
        c.send(wire.get(sid, "/big.py?size=1000"))
    while not c.goaway and not c.end and c.ping():
        pass
    return told(v, CALM, "--stall-timeout")


@attack("a connection's window of zero held for ever", *STALL,
        auto_window=False, settings={INITIAL_WINDOW_SIZE: 1 << 20})
def zero_connection_window(v: Victim) -> str:
    v.client.send(wire.get(1, "/big.py?size=100000"))
    return told(v, CALM, "--stall-timeout")


@attack("windows of one octet on 50 streams", auto_window=False,
        settings={INITIAL_WINDOW_SIZE: 0})
def byte_windows(v: Victim) -> str:
    c = v.client
    sids = range(1, 101, 2)
    for sid in sids:
        c.send(wire.get(sid, "/big.py?size=100"))
    for _ in range(100):
        c.send(b"".join(wire.window(sid, 1) for sid in sids))
        c.pump()
    return next(filter(None, (served(v, s, 100) for s in sids)), "")


@attack("a client that never reads", *STALL, receive_buffer=4096,
        connection_window=wire.MAX,
        settings={INITIAL_WINDOW_SIZE: wire.MAX})
def never_reads(v: Victim) -> str:
    for sid in range(1, 201, 2):
        v.client.send(wire.get(sid, "/endless.py"))
    if not tap.wait_until(lambda: v.measure() and re.search(
            r"no progress.*--stall-timeout", v.server.log()), 30):
        return "nothing in the log"
    gone = tap.wait_until(lambda: v.pid not in v.server.children(), 30)
    return "" if gone else "its process is still there"


@attack("a client that sends octet by octet")
def dribble(v: Victim) -> str:
    octets = (wire.post(1) + wire.data(1, b"content") + wire.ping()
              + wire.data(1, bytes(500)) + wire.data(1, end=True))
    for i in range(len(octets)):
        v.client.send(octets[i:i + 1])
    return served(v, 1, 507)


@attack("SETTINGS never acknowledged", "--handshake-timeout", "2", ack=False)
def unacknowledged(v: Victim) -> str:
    return told(v, wire.SETTINGS_TIMEOUT,
                "acknowledgement of SETTINGS.*--handshake-timeout")


@attack("no preface", "--handshake-timeout", "2", preface=False, ack=False)
def no_preface(v: Victim) -> str:
    return told(v, wire.PROTOCOL_ERROR, "preface.*--handshake-timeout")


@attack("a preface that does not end", "--handshake-timeout", "2",
        preface=False, ack=False)
def half_preface(v: Victim) -> str:
    v.client.send(PREFACE + wire.settings()[:5])
    return told(v, wire.PROTOCOL_ERROR, "preface.*--handshake-timeout")


@attack("a TLS handshake that does not begin", "--handshake-timeout", "2",
        "--max-cpu", "1", tls=False, preface=False, ack=False)
def no_handshake(v: Victim) -> str:
    return ("" if v.client.wait_end() == "fin" and v.server.wait_log(
        "handshake.*2 s") else f"{v.client.end}")


@attack("a connection that is idle", "--idle-timeout", "2")
def idle(v: Victim) -> str:
    return told(v, wire.NO_ERROR, "--idle-timeout")


@attack("a request that does not end", "--idle-timeout", "2")
def idle_request(v: Victim) -> str:
    v.client.send(wire.post(1) + wire.data(1, b"x"))
    return told(v, wire.NO_ERROR, "--idle-timeout")


def chatter(name: str, octets: bytes, before: bytes = b"") -> None:
    """Adds an attack that always sends frames that do nothing for a stream."""
    def run(v: Victim) -> str:
        v.client.send(before)
        for _ in range(100):
            v.client.send(octets)
            if v.client.wait_for(lambda: v.client.goaway, 0.1):
                return told(v, wire.NO_ERROR, "--idle-timeout")
        return "the connection lives"
    ATTACKS.append(Attack(f"{name} on a connection that is idle", run,
                          ("--idle-timeout", "2"), {}))


for each in [("PING", wire.ping()), ("SETTINGS", wire.settings()),
             ("PRIORITY", wire.priority(1)),
             ("PRIORITY_UPDATE", wire.priority_update(1, "u=1")),
             ("WINDOW_UPDATE", wire.window(0, 1)),
             ("a frame of unknown type", wire.frame(0xbe, 0, 0, b"x")),
             ("empty DATA", wire.data(1), wire.post(1))]:
    chatter(*each)


attacks.main()
