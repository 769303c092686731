#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks the order of directories and files in src, and the other rules of the
project that a program can check.  lib/layers.py has the rules.  This file
applies them to the source and to the objects of this build, then to a small
tree with planted faults.

It takes nm from the environment's NM.  Known faults are listed in
t/layers/ROOM until they are repaired; REASONS has the findings that may stay.
"""
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import layers
import tap
from server import program

TOP = os.path.dirname(HERE)
KNOWN = os.path.join(HERE, "layers")

REASONS = {
    "main.c exports main": "C names it",
    "only tests use main of main.c": "the C library calls it",
}


def known():
    """Returns {finding: file of t/layers that lists it}."""
    found = {}
    for name in sorted(os.listdir(KNOWN)) if os.path.isdir(KNOWN) else ():
        with open(os.path.join(KNOWN, name), encoding="utf-8") as f:
            found.update((line.strip(), name) for line in f if line.strip())
    return found


def check_source(tree, checks):
    """Tests that the tree has no fault except the known ones, and that each
    known one is still there."""
    listed = known()
    unseen = set(listed) | set(REASONS)
    for check in checks:
        found = set(check(tree))
        unseen -= found
        fresh = sorted(found - set(listed) - set(REASONS))
        t.ok(not fresh, check.__doc__,
             "\n".join(fresh + ["rules and reasons: t/lib/layers.py, "
                                "src/README"]))
    for finding in sorted(unseen):
        if checks == layers.CHECKS:
            where = f"t/layers/{listed[finding]}" if finding in listed \
                else "REASONS of t/layers.t"
            t.ok(False, "an exception is no longer needed",
                 f"mended, so delete this line of {where}:\n{finding}")
    t.ok(not unseen or checks != layers.CHECKS, "every exception is needed")
    t.diag(f"{len(listed)} known faults are left in t/layers")


README = """Text.

base/          what
    buf        octets
h2/            protocol
    frame      one
    session    more
host/          machine
    tls        OpenSSL
py/            Python
    gil        its lock

main           begins
"""

SPDX = "/* SPDX-License-Identifier: MIT */\n"


def objects(**changes):
    """Returns the output of nm for the planted tree.  Arguments are changes:
    name = (symbols defined, symbols wanted)."""
    names = {"base_buf": ("buf_add", "memcpy free"),
             "h2_frame": ("frame_get", "buf_add"),
             "h2_session": ("session_new", "buf_add frame_get malloc"),
             "host_tls": ("tls_new", "SSL_new session_new"),
             "py_gil": ("gil_take", "PyErr_Clear tls_new"),
             "main": ("main", "gil_take puts")}
    names.update(changes)
    return {"src/" + stem.replace("_", "/"): "".join(
        [f"{name} T 0000 0010\n" for name in defined.split()] +
        [f"{name} U\n" for name in wanted.split()] + ["helper t 20 8\n"])
            for stem, (defined, wanted) in names.items()}


def plant(texts=(), names=(), without=(), **changed):
    """Returns a small tree without a fault, with these changes."""
    text = {"src/README": README, "README": "In src/ and t/, by Makefile.am.",
            "t/unit/test_x.c": SPDX + "only_tests(); main();\n",
            "src/base/buf.c": SPDX + '#include "buf.h"\n',
            "src/base/buf.h": SPDX + "#include <stddef.h>\n",
            "src/h2/frame.c": SPDX + '#include "base/buf.h"\n',
            "src/h2/session.c": SPDX + '#include "session.h"\n',
            "src/h2/session.h": SPDX,
            "src/host/tls.c": SPDX + '#include <openssl/ssl.h>\n'
                                     '#include "h2/session.h"\n',
            "src/py/gil.c": SPDX + "#include <Python.h>\n",
            "src/main.c": SPDX}
    for path, more in dict(texts).items():
        text[path] = text.get(path, SPDX) + more
    for path in without:
        del text[path]
    return layers.Tree(text, sorted(text) + list(names), objects(**changed))


BODY = "{\n" + "\n".join(f"\tstep_{i}(x);" for i in range(6)) + "\n}\n"

PLANTED = (
    ("check_named", plant({"src/h2/extra.h": ""}),
     "src/README does not name h2/extra.h"),
    ("check_named", plant(without=["src/py/gil.c"]),
     "src/README names py/gil, which is not there"),
    ("check_recipes", plant({"src/README": "\nRecipes\n  h2/frame.c, py/x.c\n"}),
     "src/README has py/x.c in a recipe, which is not there"),
    ("check_documents", plant()._replace(documents={
        "doc/a.md": "See src/base/buf.c, h2/frame.c, and (base/log.c)."}),
     "doc/a.md names base/log.c, which is not there"),
    ("check_includes", plant({"src/base/buf.h": '#include "h2/session.h"\n'}),
     "base/buf.h includes upward h2/session.h"),
    ("check_includes", plant({"src/h2/frame.c": '#include "session.h"\n'}),
     "h2/frame.c includes upward h2/session.h"),
    ("check_includes",
     plant({"src/h2/session.c": '#include "h2/session.h"\n'}),
     "h2/session.c includes h2/session.h, not by its usual name"),
    ("check_objects", plant({"src/h2/none.c": ""}),
     "h2/none.c has no object in this build"),
    ("check_calls", plant(base_buf=("buf_add", "tls_new")),
     "base/buf.c uses upward tls_new of host/tls.c"),
    ("check_calls", plant(h2_frame=("frame_get", "session_new")),
     "h2/frame.c uses upward session_new of h2/session.c"),
    ("check_h2", plant(h2_frame=("frame_get", "buf_add write")),
     "h2/frame.c uses write of a library"),
    ("check_h2", plant(h2_frame=("frame_get", "pthread_mutex_lock")),
     "h2/frame.c uses pthread_mutex_lock of a library"),
    ("check_h2", plant(h2_frame=("frame_get", "log_warn"),
                       base_log=("log_warn", "")),
     "h2/frame.c uses log_warn of base/log.c, which libh2.a is without"),
    ("check_h2", plant({"src/h2/frame.c": "#include <unistd.h>\n"}),
     "h2/frame.c includes unistd.h, which is not for h2"),
    ("check_h2", plant({"src/h2/frame.c": '#include "base/log.h"\n'}),
     "h2/frame.c includes base/log.h, which is not for h2"),
    ("check_libraries", plant({"src/main.c": "# include <Python.h>\n"}),
     "main.c includes Python.h"),
    ("check_libraries", plant({"src/main.c": "#include <openssl/err.h>\n"}),
     "main.c includes openssl/err.h"),
    ("check_libraries", plant(main=("main", "PyList_New")),
     "main.c uses PyList_New"),
    ("check_libraries", plant(base_buf=("buf_add", "SSL_read")),
     "base/buf.c uses SSL_read"),
    ("check_prefixes", plant(h2_frame=("frame_get octets", "")),
     "h2/frame.c exports octets"),
    ("check_used", plant(h2_frame=("frame_get frame_put", "")),
     "no other file uses frame_put of h2/frame.c"),
    ("check_used", plant(h2_frame=("frame_get only_tests", "")),
     "only tests use only_tests of h2/frame.c"),
    ("check_functions", plant({"src/main.c":
                               "int\nlong_one(void)\n{\n" + "\tx();\n" * 58
                               + "}\n"}),
     "main.c: long_one has over 60 lines"),
    ("check_lengths", plant({"src/main.c": "x\n" * 700}),
     "src/main.c has over 700 lines"),
    ("check_lengths", plant({"t/x.t": "x\n" * 700}),
     "t/x.t has over 700 lines"),
    ("check_twice", plant({"src/main.c": BODY, "src/base/buf.c":
                           BODY.replace("\t", "  ").replace("3(", "3 (")
                           .replace("3 (", "3(") + "/* else */\n"}),
     "base/buf.c and main.c both have `step_0(x);` and what follows"),
    ("check_twice", plant({"src/main.c": BODY + "y();\n" + BODY}),
     "main.c and main.c both have `step_0(x);` and what follows"),
    ("check_spdx", plant({"src/py/none.py": ""})._replace(
        text={"README": "", "python/none.py": "import os\n"}),
     "python/none.py has no SPDX line"),
    ("check_top", plant(names=["sub/x"]),
     "README does not know sub at the top"),
)

FINE = {"main.c exports main", "only tests use main of main.c"}


def check_planted():
    """Each check finds its own fault in the planted tree, and no other."""
    for check in layers.CHECKS:
        t.eq(sorted(set(check(plant())) - FINE), [],
             f"planted tree without a fault: {check.__name__}")
        t.ok(check.__name__ in [row[0] for row in PLANTED],
             f"a fault is planted for {check.__name__}")
    for name, tree, want in PLANTED:
        t.eq(sorted(set(getattr(layers, name)(tree)) - FINE), [want],
             f"planted: {want}")


def check_noise():
    """Symbols that tools add to objects are ignored, and
    comments are not code."""
    seen = layers.symbols("__asan_init U\n__gcov_init U\n_x T 0 0\nmain T 0 0\n"
                          "__ubsan_handle_shift U\n__memcpy_chk U\nlocal t 0 0"
                          "\n__odr_asan.table B 0 0\n__tsan_read8 U\n")
    t.eq((seen.defined, seen.wanted), ({"_x", "main"}, {"memcpy"}),
         "symbols of sanitizers and coverage are left out")
    text = 'a("/*"); /* b(\n */ c("//"); // d\n'
    t.eq(layers.without_comments(text), 'a("/*"); \n c("//"); \n',
         "comments are left out, strings are not")


t = tap.Tap()
build = os.environ.get("top_builddir") or os.path.dirname(program())
nm = shutil.which(os.environ.get("NM", "nm"))
names = layers.names_of(TOP, build)
if names is None:
    t.skip("the source", "neither a git checkout nor built outside of it")
else:
    checks = layers.CHECKS if nm else layers.TEXT_CHECKS
    if not nm:
        t.skip("the objects", "no nm: set NM")
    check_source(layers.load(TOP, build, names, nm), checks)
check_planted()
check_noise()
t.done()
