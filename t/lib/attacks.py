# SPDX-License-Identifier: MIT
"""Runs attacks by a client.  It checks what the server tells the client, and
how much memory the process that serves the client took meanwhile.

    @attack("name", "--option", "value", settings={...})
    def run(v: Victim) -> str:          # what is wrong, or ""

A test file defines attacks and calls attacks.main(), which runs all of them,
or those whose names contain the first command line argument.  Each attack has
its own connection; the attacks that have the same options share a server.
"""
import os
import re
import shutil
import sys
import tempfile
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import tap
from conformance import wire
from rawclient import Client, Exchange
from server import SCRIPTS, Server, program

CALM = wire.ENHANCE_YOUR_CALM
MIB = 1024                              # KiB, the unit of /proc/PID/status
ROOM = 16
"""MiB that the process may use beyond what it uses for an idle connection."""

ENDLESS = """# SPDX-License-Identifier: MIT
def main(request, response):
    response.writer.write_headers([], 200)
    while True:
        response.writer.write_data(b"x" * 16384)
"""


class Victim:
    """A connection, and the process that serves it."""

    def __init__(self, server: Server, **client: Any) -> None:
        before = set(server.children())
        self.server = server
        self.client = Client(server.port, **client)
        for sid in range(1, 2000):
            self.client.streams[sid] = Exchange(self.client, sid)
        self.pid = tap.wait_until(lambda: next(
            iter(set(server.children()) - before), None))
        self.peak = 0                   # KiB
        self.measure()
        if self.client.ack:     # an ACK later could split a field block
            self.client.wait_for(lambda: self.client.settings
                                 or self.client.end)

    def __enter__(self) -> "Victim":
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.close()
        tap.wait_until(lambda: self.pid not in self.server.children())

    def measure(self) -> int:
        """Returns the most memory that the process has used so far, in KiB."""
        try:
            with open(f"/proc/{self.pid}/status", encoding="ascii") as f:
                status = f.read()
        except (FileNotFoundError, ProcessLookupError):
            return self.peak            # it has ended
        found = re.search(r"^VmHWM:\s+(\d+)", status, re.M)
        if found:
            self.peak = max(self.peak, int(found.group(1)))
        return self.peak

    def flood(self, octets: bytes, times: int, read: bool = True) -> None:
        """Sends octets this many times, rounded up to batches of 4096 octets,
        or until GOAWAY or the end.  read: reads after each batch."""
        c = self.client
        many = min(times, max(1, 4096 // len(octets)))
        for _ in range(0, times, many):
            if c.goaway or c.end:
                return
            try:
                c.send(octets * many)
            except (BrokenPipeError, ConnectionResetError):
                return
            if read:
                c.pump()


class Attack(NamedTuple):
    """An attack.  run takes the Victim and returns what is wrong, or "".
    client: arguments of Client.  room: see ROOM."""
    name: str
    run: Callable[[Victim], str]
    options: Tuple[str, ...]
    client: Dict[str, Any]
    room: int = ROOM


ATTACKS: List[Attack] = []


def attack(name: str, *options: str, room: int = ROOM,
           **client: Any) -> Callable[[Any], Any]:
    """Returns a decorator that adds an attack on a server with these options.
    client: arguments of Client."""
    def add(run: Callable[[Victim], str]) -> Callable[[Victim], str]:
        ATTACKS.append(Attack(name, run, options, client, room))
        return run
    return add


# ---- what an attack must lead to; each returns what is wrong, or ""

def told(v: Victim, code: int, text: str) -> str:
    """GOAWAY with this code and debug data that matches the regex text, and
    then the end of the connection."""
    c = v.client
    c.wait_for(lambda: c.goaway or c.end)
    v.measure()
    if c.goaway is None:
        return f"no GOAWAY; end of the connection: {c.end}"
    debug = c.goaway[2].decode("latin-1")
    if c.goaway[1] != code or not re.search(text, debug):
        return f"GOAWAY {wire.code_name(c.goaway[1])} \"{debug}\""
    return "" if c.wait_end() else "the connection does not end"


def calm(v: Victim, bound: str) -> str:
    """GOAWAY with ENHANCE_YOUR_CALM, whose debug data names the bound."""
    return told(v, CALM, f"the bound {bound},.*10.5")


def served(v: Victim, sid: int, size: Optional[int] = None) -> str:
    """The stream gets a response with 200, with size octets of content unless
    size is None, and the connection lives."""
    c = v.client
    x = c.streams[sid]
    c.wait_for(lambda: x.done or c.goaway, 60)
    if x.status != 200 or not x.ended or (
            size is not None and len(x.body) != size):
        return f"{x!r} GOAWAY {c.goaway}"
    return "" if c.ping() else "PING is not answered"


def too_large(v: Victim, sid: int, bound: str) -> str:
    """The stream gets a response with 431, the log names the bound, and the
    connection lives."""
    c = v.client
    x = c.streams[sid]
    c.wait_for(lambda: x.done or c.goaway)
    v.measure()
    if (x.status, x.ended) != (431, True):
        return f"{x!r} GOAWAY {c.goaway}"
    port = c.sock.getsockname()[1]
    if not v.server.wait_log(rf":{port}, stream {sid} answered with 431: .* "
                             rf"the bound {bound} "):
        return "the log does not say why"
    return survives(v)


def survives(v: Victim) -> str:
    """The connection lives: another request gets its response."""
    v.client.send(wire.get(1999))
    return served(v, 1999, 5)


# ---- running

def run_all(t: tap.Tap, docroot: str, todo: List[Attack]) -> None:
    """Runs the attacks; those with the same options share a server."""
    groups: Dict[Tuple[str, ...], List[Attack]] = {}
    for a in todo:
        groups.setdefault(a.options, []).append(a)
    for options, attacks in groups.items():
        with Server(docroot, *options) as server:
            with Victim(server) as v:   # memory for an ordinary connection
                wrong = survives(v)
                quiet = v.measure()
            t.diag(f"{' '.join(options) or 'default options'}: a connection "
                   f"takes {quiet} KiB{wrong and ': ' + wrong}")
            for a in attacks:
                run_one(t, server, a, quiet)


def plain_build() -> bool:
    """Returns whether memory can be compared: no sanitizer, no valgrind."""
    with open(program(), "rb") as f:
        return tap.SCALE <= 1 and b"__asan_init" not in f.read()


def run_one(t: tap.Tap, server: Server, a: Attack, quiet: int) -> None:
    """Runs an attack and reports two tests: its result and its memory.
    quiet: memory of a process with an ordinary connection, in KiB."""
    with Victim(server, timeout=60, **a.client) as v:
        try:
            wrong = a.run(v)
        except (OSError, TimeoutError) as e:
            wrong = f"{type(e).__name__}: {e}"
        peak = v.measure()
    t.ok(not wrong, a.name, wrong)
    name = f"{a.name}: memory stays below idle + {a.room} MiB"
    if not plain_build():
        return t.skip(name, "not a plain build")
    t.diag(f"{peak} KiB, {peak - quiet:+} KiB")
    t.ok(0 < peak <= quiet + a.room * MIB, name,
         f"{quiet} KiB idle, {peak} KiB at most")


def main() -> None:
    """Runs all attacks, or those whose names contain argv[1]."""
    t = tap.Tap()
    only = sys.argv[1] if len(sys.argv) > 1 else ""
    if not os.path.exists("/proc/self/status"):
        tap.skip_all("needs /proc/PID/status")
    with tempfile.TemporaryDirectory() as docroot:
        shutil.copytree(SCRIPTS, docroot, dirs_exist_ok=True)
        with open(os.path.join(docroot, "endless.py"), "w",
                  encoding="ascii") as f:
            f.write(ENDLESS)
        run_all(t, docroot, [a for a in ATTACKS if only in a.name])
    t.done()
