#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Instructions that our HPACK takes, and libnghttp2's, for public field lists.

    hpack.py [SRCDIR]

reads the stories of raw-data in hpack.tar.xz, from the directory that
H2RIG_VECTORS names, else from ../shared/vectors beside the source tree SRCDIR
(by default the one that this file is in).  In a temporary directory it does

    gcc -O2 -std=c11 -D_XOPEN_SOURCE=700 -o hpack_bench \
        t/bench/hpack_bench.c src/buf.c src/h2/huff.c src/h2/hpack.c \
        src/h2/hpack_table.c -lnghttp2

(CC names another compiler) and runs the program under callgrind, which counts
instructions: no other load on the machine changes them.  Those of libc that
are called on the way count too.  The exit status is 0 also when the vectors
are not there; 1 when something failed or the two disagree.
"""
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
from typing import Dict, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = ("t/bench/hpack_bench.c", "src/buf.c", "src/h2/huff.c",
           "src/h2/hpack.c", "src/h2/hpack_table.c")
FLAGS = ("-O2", "-std=c11", "-D_XOPEN_SOURCE=700")
WHOSE = ("ours", "nghttp2")
WHAT = ("encode", "decode")

FieldList = List[Tuple[bytes, bytes]]


class Failed(Exception):
    """Something that the comparison needs did not work; says what."""


def field_lists(path: str) -> List[List[FieldList]]:
    """The field lists of each story of raw-data, in the order of the names."""
    stories = []
    with tarfile.open(path) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            if not re.search(r"(^|/)raw-data/[^/]*\.json$", member.name):
                continue
            content = tar.extractfile(member)
            assert content is not None
            stories.append([[(name.encode(), value.encode())
                             for field in case["headers"]
                             for name, value in field.items()]
                            for case in json.load(content)["cases"]])
    return stories


def packed(stories: List[List[FieldList]]) -> bytes:
    """The file that hpack_bench.c describes."""
    out = bytearray()
    for story in stories:
        out += struct.pack(">I", len(story))
        for fields in story:
            out += struct.pack(">I", len(fields))
            for name, value in fields:
                out += struct.pack(">II", len(name), len(value))
                out += name + value
    return bytes(out)


def run(command: List[str]) -> "subprocess.CompletedProcess[str]":
    """Runs a command; Failed, with what it wrote, unless it succeeds."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, universal_newlines=True,
                              check=False)
    except OSError as e:
        raise Failed(f"{command[0]}: {e.strerror}") from e
    if done.returncode != 0:
        raise Failed(f"{command[0]}: status {done.returncode}\n{done.stderr}")
    return done


def build(srcdir: str, program: str) -> None:
    """Compiles hpack_bench."""
    run([os.environ.get("CC", "gcc"), *FLAGS, "-o", program,
         *(os.path.join(srcdir, source) for source in SOURCES), "-lnghttp2"])


def measure(program: str, whose: str, what: str, lists: str
            ) -> Tuple[int, int]:
    """Instructions of one combination, and the octets that came out."""
    done = run(["valgrind", "--tool=callgrind",
                "--callgrind-out-file=/dev/null",
                f"--toggle-collect=bench_{what}_{whose}",
                program, whose, what, lists])
    found = re.search(r"Collected *: *(\d+)", done.stderr)
    if found is None or int(found.group(1)) == 0:
        raise Failed(f"callgrind did not see bench_{what}_{whose}")
    return int(found.group(1)), int(done.stdout)


def compare(srcdir: str, stories: List[List[FieldList]]
            ) -> Dict[str, Tuple[int, int]]:
    """Instructions of ours and of nghttp2, for encode and decode."""
    octets = sum(len(name) + len(value) for story in stories
                 for fields in story for name, value in fields)
    counts = {}
    with tempfile.TemporaryDirectory() as scratch:
        program = os.path.join(scratch, "hpack_bench")
        lists = os.path.join(scratch, "lists")
        build(srcdir, program)
        with open(lists, "wb") as f:
            f.write(packed(stories))
        for what in WHAT:
            (ours, out), (theirs, their_out) = (
                measure(program, whose, what, lists) for whose in WHOSE)
            if out != their_out or (what == "decode" and out != octets):
                raise Failed(f"{what}: {out} octets came out of ours, "
                             f"{their_out} of nghttp2")
            counts[what] = ours, theirs
    return counts


def main() -> int:
    """Prints the table."""
    srcdir = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..",
                                                               "..")
    where = os.environ.get("H2RIG_VECTORS",
                           os.path.join(srcdir, "..", "shared", "vectors"))
    path = os.path.join(where, "hpack.tar.xz")
    if not os.path.exists(path):
        print("hpack.py: the HPACK vectors are not here")
        return 0
    try:
        stories = field_lists(path)
        if not stories:
            raise Failed(f"{path}: no stories in raw-data")
        counts = compare(srcdir, stories)
    except Failed as e:
        print(f"hpack.py: {e}", file=sys.stderr)
        return 1
    blocks = sum(len(story) for story in stories)
    print(f"{len(stories)} stories, {blocks} field lists; instructions:")
    print(f"{'':8}{'ours':>14}{'nghttp2':>14}{'ours/nghttp2':>14}")
    for what, (ours, theirs) in counts.items():
        print(f"{what:8}{ours:14,}{theirs:14,}{ours / theirs:14.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
