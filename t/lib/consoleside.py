# SPDX-License-Identifier: MIT
"""Both sides of --console: Events reads its events as a client; Made writes a
trace in the form that a server writes."""
import json
import os
from typing import Any, Callable, Dict, List, Optional, Tuple

from rawclient import Client
from traces import Line, Traced


class Events:
    """The events of a response, as they come.  seen: the last-event-id."""

    def __init__(self, client: Client, path: str,
                 seen: Optional[str] = None) -> None:
        self.client = client
        self.x = client.request("/.h2rig/" + path, headers=[] if seen is None else [
            ("last-event-id", str(seen))])

    def all(self) -> List[Tuple[str, Optional[str], List[str]]]:
        """Returns the complete events: [(type, id, [lines of data])]."""
        found = []
        for block in self.x.body.decode().split("\n\n")[:-1]:
            pairs = [line.partition(": ")[::2] for line in block.split("\n")]
            named = dict(pairs)
            data = [value for name, value in pairs if name == "data"]
            if data:
                found.append((named.get("event", "message"), named.get("id"),
                              data))
        return found

    def of(self, kind: str) -> List[List[str]]:
        """Returns the data of all events of a type."""
        return [data for what, _, data in self.all() if what == kind]

    def wait(self, condition: Callable[["Events"], Any]) -> Any:
        """Waits until condition(self) is true.  Returns its last value."""
        found: List[Any] = []
        self.client.wait_for(lambda: found.append(condition(self))
                             or found[-1])
        return found[-1] if found else None

    # If the path is that of a trace.

    @property
    def lines(self) -> List[Line]:
        """The lines of the trace, parsed."""
        return [json.loads(line) for data in self.of("message")
                for line in data]

    @property
    def last(self) -> str:
        """The id of the last event that has one."""
        return [number for _, number, _ in self.all() if number][-1]

    # If the path is that of the list of connections.

    @property
    def rows(self) -> Dict[str, Any]:
        """The list after all events: {name: connection}."""
        rows: Dict[str, Any] = {}
        for data in self.of("message"):
            event = json.loads(data[0])
            if event["first"]:
                rows.clear()
            for name in event["removed"]:
                del rows[name]
            for text in event["changed"]:
                row = json.loads(text)
                rows[row["name"]] = row
        return rows

    def row(self, port: int) -> Any:
        """Returns the connection of the client at this port, or None."""
        return next((row for name, row in self.rows.items()
                     if name.endswith(f"-{port}.jsonl")), None)


class Made:
    """A trace that this process writes into a server's directory."""

    def __init__(self, server: Traced, port: int) -> None:
        self.name = f"20200101T000000.000000Z-{os.getpid()}-127.0.0.1-{port}" \
            ".jsonl"
        self.path = os.path.join(server.traces, self.name)
        self._file = open(self.path, "w", encoding="utf-8")
        self._t = 0.0
        self.add(type="connection", version=1, server="h2rig 0",
                 time="2020-01-01T00:00:00.000000Z", pid=os.getpid(),
                 client=f"127.0.0.1:{port}", tls="TLSv1.3", cipher="x")

    def add(self, **line: Any) -> None:
        """Writes one more line."""
        self._t += 0.001
        self._file.write(json.dumps({"t": round(self._t, 6), **line},
                                    separators=(",", ":")) + "\n")

    def frames(self, count: int) -> None:
        """Writes count // 2 requests with their responses."""
        for n in range(count // 2):
            sid = 2 * (self._n + n) + 1
            self.add(dir="in", type="HEADERS", flags=["END_STREAM",
                     "END_HEADERS"], stream=sid, length=30,
                     fields=[[":method", "GET"], [":path", f"/n={sid}"]])
            self.add(dir="out", type="HEADERS", flags=["END_STREAM",
                     "END_HEADERS"], stream=sid, length=1,
                     fields=[[":status", "200"]])
        self._n += count // 2
        self._file.flush()

    _n = 0

    def __enter__(self) -> "Made":
        return self

    def __exit__(self, *_: Any) -> None:
        self._file.close()
