#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Follows doc/tutorial.md step by step: runs each block of shell, and
compares what it prints with the block of text that follows it, where ...
stands for anything."""
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap                                                      # noqa: E402
from server import program                                      # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
NAMED = re.compile(r"(?<!\S)\./([\w-]+\.\w+)")
BLOCK = re.compile(r"^```(sh|text)\n(.*?)^```$", re.M | re.S)
END = "end of a step"

t = tap.Tap()


def steps(text):
    """Returns [(heading, shell, output or None)]."""
    found, heading = [], ""
    for part in re.split(r"^(?=## )", text, flags=re.M):
        heading = part.splitlines()[0].lstrip("# ")
        for kind, block in BLOCK.findall(part):
            if kind == "sh":
                found.append([heading, block, None])
            elif found and found[-1][2] is None:
                found[-1][2] = block
            else:
                t.ok(False, f"{heading}: output of no command", block)
    return found


def fits(said, text):
    """Returns whether the output matches text, where ...
    stands for anything."""
    form = re.escape(text).replace(re.escape("..."), ".*")
    return re.fullmatch(form, said, re.S)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as s:
        return s.getsockname()[1]


def commands(directory):
    """Makes a directory with the programs and this test's Python.  Returns a
    PATH that begins with it."""
    os.mkdir(directory)
    for name in "h2rig", "h2rig-trace", "h2bad":
        os.symlink(os.path.join(os.path.dirname(program()), name),
                   os.path.join(directory, name))
    os.symlink(sys.executable, os.path.join(directory, "python3"))
    return directory + os.pathsep + os.environ["PATH"]


def main(work):
    with open(os.path.join(HERE, "..", "doc", "tutorial.md"),
              encoding="utf-8") as f:
        whole = f.read()
    found = steps(whole.replace("8443", str(free_port())))
    t.ok(len({heading for heading, _, _ in found}) > 9, "ten steps",
         str(found))
    script = "".join("%s\necho %s\n" % (shell, END) for _, shell, _ in found)
    p = subprocess.run(
        ["/bin/sh", "-e"], input=script, cwd=work, stdout=subprocess.PIPE,
        encoding="utf-8", timeout=tap.scaled(300), check=False, env={
            **os.environ, "PATH": commands(os.path.join(work, "bin")),
            "PYTHONPATH": os.path.join(HERE, "..", "python"),
            "PYTHONDONTWRITEBYTECODE": "1"})
    there = os.path.join(work, "tutorial")
    t.eq(sorted(set(NAMED.findall(whole)) - set(os.listdir(there))), [],
         "a step has made each file that is named")
    said = p.stdout.split(END + "\n")
    t.eq((p.returncode, len(said)), (0, len(found) + 1), "all run")
    for (heading, shell, text), out in zip(found, said):
        t.ok(fits(out, text or ""), f"{heading}: {shell.splitlines()[0]}",
             f"printed: {out}expected: {text}")


if b"HTTP2" not in subprocess.run(
        [shutil.which("curl") or "false", "--version"],
        stdout=subprocess.PIPE, check=False).stdout:
    tap.skip_all("needs curl with HTTP/2")
here = tempfile.mkdtemp(prefix="h2rig-tutorial-")
try:
    main(here)
finally:
    shutil.rmtree(here, ignore_errors=True)
t.done()
