#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of the Python package, python/test_*.py, with python/fake.py
in place of the C module, and prints TAP.  Arguments name single tests, for
example test_forms.Multipart.test_preamble."""
import os
import signal
import sys
import unittest

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "python")

DEADLINE = int(120 * float(os.environ.get("H2RIG_TEST_TIMEOUT_SCALE", 1)))


class Tap(unittest.TestResult):
    """Prints a line for each test, and the traceback of a
    failure as comments."""

    def line(self, test, ok, text="", note=""):
        print("%sok %d - %s%s" % ("" if ok else "not ", self.testsRun,
                                  test.id(), note))
        for row in text.rstrip("\n").split("\n") if text else ():
            print("# " + row)
        sys.stdout.flush()

    def startTest(self, test):
        super().startTest(test)
        # The alarm ends a test that waits for a lock for ever.
        signal.alarm(DEADLINE)

    def addSuccess(self, test):
        super().addSuccess(test)
        self.line(test, True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.line(test, False, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self.line(test, False, self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.line(test, True, note=" # SKIP " + reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        signal.alarm(DEADLINE)
        if err is not None:
            text = (self.failures or self.errors)[-1][1]
            print("# in %s" % subtest)
            self.line(test, False, text)


sys.path.insert(0, HERE)
sys.dont_write_bytecode = True
import fake                                                     # noqa: E402
loader = unittest.TestLoader()
if sys.argv[1:]:
    suite = loader.loadTestsFromNames(sys.argv[1:])
else:
    suite = loader.discover(HERE)
fake.configure()
print("1..%d" % suite.countTestCases())
result = Tap()
try:
    suite.run(result)
finally:
    fake.shutdown()
signal.alarm(0)
ok = result.wasSuccessful() and result.testsRun > 0
sys.exit(0 if ok else 1)
