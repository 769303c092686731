#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests that the manual has exactly the options of --help, with the same
short forms, arguments, defaults, groups and order, and the exit statuses
of src/base/log.h."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from server import program

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def read(name):
    """Returns the text of a file of the source tree."""
    with open(os.path.join(TOP, name), encoding="utf-8") as f:
        return f.read()


def help_options():
    """Returns {long name: (short form, argument, default)} from --help.  What
    an option lacks is ""."""
    text = subprocess.run([program(), "--help"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    row = re.compile(r"^  (?:-(\w),|   ) --([\w-]+)(?: ([A-Z=]+))? {2,}\S"
                     r".*?(?: \[(.*)\])?$")
    found = {}
    for line in text.splitlines():
        if line.lstrip().startswith("-"):
            m = row.match(line)
            t.ok(m, f"--help line has the usual form: {line.split()[0]}", line)
            if m:
                found[m.group(2)] = tuple(m.group(i) or "" for i in (1, 3, 4))
    return found


def manual_options():
    """Returns the same as help_options, from the manual's lists."""
    found = {}
    tag = re.compile(r"^\.It Fl (?:(\w) , )?-([\w-]+)(?: Ar (\S+))?\n", re.M)
    parts = tag.split(read("doc/h2rig.8"))
    for short, name, arg, text in zip(*[iter(parts[1:])] * 4):
        text = re.split(r"^\.(?:El|It)", text, flags=re.M)[0]
        default = re.search(r"Default: (.*?)(?:[.,]$|, )", text, re.M)
        found[name] = (short or "", arg or "",
                       default.group(1) if default else "")
    return found


def help_groups():
    """Returns [(heading, [long name, ...]), ...] from --help."""
    text = subprocess.run([program(), "--help"], stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    return [(block.split(":\n")[0], re.findall(r"^ .*?--([\w-]+)", block, re.M))
            for block in text.split("\n\n")[1:]]


def manual_groups():
    """Returns the same as help_groups, from the manual's section OPTIONS."""
    section = re.search(r"^\.Sh OPTIONS\n(.*?)^\.Sh", read("doc/h2rig.8"),
                        re.M | re.S).group(1)
    return [(block.split("\n")[0],
             re.findall(r"^\.It Fl (?:\w , )?-([\w-]+)", block, re.M))
            for block in section.split("\n.Ss ")[1:]]


def exit_statuses():
    """Returns the numbers in src/base/log.h, and those in the manual's
    section EXIT STATUS."""
    source = set(re.findall(r"EXIT_\w+ = (\d+)", read("src/base/log.h")))
    section = re.search(r"^\.Sh EXIT STATUS\n(.*?)^\.Sh",
                        read("doc/h2rig.8"), re.M | re.S).group(1)
    return source | {"0"}, set(re.findall(r"^\.It (\d+)$", section, re.M))


t = tap.Tap()
in_help, in_manual = help_options(), manual_options()
t.ok(len(in_help) > 20, "--help lists options", in_help)
t.eq(sorted(set(in_help) - set(in_manual)), [], "options not in the manual")
t.eq(sorted(set(in_manual) - set(in_help)), [], "options not in --help")
for option in sorted(set(in_help) & set(in_manual)):
    t.eq(in_manual[option], in_help[option],
         f"short form, argument, default of --{option}")
t.eq(manual_groups(), help_groups(), "groups and their order")
t.eq(len(help_groups()[0][1]), 10, "ten options come first")
in_source, in_section = exit_statuses()
t.eq(in_section, in_source, "exit statuses")
t.done()
