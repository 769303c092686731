# SPDX-License-Identifier: MIT
"""Tests what script authors see of the package: its top has only the public
modules, and each public name has a docstring and types.
"""
import ast
import importlib
import inspect
import os
import pydoc
import re
import subprocess
import sys
import typing
import unittest

import fake  # noqa: F401
import h2rig

TOP = os.path.dirname(h2rig.__file__)

#: The public modules, each a file or a package.  Besides these there are
#: `server`, for the program itself, and `trace`, for h2rig-trace.
MODULES = ("connection", "constants", "errors", "frames", "handlers",
           "headers", "pipes", "request", "response", "router", "stash",
           "testing", "websocket", "writer")

#: Classes whose objects the server makes and hands to scripts.
MADE = ("Authentication", "Automatic", "Connection", "ConnectionTLS",
        "ConnectionWriter", "CookieValue", "Cookies", "End", "FrameList",
        "FrameWriter", "RawInput", "Reaction", "ReceivedData",
        "ReceivedFrame", "ReceivedHeaders", "RequestData", "RequestHeaders",
        "RequestTrailers", "Request", "Response", "ResponseWriter", "Server",
        "TextHeaders", "Tunnel", "Upload", "Violation", "WebSocketRequest",
        "WebSocketStream", "PerMessageDeflateExtensionProcessor")


def public():
    """Yields (module.name, value) for each public name."""
    for name in MODULES:
        module = importlib.import_module("h2rig." + name)
        for key in module.__all__:
            yield "%s.%s" % (name, key), getattr(module, key)


def functions(name, value):
    """Yields (name, function, docstring) for a function, or for each method of
    a class and of its base classes in the package."""
    if inspect.isfunction(value):
        yield name, value, inspect.getdoc(value)
    if not inspect.isclass(value):
        return
    for base in value.__mro__:
        if not base.__module__.startswith("h2rig") or base is h2rig.Value:
            continue            # Value has the methods of bytes
        for key, member in vars(base).items():
            function = getattr(member, "fget", None) or getattr(
                member, "_make", None) or getattr(member, "__func__", member)
            if not inspect.isfunction(function):
                continue
            if key == "__init__" and value.__name__ not in MADE:
                yield name, function, inspect.getdoc(base)
            elif not key.startswith("_"):
                yield ("%s.%s" % (name, key), function,
                       inspect.getdoc(function)
                       or inspect.getdoc(getattr(value, key)))


def untold(function, doc):
    """Returns the parameters whose type neither the signature nor the
    docstring tells, and "what it returns" if there is no return type."""
    signature = inspect.signature(function)
    found = []
    for key, parameter in signature.parameters.items():
        kind = parameter.annotation
        if key == "self" or kind not in (typing.Any, inspect.Parameter.empty):
            continue
        if kind is inspect.Parameter.empty or not re.search(
                r"\b%s\b" % key, doc or ""):
            found.append(key)
    if signature.return_annotation is inspect.Signature.empty:
        found.append("what it returns")
    return found


class Public(unittest.TestCase):
    def test_top_holds_public_modules_only(self):
        found = {name.partition(".")[0] for name in os.listdir(TOP)
                 if not name.startswith("__")}
        self.assertEqual(sorted(found), sorted(MODULES + ("server", "trace")))

    def test_server_lists_its_files(self):
        server = importlib.import_module("h2rig.server")
        listed = {name for line in re.findall(
            r"^    (\w.*?)(?: {2,}|$)", server.__doc__, re.M)
            for name in line.split(", ")}
        found = {name[:-len(".py")] for name in os.listdir(
            os.path.dirname(server.__file__))
            if name.endswith(".py") and name != "__init__.py"}
        self.assertEqual(sorted(listed), sorted(found))

    def test_each_has_a_docstring(self):
        for name in MODULES:
            with self.subTest(name):
                module = importlib.import_module("h2rig." + name)
                self.assertTrue(pydoc.splitdoc(module.__doc__)[0])
        for name, value in public():
            with self.subTest(name):
                if inspect.isclass(value):
                    self.assertTrue(value.__doc__)
                for key, _, doc in functions(name, value):
                    self.assertTrue(doc, key)

    def test_an_error_that_has_moved_has_its_old_name_too(self):
        errors, headers = (importlib.import_module("h2rig." + name)
                           for name in ("errors", "headers"))
        self.assertIs(headers.StatusError, errors.StatusError)
        self.assertIn("StatusError", errors.__all__)

    def test_each_has_types(self):
        for name, value in public():
            for key, function, doc in functions(name, value):
                with self.subTest(key):
                    self.assertEqual(untold(function, doc), [])

    def test_none_is_about_the_inside(self):
        for name in ("", *("." + name for name in MODULES)):
            with self.subTest(name):
                text = pydoc.render_doc("h2rig" + name, "%s",
                                        renderer=pydoc.plaintext)
                text = text.partition("\nFILE\n")[0]
                text = re.sub(r".*\b__(orig_bases|annotations)__ = .*", "",
                              text)
                self.assertEqual(re.findall(
                    r".*\b_(?!_|asdict|replace|make|field|cls\b)\w.*|"
                    r".*(?:\bdispatch\b|[Cc]alled by|"
                    r"h2rig\.server\.\w+\.[^A-Z]).*", text, re.M), [])

    def test_pydoc_needs_no_server(self):
        """pydoc works in a Python that has neither `_h2rig` nor fake.py."""
        names = ["h2rig", *("h2rig." + name for name in MODULES)]
        subprocess.run(
            [sys.executable, "-B", "-c",
             "import pydoc, sys\nfor name in sys.argv[1:]:\n"
             "    pydoc.render_doc(name)", *names],
            env={**os.environ, "PYTHONPATH": os.path.dirname(TOP)},
            check=True, timeout=60)

    def test_one_import_line(self):
        with open(h2rig.__file__, encoding="utf-8") as f:
            tree = ast.parse(f.read())
        typed = [alias.name for node in ast.walk(tree)
                 if isinstance(node, ast.If) for each in node.body
                 if isinstance(each, ast.ImportFrom) for alias in each.names]
        self.assertEqual(sorted(typed), sorted(h2rig.__all__))
        for name in h2rig.__all__:
            with self.subTest(name):
                self.assertIn(getattr(h2rig, name),
                              [value for _, value in public()])
        self.assertRaises(AttributeError, getattr, h2rig, "nothing")
