#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages say all that there is, and their examples do what is said:
each runs in one server.  lib/manpages.py tells what an example is.

A line `EXPRESSION  # VALUE` of an example in Python must give that value.
"""
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"),
                os.path.join(os.path.dirname(HERE), "python")]
import manpages                                                 # noqa: E402
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server, program                              # noqa: E402

from h2rig import constants, handlers, pipes                    # noqa: E402
from h2rig.server import (settings, template, wpt_pages,        # noqa: E402
                          wpt_test262)

t = tap.Tap()

#: Whose examples are pieces of scripts for requests.
OF_REQUESTS = ("h2rig-files.7", "h2rig-handlers.7", "h2rig-stash.7")


# ---- pieces of Python

def order(c):
    """The request that the pieces are run for."""
    x = c.open(f"/order.py?item=tea&n=1&n=2&key={new_key()}", "POST", [
        ("content-type", "application/x-www-form-urlencoded")],
        authority="localhost:8443")
    c.send_data(x.sid, b"milk=1&sugar=2", end_stream=True)
    c.wait_for(lambda: x.done)
    return x


_valued = re.compile(r"^( *)(\S.*?)(?:  |\t)\s*# (.+)$")


def value_of(comment):
    """(value,) of a comment that is one, else None."""
    try:
        return (ast.literal_eval(comment),)
    except (ValueError, SyntaxError):
        return None


def script_of(piece):
    """A script that runs a piece, and answers with what its expressions
    gave."""
    lines, valued = [], False
    for line in piece.splitlines():
        match = _valued.match(line)
        value = match and value_of(match.group(3))
        if value:
            valued = True
            line = "%s_seen.append((%r, repr(%s), %r))" % (
                match.group(1), match.group(2), match.group(2),
                repr(value[0]))
        lines.append("    " + line if line else "")
    return "\n".join([
        "import json", "def main(request, response):",
        "    stash, writer = request.server.stash, response.writer",
        "    connection = request.connection", "    _seen = []", *lines,
        "    return json.dumps(_seen)" if valued else ""]) + "\n"


def run_piece(c, docroot, example):
    """A piece of a script, as order.py."""
    whole = re.search(r"^def (main|handle_\w+)\(", example.text, re.M)
    with open(os.path.join(docroot, "order.py"), "w", encoding="utf-8") as f:
        f.write(example.text if whole else script_of(example.text))
    x = order(c)
    t.ok(x.done and x.status not in (None, 500), f"{example}: it runs",
         f"{x}\n{example.text}")
    if x.status == 200 and "_seen" in script_of(example.text)[300:]:
        for expression, got, want in json.loads(x.body or b"[]"):
            t.eq(got, want, f"{example}: {expression}")


def pieces(s, docroot):
    """All of them, each on a connection of its own."""
    for page in OF_REQUESTS:
        for example in manpages.examples(page):
            if not (example.name or OTHER.match(example.text)):
                with Client(s.port) as c:
                    run_piece(c, docroot, example)


# ---- requests, as [METHOD ]TARGET[  NAME: VALUE]  ->  what comes

#: How displays begin that are no Python: those of a shell, of requests, of
#: substitution.
OTHER = re.compile(r"\$ |([A-Z]+ )?[/*]|\{\{")


def run_request(c, example, line):
    """What comes back: a status, fields, content in quotation marks."""
    asked, _, wanted = line.partition("  ->  ")
    target, *fields = asked.split("  ")
    method, _, path = target.rpartition(" ")
    x = c.open(path, method or "GET", [
        tuple(field.split(": ", 1)) for field in fields], end_stream=True)
    c.wait_for(lambda: x.done)
    for want in wanted.split("  "):
        name, colon, value = want.partition(": ")
        if want.isdigit():
            t.eq(x.status, int(want), f"{example}: {line}")
        elif want[0] == want[-1] == '"':
            t.eq(x.body.decode(), want[1:-1].replace("\\n", "\n"),
                 f"{example}: {line}")
        else:
            t.ok(colon and (name, value) in x.headers,
                 f"{example}: {line}", x)


def requests(s, routes):
    """Those of the part of a page for which it is the routes file."""
    for page in manpages.pages():
        current = "routes.py"
        for example in manpages.examples(page):
            if example.name.endswith("routes.py"):
                current = example.name
            if current == routes and not example.name and "  ->  " in (
                    example.text):
                with Client(s.port) as c:
                    for line in example.text.splitlines():
                        run_request(c, example, line)


def substitutions(s, docroot):
    """{{...}} and what stands for it."""
    for example in manpages.examples("h2rig-files.7"):
        for line in example.text.splitlines():
            if example.name or not line.startswith("{{"):
                continue
            expression, _, want = line.partition("  ")
            with open(os.path.join(docroot, "dir", "page.sub.txt"), "w",
                      encoding="utf-8") as f:
                f.write(expression)
            with Client(s.port) as c:
                x = c.open("/dir/page.sub.txt?item=tea", end_stream=True,
                           authority="localhost:8443")
                c.wait_for(lambda: x.done)
            got = x.body.decode().replace(str(s.port), "8443")
            t.eq(x.status, 200, f"{example}: {expression}")
            if want or expression == "{{GET[other]}}":
                t.eq(got, want.strip(), f"{example}: {expression}")


# ---- files

def new_key():
    """A key of the stash."""
    return str(uuid.uuid4())


def meet(c):
    """h2rig-stash(7)"""
    key = new_key()
    x = c.request("/meet.py?key=" + key)
    y = c.fetch(f"/meet.py?key={key}&value=hello")
    c.wait_for(lambda: x.done)
    return [(x.body, b"hello"), (y.body, b"put")]


def report(c):
    """h2rig-stash(7)"""
    path = "/report.py?wait=0.1&key=" + new_key()
    return [(c.fetch(path, body=b"one").status, 204),
            (c.fetch(path, body=b"two").status, 204),
            (c.fetch(path).body, b"one"), (c.fetch(path).body, b"two"),
            (c.fetch(path).status, 404)]


def count(c):
    """h2rig-stash(7)"""
    return [(c.fetch("/count.py").body, b"%d\n" % n) for n in (1, 2)]


def held(c):
    """h2rig-stash(7)"""
    key = new_key()
    x = c.request("/held.py?key=" + key)
    c.wait_for(lambda: x.informational)
    y = c.fetch("/go.py?key=" + key)
    c.wait_for(lambda: x.done)
    return [(x.informational[0][0], 103), (y.status, 204), (x.body, b"on")]


#: Files that answer the requests of their pages, or are for the server.
SEEN = {"config.py", "greet.py", "more_routes.py", "piped.py", "routes.py"}

#: File of an example: what shows that it does what is said, a function that
#: gives pairs of what came and what was to come; or the file that is shown
#: with it.
FILES = {
    "meet.py": meet, "report.py": report, "count.py": count, "held.py": held,
    "go.py": "held.py",
}


def write_files(docroot):
    """The files of all examples: their names."""
    names = []
    for page in manpages.pages():
        for example in manpages.examples(page):
            if example.name:
                t.ok(example.name not in names, f"{example}: the only one")
                names.append(example.name)
                path = os.path.join(docroot, example.name)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as f:
                    f.write(example.text)
    shown = {name for name in names if not name.endswith(".py")}
    t.eq(sorted(set(names) - shown - SEEN), sorted(FILES), "their files")


def files(s):
    """What they do."""
    for name, check in FILES.items():
        if not isinstance(check, str):
            with Client(s.port) as c:
                for i, (got, want) in enumerate(check(c), 1):
                    t.eq(got, want, f"{check.__doc__}: {name}, {i}")


def faults(s):
    """What the log has against the scripts."""
    return [line for line in s.log().splitlines() if " error: " in line]


# ---- commands

def commands(s):
    """The options of h2rig are there; curl gets an answer."""
    known = subprocess.run([program(), "--help"], stdout=subprocess.PIPE,
                           check=True).stdout.decode()
    for page in manpages.pages():
        for line in manpages.commands(page):
            if re.search(r"\bh2rig (?!.*\bh2rig-)", line):
                for option in re.findall(r" (--?\w[\w-]*)",
                                         line.partition("h2rig ")[2]):
                    t.ok(re.search(r"%s\b" % option, known),
                         f"{page}: {option} is an option")


# ---- all is said

def lint():
    """mandoc has nothing against them."""
    if not shutil.which("mandoc"):
        t.skip("mandoc -Tlint", "mandoc is not installed")
        return
    for page in manpages.pages():
        run = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", os.path.join(
                manpages.DOC, page)], stdout=subprocess.PIPE, check=False)
        t.eq((run.returncode, run.stdout.decode()), (0, ""),
             f"mandoc -Tlint {page}")


def said(page, heading, names, what):
    """A part of a page has these names, as words of their own."""
    found = manpages.words(manpages.sections(page)[heading])
    t.eq(sorted(set(names) - found), [], f"{page}, {heading}: {what}")


def about_files():
    """h2rig-files(7)"""
    page = "h2rig-files.7"
    said(page, "PIPES", pipes.PIPES, "every pipe")
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


lint()
about_files()
with tempfile.TemporaryDirectory(prefix="h2rig-manual-") as work:
    os.chmod(work, 0o755)
    root, beside = os.path.join(work, "root"), os.path.join(work, "beside")
    os.makedirs(os.path.join(root, "dir"))
    os.makedirs(beside)
    with open(os.path.join(beside, "a.js"), "w", encoding="utf-8"):
        pass
    write_files(root)
    for routes in "routes.py", "more_routes.py":
        with Server(root, "--routes", os.path.join(root, routes), "--wpt",
                    "--config", os.path.join(root, "h2rig.json"),
                    "--alias", "/lib=" + beside) as server:
            requests(server, routes)
            if routes == "routes.py":
                substitutions(server, root)
                files(server)
                pieces(server, root)
                commands(server)
            t.eq(faults(server), [], "nothing went wrong")
t.done()
