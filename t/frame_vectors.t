#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the frame codec with public HTTP/2 test vectors: correct frames with
their contents, and wrong frames with their errors.

    frame_vectors.t [SRCDIR]

reads frames.tar.xz from the directory that H2RIG_VECTORS names, else from
../shared/vectors beside the source tree SRCDIR (or $srcdir).  Run it in the
build directory: it drives t/unit/frame_tool, or the program that
H2RIG_FRAME_TOOL names.  Where a vector allows several error codes, each of
them passes.  No vector contradicts RFC 9113.
"""
import json
import os
import subprocess
import sys
import tarfile
from typing import Any, Dict, Iterator, List, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import tap  # noqa: E402

TOOL = os.environ.get("H2RIG_FRAME_TOOL", os.path.join("t", "unit",
                                                       "frame_tool"))
Vector = Dict[str, Any]

# Members of a vector: DATA are octets; NUMBERS are numbers, with the names
# that frame_tool gives them.
DATA = {"opaque_data", "header_block_fragment", "data",
        "additional_debug_data"}
NUMBERS = {
    "window_size_increment": "increment",
    "error_code": "code",
    "promised_stream_id": "stream_id",
    "last_stream_id": "stream_id",
    "stream_dependency": "dependency",
    "weight": "weight",
    "exclusive": "exclusive",
}
# frame_tool removes padding and does not report it; the length includes it.
UNTOLD = {"padding", "padding_length"}


def tarball() -> str:
    """Returns the path of the vectors, which need not exist."""
    srcdir = sys.argv[1] if len(sys.argv) > 1 else os.environ.get(
        "srcdir", os.path.dirname(HERE))
    where = os.environ.get("H2RIG_VECTORS",
                           os.path.join(srcdir, "..", "shared", "vectors"))
    return os.path.join(where, "frames.tar.xz")


def vectors(path: str) -> Iterator[Tuple[str, Vector]]:
    """Yields file name, with its directory, and content of each vector."""
    with tarfile.open(path) as tar:
        for member in sorted(tar.getmembers(), key=lambda m: m.name):
            if member.isfile() and member.name.endswith(".json"):
                content = tar.extractfile(member)
                assert content is not None
                name = "/".join(member.name.split("/")[-2:])
                yield name, json.load(content)


def drive(frames: List[str]) -> List[str]:
    """Runs frame_tool.  Returns its replies, one for each frame."""
    done = subprocess.run([TOOL], input="".join(f + "\n" for f in frames),
                          stdout=subprocess.PIPE, universal_newlines=True,
                          check=False)
    replies = done.stdout.splitlines()
    if done.returncode != 0 or len(replies) != len(frames):
        raise RuntimeError(f"{TOOL}: status {done.returncode}, "
                           f"{len(replies)} replies to {len(frames)}")
    return replies


def expected(frame: Vector) -> List[str]:
    """Returns the words of frame_tool's reply to a correct frame, sorted."""
    words = ["ok", str(frame["length"]), str(frame["type"]),
             str(frame["flags"]), str(frame["stream_identifier"])]
    parts = []
    for name, value in frame["frame_payload"].items():
        if value is None or name in UNTOLD:
            continue
        if name == "settings":
            parts += [f"setting={i}:{v}" for i, v in value]
        elif name in DATA:
            parts.append(f"data={value.encode().hex()}")
        else:
            parts.append(f"{NUMBERS[name]}={int(value)}")
    return words + sorted(parts)


def main() -> None:
    """Runs one test for each vector."""
    path = tarball()
    if not os.path.exists(path):
        tap.skip_all("the frame vectors are not here")
    t = tap.Tap()
    named = list(vectors(path))
    replies = drive([vector["wire"] for _, vector in named])
    for (name, vector), reply in zip(named, replies):
        what = f"{name}: {vector['description']}"
        words = reply.split()
        if vector["error"] is None:
            t.eq(words[:5] + sorted(words[5:]), expected(vector["frame"]),
                 what)
        else:
            t.ok(words[0] == "error" and int(words[2]) in vector["error"],
                 f"{what} (codes {vector['error']})", reply)
    t.ok(len(named) > 0, "there are vectors")
    t.done()


if __name__ == "__main__":
    main()
