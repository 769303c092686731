# SPDX-License-Identifier: MIT
"""Tests which stream's DATA goes first if streams share the
connection's window: the more urgent stream's (RFC 9218 §10); equally
urgent streams take turns."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import tap  # noqa: E402
from rawclient import Client, DATA  # noqa: E402
from server import SCRIPTS, Server  # noqa: E402

SIZE = 200000
WINDOW = 65535
PRIORITY_UPDATE = 16
INITIAL_WINDOW_SIZE = 4

t = tap.Tap()


def data_by_stream(client, start):
    """Returns [stream, octets] for the DATA frames from frame number start on;
    adjacent frames of one stream are added up."""
    runs = []
    for f in client.frames[start:]:
        if f.type != DATA or not f.payload:
            continue
        if runs and runs[-1][0] == f.sid:
            runs[-1][1] += len(f.payload)
        else:
            runs.append([f.sid, len(f.payload)])
    return runs


def open_all(server, priorities, update=None):
    """Opens streams 3, 5, ... with these priorities, each of which requests
    SIZE octets, after another stream has used up the connection's window.
    Returns the client, the streams and the number of frames so far."""
    client = Client(server.port, auto_window=False,
                    settings={INITIAL_WINDOW_SIZE: 1 << 20})
    # Uses up the connection's initial window.
    first = client.open("/big.py?size=%d" % WINDOW, end_stream=True)
    t.ok(client.wait_for(lambda: len(first.body) == WINDOW),
         "the connection's window is used up")
    streams = []
    for priority in priorities:
        x = client.open("/big.py?size=%d&way=write" % SIZE, end_stream=True,
                        headers={"priority": priority} if priority else ())
        client.wait_for(lambda x=x: x.header(":status") or x.header("x-way"))
        streams.append(x)
    if update:
        client.send_frame(PRIORITY_UPDATE, 0, 0, update(streams))
    client.ping()
    return client, streams, len(client.frames)


def give(client, streams, n):
    """Gives n octets of connection window.  Waits until n octets have come."""
    had = sum(len(x.body) for x in streams)
    client.window_update(0, n)
    return client.wait_for(
        lambda: sum(len(x.body) for x in streams) == had + n)


def settle(client, streams):
    """Gives small windows until all streams have moved, or for many rounds,
    since streams that are not urgent do not move.  After that, each script
    waits in its write."""
    for _ in range(150):
        if all(x.body for x in streams):
            break
        give(client, streams, 8)


def order(server, name, priorities, update=None):
    """Returns the streams in the order in which they got their last octet."""
    client, streams, start = open_all(server, priorities, update)
    with client:
        settle(client, streams)
        while any(len(x.body) < SIZE for x in streams):
            left = sum(SIZE - len(x.body) for x in streams)
            if not give(client, streams, min(16384, left)):
                t.ok(False, name + ": the window was used")
                break
        ends = [f.sid for f in client.frames[start:]
                if f.type == DATA and f.flags & 1]
        return ([[x.sid for x in streams].index(sid) for sid in ends],
                data_by_stream(client, start))


with Server(SCRIPTS) as server:
    ends, _ = order(server, "urgency", ["u=5", "u=0", "u=3"])
    t.eq(ends, [1, 2, 0], "the most urgent stream ends first")
    ends, _ = order(server, "default", ["u=4", "", "u=2"])
    t.eq(ends, [2, 1, 0], "without a priority the urgency is 3")
    ends, _ = order(
        server, "update", ["u=1", "u=1", "u=1"],
        lambda streams: streams[2].sid.to_bytes(4, "big") + b"u=0")
    t.eq(ends[0], 2, "PRIORITY_UPDATE makes a stream the first")
    ends, runs = order(server, "equal", ["u=3", "u=3"])
    t.ok(len(runs) > 4, "equal streams take turns", repr(runs))
    t.ok(max(n for _, n in runs) <= 4 * 32768, "of a bounded size", repr(runs))

    # Scripts see the priority.
    with Client(server.port) as client:
        x = client.fetch("/priority.py")
        t.eq(x.body, b"(3, False) (3, False)", "no priority: urgency 3")
        x = client.open("/priority.py", "POST",
                        headers={"priority": "u=1, i"})
        client.ping()
        client.send_frame(PRIORITY_UPDATE, 0, 0,
                          x.sid.to_bytes(4, "big") + b"u=6")
        client.send_data(x.sid, b"content", True)
        client.wait_for(lambda: x.done)
        t.ok(x.body.endswith(b" (6, False)"), "PRIORITY_UPDATE is seen", x)
        x = client.fetch("/priority.py", headers={"priority": "u=1, i"})
        t.eq(x.body, b"(1, True) (1, True)", "the field is seen")

    # A stream without stream window delays no other stream.
    client = Client(server.port, auto_window=False,
                    settings={INITIAL_WINDOW_SIZE: 0})
    with client:
        stuck = client.open("/big.py?size=1000&way=write", end_stream=True,
                            headers={"priority": "u=0"})
        moves = client.open("/big.py?size=1000&way=write", end_stream=True,
                            headers={"priority": "u=7"})
        client.wait_for(lambda: stuck.header("x-way") and
                        moves.header("x-way"))
        client.window_update(moves.sid, 1000)
        t.ok(client.wait_for(lambda: moves.done),
             "an urgent stream without window holds up no other")
        client.window_update(stuck.sid, 1000)
        t.ok(client.wait_for(lambda: stuck.done), "and goes on with window")
t.done()
