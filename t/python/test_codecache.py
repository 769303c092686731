# SPDX-License-Identifier: MIT
"""Tests of codecache: which compiled scripts are kept, and how it fails."""
import builtins
import errno
import os
import resource
import shutil
import tempfile
import threading
import unittest
from unittest import mock

import fake
from h2rig.server import codecache
from h2rig.server.config import options


class Case(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="h2rig-codecache-")
        self.code = os.path.join(self.dir, "code")
        os.mkdir(self.code, 0o700)
        self.addCleanup(shutil.rmtree, self.dir)
        for patch in (mock.patch.object(codecache, "_directory", self.code),
                      mock.patch.object(options, "run_directory", self.code)):
            patch.start()
            self.addCleanup(patch.stop)
        self.name = os.path.join(self.dir, "x.py")
        self.write("x = 1\n")

    def write(self, text):
        with open(self.name, "w", encoding="ascii") as f:
            f.write(text)

    def get(self, name=None):
        """Returns the script's x, and whether the script was compiled now."""
        compiled = []

        def note(*args, **kwargs):
            compiled.append(args[1])
            return real(*args, **kwargs)
        real = builtins.compile
        with open(name or self.name, "rb", buffering=0) as f, \
                mock.patch.object(codecache, "compile", note, create=True):
            code = codecache.compiled(f, name or self.name)
        self.assertEqual(code.co_filename, name or self.name)
        namespace = {}
        exec(code, namespace)
        return namespace["x"], bool(compiled)

    def files(self):
        return os.listdir(self.code)


class Kept(Case):
    def test_once(self):
        self.assertEqual([self.get() for _ in range(3)],
                         [(1, True), (1, False), (1, False)])
        self.assertEqual(len(self.files()), 1)

    def test_changed(self):
        # The content counts, not the file's times; old code is still kept.
        for text in "x = 2\n", "x = 3\n":
            self.get()
            times = os.stat(self.name)
            self.write(text)
            os.utime(self.name, ns=(times.st_atime_ns, times.st_mtime_ns))
            self.assertEqual([self.get(), self.get()],
                             [(int(text[4]), True), (int(text[4]), False)])
        self.write("x = 1\n")
        self.assertEqual(self.get(), (1, False))
        self.assertEqual(len(self.files()), 3)

    def test_damaged(self):
        self.get()
        file, = self.files()
        path = os.path.join(self.code, file)
        with open(path, "rb") as f:
            good = f.read()
        for bad in b"", good[:9], good[:-1], good[:-1] + b"?":
            with open(path, "wb") as f:
                f.write(bad)
            self.assertEqual([self.get(), self.get()], [(1, True), (1, False)])
        self.assertEqual(self.files(), [file])

    def test_odd_names(self):
        for octets in b"odd\xff.py", "\u00e4\u20ac.py".encode(), b"a\nb .py":
            name = os.path.join(self.dir, os.fsdecode(octets))
            shutil.copy(self.name, name)
            self.assertEqual([self.get(name), self.get(name)],
                             [(1, True), (1, False)])
        self.assertEqual(len(self.files()), 3)

    def test_links(self):
        # Each name has code of its own, since tracebacks show the name.
        link = os.path.join(self.dir, "link.py")
        os.symlink(self.name, link)
        self.get()
        self.assertEqual([self.get(link), self.get(link)],
                         [(1, True), (1, False)])
        self.assertEqual(len(self.files()), 2)

    def test_other_python(self):
        self.get()
        with mock.patch.object(codecache, "_PYTHON", b"\1\2\3\4 1\0"):
            self.assertEqual([self.get(), self.get()],
                             [(1, True), (1, False)])
        self.assertEqual(self.get(), (1, False))

    def test_syntax_error(self):
        self.write("x =\n")
        self.assertRaises(SyntaxError, self.get)
        self.assertEqual(self.files(), [])


class NotKept(Case):
    def test_large(self):
        self.write("x = 1\ny = %r\n" % ("y" * codecache.MAX_OCTETS))
        self.get()
        self.assertEqual(self.files(), [])

    def test_many(self):
        for i in range(codecache.MAX_FILES - 1):
            with open(os.path.join(self.code, str(i)), "wb"):
                pass
        self.get()
        self.assertEqual(len(self.files()), codecache.MAX_FILES)
        other = os.path.join(self.dir, "other.py")
        shutil.copy(self.name, other)
        self.assertEqual([self.get(other), self.get(other)],
                         [(1, True), (1, True)])
        self.assertEqual(self.get(), (1, False))
        self.assertEqual(len(self.files()), codecache.MAX_FILES)

    def test_nested_too_deep(self):
        with mock.patch.object(codecache.marshal, "dumps",
                               side_effect=ValueError("too deep")):
            self.assertEqual(self.get(), (1, True))
        self.assertEqual(self.files(), [])
        self.assertEqual([self.get(), self.get()], [(1, True), (1, False)])

    def test_off(self):
        codecache._directory = None
        self.assertEqual([self.get(), self.get()], [(1, True)] * 2)
        self.assertEqual(self.files(), [])


class Errors(Case):
    def failing(self, target, name, e):
        """After one error nothing is tried any more, though it would work."""
        with mock.patch.object(target, name, side_effect=e) as failed:
            self.assertEqual(self.get(), (1, True))
        self.assertTrue(failed.called)
        self.assertEqual(self.files(), [])
        self.assertEqual(self.get(), (1, True))
        self.assertEqual(self.files(), [])
        level, text = fake.module.logged[-1]
        self.assertEqual((level, text), (
            "debug", "compiled scripts are not shared: " + e.strerror))

    def test_no_room(self):
        self.failing(os, "open", OSError(errno.ENOSPC, "no room"))

    def test_no_room_for_all(self):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50, limits[1]))
        try:
            self.assertEqual(self.get(), (1, True))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        self.assertEqual(self.files(), [])
        self.assertEqual(fake.module.logged[-1][1], "compiled scripts are "
                         "not shared: " + os.strerror(errno.EFBIG))

    def test_no_rename(self):
        self.failing(os, "replace", OSError(errno.EIO, "broken"))

    def test_no_list(self):
        self.failing(os, "listdir", OSError(errno.EACCES, "refused"))

    def test_no_directory(self):
        self.failing(os, "lstat", OSError(errno.ENOENT, "gone"))

    def test_limit_while_writing(self):
        # HandlerTimeout may come anywhere; a file half done is removed.
        with mock.patch.object(os, "replace", side_effect=KeyboardInterrupt):
            self.assertRaises(KeyboardInterrupt, self.get)
        self.assertEqual(self.files(), [])

    def test_limit_when_written(self):
        real = os.replace

        def replace(*args):
            real(*args)
            raise KeyboardInterrupt
        with mock.patch.object(os, "replace", replace):
            self.assertRaises(KeyboardInterrupt, self.get)
        self.assertEqual(self.get(), (1, False))

    def test_mode(self):
        self.get()
        for mode in 0o755, 0o770, 0o701, 0o500:
            os.chmod(self.code, mode)
            codecache._directory = self.code
            self.assertEqual(self.get(), (1, True))
            self.assertIsNone(codecache._directory)
        os.chmod(self.code, 0o700)
        codecache._directory = self.code
        self.assertEqual(self.get(), (1, False))

    def test_threads(self):
        errors, together = [], threading.Barrier(8)

        def run():
            try:
                together.wait(60)
                for i in range(20):
                    with open(self.name, "rb", buffering=0) as f:
                        codecache.compiled(f, self.name)
                    if i % 4 == 0:
                        os.unlink(os.path.join(self.code, only))
            except FileNotFoundError:
                pass
            except BaseException as e:
                errors.append(e)
        self.get()
        only, = self.files()
        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(errors, [])
        self.get()
        self.assertEqual(self.files(), [only])
        self.assertIsNotNone(codecache._directory)
