# SPDX-License-Identifier: MIT
"""Cases of RFC 7541: field sections that decode, and ones that do not."""
from rawclient import HEADER_TABLE_SIZE

from conformance.case import case, goaway, settled, that
from conformance.wire import (COMPRESSION_ERROR, get, headers, literal,
                              settings, string)

# A GET request of static entries and a literal :path /quick.py, which is
# Huffman-coded in HUFFMAN.
STATIC = b"\x82\x87\x04" + string("/quick.py")
HUFFMAN = b"\x82\x87\x04\x87" + bytes.fromhex("63b5a62755ebf5")
INDEXED = b"\x40" + string("x-a") + string("1")     # becomes entry 62


def good(section, title, *blocks, **more):
    """Returns a case whose blocks are requests that decode, each on its own
    stream.  A step may stand for a block."""
    streams = [(2 * i + 1, b) for i, b in enumerate(blocks)]
    return case(section, title,
                *[b if callable(b) else headers(sid, b) for sid, b in streams],
                that("decoded", lambda c: all(
                    callable(b) or c.streams[sid].status == 200
                    for sid, b in streams)), **more)


def bad(section, title, *blocks, **more):
    """Returns a case whose last block does not decode.  Before it, a step may
    stand for a block."""
    return case(section, title,
                *[b if callable(b) else headers(2 * i + 1, b)
                  for i, b in enumerate(blocks)],
                goaway(COMPRESSION_ERROR, "header block cannot be decoded"),
                **more)


TABLE = "RFC 7541 2.3.2"
CASES = [
    good(TABLE, "entries last from block to block", STATIC + INDEXED,
         STATIC + b"\xbe", STATIC + b"\xbe\xbe"),
    good(TABLE, "the newest entry is number 62",
         STATIC + INDEXED + b"\x40" + string("x-b") + string("2"),
         STATIC + b"\xbe\xbf"),
    good(TABLE, "an entry may be used in the block that makes it",
         STATIC + INDEXED + b"\xbe"),
    good(TABLE, "the same entry twice", STATIC + INDEXED + INDEXED,
         STATIC + b"\xbe\xbf"),
    good(TABLE, "a name of a dynamic entry", STATIC + INDEXED,
         STATIC + b"\x0f\x2f" + string("2") + b"\x7e" + string("3")),
    bad(TABLE, "literals without indexing make no entry",
        STATIC + literal("x-a", "1"), STATIC + b"\xbe"),
    bad(TABLE, "literals never indexed make no entry",
        STATIC + literal("x-a", "1", 0x10), STATIC + b"\xbe"),
]

ADDRESS = "RFC 7541 2.3.3"
CASES += [
    good(ADDRESS, "the last static entry",
         STATIC + b"\x0f\x2e" + string("x")),
    bad(ADDRESS, "an index behind the static table", STATIC + b"\xbe"),
    bad(ADDRESS, "an index behind the dynamic table", STATIC + INDEXED,
        STATIC + b"\xbf"),
    bad(ADDRESS, "the index of a name behind the tables",
        STATIC + b"\x0f\x2f" + string("x")),
    bad(ADDRESS, "a large index", STATIC + b"\xff\xff\xff\x03"),
]

SIZE = "RFC 7541 4.2"
CASES += [
    good(SIZE, "a size update at the start of a block", b"\x20" + STATIC),
    good(SIZE, "two size updates", b"\x20\x3f\xe1\x1f" + STATIC + INDEXED,
         STATIC + b"\xbe"),
    bad(SIZE, "a size update behind a field", b"\x82\x20" + STATIC[1:]),
    bad(SIZE, "a size update at the end of a block", STATIC + b"\x20"),
    bad(SIZE, "no size update after the limit was lowered", settled, STATIC,
        profile="small table"),
    bad(SIZE, "a size update above the limit after it was lowered", settled,
        b"\x3f\xe2\x01" + STATIC, profile="small table"),
    good(SIZE, "a size update to the limit after it was lowered", settled,
         b"\x3f\xe1\x01" + STATIC + INDEXED, STATIC + b"\xbe",
         profile="small table", probe=False),
    case(SIZE, "the server's encoder keeps to the client's limit",
         settings((HEADER_TABLE_SIZE, 40)), *[
             get(2 * i + 1, "/forms.py?case=triple") for i in range(3)],
         that("decoded", lambda c: all(
             c.streams[n].header("x-three") == "3" for n in (1, 3, 5)))),
]

EVICTION = "RFC 7541 4.4"
CASES += [
    bad(EVICTION, "a smaller table has lost its oldest entries",
        STATIC + INDEXED, b"\x20" + STATIC, b"\x3f\xe1\x1f" + STATIC
        + b"\xbe"),
    good(EVICTION, "an entry larger than the table empties it",
         STATIC + INDEXED + b"\x40" + string("x-big") + string("v" * 4100)),
    bad(EVICTION, "nothing is left after an entry larger than the table",
        STATIC + INDEXED + b"\x40" + string("x-big") + string("v" * 4100),
        STATIC + b"\xbe"),
    good(EVICTION, "entries that fill the table to the last octet",
         STATIC + b"\x40" + string("x") + string("v" * 2015)
         + b"\x40" + string("y") + string("v" * 2015), STATIC + b"\xbf"),
    bad(EVICTION, "an entry that needs one octet more pushes out the oldest",
        STATIC + b"\x40" + string("x") + string("v" * 2015)
        + b"\x40" + string("y") + string("v" * 2016), STATIC + b"\xbf"),
    good(EVICTION, "a name of an entry that is pushed out by its use",
         STATIC + b"\x40" + string("x-name") + string("v" * 4000),
         STATIC + b"\x7e" + string("w" * 4000), STATIC + b"\xbe"),
]

INTEGER = "RFC 7541 5.1"
CASES += [
    good(INTEGER, "an integer with needless zero octets",
         STATIC + literal("x", "")[:3] + b"\x7f\x81\x80\x00" + b"v" * 128),
    bad(INTEGER, "an integer of more than 32 bits",
        STATIC + b"\xff\xff\xff\xff\xff\x7f"),
    bad(INTEGER, "an integer that does not end",
        STATIC + b"\xff" + b"\x80" * 20),
    bad(INTEGER, "an integer cut off", STATIC + b"\xff\x80"),
    bad(INTEGER, "an index whose sum is more than 32 bits",
        STATIC + b"\xff\x80\xff\xff\xff\x0f"),
]

STRING = "RFC 7541 5.2"
CASES += [
    good(STRING, "a Huffman-coded string", HUFFMAN),
    good(STRING, "an empty string", STATIC + b"\0\1x\0"),
    good(STRING, "an empty Huffman-coded string", STATIC + b"\0\1x\x80"),
    good(STRING, "padding of 7 bits", STATIC + b"\0\1x\x82\x1d\x7f"),
    bad(STRING, "padding of 8 bits", STATIC + b"\0\1x\x83\x1d\x7f\xff"),
    bad(STRING, "padding that is not the start of EOS",
        STATIC + b"\0\1x\x81\x18"),
    bad(STRING, "EOS in a string",
        STATIC + b"\0\1x\x84\xff\xff\xff\xff"),
    bad(STRING, "nothing but padding", STATIC + b"\0\1x\x81\xff"),
    bad(STRING, "a string longer than the block",
        STATIC + b"\0\1x\5abc"),
    bad(STRING, "a name longer than the block", STATIC + b"\0\x7f\x7fx"),
    bad(STRING, "a block that ends before the value", STATIC + b"\0\1x"),
    bad(STRING, "a length that is cut off", STATIC + b"\0\1x\x7f"),
]

INDEX = "RFC 7541 6.1"
LITERAL = "RFC 7541 6.2"
CASES += [
    bad(INDEX, "index 0", STATIC + b"\x80"),
    bad(INDEX, "index 0 as the first field", b"\x80"),
    good(INDEX, "entries of the static table", b"\x82\x87\x84"),
    good(LITERAL, "with incremental indexing", STATIC + INDEXED),
    good(LITERAL, "without indexing", STATIC + literal("x-a", "1")),
    good(LITERAL, "never indexed", STATIC + literal("x-a", "1", 0x10)),
    good(LITERAL, "the name by index, in all three forms",
         STATIC + b"\x7a\1a" + b"\x0f\x2b\1b" + b"\x1f\x2b\1c"),
    bad(LITERAL, "a literal that ends after its name's index",
        STATIC + b"\x7a"),
]

UPDATE = "RFC 7541 6.3"
CASES += [
    bad(UPDATE, "a size above SETTINGS_HEADER_TABLE_SIZE",
        b"\x3f\xe2\x1f" + STATIC),
    good(UPDATE, "a size of SETTINGS_HEADER_TABLE_SIZE",
         b"\x3f\xe1\x1f" + STATIC),
    bad(UPDATE, "a second size that is above it",
        b"\x20\x3f\xe2\x1f" + STATIC),
    bad(UPDATE, "a size of more than 32 bits",
        b"\x3f\xff\xff\xff\xff\x7f" + STATIC),
    bad(UPDATE, "a size that is cut off", b"\x3f"),
]
