#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests HPACK with public test vectors: stories of header lists, and how an
encoder wrote them.

    hpack_vectors.t [SRCDIR]

reads hpack.tar.xz from the directory that H2RIG_VECTORS names, else from
../shared/vectors beside the source tree SRCDIR (or $srcdir).  Run it in the
build directory: it drives t/unit/hpack_tool, or the program that
H2RIG_HPACK_TOOL names.

Every story must decode to its fields, and what our encoder makes must decode
to them too.  An older nghttp2 wrote the nghttp2 directories: if our octets
differ from a story's, they must equal those of the installed library, if
hpack_tool was built with it.
"""
import collections
import json
import os
import subprocess
import sys
import tarfile
from typing import Any, Dict, Iterator, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap  # noqa: E402

TOOL = os.environ.get("H2RIG_HPACK_TOOL", os.path.join("t", "unit",
                                                       "hpack_tool"))
Story = Dict[str, Any]


def tarball() -> str:
    """Returns the path of the vectors, which need not exist."""
    srcdir = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(
        "srcdir", os.path.dirname(HERE))
    where = os.environ.get("H2RIG_VECTORS",
                           os.path.join(srcdir, "..", "shared", "vectors"))
    return os.path.join(where, "hpack.tar.xz")


def stories(path: str) -> Iterator[Tuple[str, str, Story]]:
    """Yields directory, file name and content of each story."""
    with tarfile.open(path) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            if member.isfile() and member.name.endswith(".json"):
                directory, name = member.name.rsplit("/", 1)
                content = tar.extractfile(member)
                assert content is not None
                yield os.path.basename(directory), name, json.load(content)


def field_text(case: Story) -> str:
    """Returns the fields of a case as hpack_tool writes them."""
    return " ".join(f"{name.encode().hex()}={value.encode().hex()}"
                    for field in case["headers"]
                    for name, value in field.items())


def drive(commands: List[str]) -> List[str]:
    """Runs hpack_tool.  Returns its replies, one for each command."""
    done = subprocess.run([TOOL], input="".join(c + "\n" for c in commands),
                          stdout=subprocess.PIPE, universal_newlines=True,
                          check=False)
    replies = done.stdout.splitlines()
    if done.returncode != 0 or len(replies) != len(commands):
        raise RuntimeError(f"{TOOL}: status {done.returncode}, "
                           f"{len(replies)} replies to {len(commands)}")
    return replies


def resized(case: Story) -> List[str]:
    """Returns the command, if any, with which a case
    changes the table size."""
    size = case.get("header_table_size")
    return [] if size is None else [f"resize {size}"]


def decode_all(cases: List[Story], blocks: List[str]) -> int:
    """Returns how many of the blocks decode to the fields of their cases."""
    commands = []
    for case, block in zip(cases, blocks):
        commands += resized(case) + [f"decode {block}"]
    replies = iter(drive(commands))
    good = 0
    for case in cases:
        for _ in resized(case):
            next(replies)
        good += next(replies).split() == ["ok"] + field_text(case).split()
    return good


def encode_all(cases: List[Story]) -> List[Tuple[str, str]]:
    """Returns our block for each case, and whether
    libnghttp2 makes the same."""
    commands = []
    for case in cases:
        commands += resized(case) + [f"encode {field_text(case)}"]
    pairs = []
    for command, reply in zip(commands, drive(commands)):
        if command.startswith("encode"):
            word, block, how = reply.split(" ")
            assert word == "ok"
            pairs.append((block, how))
    return pairs


def encoded_count(cases: List[Story], pairs: List[Tuple[str, str]]
                  ) -> "collections.Counter[str]":
    """Counts the results of encoding the cases."""
    count: "collections.Counter[str]" = collections.Counter()
    for case, (block, how) in zip(cases, pairs):
        wire = case.get("wire")
        if how == "differs":
            count["not as libnghttp2"] += 1
        elif block == wire:
            count["as the story"] += 1
        elif how == "same":
            count["as libnghttp2" if wire is None
                  else "as libnghttp2, not as the story"] += 1
        else:
            count["with nothing newer to compare with"] += 1
    return count


def main() -> None:
    """Runs one test for each direction of each story."""
    path = tarball()
    if not os.path.exists(path):
        tap.skip_all("the HPACK vectors are not here")
    t = tap.Tap()
    total: Dict[str, "collections.Counter[str]"] = {}
    for directory, name, story in stories(path):
        cases = story["cases"]
        where = f"{directory}/{name}"
        if "wire" in cases[0]:
            t.eq(decode_all(cases, [case["wire"] for case in cases]),
                 len(cases), f"{where} decodes")
        pairs = encode_all(cases)
        t.eq(decode_all(cases, [block for block, _ in pairs]), len(cases),
             f"{where} decodes as we encode it")
        count = encoded_count(cases, pairs)
        t.eq(count["not as libnghttp2"], 0, f"{where} encodes")
        total.setdefault(directory, collections.Counter()).update(count)
    for directory, count in total.items():
        t.diag(f"{directory}: {sum(count.values())} blocks encoded: " +
               ", ".join(f"{n} {what}" for what, n in sorted(count.items())))
    t.done()


if __name__ == "__main__":
    main()
