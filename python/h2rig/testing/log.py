# SPDX-License-Identifier: MIT
"""Reads the records of a server's log as they come."""

import json
import threading
import time
from typing import IO, Any, Callable, Dict, Iterator, List, Optional

__all__ = ["Log", "Record"]

#: A record of --log-format json: h2rig(8) describes it under DIAGNOSTICS.
Record = Dict[str, Any]


class Log:
    """The log records of a server that runs, or has run.

    A record is a dictionary with the members `time`, `pid`, `level`, `text`,
    and others that depend on its subject.  A line that is no record, such as
    the error of a server that does not start, has `text` only.

        for record in s.log: ...        # the records that have come
        s.log.wait(text="request", path="/a.py")
        print(s.log)
    """

    def __init__(self, stream: IO[bytes]) -> None:
        """stream: the standard error of a program; a thread reads it all."""
        self._records: List[Record] = []
        self._changed = threading.Condition()
        self._open = True
        self._reader = threading.Thread(target=self._read, args=(stream,),
                                        daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                record = self._parse(line.decode("utf-8", "backslashreplace"))
                with self._changed:
                    self._records.append(record)
                    self._changed.notify_all()
        with self._changed:
            self._open = False
            self._changed.notify_all()

    @staticmethod
    def _parse(line: str) -> Record:
        try:
            record = json.loads(line)
            if isinstance(record, dict):
                return record
        except ValueError:
            pass
        return {"text": line.rstrip("\n")}

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> Record:
        return self._records[index]

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records[:])

    def __str__(self) -> str:
        """Returns a line for each record."""
        return "\n".join(self._line(record) for record in self)

    @staticmethod
    def _line(record: Record) -> str:
        rest = dict(record)
        head = [str(rest.pop(name)) for name in ("time", "level", "text")
                if name in rest]
        rest.pop("pid", None)
        return " ".join(head + ["%s=%s" % item for item in rest.items()])

    def wait(self, match: Optional[Callable[[Record], object]] = None,
             timeout: float = 30, **members: object) -> Record:
        """Returns the first record that has all these members with these
        values, and for which match(record) is true.  Waits for the record if
        it has not come yet: it may come later than what a client sees.

        timeout: seconds.  Raises AssertionError, with the log, after the
        timeout or if the server has ended.
        """
        end = time.monotonic() + timeout
        seen = 0
        with self._changed:
            while True:
                for record in self._records[seen:]:
                    if members.items() <= record.items() and (
                            match is None or match(record)):
                        return record
                seen = len(self._records)
                left = end - time.monotonic()
                if left <= 0 or not self._open:
                    break
                self._changed.wait(left)
        raise AssertionError("no such record %s: %s\n%s" % (
            "in %g s" % timeout if self._open else "before the server ended",
            members or match, self))

    def join(self, timeout: float) -> None:
        """Waits until the log is read to its end, at most timeout seconds."""
        self._reader.join(timeout)
