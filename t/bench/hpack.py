#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures our HPACK and libnghttp2's with public field lists.

It reads the stories of raw-data in hpack.tar.xz, from the directory that
H2RIG_VECTORS names, else from ../shared/vectors beside the source tree.  In a
temporary directory it does

    gcc -O2 -std=c11 -D_XOPEN_SOURCE=700 -Isrc -o hpack_bench \
        t/bench/hpack_bench.c src/base/buf.c src/h2/huff.c src/h2/hpack.c \
        src/h2/hpack_table.c -lnghttp2

(CC names another compiler) and runs the program: by the clock, the two
implementations in turns, and under callgrind, which counts instructions.
Their number does not depend on the machine's load; it includes the libc
functions that are called.  The exit status is 1 if something failed or if the
two disagree, else 0, also if there are no vectors.
"""
import json
import os
import re
import struct
import tarfile
import tempfile
from typing import Dict, Iterator, List, Tuple

import measure
from measure import Failed, Missing, Series, Table

SOURCES = ("t/bench/hpack_bench.c", "src/base/buf.c", "src/h2/huff.c",
           "src/h2/hpack.c", "src/h2/hpack_table.c")
WHOSE = {"h2rig": "ours", "libnghttp2": "nghttp2"}
WHAT = ("encode", "decode")

FieldList = List[Tuple[bytes, bytes]]


def field_lists(path: str) -> List[List[FieldList]]:
    """Returns the field lists of each story of raw-data, by file name."""
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
    """Returns the octets of the file that hpack_bench.c describes."""
    out = bytearray()
    for story in stories:
        out += struct.pack(">I", len(story))
        for fields in story:
            out += struct.pack(">I", len(fields))
            for name, value in fields:
                out += struct.pack(">II", len(name), len(value))
                out += name + value
    return bytes(out)


def vectors() -> List[List[FieldList]]:
    """Returns the public stories.  Raises Missing if they are not there."""
    where = os.environ.get("H2RIG_VECTORS") or os.path.join(
        measure.SOURCE, "..", "shared", "vectors")
    path = os.path.join(where, "hpack.tar.xz")
    if not os.path.exists(path):
        raise Missing("the HPACK vectors")
    stories = field_lists(path)
    if not stories:
        raise Failed(f"{path}: no stories in raw-data")
    return stories


class Bench:
    """The compiled program and the file of field lists, in a directory."""

    def __init__(self, scratch: str, stories: List[List[FieldList]]) -> None:
        self.program = os.path.join(scratch, "hpack_bench")
        self.lists = os.path.join(scratch, "lists")
        self.octets = sum(len(name) + len(value) for story in stories
                          for fields in story for name, value in fields)
        measure.compile_with_nghttp2(self.program, SOURCES)
        with open(self.lists, "wb") as f:
            f.write(packed(stories))

    def counted(self, whose: str, what: str) -> Tuple[int, int]:
        """Returns the instructions of one combination, and its output octets.
        """
        done = measure.run(["valgrind", "--tool=callgrind",
                            "--callgrind-out-file=/dev/null",
                            f"--toggle-collect=bench_{what}_{whose}",
                            self.program, whose, what, self.lists])
        found = re.search(r"Collected *: *(\d+)", done.stderr)
        if found is None or int(found.group(1)) == 0:
            raise Failed(f"callgrind did not see bench_{what}_{whose}")
        return int(found.group(1)), int(done.stdout.split()[0])

    def timed(self, whose: str, what: str, seconds: float, once: int
              ) -> float:
        """Returns megabytes of names and values per second.  once: octets of
        output for one run of all stories."""
        out, ns = map(int, measure.run(
            [self.program, whose, what, self.lists,
             str(int(seconds * 1000))]).stdout.split())
        return self.octets * (out / once) / ns * 1e3


def once(bench: Bench) -> Dict[str, int]:
    """Returns the octets of output, of encoding and of decoding.  Raises
    Failed unless both implementations have the same."""
    out = {}
    for what in WHAT:
        ours, theirs = (int(measure.run([bench.program, whose, what,
                                         bench.lists]).stdout.split()[0])
                        for whose in WHOSE.values())
        if ours != theirs or (what == "decode" and ours != bench.octets):
            raise Failed(f"{what}: {ours} octets came out of ours, "
                         f"{theirs} of nghttp2")
        out[what] = ours
    return out


def by_clock(bench: Bench, octets: Dict[str, int], table: Table,
             seconds: float) -> None:
    """Adds the rows with times."""
    each = max(seconds / (len(WHAT) * len(WHOSE) * measure.rounds()), 0.02)

    def taker(whose: str, what: str) -> measure.Taker:
        return lambda: bench.timed(whose, what, each, octets[what])

    for what, by in measure.take_turns(
            {what: {who: taker(name, what) for who, name in WHOSE.items()}
             for what in WHAT}).items():
        table.add(what, "MB/s", by)


def by_count(bench: Bench, table: Table) -> None:
    """Adds the rows with counts, which need no second sample."""
    for what in WHAT:
        table.add(what, "million instructions",
                  {who: Series([bench.counted(name, what)[0] / 1e6])
                   for who, name in WHOSE.items()})


def tables(seconds: float) -> Iterator[Table]:
    """Yields one table."""
    table = Table("hpack", "HPACK of the public vectors' field lists")
    try:
        stories = vectors()
        with tempfile.TemporaryDirectory() as scratch:
            bench = Bench(scratch, stories)
            table.note = (f"{len(stories)} stories, "
                          f"{sum(len(s) for s in stories)} field lists, "
                          f"{bench.octets / 1e6:.1f} MB of names and values.")
            by_clock(bench, once(bench), table, seconds / 3)
            by_count(bench, table)
    except Missing as e:
        table.lack(e)
    yield table


if __name__ == "__main__":
    measure.main("hpack", tables)
