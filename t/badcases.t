#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the cases of h2bad can give both verdicts: a correct client
(lib/badclient --mode good) passes, and a client that accepts everything
(--mode naive) fails each case that wants a reaction.

Runs the cases of the first wave; with H2BAD_ALL=1 it runs all cases, which
takes minutes.
"""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import schema
import tap
from server import program

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode"]

#: Cases to which two reactions are correct: naive may pass too.
BOTH = {"preface-goaway-first"}

with open(os.path.join(HERE, "..", "doc", "h2bad.schema.json"),
          encoding="utf-8") as form:
    FORM = json.load(form)

t = tap.Tap()
work = tempfile.mkdtemp(prefix="h2bad-cases-")


def run(cases, *client):
    """Runs cases with a client.  Returns {name of the case: its result}."""
    path = os.path.join(work, "report.json")
    p = subprocess.run(
        [H2BAD, "run", *cases, "--got", "exit", "--needs", "all", "--timeout",
         str(tap.scaled(60)), "--json", path, "--", *CLIENT, *client],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    t.ok(p.returncode in (0, 1), " ".join(client) + ": the run",
         p.stderr.decode()[-2000:])
    with open(path, encoding="utf-8") as f:
        made = json.load(f)
    t.eq(list(schema.Schema(FORM).faults(made)), [],
         " ".join(client) + ": the report, by its schema")
    return {c["name"]: c for c in made["cases"]}


def said(made):
    return "%s %s %s %s" % tuple(made[name] for name in (
        "verdict", "reason", "reaction", "message"))


def chosen():
    """Returns the cases of the catalogue that this test runs."""
    out = subprocess.run([H2BAD, "list", "--json"], stdout=subprocess.PIPE,
                         check=True).stdout
    every = json.loads(out)
    t.ok(len(every) >= 450, "there are 450 cases and more", str(len(every)))
    return every if os.environ.get("H2BAD_ALL") else [
        c for c in every if c["wave"] == 1]


def tells(expected):
    """Returns whether a case expects a connection error or
    stream error only."""
    return expected and all(word.startswith(("goaway:", "rst:", "close"))
                            for word in expected)


def main():
    cases = [c["name"] for c in chosen()]
    good = run(cases, "good")
    pushing = run(["good"] + [name for name, c in good.items()
                              if "push" in str(c["message"])],
                  "good", "--push")
    naive = run(cases, "naive")
    for name in cases:
        made = pushing.get(name, good[name])
        t.ok(made["verdict"] in ("pass", "info", "skip"), f"{name}: good",
             said(made))
    skipped = [n for n in cases
               if pushing.get(n, good[n])["verdict"] == "skip"]
    t.ok(len(skipped) <= 6, "good skips few", " ".join(skipped))
    for name in cases:
        if good[name]["kind"] == "must" and name not in BOTH and \
                tells(good[name]["expected"]):
            t.ok(naive[name]["verdict"] in ("fail", "skip"),
                 f"{name}: naive", said(naive[name]))


if __name__ == "__main__":
    main()
    t.done()
