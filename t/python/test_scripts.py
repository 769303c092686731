# SPDX-License-Identifier: MIT
"""Where modules are imported from."""
import importlib
import os
import sys
import threading
import unittest
from unittest import mock

import fake
from h2rig.server import scripts


def in_thread(function, *args):
    """What it returns or raises in a thread of its own."""
    result = []

    def run():
        try:
            result.append(function(*args))
        except BaseException as e:
            result.append(e)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return result[0]


class Without(unittest.TestCase):
    """scripts.without_paths, with a directory that was added."""

    def setUp(self):
        self.path, self.meta_path = sys.path[:], sys.meta_path[:]
        self.added = os.path.dirname(fake.write("paths-added/a.py", ""))
        for name in ("mine", "mine_too", "both"):
            fake.write("paths-added/%s.py" % name, "where = 'added'\n")
        fake.write("paths-other/both.py", "where = 'other'\n")
        scripts.add_path(self.added)
        sys.path.append(os.path.join(os.path.dirname(self.added),
                                     "paths-other"))

    def tearDown(self):
        sys.path[:] = self.path
        scripts._added.remove(self.added)
        for name in ("mine", "mine_too", "both"):
            sys.modules.pop(name, None)

    def test_not_from_there(self):
        with scripts.without_paths():
            self.assertRaisesRegex(ImportError, "No module named 'mine'",
                                   importlib.import_module, "mine")
        self.assertEqual(importlib.import_module("mine").where, "added")

    def test_from_elsewhere(self):
        with scripts.without_paths():
            both = importlib.import_module("both")
            self.assertEqual(both.where, "other")
            # What is built in, frozen, in a file, of a package.
            for name in ("faulthandler", "zipimport", "netrc", "json.tool"):
                with mock.patch.dict(sys.modules):
                    sys.modules.pop(name, None)
                    importlib.import_module(name)

    def test_other_threads(self):
        with scripts.without_paths():
            mine = in_thread(importlib.import_module, "mine")
            both = in_thread(importlib.import_module, "both")
        self.assertEqual((mine.where, both.where), ("added", "added"))

    def test_all_is_left_as_it_was(self):
        with self.assertRaises(KeyError):
            with scripts.without_paths():
                sys.path.append("appended by a script")
                with scripts.without_paths():
                    pass
                raise KeyError
        self.assertEqual(sys.meta_path, self.meta_path)
        self.assertEqual(sys.path[-1], "appended by a script")


if __name__ == "__main__":
    unittest.main()
