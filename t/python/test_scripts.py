# SPDX-License-Identifier: MIT
"""Tests where modules are imported from, and scripts' files."""
import importlib
import os
import sys
import threading
import unittest
from unittest import mock

import fake
from h2rig.server import dispatch, scripts
from test_dispatch import Case


def in_thread(function, *args):
    """Returns what function returns or raises in a thread of its own."""
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
    """Tests scripts.without_paths, with a directory that was added."""

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
            # A built-in and a frozen module, a file, a part of a package.
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


class Scripts(Case):
    def test_fresh_namespace_and_change_of_file(self):
        text = ("calls = []\n"
                "def main(request, response):\n"
                "    calls.append(1)\n"
                "    return '%s %%d' %% len(calls)\n")
        self.respond(fake.script(text % "a"), 200, b"a 1")
        get = fake.headers(path="/script.py")
        self.respond(fake.serve(get), 200, b"a 1")
        self.respond(fake.script(text % "bb"), 200, b"bb 1")

    def test_compiled_once(self):
        handler = dispatch.handlers.python_script_handler
        self.respond(self.main("return 'x'"), 200)
        first = handler._scripts["/script.py"]
        self.respond(fake.serve(fake.headers(path="/script.py")), 200)
        self.assertIs(handler._scripts["/script.py"], first)

    def test_file_and_imports(self):
        fake.write("pkg/a-b/helper.py", "NAME = 'helped'\n")
        s = self.main("import importlib\n"
                      "    m = importlib.import_module('pkg.a-b.helper')\n"
                      "    return m.NAME + __file__")
        self.respond(s, 200, b"helped" + os.path.join(
            fake.DOC_ROOT, "script.py").encode())

    def test_frame_class_of_user_handlers(self):
        class Handler:
            def frame_handler(self, request):
                return self

            def handle_data(self, frame, request, response):
                response.content = frame.data.upper()
        dispatch.router.register("POST", "/up/{name}", Handler())
        dispatch.router._routes.insert(0, dispatch.router._routes.pop())
        try:
            s = fake.serve(fake.headers("POST", "/up/x%20y", end=False),
                           fake.data(b"abc", True))
        finally:
            dispatch.router._routes.pop(0)
            dispatch.router._found.clear()
        self.respond(s, 200, b"ABC")


if __name__ == "__main__":
    unittest.main()
