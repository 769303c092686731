# SPDX-License-Identifier: MIT
"""Tests of the stash, in one process and in several."""
import ctypes
import os
import pickle
import queue
import signal
import sqlite3
import stat
import threading
import time
import unittest
import uuid

import fake  # noqa: F401
from h2rig import stash
from h2rig.errors import HandlerTimeout, StashError
from h2rig.server.config import options
from h2rig.stash import Stash


def key():
    return str(uuid.uuid4())


def forked(function):
    """Runs function in a child process.  Returns the child's process id; the
    caller waits for the child."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    signal.alarm(60)    # ends a wait for a lock that nobody releases
    try:
        function()
        code = 0
    finally:
        os._exit(code)


class One(unittest.TestCase):
    def setUp(self):
        self.s = Stash("/path")

    def test_put_and_take(self):
        k = key()
        value = {"a": [1, b"\0", None]}
        self.assertIsNone(self.s.take(k))
        self.s.put(k, value)
        self.assertEqual(self.s.take(k.encode()), value)
        self.assertIsNone(self.s.take(k))

    def test_taken_key(self):
        k = key()
        self.s.put(k, 1)
        with self.assertRaisesRegex(StashError, k):
            self.s.put(k, 2)
        self.s.put(k, 3, path="/other")
        self.assertEqual(self.s.take(k), 1)
        self.assertIsNone(self.s.take(k))
        self.assertEqual(self.s.take(k, b"/other"), 3)

    def test_wrong(self):
        for wrong in ("abc", b"", None, 5):
            self.assertRaises(ValueError, self.s.put, wrong, 1)
            self.assertRaises(ValueError, self.s.take, wrong)
        self.assertRaises(ValueError, self.s.put, key(), None)

    def test_directory_is_private(self):
        mode = os.stat(options.run_directory).st_mode
        self.assertEqual(stat.S_IMODE(mode), 0o700)

    def test_queue(self):
        q = self.s.get_queue()
        k = key()
        self.s.put(k, q)
        copy = self.s.take(k)
        for i in range(3):
            q.put(i)
        self.s.get_queue().put("another queue's")
        self.assertEqual([copy.get() for _ in range(3)], [0, 1, 2])
        self.assertRaises(queue.Empty, copy.get, False)
        self.assertRaises(queue.Empty, q.get, True, 0.01)
        self.assertRaises(queue.Empty, q.get_nowait)
        self.assertEqual(pickle.loads(pickle.dumps(q))._name, q._name)

    def test_lock(self):
        lock = self.s.lock
        with lock:
            self.assertRaises(StashError, lock.acquire)
            k = key()
            self.s.put(k, 1)
            self.assertEqual(self.s.take(k), 1)
            got = []
            t = threading.Thread(
                target=lambda: got.append(lock.acquire(blocking=False)))
            t.start()
            t.join()
            self.assertEqual(got, [False])
        self.assertRaises(StashError, lock.release)
        self.assertTrue(lock.acquire(timeout=30))
        lock.release()

    def test_lock_is_let_go_when_the_function_ends(self):
        for text in ("request.server.stash.lock.acquire()",
                     "request.server.stash.lock.acquire(); 1 / 0"):
            fake.script("def main(request, response):\n    " + text)
            self.assertFalse(stash._holds_lock())
            self.assertTrue(self.s.lock.acquire(blocking=False))
            self.s.lock.release()

    def test_limit_reached_while_waiting(self):
        # HandlerTimeout ends the wait for a lock, whether a thread of this
        # process or another process holds it.
        for holder in (self.thread_holds, self.process_holds):
            with self.subTest(holder.__name__):
                let_go, wait = holder()
                waiter = threading.Thread(target=self.expires, args=(let_go,))
                waiter.start()
                waiter.join()
                wait()
                pid = forked(lambda: os._exit(
                    not self.s.lock.acquire(timeout=30)))
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
                self.assertTrue(self.s.lock.acquire(timeout=30))
                self.s.lock.release()

    def expires(self, let_go):
        raised = ctypes.pythonapi.PyThreadState_SetAsyncExc

        def later():
            # By then it waits in the kernel, where no exception reaches it.
            time.sleep(0.2)
            raised(ctypes.c_ulong(me), ctypes.py_object(HandlerTimeout))
            let_go()
        me = threading.get_ident()
        helper = threading.Thread(target=later)
        try:
            helper.start()
            self.s.lock.acquire()
            self.fail("nothing raised")
        except HandlerTimeout:
            pass
        helper.join()

    def thread_holds(self):
        held, end = threading.Event(), threading.Event()

        def hold():
            with self.s.lock:
                held.set()
                end.wait()
        t = threading.Thread(target=hold)
        t.start()
        held.wait()
        return end.set, t.join

    def process_holds(self):
        held, end = os.pipe(), os.pipe()

        def hold():
            with self.s.lock:
                os.write(held[1], b"x")
                os.read(end[0], 1)
        pid = forked(hold)
        os.read(held[0], 1)
        return (lambda: os.write(end[1], b"x"),
                lambda: os.waitpid(pid, 0))

    def test_commit_fails(self):
        k = key()
        self.s.take(k)
        store = stash._open()
        real = store._database

        class Full:
            in_transaction = property(lambda self: real.in_transaction)

            def execute(self, sql, *values):
                if sql == "COMMIT":
                    raise sqlite3.OperationalError("disk is full")
                return real.execute(sql, *values)
        store._database = Full()
        try:
            with self.assertRaisesRegex(StashError, "sqlite: disk is full"):
                self.s.put(k, 1)
        finally:
            store._database = real
        self.s.put(k, 2)
        self.assertEqual(self.s.take(k), 2)

    def test_reopened_by_another_thread(self):
        # ... between a query that fails and the look at the files.
        k = key()
        self.s.put(k, 5)
        store = stash._open()
        real = store._database

        class Gone:
            def execute(self, sql, *values):
                store._database = real
                raise sqlite3.OperationalError("disk I/O error")
        store._database = Gone()
        try:
            self.assertEqual(self.s.take(k), 5)
        finally:
            store._database = real

    def test_default_path_is_the_requests(self):
        k = key()
        fake.script("def main(request, response):\n"
                    "    request.server.stash.put(%r, request.body)\n" % k)
        self.assertIsNone(self.s.take(k))
        self.assertEqual(self.s.take(k, "/script.py"), b"")


class Several(unittest.TestCase):
    """Tests with several processes."""

    def wait(self, pids):
        for pid in pids:
            self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_one_taker_gets_it(self):
        s = Stash("/several")
        keys = [key() for _ in range(50)]
        results = s.get_queue()

        def take_all():
            got = [k for k in keys if s.take(k) is not None]
            results.put(got)
        for k in keys:
            s.put(k, 1)
        self.wait([forked(take_all) for _ in range(4)])
        got = sum((results.get(False) for _ in range(4)), [])
        self.assertEqual(sorted(got), sorted(keys))

    def test_lock_counts(self):
        s = Stash("/several")
        k = key()
        s.put(k, 0)

        def count():
            for _ in range(25):
                with s.lock:
                    s.put(k, s.take(k) + 1)
        self.wait([forked(count) for _ in range(4)])
        self.assertEqual(s.take(k), 100)

    def test_holder_killed(self):
        s = Stash("/several")
        ready, tell = os.pipe()

        def hold():
            # The holder leaves a child, which must not keep the lock.
            s.lock.acquire()
            if os.fork() == 0:
                signal.alarm(60)
                signal.pause()
            os.write(tell, b"x")
            signal.pause()

        def group():
            os.setpgid(0, 0)
            hold()
        pid = forked(group)
        os.read(ready, 1)
        self.assertFalse(s.lock.acquire(blocking=False))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self.assertTrue(s.lock.acquire(timeout=20))
        s.lock.release()
        os.killpg(pid, signal.SIGKILL)
        os.close(ready)
        os.close(tell)


if __name__ == "__main__":
    unittest.main()
