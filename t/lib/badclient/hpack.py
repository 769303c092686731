# SPDX-License-Identifier: MIT
"""Encodes and decodes field sections (RFC 7541).

If a field does not decode, the decoder of a client without rules takes it for
an empty one and goes on behind it.
"""
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

from badclient.rules import Rules

Field = Tuple[bytes, bytes]

STATIC: List[Field] = [
    (name.encode(), value.encode()) for name, _, value in (
        entry.partition("=") for entry in (
            ":authority|:method=GET|:method=POST|:path=/|:path=/index.html|"
            ":scheme=http|:scheme=https|:status=200|:status=204|:status=206|"
            ":status=304|:status=400|:status=404|:status=500|accept-charset|"
            "accept-encoding=gzip, deflate|accept-language|accept-ranges|"
            "accept|access-control-allow-origin|age|allow|authorization|"
            "cache-control|content-disposition|content-encoding|"
            "content-language|content-length|content-location|content-range|"
            "content-type|cookie|date|etag|expect|expires|from|host|if-match|"
            "if-modified-since|if-none-match|if-range|if-unmodified-since|"
            "last-modified|link|location|max-forwards|proxy-authenticate|"
            "proxy-authorization|range|referer|refresh|retry-after|server|"
            "set-cookie|strict-transport-security|transfer-encoding|"
            "user-agent|vary|via|www-authenticate").split("|"))]

# The length of each code from 0 to 256 (EOS), in base 36.  The code is
# canonical, so the lengths determine all of RFC 7541, Appendix B.
HUFFMAN_LENGTHS = (
    "dnsssssssoussussssssssusssssssss6aacd68baa8b8666555666666678f6ca"
    "d67777777777777777777777878djde6f56565666577666567655677777fbeds"
    "kmkkmmmnmnnnnnonoomnonnnnlmnmnnomlkmmnnlnmmolmnnllmlnmnnkmmmnmmn"
    "qqkjmnmpqqqrrqopjlqrrqrollqqsrrrkoklmllnmmppooqnqrqqrrrrrsrrrrrq"
    "u")
EOS = 256
TABLE_SIZE = 4096
INTEGER_LIMIT = (1 << 32) - 1


class _Node:
    """A node in the tree of codes.  next: the nodes after a 0 and after a 1.
    symbol: -1 in an inner node.  padding: at most 7 bits, all of them ones,
    lead from the root to this node."""

    def __init__(self, padding: bool) -> None:
        self.next: List[Optional[_Node]] = [None, None]
        self.symbol = -1
        self.padding = padding


Step = Tuple[_Node, bytes, bool]        # next node, symbols, whether EOS came


def _tree() -> _Node:
    root = _Node(True)
    code = previous = 0
    for length, symbol in sorted((int(c, 36), i)
                                 for i, c in enumerate(HUFFMAN_LENGTHS)):
        code <<= length - previous
        previous, node = length, root
        for i in range(length):
            bit = code >> (length - 1 - i) & 1
            if node.next[bit] is None:
                node.next[bit] = _Node(node.padding and bit == 1 and i < 7)
            node = node.next[bit]  # type: ignore[assignment]
        node.symbol = symbol
        code += 1
    return root


class Huffman:
    """Decodes four bits at a time; makes each step when it first needs it."""

    root = _tree()
    steps: Dict[Tuple[_Node, int], Step] = {}

    @classmethod
    def _step(cls, start: _Node, nibble: int) -> Step:
        node, out, eos = start, b"", False
        for shift in (3, 2, 1, 0):
            following = node.next[nibble >> shift & 1]
            assert following is not None
            node = following
            if node.symbol >= 0:
                eos = eos or node.symbol == EOS
                out += b"" if node.symbol == EOS else bytes([node.symbol])
                node = cls.root
        cls.steps[start, nibble] = (node, out, eos)
        return node, out, eos

    @classmethod
    def decode(cls, octets: bytes) -> Tuple[bytes, bool]:
        """Returns the text, and whether it was well-formed (RFC 7541 §5.2)."""
        node, out, bad = cls.root, bytearray(), False
        for octet in octets:
            for nibble in (octet >> 4, octet & 15):
                node, symbols, eos = (cls.steps.get((node, nibble))
                                      or cls._step(node, nibble))
                out += symbols
                bad = bad or eos
        return bytes(out), node.padding and not bad


def size(field: Field) -> int:
    """Returns the size of a table entry, in octets (RFC 7541 §4.1)."""
    return len(field[0]) + len(field[1]) + 32


class Table:
    """The static table, followed by a dynamic one."""

    def __init__(self) -> None:
        self.entries: Deque[Field] = deque()
        self.size, self.capacity = 0, TABLE_SIZE

    def resize(self, capacity: int) -> None:
        """Sets the capacity, in octets; evicts entries that do not fit."""
        self.capacity = capacity
        while self.size > capacity:
            self.size -= size(self.entries.pop())

    def add(self, field: Field) -> None:
        """Adds an entry.  One larger than the table empties it (§4.4)."""
        capacity, need = self.capacity, size(field)
        self.resize(max(capacity - need, 0))
        self.capacity = capacity
        if need <= capacity:
            self.entries.appendleft(field)
            self.size += need

    def get(self, index: int) -> Optional[Field]:
        """Returns the entry with this index, or None if there is none."""
        if 1 <= index <= len(STATIC):
            return STATIC[index - 1]
        index -= len(STATIC) + 1
        return self.entries[index] if 0 <= index < len(self.entries) else None


class Decoder:
    """Decodes header blocks.  limit: our SETTINGS_HEADER_TABLE_SIZE, once it
    is acknowledged.  list_limit: our SETTINGS_MAX_HEADER_LIST_SIZE.  owed: the
    next block must begin with a table size update."""

    def __init__(self, rules: Rules, list_limit: int) -> None:
        self.rules, self.list_limit = rules, list_limit
        self.table, self.limit, self.owed = Table(), TABLE_SIZE, False

    def acknowledged(self, limit: int) -> None:
        """Takes the server's acknowledgement of our limit.  If the limit is
        below the table's size, the server must confirm it by a table size
        update (RFC 9113 §4.3.1)."""
        self.limit = limit
        self.owed = self.table.capacity > limit

    def decode(self, block: bytes) -> List[Field]:
        """Returns the fields of a complete block.  Raises Violation."""
        self.block, self.at = block, 0
        fields: List[Field] = []
        total = 0
        while self.at < len(block):
            first = block[self.at]
            if first & 0xe0 == 0x20:
                self._update(not fields)
                continue
            self.rules.require(not self.owed, "hpack-update-missing",
                               "no size update after our SETTINGS")
            fields.append(self._field(first))
            total += size(fields[-1])
            self.rules.require(total <= self.list_limit, "header-list",
                               f"more than {self.list_limit} octets of fields")
        return fields

    def _update(self, in_front: bool) -> None:
        capacity = self._integer(5)
        self.rules.require(in_front, "hpack-update-late",
                           "size update behind a field")
        self.rules.require(capacity <= self.limit, "hpack-update-limit",
                           f"size update to {capacity}")
        self.table.resize(capacity)
        self.owed = False

    def _field(self, first: int) -> Field:
        if first & 0x80:
            return self._entry(self._integer(7))
        indexed = bool(first & 0x40)
        index = self._integer(6 if indexed else 4)
        name = self._entry(index)[0] if index else self._string()
        field = (name, self._string())
        if indexed:
            self.table.add(field)
        return field

    def _entry(self, index: int) -> Field:
        found = self.table.get(index)
        self.rules.require(found, "hpack-index", f"no entry has index {index}")
        return found or (b"", b"")

    def _integer(self, bits: int) -> int:
        mask = (1 << bits) - 1
        value = self._octet() & mask
        if value < mask:
            return value
        shift = 0
        while True:
            octet = self._octet()
            # Without this limit, a long integer would take time that grows
            # with the square of its length.
            if shift < 64:
                value += (octet & 0x7f) << shift
            shift += 7
            self.rules.require(value <= INTEGER_LIMIT and shift <= 70,
                               "hpack-integer", "integer too large")
            if not octet & 0x80:
                return value

    def _octet(self) -> int:
        ended = self.at >= len(self.block)
        self.rules.require(not ended, "hpack-string", "header block cut off")
        self.at += 1
        return 0 if ended else self.block[self.at - 1]

    def _string(self) -> bytes:
        coded = (self.block[self.at] & 0x80 if self.at < len(self.block)
                 else 0)
        length = self._integer(7)
        octets = self.block[self.at:self.at + length]
        self.rules.require(len(octets) == length, "hpack-string",
                           f"string of {length} octets past the block's end")
        self.at += len(octets)
        if not coded:
            return octets
        text, well_formed = Huffman.decode(octets)
        self.rules.require(well_formed, "hpack-huffman",
                           "Huffman code with wrong padding or EOS")
        return text


def integer(value: int, bits: int, first: int) -> bytes:
    """Encodes an integer with a prefix of this many bits (RFC 7541 §5.1).
    first: the other bits of the first octet."""
    mask = (1 << bits) - 1
    if value < mask:
        return bytes([first | value])
    out = bytearray([first | mask])
    value -= mask
    while value >= 0x80:
        out.append(value & 0x7f | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class Encoder:
    """Encodes field sections.  It uses its table as much as it can, so that
    the server's limit on the table has an effect."""

    SECRET = (b"authorization", b"proxy-authorization")

    def __init__(self) -> None:
        self.table = Table()
        self.smallest = self.final = TABLE_SIZE

    def limit(self, capacity: int) -> None:
        """Takes the server's SETTINGS_HEADER_TABLE_SIZE.  If several come
        between two blocks, the next block has table size updates for the
        smallest and the last one (RFC 7541 §4.2)."""
        self.final = min(capacity, TABLE_SIZE)
        self.smallest = min(self.smallest, self.final)

    def encode(self, fields: List[Field]) -> bytes:
        """Returns the header block of these fields."""
        out = b""
        for capacity in (self.smallest, self.final):
            if capacity != self.table.capacity:
                self.table.resize(capacity)
                out += integer(capacity, 5, 0x20)
        self.smallest = self.final
        return out + b"".join(map(self._field, fields))

    def _field(self, field: Field) -> bytes:
        entries = STATIC + list(self.table.entries)
        if field in entries:
            return integer(entries.index(field) + 1, 7, 0x80)
        name = next((i for i, entry in enumerate(entries, 1)
                     if entry[0] == field[0]), 0)
        if field[0] in self.SECRET:
            out = integer(name, 4, 0x10)
        elif size(field) > self.table.capacity:
            out = integer(name, 4, 0)
        else:
            out = integer(name, 6, 0x40)
            self.table.add(field)
        for text in field if not name else field[1:]:
            out += integer(len(text), 7, 0) + text
        return out
