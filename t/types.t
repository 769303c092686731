# SPDX-License-Identifier: MIT
"""Checks the type hints of the Python package with mypy."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))

import tap  # noqa: E402

PACKAGE = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), "python")

if not shutil.which("mypy"):
    tap.skip_all("mypy is not installed")
if subprocess.run(["mypy", "--version"], stdout=subprocess.PIPE,
                  check=False).stdout.startswith(b"mypy 0."):
    tap.skip_all("mypy 0.812 knows too little of the standard library")


def mypy(name, version="3.9"):
    """Runs mypy on a package, for the oldest CPython that this mypy knows.
    Returns its result."""
    run = subprocess.run(
        ["mypy", "--python-version", version, "--cache-dir", os.devnull,
         "--disallow-untyped-defs", "--warn-unreachable", "--exclude", "h2bad/cases/", name],
        cwd=PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False)
    wanted = re.search(r"must be (3\.\d+) or higher", run.stdout)
    return mypy(name, wanted[1]) if wanted else run


t = tap.Tap()
for name in ("h2rig", "h2bad", "wptserve", "tools"):
    run = mypy(name)
    t.eq((run.returncode, [line for line in run.stdout.splitlines()
                           if "error:" in line]), (0, []), name)
t.done()
