# SPDX-License-Identifier: MIT
"""Runs servers whose connection script can differ for each connection.

    with Scripted(tls=True) as s:
        with s.client('''
    def main(connection):
        note(connection.fence())
    ''') as c:
            t.ok(s.notes(c, 1)[0] > 0, "...")

The script that --connection names is SCRIPT.  Each time it runs, it reads the
test's text from a file and runs it too.  The text can call `note(value)`,
which puts a value in the log, and `gate(name)`, which waits until the test
opens that gate.
"""
import json
import os
import re
import shutil
import sys
import tempfile
from typing import Any, List, Optional

import tap
from rawclient import Client
from server import Server, write_scripts

SCRIPT = '''
import json, os, time
from h2rig import ConnectionEnded, HTTPException, NotPossible, ProtocolError
from h2rig.connection import connection as _connection

DIRECTORY = os.path.dirname(__file__)


def note(*values):
    def plain(v):
        if isinstance(v, bytes):
            return v.decode("latin-1")
        if isinstance(v, (set, frozenset)):
            return sorted(map(str, v))
        return repr(v)
    _connection.logger.info("NOTE %d %s", _connection.client_address[1],
                            json.dumps(values if len(values) != 1
                                       else values[0], default=plain))


def gate(name):
    end = time.monotonic() + 60
    while not os.path.exists(os.path.join(DIRECTORY, name)):
        if time.monotonic() > end:
            raise TimeoutError(name)
        time.sleep(0.005)


def ack(connection):
    while "ACK" not in connection.wait("SETTINGS", timeout=30).flags:
        pass


def error(function, *arguments, **named):
    try:
        return function(*arguments, **named)
    except Exception as e:
        return "%s: %s" % (type(e).__name__, e)


with open(os.path.join(DIRECTORY, "case.py")) as f:
    exec(compile(f.read(), os.path.join(DIRECTORY, "case.py"), "exec"))
'''

NOTHING = "def handle_accept(connection): pass\n"

REQUESTS = {
    "quick": '''
def main(request, response):
    return [("x-connection", str(request.connection.id))], request.body
''',
    "fence": '''
def main(request, response):
    try:
        seconds = response.writer.fence(float(request.GET.first("timeout",
                                                                "10")))
        return "%s" % (0 < seconds < 60)
    except TimeoutError as e:
        return "TimeoutError: %s" % e
''',
    "waits": '''
def main(request, response):
    frames = [request.connection.wait(timeout=0.05) for _ in range(9)]
    return " ".join("%s" % f.type for f in frames if f is not None)
''',
}


def word(s: "Scripted") -> str:
    """Returns "TLS" or "cleartext", for names of tests."""
    return "TLS" if s.tls else "cleartext"


def kinds(c: Client) -> List[int]:
    """Returns the types of the frames that have come."""
    return [f.type for f in c.frames]


def at_first(c: Client, kind: int, flags: int = 0) -> int:
    """Returns the index in c.frames of the first frame that has this type and
    these flags, or -1."""
    return next((i for i, f in enumerate(c.frames)
                 if f.type == kind and f.flags & flags == flags), -1)


class Scripted(Server):
    """A server with SCRIPT.  tls: TLS if true, else cleartext.  options:
    further command line options."""

    def __init__(self, *options: str, tls: bool = True) -> None:
        self.scripts = tempfile.mkdtemp(prefix="h2rig-connection-")
        os.chmod(self.scripts, 0o755)
        self.root = os.path.join(self.scripts, "root")
        self.tls = tls
        write_scripts(self.root, REQUESTS)
        self.script = os.path.join(self.scripts, "connection.py")
        self.set(NOTHING)
        with open(self.script, "w", encoding="utf-8") as f:
            f.write(SCRIPT)
        super().__init__(self.root, "--connection", self.script,
                         "--log-level", "debug",
                         *(() if tls else ("--cleartext",)), *options)

    def __exit__(self, *args: Any) -> None:
        super().__exit__(*args)
        shutil.rmtree(self.scripts, ignore_errors=True)

    def set(self, text: str) -> None:
        """Sets the script of all connections from now on."""
        case = os.path.join(self.scripts, "case.py")
        with open(case + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.replace(case + ".new", case)

    def client(self, text: Optional[str] = None, **options: Any) -> Client:
        """Returns a connection with this script, or with the one before."""
        if text is not None:
            self.set(text)
        return Client(self.port, tls=self.tls, **options)

    def open(self, gate: str) -> None:
        """Opens a gate: gate() returns from now on."""
        with open(os.path.join(self.scripts, gate), "w", encoding="utf-8"):
            pass

    def shut(self, gate: str) -> None:
        """Undoes `open`."""
        os.unlink(os.path.join(self.scripts, gate))

    def noted(self, port: int) -> List[Any]:
        """Returns what the script of the client at that port has noted."""
        return [json.loads(found) for found in re.findall(
            rf"NOTE {port} (.*)$", self.log(), re.M)]

    def notes(self, c: Any, n: int = 1) -> List[Any]:
        """Waits until a script has noted n values, or the deadline.  c: the
        client, which reads meanwhile, or its port.  Returns the values."""
        port = c if isinstance(c, int) else c.sock.getsockname()[1]

        def there() -> bool:
            if port != c and c.end is None:
                c.pump(0.005)
            return len(self.noted(port)) >= n
        tap.wait_until(there, 20)
        return self.noted(port)


def run(both: Any, tls_only: Any, others: Any) -> None:
    """Runs the cases that command line arguments name, or all.  both: run with
    a TLS server and with a cleartext one.  tls_only: run with a TLS server.
    others: run without an argument."""
    only = sys.argv[1:]

    def chosen(cases: Any) -> List[Any]:
        return [each for each in cases
                if not only or each.__name__ in only]
    for tls in (True, False):
        cases = chosen([*both, *(tls_only if tls else ())])
        if cases:
            with Scripted(tls=tls) as s:
                for case in cases:
                    case(s)
    for case in chosen(others):
        case()
