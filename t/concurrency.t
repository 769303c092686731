#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the streams of one connection run at the same time: a script
delays neither other scripts nor the protocol.

The tests check order, not time: scripts are busy until the other streams have
their responses.  The time is only printed.
"""
import os
import sys
import time
import uuid

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import SCRIPTS, Server                              # noqa: E402

t = tap.Tap()


def started(c, how):
    """Waits until the script that is busy in this way runs.
    Returns whether it does."""
    return c.fetch(f"/note.py?wait=busy+{how}").body == b"true"


def enough(c):
    """Lets the busy scripts of this connection end."""
    c.fetch("/note.py?set=enough")


def hundred(s):
    """100 streams: one script sleeps, one loops, and 98 are quick."""
    with Client(s.port, timeout=60) as c:
        slow = [c.request(f"/busy.py?how={how}")
                for how in ("sleep", "spin")]
        t.ok(started(c, "sleep") and started(c, "spin"), "two scripts are busy")
        begin, took = time.monotonic(), {}
        quick = [c.request("/quick.py", body=b"%d" % i) for i in range(98)]

        def answered():
            for x in quick:
                if x.done and x.sid not in took:
                    took[x.sid] = time.monotonic() - begin
            return len(took) == len(quick)

        c.wait_for(answered)
        still = [x for x in slow if not x.done]
        t.ok(all(x.ended and x.body == b"%d" % i
                 for i, x in enumerate(quick)), "98 others are answered",
             [x for x in quick if not x.ended][:3])
        t.eq(len(still), 2, "before the two that are busy")
        times = sorted(took.values()) or [0]
        t.diag(f"98 answers after {times[0] * 1000:.1f} to "
               f"{times[-1] * 1000:.1f} ms")
        begin = time.monotonic()
        t.ok(c.ping(), "PING is answered")
        t.diag(f"PING after {(time.monotonic() - begin) * 1000:.1f} ms")
        t.ok(not any(x.done for x in slow), "before the two that are busy")
        enough(c)
        c.wait_for(lambda: all(x.done for x in slow))
        t.eq([x.body for x in slow], [b"sleep", b"spin"], "which end, too")


def gil(s):
    """A script calls functions that hold the GIL."""
    with Client(s.port, timeout=60) as c:
        slow = c.request("/busy.py?how=gil")
        t.ok(started(c, "gil"), "a script keeps the GIL")
        begin = time.monotonic()
        t.ok(all(c.ping(b"%08d" % i) for i in range(20)) and not slow.done,
             "20 PINGs are answered before it ends")
        t.diag(f"20 PINGs: {(time.monotonic() - begin) * 1000:.1f} ms")
        c.send_frame(4, 0, 0)
        acks = c.settings_acks
        t.ok(c.wait_for(lambda: c.settings_acks > acks) and not slow.done,
             "SETTINGS is acknowledged")
        enough(c)
        c.wait_for(lambda: slow.done)
        t.eq(slow.body, b"gil", "and it ends")


def rendezvous(s):
    """A script sends 103, waits for another stream, and sends 200."""
    for _ in range(3):
        key = str(uuid.uuid4())
        with Client(s.port, timeout=60) as c:
            x = c.request(f"/rendezvous.py?key={key}", body=b"whole")
            c.wait_for(lambda: x.informational or x.done)
            t.eq((x.informational, x.status),
                 ([(103, [("x-early", "yes")])], None),
                 "the 103 comes while the script waits")
            put = c.fetch(f"/stash.py?put={key}", body=b"from next door")
            t.eq(put.body, b"put", "another stream puts the value")
            c.wait_for(lambda: x.done)
            t.eq((x.status, x.header("x-value"), x.body, x.ended),
                 (200, "from next door", b"late", True), "then the 200")


def between_connections(s):
    """The busy scripts of one connection do not delay another connection."""
    with Client(s.port) as a, Client(s.port) as b:
        slow = a.request("/busy.py?how=spin")
        t.ok(started(a, "spin"), "a script is busy on one connection")
        t.eq(b.fetch("/quick.py").body, b"quick", "another is answered")
        a.pump()
        t.ok(not slow.done, "meanwhile")
        enough(a)
        t.ok(a.wait_for(lambda: slow.ended), "the busy one ends when it is "
             "told")


def crowd(s):
    """Quick functions use only a few threads, however many are ready."""
    pid = s.pid
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        return t.skip("threads for 2,000 quick requests", "needs /proc")
    with Client(s.port, timeout=60) as c:
        c.fetch("/quick.py")
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            child = f.read().split()[-1]
        most = 0
        for _ in range(20):
            quick = [c.request("/quick.py") for _ in range(100)]
            c.wait_for(lambda: all(x.done for x in quick))
            most = max(most, len(os.listdir(f"/proc/{child}/task")))
        t.ok(all(x.body == b"quick" for x in quick), "2,000 quick requests")
        t.ok(most <= 50, "100 at a time, by few threads", most)
        t.diag(f"{most} threads")


with Server(SCRIPTS) as server:
    crowd(server)
    hundred(server)
    gil(server)
    rendezvous(server)
    between_connections(server)
t.done()
