#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests make install and make uninstall: files for supervisors name
the paths of this installation, installed programs run, and
uninstalling leaves nothing."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap                                                      # noqa: E402
from rawclient import Client                                    # noqa: E402
from server import Server                                       # noqa: E402

FILES = os.path.join(os.path.dirname(HERE), "doc", "supervision")
BUILD = os.environ.get("top_builddir", os.getcwd())
ROOT = tempfile.mkdtemp(prefix="h2rig-install-")
PREFIX = "/opt/h2rig"
WHERE = ROOT + PREFIX
DOC = WHERE + "/share/doc/h2rig"

#: Directories that other packages share, which automake's uninstall leaves.
SHARED = {"bin", "share", "share/doc", "share/man", "share/man/man1",
          "share/man/man7", "share/man/man8"}


def make(target):
    """Runs a make target for a prefix below ROOT, which no
    file was built for."""
    done = subprocess.run(
        ["make", "-s", target, "DESTDIR=" + ROOT, "prefix=" + PREFIX],
        cwd=BUILD, env=dict(os.environ, MAKEFLAGS=""), check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    t.eq(done.returncode, 0, f"make {target}")
    if done.returncode:
        t.diag(done.stdout[-3000:])


def below(top):
    """Returns the files and the directories below top, as relative paths."""
    files, directories = set(), set()
    for where, names, others in os.walk(top):
        for found, here in (directories, names), (files, others):
            found.update(os.path.relpath(os.path.join(where, name), top)
                         for name in here)
    return files, directories


def supervision():
    """The files of doc/supervision are installed with the paths of this
    installation."""
    names = below(FILES)[0]
    there = DOC + "/supervision/"
    t.eq(below(there)[0], names, "all of doc/supervision is installed")
    for name in sorted(names):
        with open(os.path.join(FILES, name), encoding="utf-8") as f:
            text = f.read()
        for old, new in (("/usr/local/bin", PREFIX + "/bin"),
                         ("/etc/h2rig", PREFIX + "/etc/h2rig"),
                         ("/var/log", PREFIX + "/var/log")):
            text = text.replace(old, new)
        with open(there + name, encoding="utf-8") as f:
            t.eq(f.read(), text, f"{name}: paths of this installation")
        t.eq(os.access(there + name, os.X_OK), name.endswith("/run"),
             f"{name}: whether it is a program")
        for program in re.findall(PREFIX + r"/bin/\S+", text):
            t.ok(os.access(ROOT + program, os.X_OK),
                 f"{name}: {program} is there")


def programs():
    """Installed programs run, and leave compiled files in
    various directories."""
    os.environ["H2RIG"] = WHERE + "/bin/h2rig"
    env = {"PYTHONDONTWRITEBYTECODE": None}
    with Server(DOC + "/examples", env=env) as s, Client(s.port) as c:
        t.eq(c.fetch("/hello.py").body, b"hello, world\n",
             "the installed program serves the installed examples")
    for name in "h2rig-trace", "h2rig-wpt", "h2bad":
        done = subprocess.run([f"{WHERE}/bin/{name}", "--help"], check=False,
                              stdout=subprocess.PIPE, text=True)
        t.ok(done.returncode == 0 and name in done.stdout, f"{name} runs",
             done)
    for directory in DOC + "/examples", WHERE + "/share/h2rig/python/tools":
        subprocess.run([sys.executable, "-m", "compileall", "-q", "-f",
                        directory], check=True)


def modules(directory):
    """Returns the files of the Python packages in directory."""
    return sorted(os.path.relpath(os.path.join(at, name), directory)
                  for at, _, names in os.walk(directory) for name in names
                  if not name.endswith((".pyc", ".in", ".pyi")))


def whole():
    """Each file of the Python packages is installed: one that Makefile.am does
    not name would be missing."""
    t.eq(modules(WHERE + "/share/h2rig/python"),
         modules(os.path.join(os.path.dirname(HERE), "python")),
         "all files of the Python packages are installed")


def versions():
    """debian/changelog has this version; else a package made without the
    source archive would have another one."""
    with open(os.path.join(os.path.dirname(HERE), "doc", "packaging", "debian",
                           "changelog"), encoding="utf-8") as f:
        newest = re.match(r"h2rig \((.*)-[^-]*\) ", f.readline())[1]
    said = subprocess.run([WHERE + "/bin/h2rig", "--version"], text=True,
                          stdout=subprocess.PIPE, check=True).stdout
    t.eq(said.splitlines()[0], f"h2rig {newest}",
         "debian/changelog begins with this version")


def package():
    """A Python with this path finds h2rig.testing, and pytest
    finds its plugin."""
    with open(BUILD + "/Makefile", encoding="utf-8") as f:
        where = re.search(r"^pythondir = \$\{prefix\}/(.*)$", f.read(), re.M)
    t.ok(where, "configure has found where Python looks")
    path = os.path.join(WHERE, where[1])
    t.eq(os.path.realpath(path + "/h2rig"),
         os.path.realpath(WHERE + "/share/h2rig/python/h2rig"),
         "there is a link, which can be moved")
    code = "import importlib.metadata as m, h2rig.testing as h\n" \
        "print(m.version('h2rig'))\n" \
        "[e.load() for e in m.distribution('h2rig').entry_points]\n" \
        "with h.Server({}) as s: print(s._argv[0])"
    done = subprocess.run(
        [sys.executable, "-B", "-W", "ignore", "-c", code], check=False,
        env={"PYTHONPATH": path, "PATH": "/nowhere"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    t.eq(done.stdout.split()[1:], [WHERE + "/bin/h2rig"],
         "h2rig.testing starts the program that it was installed with")
    parts = where[1].split("/")
    SHARED.update("/".join(parts[:n + 1]) for n in range(len(parts)))


def uninstalled():
    """make uninstall leaves no file, and a second one is no error."""
    for _ in range(2):
        make("uninstall")
        files, directories = below(WHERE)
        t.eq(files, set(), "no file stays")
        t.eq(directories - SHARED, set(), "no directory of its own stays")


if not os.path.exists(BUILD + "/Makefile"):
    tap.skip_all("this is not a build directory")
t = tap.Tap()
try:
    make("install")
    supervision()
    whole()
    programs()
    package()
    versions()
    uninstalled()
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
t.done()
