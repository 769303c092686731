# SPDX-License-Identifier: MIT
"""The stash in an SQLite file.

The file is in the server's own directory (`rundir`) and is removed with it.
With --stash FILE several servers may share the file, and it stays.

Only connections' processes open the file, because an SQLite handle does not
survive a fork.  It is in WAL mode, so that readers never wait.  Writers queue
for a lock of h2rig's, because SQLite's own busy waiting sleeps in growing
steps and starves some of 200 processes for seconds.

Cleaners of temporary files may remove any of the files at any time.  The stash
is the file that is at the path now: after its work, each call checks that this
is still the file that it has open; if not, it does the work again in the new
file.  In the server's own directory the stash is three files.  The process
that makes them notes their identities in the file of the locks, which has no
path.  A process that opens them uses them if all three are as noted; otherwise
it makes all three anew.
"""

import contextlib
import json
import os
import sqlite3
import threading
import time
from typing import Any, Callable, Iterable, List, Optional, Tuple, TypeVar

import _h2rig

from h2rig.errors import StashError
from h2rig.server import rundir
from h2rig.server.config import options
from h2rig.stash.bells import Bell, ring
from h2rig.stash.locks import FileLock, identity

__all__ = ["SqliteStore"]

_T = TypeVar("_T")

_SCHEMA = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=OFF",
    "CREATE TABLE IF NOT EXISTS stash (path BLOB, key BLOB, value BLOB,"
    " PRIMARY KEY (path, key)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS queue (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " queue BLOB, value BLOB)",
    "CREATE INDEX IF NOT EXISTS queue_order ON queue (queue, id)",
)

#: WAIT: the most seconds that a call waits for other processes.  BUSY: the
#: seconds of one wait in SQLite, where no exception can be raised.  TRIES: how
#: often a call tries its work.
WAIT = 30.0
BUSY = 1.0
TRIES = 40

#: Place and octets of the note of the identities in the file of the locks.
_NOTE = 16
_NOTE_SIZE = 240

#: Connections to files that were removed.  They stay open: if one was closed,
#: SQLite would remove the files that are at the path now.
_forgotten: List[sqlite3.Connection] = []


class SqliteStore:
    """A process's handle on an SQLite file and the two locks beside it.

    path: where the file is; None: in the server's own directory.  Methods
    raise StashError.
    """

    def __init__(self, path: Optional[str] = None) -> None:
        self.pid = os.getpid()
        self._own = path is None
        if path is None:
            if options.run_directory is None:
                raise StashError("this server has no stash")
            path = os.path.join(options.run_directory, "stash.sqlite")
            self.writers = FileLock(fd=options.shared_file, octet=0)
            #: `Stash.lock`
            self.users = FileLock(fd=options.shared_file, octet=1)
        else:
            self.writers = FileLock(path + "-writers")
            self.users = FileLock(path + "-lock")
        self._files = path, path + "-wal", path + "-shm"
        #: paths of FIFOs, by the last octet of a key or of a queue's name
        self._bells = [path + "-bells/%02x" % i for i in range(256)]
        # In the server's own directory all three are made together, so it is
        # enough to check one.
        self._watched = self._files[:1] if self._own else self._files
        #: guards the two attributes below, and the use of the database
        self._threads = threading.Lock()
        self._database: Optional[sqlite3.Connection] = None
        self._identities: List[Any] = []

    def _is_current(self) -> bool:
        # Returns whether the open file is the one that is at the path.
        return self._database is not None and all(
            identity(file) == known
            for file, known in zip(self._watched, self._identities))

    def _read(self, sql: str, values: Tuple[Any, ...]) -> Any:
        """Returns the first row of a query, or None."""
        while True:
            row, error = None, None
            try:
                with self._threads:
                    database = self._database
                    if database is not None:
                        row = database.execute(sql, values).fetchone()
            except sqlite3.Error as e:
                error = e
            # Another thread may have opened other files since the query.
            if database is self._database and self._is_current():
                if error is not None:
                    raise self._error(error) from None
                return row
            self._write(lambda database: None)

    def _write(self, work: Callable[[sqlite3.Connection], _T]) -> _T:
        """Does work in a transaction, while no other process writes."""
        deadline = time.monotonic() + WAIT
        if not self.writers.acquire(deadline):
            raise self._error("others have been writing for %d s" % WAIT)
        try:
            error: Exception = self._error("removed again and again")
            for _ in range(TRIES):
                try:
                    database = self._database
                    if database is not None:
                        result = self._transact(database, work)
                        if self._is_current():
                            return result
                    self._attach()
                except (sqlite3.Error, OSError) as e:
                    error = self._error(e)
                    if not self._may_pass(e, deadline):
                        break
            raise error
        finally:
            self.writers.release()

    def _may_pass(self, e: Exception, deadline: float) -> bool:
        # Returns whether another try may succeed: another program has locked
        # the file, the file was removed while it was opened, or the disk was
        # full and the reserved room helps.
        if "locked" in str(e):
            return time.monotonic() < deadline
        return not self._is_current() or (self._own and rundir.give_room())

    def _error(self, what: Any) -> StashError:
        return StashError("the stash in %s: %s" % (self._files[0], what))

    def _transact(self, database: sqlite3.Connection,
                  work: Callable[[sqlite3.Connection], _T]) -> _T:
        with self._threads:
            try:
                database.execute("BEGIN IMMEDIATE")
                result = work(database)
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise
        return result

    def _attach(self) -> None:
        # Opens the files, or makes them.  The caller holds the writers' lock.
        noted, present = self._noted(), self._present()
        if self._own and (None in present or present != noted):
            rundir.restore()
            self._remove(self._files)
        elif present[0] != noted[0]:
            # SQLite would take a journal that another file has left for one
            # of this file.
            self._remove(file for file, was, now in zip(
                self._files, noted, present) if was == now)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self._files[0], os.O_RDWR | os.O_CREAT | os.O_EXCL
                             | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(
            self._files[0], timeout=BUSY, isolation_level=None,
            check_same_thread=False)
        try:
            for statement in _SCHEMA:
                database.execute(statement)
            present = self._present()
            if None in present:
                raise FileNotFoundError("removed while it was opened")
            if present != noted:
                self._note(present, noted)
        except BaseException:
            database.close()
            raise
        with self._threads:
            if self._database is not None:
                _forgotten.append(self._database)
            self._database, self._identities = database, present

    def _present(self) -> List[Any]:
        return [identity(file) for file in self._files]

    def _remove(self, files: Iterable[str]) -> None:
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)

    def _noted(self) -> List[Any]:
        note = os.pread(self.writers.fd, _NOTE_SIZE, _NOTE).rstrip(b"\0 ")
        return [tuple(n) for n in json.loads(note)] if note else [None] * 3

    def _note(self, present: List[Any], noted: List[Any]) -> None:
        # The first process that finds another stash than the noted one logs
        # that.  (The other two files of --stash FILE may come and go while it
        # is not in use.)
        note = json.dumps(present).encode().ljust(_NOTE_SIZE)
        os.pwrite(self.writers.fd, note, _NOTE)
        if noted[0] and (self._identities or present[0] != noted[0]):
            _h2rig.log("warn", "the stash in %s was removed, and is another "
                       "from now on: what was in it is lost" % self._files[0])

    def put(self, path: bytes, key: bytes, value: bytes) -> bool:
        """Stores a value; returns false if the key has one already."""
        done = self._write(lambda database: database.execute(
            "INSERT OR IGNORE INTO stash VALUES (?, ?, ?)",
            (path, key, value)).rowcount == 1)
        if done:
            ring(self._bells[key[-1]])
        return done

    def take(self, path: bytes, key: bytes,
             read: Callable[[bytes], Any]) -> Any:
        """Removes a value and returns read(value); None if there is none.  If
        read raises an exception, the value stays.
        """
        while True:
            row = self._read("SELECT value FROM stash WHERE path = ?"
                             " AND key = ?", (path, key))
            if row is None:
                return None
            value = read(row[0])
            # If several processes take the value, one of them gets it.
            if self._write(lambda database: database.execute(
                    "DELETE FROM stash WHERE path = ? AND key = ?"
                    " AND value = ?", (path, key, row[0])).rowcount):
                return value

    def queue_put(self, name: bytes, value: bytes) -> None:
        """Puts a value at the end of a queue."""
        self._write(lambda database: database.execute(
            "INSERT INTO queue (queue, value) VALUES (?, ?)", (name, value)))
        ring(self._bells[name[-1]])

    def queue_take(self, name: bytes, read: Callable[[bytes], Any]
                   ) -> Optional[Tuple[Any]]:
        """Removes the first value and returns the tuple (read(value),); None
        if there is none.  If read raises an exception, the value stays.
        """
        while True:
            row = self._read("SELECT id, value FROM queue WHERE queue = ?"
                             " ORDER BY id LIMIT 1", (name,))
            if row is None:
                return None
            value = read(row[1])
            if self._write(lambda database: database.execute(
                    "DELETE FROM queue WHERE id = ? AND value = ?",
                    row).rowcount):
                return (value,)

    def queue_empty(self, name: bytes) -> bool:
        """Returns whether a queue has no value now."""
        return self._read("SELECT 1 FROM queue WHERE queue = ? LIMIT 1",
                          (name,)) is None

    def bell(self, *where: bytes) -> Bell:
        """Returns a bell for values of a path and a key, or of a queue; it
        also rings for some other keys and queues.
        """
        return Bell(self._bells[where[-1][-1]])
