#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the manual pages have all names and all options of their
commands, that mandoc finds no fault in them, and that they make a site.
manual.t compares h2rig(8) with --help; manualexamples.t runs the examples."""
import ast
import glob
import html
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"),
                os.path.join(os.path.dirname(HERE), "python")]
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402
from server import program                                      # noqa: E402

import h2rig                                                    # noqa: E402
from h2rig import (connection, constants, errors, frames,       # noqa: E402
                   handlers, headers, pipes, request, response, stash,
                   websocket, writer)
from h2rig.server.frametypes import (CONNECTION_FUNCTIONS,      # noqa: E402
                                     FUNCTIONS)
from h2rig.server import (settings, template, wpt_pages,        # noqa: E402
                          wpt_test262)
from h2rig.websocket import aliases                             # noqa: E402

VERDICTS = {"pass", "tolerated", "fail", "info", "skip", "error"}

t = tap.Tap()


def of_help(*command):
    """Returns the options and the subcommands of --help."""
    text = subprocess.run([os.path.join(os.path.dirname(program()),
                                        command[0]), *command[1:], "--help"],
                          stdout=subprocess.PIPE, check=True).stdout.decode()
    return (set(re.findall(r"^  (?:-\w[^-\n]*, )?--([\w-]+)", text, re.M)),
            re.findall(r"^    (\w+) ", text, re.M))


def tools():
    """The pages of the other programs have all their options; manual.t
    tests those of h2rig."""
    for name in "h2rig-trace", "h2bad":
        options, below = of_help(name)
        for command in below:
            options |= of_help(name, command)[0]
        page = manpages.source(name + ".1")
        t.ok(len(options) > 3, f"{name} has options")
        t.eq([o for o in sorted(options - {"help"})
              if not re.search(r"Fl (?:\w , )?-%s\b" % o, page)], [],
             f"{name}.1: every option")


def texts(node):
    """Returns the strings that an expression may be."""
    if isinstance(node, ast.IfExp):
        return texts(node.body) | texts(node.orelse)
    if isinstance(node, ast.BinOp):
        return texts(node.left)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(
        node.value, str) else set()


def reasons_of(node):
    """Returns the reasons for verdicts in a piece of h2bad's code."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple) and \
            getattr(node.targets[0], "id", "") == "failed":
        return texts(node.value.elts[0])
    if isinstance(node, ast.Tuple) and len(node.elts) in (2, 3) and \
            isinstance(node.ctx, ast.Load) and texts(node.elts[0]) & VERDICTS:
        return texts(node.elts[1])
    if not isinstance(node, ast.Call):
        return set()
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    at = {"Verdict": 1, "found": 1, "unless_failed": 2, "fail": 0,
          "info": 0}.get(name, 9)
    return texts(node.args[at]) if len(node.args) > at else set()


def reasons():
    """h2bad(1) has all reasons and reactions, and no others."""
    found = set()
    top = os.path.join(os.path.dirname(HERE), "python", "h2bad")
    sources = glob.glob(top + "/*.py") + glob.glob(top + "/cases/*/*.py")
    for path in sources:
        with open(path, encoding="utf-8") as f:
            for node in ast.walk(ast.parse(f.read())):
                found |= reasons_of(node)
    page = manpages.source("h2bad.1")
    lists = dict(re.findall(r"^\.Ss (\w+)\n(.*?)^\.El", page, re.M | re.S))
    said = re.findall(r"^\.It Li (\S+)", lists["Reasons"], re.M)
    t.ok(len(said) > 60 and said == sorted(said, key=str.lower),
         "h2bad.1: reasons in order", said)
    found = {each.replace("%d", "N") for each in found - VERDICTS - {""}}
    t.eq(sorted(set(said) ^ found), [], "h2bad.1: every reason")
    with open(os.path.join(top, "observed.py"), encoding="utf-8") as f:
        known = set(re.findall(r'made = "([a-z-]+)', f.read()))
    t.eq(sorted((known | {"alert"}) ^ set(re.findall(
        r"^\.It Li ([a-z-]+)", lists["Reactions"], re.M))), [],
         "h2bad.1: every reaction")


def paths():
    """Pages name no path of the source tree, which their
    readers do not have."""
    for page in manpages.pages():
        t.eq(re.findall(
            r"(?<![\w./-])(?:\./)?(?:doc|t|src|python)/[a-z][\w./-]*",
            manpages.source(page)), [],
             f"{page}: no path of the source tree")


def named():
    """Makefile.am installs all pages, and README names them."""
    for name, form in ("Makefile.am", "doc/%s.%s"), ("README", "%s(%s)"):
        with open(os.path.join(os.path.dirname(HERE), name),
                  encoding="utf-8") as f:
            text = f.read()
        t.eq([page for page in manpages.pages()
              if form % tuple(page.rsplit(".", 1)) not in text], [],
             f"{name} names every page")


def commands():
    """The options in commands exist in h2rig."""
    known = subprocess.run([program(), "--help"], stdout=subprocess.PIPE,
                           check=True).stdout.decode()
    for page in manpages.pages():
        for line in manpages.commands(page):
            if re.search(r"\bh2rig (?!.*\bh2rig-)", line):
                for option in re.findall(r" (--?\w[\w-]*)",
                                         line.partition("h2rig ")[2]):
                    t.ok(re.search(r"%s\b" % option, known),
                         f"{page}: {option} is an option")


def lint():
    """mandoc finds no fault in the pages."""
    if not shutil.which("mandoc"):
        t.skip("mandoc -Tlint", "mandoc is not installed")
        return
    for page in manpages.pages():
        run = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", os.path.join(
                manpages.DOC, page)], stdout=subprocess.PIPE, check=False)
        t.eq((run.returncode, run.stdout.decode()), (0, ""),
             f"mandoc -Tlint {page}")


def site():
    """The site of make html has all pages and documents, and no dead link."""
    if not shutil.which("mandoc") or not shutil.which("lowdown"):
        t.skip("make html", "mandoc or lowdown is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="h2rig-site-") as work:
        subprocess.run([sys.executable, "-B", os.path.join(
            manpages.DOC, "site", "make.py"), "mandoc", "lowdown", work],
                       check=True)
        found = {name: open(os.path.join(work, name), encoding="utf-8").read()
                 for name in os.listdir(work) if name.endswith(".html")}
        index = set(re.findall(r'href="([^"]*\.html)"', found["index.html"]))
        t.eq(sorted(set(found) - index), [], "site: all that is in the index")
        t.eq([page for page in manpages.pages() if page + ".html" not in index],
             [], "site: all pages")
        t.eq(len(index), 2 + len(manpages.pages()) + len(
            [n for n in os.listdir(manpages.DOC) if n.endswith(".md")]),
             "site: all documents")
        for name, text in sorted(found.items()):
            dead = [to for to in re.findall(
                r'(?:href|src)="(?!https?:)([^"]*)"', text) if not leads(
                    work, name, to, found)]
            t.eq(dead, [], f"site: links of {name}")
    t.ok("h2rig-stash.7.html" in found["h2rig-handlers.7.html"]
         and "trace.html" in found["h2rig-trace.1.html"],
         "site: names of pages lead there")


def leads(work, own, to, found):
    """Returns whether the target of a page's link exists."""
    name, _, anchor = html.unescape(to).partition("#")
    name = name or own
    return os.path.exists(os.path.join(work, name)) and (
        not anchor or f'id="{html.escape(anchor)}"' in found[name])


def said(page, heading, names, what):
    """Tests that a part of a page has these names, as separate words."""
    found = manpages.words(manpages.sections(page)[heading])
    t.eq(sorted(set(names) - found), [], f"{page}, {heading}: {what}")


def about_files():
    """h2rig-files(7)"""
    page = "h2rig-files.7"
    t.eq(sorted(set(pipes.PIPES) - set(re.findall(
        r"^\.It Fn (\w+)", manpages.sections(page)["PIPES"], re.M))), [],
         f"{page}: an item for every pipe")
    said(page, "PIPES", pipes.__all__[:-1], "what h2rig.pipes has")
    said(page, "SUBSTITUTION", [*template._NAMES, *template._FUNCTIONS,
                                *template.HASHES], "every name")
    said(page, "THE CONFIGURATION FILE", [
        *(row[0] for row in settings._CHECKS), *settings.build({})],
        "every setting")
    types = constants.content_types
    said(page, "Content types", types, "every extension")
    t.eq([kind for kind in types.values()
          if kind not in manpages.source(page)], [],
         f"{page}: every content type")
    said(page, "Handlers", [name for name in handlers.__all__
                            if name != "HTTPException"], "every handler")
    t.eq([row.suffix for row in (*wpt_pages.PAGES, *wpt_test262.PAGES)
          if "-test" not in row.suffix
          and row.suffix not in manpages.source(page)], [],
         f"{page}: every kind of page")


#: Methods of any collection, or of no use to scripts.
OF_TYPES = {"add", "discard", "data"}


def members_of(cls):
    """Returns the public attributes and methods of a class, including the
    attributes that its methods set."""
    found = {name for c in cls.__mro__ if c.__module__.startswith("h2rig")
             for name in vars(c)}
    for c in cls.__mro__:
        if c.__module__.startswith("h2rig"):
            found |= set(re.findall(r"\bself\.(\w+)(?:: [^=\n]+)? = ",
                                    inspect.getsource(c)))
    return {name for name in found if name[0] != "_"}


def about_websockets():
    """h2rig-websocket(7)"""
    page = "h2rig-websocket.7"
    said(page, "all", websocket.__all__, "what h2rig.websocket has")
    for heading, name in (
            ("THE REQUEST", "WebSocketRequest"),
            ("THE REQUEST", "TextHeaders"), ("THE STREAM", "WebSocketStream"),
            ("FRAMES", "Tunnel"), ("EXTENSIONS", "ExtensionParameter"),
            ("EXTENSIONS", "PerMessageDeflateExtensionProcessor")):
        said(page, heading, members_of(getattr(websocket, name)) - {"written"},
             name)
    said(page, "EXCEPTIONS", {
        word for name in aliases._contents() for word in name.split(".")
        if word}, "every module of pywebsocket3")


def about_handlers():
    """h2rig-handlers(7)"""
    page = "h2rig-handlers.7"
    for heading, classes in {
            "THE REQUEST": [request.Request, request.Server],
            "Header fields": [headers.RequestHeaders, request.Cookies,
                              request.CookieValue, request.Authentication],
            "Query and forms": [headers.MultiDict, request.Upload],
            "Content": [request.RawInput],
            "Frames": [frames.RequestHeaders, frames.RequestData,
                       frames.FrameList, frames.Priority],
            "THE RESPONSE": [response.Response, headers.ResponseHeaders],
            "THE WRITER": [writer.ResponseWriter],
            "Frames to send": [getattr(frames, name)
                               for name in frames.__all__
                               if name.endswith("Frame")
                               and name != "ReceivedFrame"] + [frames.Flags],
            "OTHER FRAMES": [frames.ReceivedFrame]}.items():
        for cls in classes:
            said(page, heading, members_of(cls) - OF_TYPES, cls.__name__)
    said(page, "Frames to send", frames.__all__, "what h2rig.frames has")
    said(page, "OTHER FRAMES", FUNCTIONS.values(), "every function")
    said(page, "EXCEPTIONS", errors.__all__, "what h2rig.errors has")
    said(page, "MODULES", [name for name in h2rig.__all__
                           if name not in errors.__all__],
         "what h2rig has")
    top = os.path.dirname(os.path.dirname(h2rig.__file__))
    text = manpages.sections(page)["MODULES"] + " StashError " + manpages.sections(
        "h2rig-files.7")["Handlers"]
    for name in sorted(os.listdir(os.path.join(top, "wptserve"))):
        if not name.endswith(".py"):
            continue
        with open(os.path.join(top, "wptserve", name),
                  encoding="utf-8") as f:
            tree = ast.parse(f.read())
        public = {alias.name for node in ast.walk(tree)
                  if isinstance(node, ast.ImportFrom) for alias in node.names}
        t.eq(sorted(public - manpages.words(text)), [],
             f"{page}: what wptserve/{name} has")


def about_connections():
    """h2rig-connection(7)"""
    page = "h2rig-connection.7"
    said(page, "all", {name for kind in (
        connection.Connection, connection.ConnectionTLS,
        connection.ConnectionWriter, connection.Violation)
        for name in members_of(kind)} - members_of(writer.FrameWriter)
        - OF_TYPES, "every attribute")
    said(page, "all", connection.Automatic(), "what is automatic")
    said(page, "all", {*CONNECTION_FUNCTIONS.values(), "handle_frame"},
         "every function")


#: {page: {section: classes or modules whose functions it describes}}.
SIGNED = {
    "h2rig-connection.7": {
        "Reading": [connection.Connection],
        "What the client does": [connection.Connection],
        "The writer": [connection.ConnectionWriter],
        "TLS": [connection.ConnectionTLS], "Notes": [connection.Connection]},
    "h2rig-files.7": {"Handlers": [handlers]},
    "h2rig-handlers.7": {
        "Header fields": [headers.RequestHeaders],
        "Query and forms": [headers.MultiDict],
        "THE RESPONSE": [response.Response, headers.ResponseHeaders],
        "THE WRITER": [writer.ResponseWriter, frames]},
    "h2rig-stash.7": {"FUNCTIONS": [stash.Stash],
                      "QUEUES": [stash.StashQueue]},
    "h2rig-websocket.7": {
        "THE STREAM": [websocket.WebSocketStream],
        "FRAMES": [websocket.Tunnel, websocket],
        "EXTENSIONS": [websocket.PerMessageDeflateExtensionProcessor,
                       websocket.ExtensionParameter]}}

#: Defaults that a page writes in another form; "" if it writes none.
SPELT = {repr(bytes(8)): "bytes(8)", repr(headers._missing): ""}


def signature(function):
    """Returns the arguments of a function with their defaults, in
    the form of a page."""
    found = []
    for p in inspect.signature(function).parameters.values():
        text = "**" * (p.kind is p.VAR_KEYWORD) + p.name
        if p.default is not p.empty:
            default = getattr(p.default, "__name__", repr(p.default))
            default = SPELT.get(default, default.replace("'", '"'))
            text += default and "=" + default
        if p.name != "self":
            found.append(text)
    return found


def signatures():
    """The pages show the right arguments of functions."""
    for page, headings in SIGNED.items():
        parts = manpages.sections(page)
        for heading, owners in headings.items():
            items = " , ".join(re.findall(r"^\.It (.*)$", parts[heading].replace(
                "\\\n", ""), re.M))
            for name, *arguments in map(str.split, re.findall(
                    r"(?<!\S)Fn (.*?)(?= ,|$)", items)):
                function = next((getattr(owner, name) for owner in owners
                                 if inspect.isroutine(getattr(owner, name, 0))
                                 or inspect.isclass(getattr(owner, name, 0))),
                                None)
                if inspect.getmodule(function) is not None:
                    t.eq(arguments, signature(function),
                         f"{page}, {heading}: the arguments of {name}")


def about_modules():
    """Each public name is in a page."""
    every = set()
    for name in manpages.pages():
        every |= manpages.words(manpages.sections(name)["all"])
    for name in ("", ".connection", ".constants", ".errors", ".frames",
                 ".handlers", ".headers", ".pipes", ".request", ".response",
                 ".router", ".stash", ".websocket", ".writer"):
        module = importlib.import_module("h2rig" + name)
        t.eq(sorted(set(module.__all__) - every), [],
             f"what {module.__name__} has is in a page")
    for cls in stash.Stash, stash.StashLock, stash.StashQueue:
        said("h2rig-stash.7", "all", members_of(cls), cls.__name__)


lint()
about_files()
about_websockets()
about_handlers()
about_connections()
about_modules()
signatures()
tools()
paths()
reasons()
named()
site()
commands()
t.done()
