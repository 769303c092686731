#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests connection scripts and clients that do unexpected things: the
connection neither hangs nor keeps the processor busy, and it ends in time."""
import os
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from connscript import Scripted, kinds, run, word               # noqa: E402
from rawclient import PING, SETTINGS                            # noqa: E402

t = tap.Tap()


def seconds_of(pid):
    """Returns the processor time that a process has used, in seconds, or None
    if it is not known."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
            values = f.read().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(values[11]) + int(values[12])) / os.sysconf("SC_CLK_TCK")


def rests(s, name):
    """Tests that the server's only child uses less than half of the
    processor in a second."""
    pids = s.children()
    before = [seconds_of(pid) for pid in pids]
    if len(pids) != 1 or before[0] is None:
        t.skip(name, "nothing tells the time of a process, or it is gone")
        return
    time.sleep(1)       # the interval that is measured
    after = seconds_of(pids[0])
    t.ok(after is not None and after - before[0] < 0.5, name,
         (before, after))


def gone(s):
    """Waits until all connections have ended.  Returns whether they have."""
    return tap.wait_until(lambda: not s.children())


def floods_that_stand(s):
    """flood() ends in its time although the client reads nothing."""
    with s.client('''
def main(connection):
    begin = time.monotonic()
    n = connection.writer.flood(b"\\0\\0\\x08\\6\\0\\0\\0\\0\\x00" + b"x" * 8,
                                None, None, 2)
    note(n > 0, time.monotonic() - begin < 20)
''') as c:
        t.eq(s.notes(c), [[True, True]],
             f"{word(s)}: flood ends in its time, though nothing is read")
    gone(s)


def floods_without_client(s):
    """flood() ends when its client has gone, at whatever moment."""
    for _ in range(20):
        with s.client('''
def main(connection):
    connection.writer.flood(b"\\0\\0\\x08\\6\\0\\0\\0\\0\\x00" + b"x" * 8,
                            None, 100000, 1, False)
''') as c:
            c.wait_for(lambda: kinds(c).count(PING) > 10)
    t.ok(gone(s), f"{word(s)}: flood ends with its client", s.children())


def engine_off_in_frame(s):
    """Octets written after engine_off() are not sent as a frame
    or as part of one."""
    with s.client('''
def handle_unknown(frame, connection):
    connection.engine_off()
    connection.writer.write_raw(b"HTTP/1.1 200 OK\\r\\n\\r\\n")
    connection.data["off"] = True
    return True
def main(connection):
    while "off" not in connection.data:
        time.sleep(0.05)
    while connection.read(100, 30):
        connection.writer.write_raw(b"more")
''') as c:
        c.ping()
        c.send_frame(0xbb, 0, 0, b"what")
        time.sleep(1.5)     # a raw frame holds back output for less than that
        c.send(b"octets")
        t.ok(c.wait_for(lambda: b"more" in bytes(c._in)),
             f"{word(s)}: engine_off: what is written goes out", c.end)
    gone(s)


def transport_in_accept(s):
    """write_transport waits for room without a busy loop, even before TLS."""
    s.set('''
def handle_accept(connection):
    connection.writer.write_transport(b"x" * 20000000)
    note("sent")
''')
    with socket.create_connection(("127.0.0.1", s.port)) as sock:
        sock.settimeout(tap.scaled(30))
        port = sock.getsockname()[1]
        tap.wait_until(s.children)
        time.sleep(0.5)
        rests(s, f"{word(s)}: write_transport that waits rests")
        n = 0
        while n < 20000000:
            octets = sock.recv(1 << 20)
            if not octets:
                break
            n += len(octets)
        t.eq((n, s.notes(port)), (20000000, ["sent"]),
             f"{word(s)}: write_transport goes on when there is room")
    gone(s)


def pause_before_main(s):
    """If handle_accept or handle_connect pauses reading,
    main can resume it."""
    for place in ("handle_accept", "handle_connect"):
        with s.client(f'''
def {place}(connection):
    connection.pause_reading()
def main(connection):
    note("main")
    gate("resume-{place}")
    connection.resume_reading()
''') as c:
            t.eq(s.notes(c), ["main"],
                 f"{word(s)}: paused in {place}: main runs")
            s.open(f"resume-{place}")
            t.ok(c.ping(), f"{word(s)}: paused in {place}: main resumes")
            s.shut(f"resume-{place}")


def close_notify_and_on(s):
    """After close_notify, replies cannot be sent, and none is queued."""
    with s.client('''
def main(connection):
    ack(connection)
    connection.writer.close("close_notify")
    note("muted")
''') as c:
        c.ping()
        s.notes(c)
        c.send_frame(PING, 0, 0, b"12345678")
        s.process.send_signal(signal.SIGTERM)
        t.ok(tap.wait_until(lambda: not s.children(), 10),
             "close_notify, then TERM: the process ends")


def odd_exceptions():
    """An exception whose text cannot be made does not end the connection."""
    for text, name in (
            ("while True: pass", "loops"), ("raise SystemExit(3)", "exits"),
            ("raise KeyboardInterrupt", "is interrupted")):
        with Scripted("--run-limit", "1") as s, s.client(f'''
class Odd(BaseException):
    def __str__(self):
        {text}
    __repr__ = __str__
def handle_ping(frame, connection):
    raise Odd()
''') as c:
            t.ok(c.ping() and c.fetch("/quick.py").status == 200,
                 f"an exception whose text {name}", c)


def lost_word(s):
    """HandlerTimeout may interrupt the code that reports the end of a
    function; the function is over nevertheless."""
    for lost in ("raise ValueError", "return"):
        with s.client(f'''
from h2rig.server import connscript
def proceed(self, taken):
    {lost}
def handle_accept(connection):
    if {lost!r} == "return":
        connscript.Runner.proceed = proceed
def handle_connect(connection):
    connscript.Runner.proceed = proceed
def handle_ping(frame, connection):
    if {lost!r} == "return":
        connection.wait("DATA", timeout=0.01)
    note("ping")
''') as c:
            t.ok(c.ping() and c.ping() and c.fetch("/quick.py").status == 200,
                 f"{word(s)}: proceed is lost by {lost}: it goes on", c)


def waits_without_hope(s):
    """A function waits for frames after the client has closed."""
    with s.client('''
def handle_ping(frame, connection):
    begin = time.monotonic()
    note(error(connection.wait, "GOAWAY", timeout=60))
    note(time.monotonic() - begin < 30)
    note(connection.reaction(timeout=60).kind)
    note(time.monotonic() - begin < 30)
''') as c:
        c.send_frame(PING, 0, 0, b"12345678")
        c.wait_for(lambda: SETTINGS in kinds(c))
        tap.wait_until(lambda: s.children())
        c.sock.shutdown(socket.SHUT_WR)
        got = s.notes(c, 4)
        t.eq((got[0].partition(":")[0], got[1:]),
             ("ConnectionEnded", [True, "closed", True]),
             f"{word(s)}: a wait in a function ends with the client's FIN")
    gone(s)


def wait_behind_engine(s):
    """A function calls wait() after engine_off(), and the
    client has closed."""
    with s.client('''
def handle_connect(connection):
    connection.engine_off()
def main(connection):
    connection.read(1000, 30)
    note("read")
    note(error(connection.wait, "PING", timeout=60).partition(":")[0])
''') as c:
        s.notes(c)
        c.sock.shutdown(socket.SHUT_WR)
        t.eq(s.notes(c, 2)[1:], ["ConnectionEnded"],
             f"{word(s)}: wait() after engine_off() ends with the FIN")
    gone(s)


def foreign_frame(s):
    """main ends while another function has written part of a raw frame."""
    with s.client('''
def handle_ping(frame, connection):
    connection.writer.write_raw(b"\\0\\0\\x08\\6\\1\\0\\0\\0\\0" + b"ab")
    note("half")
    gate("main-is-over")
    connection.writer.write_raw(b"cdefgh")
def main(connection):
    connection.wait("PING", timeout=30)
    gate("half")
''') as c:
        c.send_frame(PING, 0, 0, b"12345678")
        s.notes(c)
        s.open("half")
        time.sleep(0.3)
        s.open("main-is-over")
        t.ok(c.wait_for(lambda: b"abcdefgh" in c.pongs),
             f"{word(s)}: main ends, and a function ends its raw frame", c)
        s.shut("half")
        s.shut("main-is-over")


def violations_by_the_thousand(s):
    """The violations that wait for handle_violation are bounded in
    number and in octets."""
    if s.tls:
        return      # the client sends plain octets
    with s.client('''
def handle_accept(connection):
    connection.automatic.discard("checks")
def handle_violation(error, connection):
    gate("all-sent")
    note(len(error.frame.payload))
''') as c:
        c.wait_for(lambda: SETTINGS in kinds(c))
        one = b"\0\x3f\xff\0\0\0\0\0\1" + b"x" * 16383
        c.sock.setblocking(False)
        sent = 0
        end = time.monotonic() + 3
        while time.monotonic() < end and sent < 3000:
            try:
                c.sock.send(one)
            except (BlockingIOError, TimeoutError):
                time.sleep(0.01)
                continue
            sent += 1
        t.ok(sent < 2500, f"{word(s)}: reading stops while violations wait",
             sent)
        s.open("all-sent")
    gone(s)
    s.shut("all-sent")


def connect_is_heard():
    """In cleartext, flush and close in handle_connect send before the client's
    preface has come."""
    for place in ("handle_accept", "handle_connect", "main"):
        with Scripted(tls=False) as s:
            s.set(f'''
def {place}(connection):
    connection.writer.write_raw(b"hello")
    connection.writer.flush()
    note("flushed")
    connection.writer.close("fin")
''')
            with socket.create_connection(("127.0.0.1", s.port)) as sock:
                sock.settimeout(tap.scaled(5))
                got = b""
                try:
                    while b"hello" not in got:
                        octets = sock.recv(100)
                        if not octets:
                            break
                        got += octets
                    while sock.recv(100):
                        pass
                    end = "end"
                except socket.timeout:
                    end = "none"
                t.ok(b"hello" in got and end == "end",
                     f"cleartext: {place} flushes and closes", (got, end))


def without_settings():
    """--handshake-timeout counts without the client's SETTINGS, also if the
    server sends none, if the engine is off, or while reading is paused."""
    cases = {
        "settings = None": "def handle_accept(connection):\n"
                           "    connection.settings = None\n",
        "engine_off": "def handle_connect(connection):\n"
                      "    connection.engine_off()\n"
                      "def main(connection):\n"
                      "    connection.read(100, 60)\n"
                      "    gate('end')\n",
        "SETTINGS are taken": "def handle_settings(frame, connection):\n"
                              "    return True\n",
        "a function runs": "def handle_settings(frame, connection):\n"
                           "    time.sleep(3)\n",
        "pause_reading": "def main(connection):\n"
                         "    connection.pause_reading()\n"
                         "    time.sleep(3)\n"
                         "    connection.resume_reading()\n"}
    for name, text in cases.items():
        with Scripted("--handshake-timeout", "1") as s, s.client(text) as c:
            end = time.monotonic() + 2.5
            while time.monotonic() < end and not c.end:
                c.pump(0.1)
            t.ok(not c.end and not c.goaway,
                 f"--handshake-timeout, {name}: it goes on",
                 (c.end, c.goaway))
            s.open("end")


def drained_main():
    """TERM comes while main waits and a request runs: main is told once the
    request has ended."""
    with Scripted("--grace", "60") as s:
        with s.client('''
def main(connection):
    note("main")
    note(error(connection.wait, "GOAWAY", timeout=50))
''', auto_window=False) as c:
            s.notes(c)
            x = c.open("/quick.py", "POST")
            c.ping()
            s.process.send_signal(signal.SIGTERM)
            c.wait_for(lambda: c.goaway)
            c.send_data(x.sid, b"x", True)
            c.wait_for(lambda: x.done)
            t.ok(tap.wait_until(lambda: len(s.noted(
                c.sock.getsockname()[1])) > 1, 20),
                "TERM: main is told when the last stream has ended")


run((floods_that_stand, floods_without_client, engine_off_in_frame,
     transport_in_accept, pause_before_main, lost_word,
     waits_without_hope, wait_behind_engine, foreign_frame,
     violations_by_the_thousand), (close_notify_and_on,),
    (odd_exceptions, connect_is_heard, without_settings, drained_main))
t.done()
