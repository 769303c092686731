# SPDX-License-Identifier: MIT
"""Test Anything Protocol for the whole-server tests, and how long they wait.

    import tap
    t = tap.Tap()
    t.ok(cond, "name", detail="shown when it fails")
    t.eq(got, want, "name")
    t.skip("name", "why")
    t.done()                    # prints the plan; exits 1 if anything failed

An exception that is not caught makes a failed test and exit status 1, so that
a test file that ends early never looks as if it had passed.
"""
import os
import signal
import sys
import time
import traceback
from typing import Any, Callable, NoReturn, Optional

sys.dont_write_bytecode = True      # the source tree may be read-only

SCALE = float(os.environ.get("H2RIG_TEST_TIMEOUT_SCALE", "1"))
"""Factor for every deadline: sanitizers and valgrind are slow."""

current: Optional["Tap"] = None
"""The Tap of this process; lib/server.py reports what it finds there."""


def scaled(seconds: float) -> float:
    """A deadline in seconds, as long as this build needs."""
    return seconds * SCALE


def wait_until(condition: Callable[[], Any], timeout: float = 30) -> Any:
    """Polls until condition() is true and returns its value, or the last
    (false) one when timeout, in unscaled seconds, has passed."""
    end = time.monotonic() + scaled(timeout)
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(0.005)


def skip_all(why: str) -> NoReturn:
    """The whole file is skipped: an optional peer is missing, say."""
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


class Tap:
    """Numbers tests, prints them, counts failures."""

    def __init__(self) -> None:
        global current
        current = self
        self.count = 0
        self.failed = 0
        sys.excepthook = self._uncaught
        # A test that is ended from outside ends its server first.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def ok(self, condition: Any, name: str, detail: Any = "") -> bool:
        """One test: passed if condition is true."""
        self.count += 1
        name = " ".join(name.replace("#", "no.").split())
        word = "ok" if condition else "not ok"
        print(f"{word} {self.count} - {name}", flush=True)
        if not condition:
            self.failed += 1
            if detail != "":
                self.diag(detail)
        return bool(condition)

    def eq(self, got: Any, want: Any, name: str) -> bool:
        """One test: passed if got == want; shows both otherwise."""
        return self.ok(got == want, name,
                       f" got: {shown(got)}\nwant: {shown(want)}")

    def skip(self, name: str, why: str) -> None:
        """One test that could not be made here."""
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def diag(self, text: Any) -> None:
        """Lines of explanation in the output."""
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def done(self) -> NoReturn:
        """The plan, and the end of the test file."""
        print(f"1..{self.count}", flush=True)
        if self.failed:
            self.diag(f"{self.failed} of {self.count} failed")
        sys.exit(1 if self.failed or not self.count else 0)

    def _uncaught(self, kind: type, value: BaseException, tb: Any) -> None:
        text = "".join(traceback.format_exception(kind, value, tb))
        self.ok(False, f"test file runs to its end: {kind.__name__}", text)
        print(f"1..{self.count}", flush=True)
        sys.stdout.flush()
        os._exit(1)


def shown(value: Any, limit: int = 600) -> str:
    """repr, cut in the middle when it is long."""
    text = repr(value)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} ...[{len(text) - limit} more]... {text[-half:]}"
