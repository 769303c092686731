# SPDX-License-Identifier: MIT
"""Attacks by a client: what it is told, and how much memory the process that
serves it took meanwhile.

    @attack("name", "--option", "value", settings={...})
    def run(v: Victim) -> str:          # what is wrong, or ""

attacks.main() runs those of a test file, or those whose names hold the text
that its command line gives.  Each has a connection of its own; those that need
other options have a server of their own too.
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
MIB = 1024                              # in KiB, as /proc tells memory
ROOM = 16
"""MiB that an attack may take beyond what an idle connection's process has."""

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
        if self.client.ack:             # not later, in the middle of a block
            self.client.wait_for(lambda: self.client.settings
                                 or self.client.end)

    def __enter__(self) -> "Victim":
        return self

    def __exit__(self, *_: Any) -> None:
        self.client.close()
        tap.wait_until(lambda: self.pid not in self.server.children())

    def measure(self) -> int:
        """Most memory that the process has had, KiB."""
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
        """Sends octets again and again, until GOAWAY or the end."""
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
    """run is given the Victim, and returns what is wrong, or ""."""
    name: str
    run: Callable[[Victim], str]
    options: Tuple[str, ...]
    client: Dict[str, Any]
    room: int = ROOM


ATTACKS: List[Attack] = []


def attack(name: str, *options: str, room: int = ROOM,
           **client: Any) -> Callable[[Any], Any]:
    """Decorator: an attack on a server that has these options."""
    def add(run: Callable[[Victim], str]) -> Callable[[Victim], str]:
        ATTACKS.append(Attack(name, run, options, client, room))
        return run
    return add


# ---- what must come of an attack

def told(v: Victim, code: int, text: str) -> str:
    """GOAWAY with a code and a debug text, and the end of the connection."""
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
    """ENHANCE_YOUR_CALM that names the bound."""
    return told(v, CALM, f"the bound {bound},.*10.5")


def served(v: Victim, sid: int, size: Optional[int] = None) -> str:
    """The stream is answered, and the connection lives."""
    c = v.client
    x = c.streams[sid]
    c.wait_for(lambda: x.done or c.goaway, 60)
    if x.status != 200 or not x.ended or (
            size is not None and len(x.body) != size):
        return f"{x!r} GOAWAY {c.goaway}"
    return "" if c.ping() else "PING is not answered"


def too_large(v: Victim, sid: int, bound: str) -> str:
    """The stream is answered with 431, the log names the bound, and the
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
    """The attack has no effect: another request is answered."""
    v.client.send(wire.get(1999))
    return served(v, 1999, 5)


# ---- running

def run_all(t: tap.Tap, docroot: str, todo: List[Attack]) -> None:
    """Runs the attacks, those of the same options on one server."""
    groups: Dict[Tuple[str, ...], List[Attack]] = {}
    for a in todo:
        groups.setdefault(a.options, []).append(a)
    for options, attacks in groups.items():
        with Server(docroot, *options) as server:
            with Victim(server) as v:   # what a connection takes by itself
                wrong = survives(v)
                quiet = v.measure()
            t.diag(f"{' '.join(options) or 'default options'}: a connection "
                   f"takes {quiet} KiB{wrong and ': ' + wrong}")
            for a in attacks:
                run_one(t, server, a, quiet)


def plain_build() -> bool:
    """Whether memory can be compared: no sanitizer, no valgrind."""
    with open(program(), "rb") as f:
        return tap.SCALE <= 1 and b"__asan_init" not in f.read()


def run_one(t: tap.Tap, server: Server, a: Attack, quiet: int) -> None:
    """Two tests: what the client is told, and memory."""
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
    """Runs all, or what the command line names."""
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
