# SPDX-License-Identifier: MIT
"""Prints the Test Anything Protocol of a test file and scales its deadlines.

    import tap
    t = tap.Tap()
    t.ok(cond, "name", detail="shown when it fails")
    t.eq(got, want, "name")
    t.skip("name", "why")
    t.done()                    # prints the plan; exits 1 if anything failed

An exception that is not caught becomes a failed test and exit status 1, so
that a test file that ends early never looks as if it had passed.
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
"""The Tap of this process; lib/server.py reports the faults it finds to it."""


def scaled(seconds: float) -> float:
    """Returns a time in seconds, multiplied by SCALE for a slow build."""
    return seconds * SCALE


def wait_until(condition: Callable[[], Any], timeout: float = 30) -> Any:
    """Polls until condition() is true or timeout, in unscaled seconds, has
    passed.  Returns the last value of condition()."""
    end = time.monotonic() + scaled(timeout)
    while True:
        value = condition()
        if value or time.monotonic() >= end:
            return value
        time.sleep(0.005)


def skip_all(why: str) -> NoReturn:
    """Skips the whole test file, for example if a peer is not installed."""
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


class Tap:
    """Numbers the tests of a file, prints them and counts failures."""

    def __init__(self) -> None:
        global current
        current = self
        self.count = 0
        self.failed = 0
        sys.excepthook = self._uncaught
        # SIGTERM raises SystemExit, so that the test ends its server first.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def ok(self, condition: Any, name: str, detail: Any = "") -> bool:
        """Reports one test, which passes if condition is true; prints detail
        if it fails.  Returns whether it passed."""
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
        """Reports one test, which passes if got == want; else shows both."""
        return self.ok(got == want, name,
                       f" got: {shown(got)}\nwant: {shown(want)}")

    def skip(self, name: str, why: str) -> None:
        """Reports one test that cannot run here."""
        self.count += 1
        print(f"ok {self.count} - {name} # SKIP {why}", flush=True)

    def diag(self, text: Any) -> None:
        """Prints text as comment lines of the output."""
        for line in str(text).splitlines():
            print(f"# {line}", flush=True)

    def done(self) -> NoReturn:
        """Prints the plan and ends the program: status 1 if a test failed or
        none ran, else 0."""
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
    """Returns repr(value), with the middle cut out if it is over limit."""
    text = repr(value)
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]} ...[{len(text) - limit} more]... {text[-half:]}"
