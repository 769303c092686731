# SPDX-License-Identifier: MIT
"""Runs servers that write traces, and reads the traces."""
import glob
import json
import os
import re
import shutil
import tempfile
from typing import Any, Dict, Iterable, List, Optional, Tuple

import tap
from rawclient import Client, Exchange
from schema import Schema
from server import Server, write_scripts

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-(\d+)-([0-9a-f.:]+)-(\d+)\.jsonl$")
"""Matches a trace's file name.  Groups: process id, client's address, port."""

with open(os.path.join(TOP, "doc", "trace.schema.json"),
          encoding="utf-8") as schema_file:
    SCHEMA = json.load(schema_file)

schema = Schema(SCHEMA)

FILES = {
    "echo": """
def handle_data(frame, request, response):
    response.writer.write_data(frame.data)

def handle_headers(frame, request, response):
    response.headers.set("x", b"\\xe9")
    response.write_status_headers()

def main(request, response):
    response.writer.end_stream()
""",
    "fail": "def main(request, response): raise LookupError('no')\n",
    "crash": """
import ctypes
def main(request, response):
    ctypes.string_at(0)
"""}

Line = Dict[str, Any]


class Work:
    """A directory for traces, with a document root of scripts."""

    def __init__(self, scripts: Dict[str, str]) -> None:
        self.dir = tempfile.mkdtemp(prefix="h2rig-test-trace-")
        os.chmod(self.dir, 0o755)
        self.docroot = os.path.join(self.dir, "docroot")
        write_scripts(self.docroot, dict(FILES, **scripts))

    def path(self, name: str) -> str:
        """Returns the path of a file in the directory."""
        return os.path.join(self.dir, name)

    def files(self) -> List[str]:
        """Returns the paths of all traces of Traced servers."""
        return glob.glob(self.path("traces-*/2*"))

    def __enter__(self) -> "Work":
        return self

    def __exit__(self, *_: Any) -> None:
        shutil.rmtree(self.dir, ignore_errors=True)


class Traced(Server):
    """A server with traces in a directory of its own."""

    def __init__(self, work: Work, *options: str,
                 traces: Optional[str] = None) -> None:
        self.traces = traces or tempfile.mkdtemp(prefix="traces-",
                                                 dir=work.dir)
        super().__init__(work.docroot, "--trace", self.traces, *options)

    def files(self) -> List[str]:
        """Returns the paths of the server's traces, the oldest first."""
        return sorted(glob.glob(os.path.join(self.traces, "2*.jsonl")))

    def of(self, client: Client) -> List[Line]:
        """Waits for the last line of a client's trace.  Returns the trace."""
        return self.of_port(client.sock.getsockname()[1])

    def of_port(self, port: int) -> List[Line]:
        """Does what `of` does, for the client at this port."""
        def ended() -> Optional[List[Line]]:
            lines = self.now(port)
            return lines if lines and lines[-1]["type"] in (
                "close", "limit") else None
        return tap.wait_until(ended) or self.now(port)

    def now(self, port: int) -> List[Line]:
        """Returns the complete lines of the trace of the client at this port
        that are there now."""
        found = [p for p in self.files() if p.endswith(f"-{port}.jsonl")]
        return read(found[0]) if found else []

    def ran(self, tls: bool, path: str = "/echo.py", **more: Any
            ) -> Tuple[Exchange, List[Line], Client]:
        """Runs a client that makes one request.  Returns the Exchange, the
        trace and the client."""
        with Client(self.port, tls=tls) as c:
            port = c.sock.getsockname()[1]
            x = c.fetch(path, **more)
            c.leave()
        return x, self.of_port(port), c


def read(path: str) -> List[Line]:
    """Returns the complete lines of a trace, parsed."""
    with open(path, "rb") as f:
        octets = f.read()
    return [json.loads(line) for line in octets.split(b"\n")[:-1]]


def of_type(lines: List[Line], kind: str, way: Optional[str] = None
            ) -> List[Line]:
    """Returns the lines of this type and, unless `way` is None, this dir."""
    return [x for x in lines if x["type"] == kind
            and way in (None, x.get("dir"))]


def faults_of(paths: Iterable[str]) -> Tuple[List[str], int]:
    """Checks traces with the schema, and the order of their lines.  Returns
    the first 20 faults and the number of all lines."""
    found: List[str] = []
    n = 0
    for path in paths:
        with open(path, "rb") as f:
            text = f.read()
        if text and not text.endswith(b"\n"):
            found.append(f"{path}: its last line is not whole")
        last = 0.0
        for i, line in enumerate(text.split(b"\n")[:-1]):
            n += 1
            value = json.loads(line)
            found += [f"{path}:{i + 1}{s}" for s in schema.faults(value)]
            if (i == 0) != (value["type"] == "connection") or \
                    value["t"] < last:
                found.append(f"{path}:{i + 1}: order")
            last = value["t"]
    return found[:20], n
