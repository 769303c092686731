# SPDX-License-Identifier: MIT
"""Writes traces as a capture (pcapng) that Wireshark dissects as HTTP/2.

A trace has frames, but neither packets nor the octets of field blocks.  So
this module makes the packets of a cleartext TCP connection that loses nothing:
an IP packet for each frame, or several if one cannot hold it.  Field blocks
are encoded without the dynamic table; octets that the trace lacks are zeros.
"""

import collections
import datetime
import heapq
import io
import ipaddress
import os
import struct
from typing import BinaryIO, Callable, Counter, Dict, Iterable, Iterator, List
from typing import Optional, Sequence, Tuple

from h2rig.frames import ExtensionFrame
from h2rig.server.frametypes import ERROR_CODES, SETTINGS, TYPES
from h2rig.trace.reader import (WRONG, Follower, Line, Octets, flags, number,
                                octets)
from h2rig.trace.text import Printer, shown

__all__ = ["write"]

#: A trace does not have the server's port.  On this port Wireshark looks for
#: HTTP, and it finds HTTP/2 when the client's preface comes.
PORT = 8080

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

#: The most octets that a line may stand for: a frame has no more.
LENGTH_MAX = (1 << 24) - 1

#: The most octets of TCP data in a packet: IPv4's limit less both headers.
SEGMENT_MAX = 65535 - 20 - 20

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WINDOW = 65535
SYN_OPTIONS = struct.pack(">BBHBBBB", 2, 4, SEGMENT_MAX, 1, 3, 3, 14)

_BLOCKS = ("HEADERS", "PUSH_PROMISE", "CONTINUATION")

ABOUT = """HTTP/2 connections as h2rig traced them, made by h2rig-trace.
The frames and their times are those of the trace. IP and TCP are not: TLS, the
server's address and port, acknowledgements and segments are not in a trace.
Field blocks are encoded anew, as literals; padding is zeros, and so are octets
that the trace does not have."""


# ---- frames

def _integer(n: int) -> bytes:
    # Encodes an integer with a prefix of 7 bits (RFC 7541 5.1).
    if n < 127:
        return bytes((n,))
    out = bytearray((127,))
    n -= 127
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def _string(value: Octets) -> bytes:
    text = octets(value)
    return _integer(len(text)) + text


def _field_lines(fields: Iterable[Sequence[Octets]]) -> List[bytes]:
    # Encodes fields as literals without indexing, with names (RFC 7541 6.2.2).
    return [b"\0" + _string(name) + _string(value) for name, value in fields]


def _zeros(n: int) -> bytes:
    if n > LENGTH_MAX:
        raise ValueError
    return bytes(max(n, 0))


_CONTENTS: Dict[str, Callable[[Line], bytes]] = {
    "PRIORITY": lambda line: b"",       # _before has all of it
    "RST_STREAM": lambda line: struct.pack(
        ">L", number(line["code"], ERROR_CODES)),
    "SETTINGS": lambda line: b"".join(
        struct.pack(">HL", number(name, SETTINGS), value)
        for name, value in line.get("settings", ())),
    "GOAWAY": lambda line: struct.pack(
        ">LL", line["last_stream"], number(line["code"], ERROR_CODES))
    + octets(line["debug"]),
    "WINDOW_UPDATE": lambda line: struct.pack(">L", line["increment"]),
    "PRIORITY_UPDATE": lambda line: struct.pack(">L", line["prioritized"])
    + octets(line["value"]),
}


def _before(line: Line) -> bytes:
    # Returns the payload's part before its content (RFC 9113 6.2, 6.6).
    out = b""
    if "padding" in line:
        out += struct.pack(">B", line["padding"])
    if "priority" in line:
        p = line["priority"]
        out += struct.pack(">LB", p["dependency"] | p["exclusive"] << 31,
                           p["weight"] - 1)
    if "promised" in line:
        out += struct.pack(">L", line["promised"])
    return out


class _Item:
    # A line.  fragment: the part of a field block that its frame has, or None.
    # lacking: the number of octets that the trace lacks.
    def __init__(self, line: Line) -> None:
        self.line = line
        self.fragment: Optional[bytes] = None
        self.lacking = 0

    def fragment_size(self) -> int:
        # Returns the size of the fragment that was sent, in octets.
        return max(self.line["length"] - len(_before(self.line))
                   - self.line.get("padding", 0), 0)

    def octets(self) -> bytes:
        # Returns what was sent.
        line = self.line
        kind = line["type"]
        if kind == "preface":
            return PREFACE
        if kind == "raw":
            return b"" if self.fragment is not None else self.filled(
                octets(line["raw"]), line["length"])
        padding = line.get("padding", 0)
        before = _before(line)
        if self.fragment is not None:
            content = self.fragment
        else:
            content = self.filled(
                octets(line["raw"]) if "error" in line else
                _CONTENTS[kind](line) if kind in _CONTENTS else
                octets(line.get("data", "")),
                line["length"] - len(before) - padding)
        return ExtensionFrame(
            number(kind, TYPES), line["stream"], flags(line),
            before + content + _zeros(padding)).serialize()

    def filled(self, have: bytes, size: int) -> bytes:
        # Returns size octets: have, and zeros for what the trace lacks.
        zeros = _zeros(size - len(have))
        self.lacking = len(zeros)
        return have + zeros


class _Blocks:
    # For each direction: the open field block, and the size that SETTINGS have
    # given the dynamic table.

    def __init__(self) -> None:
        self.open: Dict[str, List[_Item]] = {}
        self._table = {"in": 4096, "out": 4096}
        self._shrunk = {"in": False, "out": False}

    def take(self, item: _Item) -> None:
        """Takes the next line."""
        line = item.line
        kind, way = line["type"], line.get("dir", "")
        if kind == "SETTINGS" and "settings" in line:
            self._resize("out" if way == "in" else "in", line["settings"])
        if way not in self.open and kind not in _BLOCKS:
            return
        items = self.open.pop(way, [])
        if kind in _BLOCKS:
            items.append(item)
            if "END_HEADERS" not in line["flags"] and "error" not in line:
                self.open[way] = items
                return
        else:       # this line has the octets of a block without its end
            item.fragment = b""
        self._share(items, line)

    def finish(self) -> None:
        """Ends open blocks: there are no more lines to tell what they had."""
        for items in self.open.values():
            self._share(items, {})
        self.open.clear()

    def _resize(self, way: str, settings: Iterable[Tuple[str, int]]) -> None:
        for name, value in settings:
            if name == "HEADER_TABLE_SIZE":
                self._shrunk[way] |= value < self._table[way]
                self._table[way] = value

    def _share(self, items: Sequence[_Item], last: Line) -> None:
        # Divides a block among its frames; the line `last` has its content.
        sizes = [item.fragment_size() for item in items]
        if "fields" in last:
            lines = _field_lines(last["fields"])
            if self._shrunk[last["dir"]]:
                # The encoder must announce a smaller table: here none (RFC
                # 7541 4.2, 6.3).
                lines.insert(0, b"\x20" + (lines.pop(0) if lines else b""))
            _share_lines(items, sizes, lines)
        else:
            _share_octets(items, sizes, octets(last.get("raw", "")))


def _share_lines(items: Sequence[_Item], sizes: Iterable[int],
                 lines: List[bytes]) -> None:
    # Each frame gets as many octets as it had, and the last one gets the rest.
    # No field line is cut: Wireshark would stumble over a fragment without a
    # whole field line.
    at = 0
    for item, size in zip(items, sizes):
        begin, have = at, 0
        while at < len(lines) and (have < size or item is items[-1]):
            have += len(lines[at])
            at += 1
        item.fragment = b"".join(lines[begin:at])


def _share_octets(items: Sequence[_Item], sizes: Sequence[int],
                  block: bytes) -> None:
    # Each frame gets the octets that it had, or zeros if they are not known.
    for item, size in zip(items, sizes):
        if item is items[-1]:
            size = max(size, len(block))
        item.fragment = item.filled(block[:size], size)
        block = block[size:]


def _items(trace: Follower) -> Iterator[_Item]:
    # Yields the lines.  From the first frame of a field block on, lines are
    # held until the block's last frame comes, which has the fields.
    held: List[_Item] = []
    blocks = _Blocks()
    for line in trace.lines():
        item = _Item(line)
        held.append(item)
        try:
            blocks.take(item)
        except WRONG:
            raise trace.lacks(line) from None
        if not blocks.open:
            yield from held
            held.clear()
    try:
        blocks.finish()
    except WRONG:
        raise trace.lacks(held[0].line) from None
    yield from held


# ---- packets

def _checksum(data: bytes) -> int:
    # Returns the checksum of RFC 1071: the octets are one number, which is
    # negated, modulo 0xffff.
    return -int.from_bytes(data + bytes(len(data) % 2), "big") % 0xffff


class _Packet:
    def __init__(self, of: "_Connection", time: int, way: str,
                 data: bytes) -> None:
        self.of, self.time, self.way, self.data = of, time, way, data
        self.comments: List[str] = []


class _Connection:
    # A TCP connection, which makes packets from the lines of a trace.

    def __init__(self, name: str, first: Line,
                 seen: Counter[str]) -> None:
        self.name = os.path.basename(name)
        self.facts = _text(first)
        self._start = _microseconds(first["time"])
        client = shown(first["client"])
        host, _, port = client.rpartition(":")
        try:
            address = ipaddress.ip_address(host.strip("[]").split("%")[0])
        except ValueError:      # not TCP: a socket of a supervisor
            address = ipaddress.ip_address("127.0.0.1")
            port = "0"
        # If a client's address and port come again, the server gets another
        # address.
        server = ipaddress.ip_address(
            "127.0.0.1" if address.version == 4 else "::1") + seen[client]
        seen[client] += 1
        self._ends = {"in": (address.packed, int(port)),
                      "out": (server.packed, PORT)}
        self._sent = {"in": 0, "out": 0}
        self._time = 0

    def _packet(self, way: str, flags: int, data: bytes = b"",
                options: bytes = b"") -> _Packet:
        other = "out" if way == "in" else "in"
        (source, port), (target, to) = self._ends[way], self._ends[other]
        sent, heard = self._sent[way], self._sent[other]
        segment = bytearray(struct.pack(
            ">HHLLBBHHH", port, to, sent & 0xffffffff,
            heard & 0xffffffff if flags & ACK else 0,
            (20 + len(options)) // 4 << 4, flags, WINDOW, 0, 0))
        segment += options + data
        struct.pack_into(">H", segment, 16, _checksum(
            source + target + struct.pack(">LL", len(segment), 6) + segment))
        self._sent[way] += len(data) + (flags & (SYN | FIN) != 0)
        if len(source) == 4:
            head = bytearray(struct.pack(
                ">BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0))
            head += source + target
            struct.pack_into(">H", head, 10, _checksum(head))
        else:
            head = bytearray(struct.pack(
                ">LHBB", 6 << 28, len(segment), 6, 64)) + source + target
        return _Packet(self, self._time, way, bytes(head + segment))

    def opened(self) -> Iterator[_Packet]:
        """Yields the TCP handshake, at the time of the server's accept."""
        self._time = self._start
        yield self._packet("in", SYN, options=SYN_OPTIONS)
        yield self._packet("out", SYN | ACK, options=SYN_OPTIONS)
        yield self._packet("in", ACK)

    def packets(self, item: _Item) -> Iterator[_Packet]:
        """Yields the packets of what was sent according to a line, if any."""
        line = item.line
        self._time = self._start + round(line["t"] * 1000000)
        if not 0 <= self._time < 1 << 63:
            raise ValueError
        if line["type"] == "close":
            yield from self._closed(shown(line["end"]),
                                    shown(line.get("why", "")))
        if "dir" not in line:
            return
        data = item.octets()
        for at in range(0, len(data), SEGMENT_MAX):
            yield self._packet(line["dir"], PSH | ACK,
                               data[at:at + SEGMENT_MAX])

    def _closed(self, end: str, why: str) -> Iterator[_Packet]:
        if "reset" in why and "by a script" not in end:
            yield self._packet("in", RST | ACK)
            return
        if end == "closed by client":
            yield self._packet("in", FIN | ACK)
        yield self._packet("out", FIN | ACK)


def _microseconds(text: str) -> int:
    time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")
    return (time - datetime.datetime(1970, 1, 1)) // datetime.timedelta(
        microseconds=1)


# ---- comments

def _text(line: Line) -> str:
    out = io.StringIO()
    Printer(out).line(line)
    return "\n".join(s.strip().lstrip("; ") for s in
                     out.getvalue().splitlines())


def _remarks(item: _Item) -> Iterator[str]:
    # Yields remarks about the octets of a line.
    line = item.line
    if "error" in line:
        yield shown(line["error"])
    if line.get("cut"):
        yield "more %s were sent, which the trace does not have" % (
            "settings" if "settings" in line else "fields")
    if item.lacking:
        yield "zeros stand for %d octets that the trace does not have" \
            % item.lacking


def _packets(trace: Follower, seen: Counter[str]) -> Iterator[_Packet]:
    # Yields the packets of a trace.  A line that is not about octets becomes a
    # comment on the packet before it.
    connection: Optional[_Connection] = None
    last: Optional[_Packet] = None
    kind = ""
    for item in _items(trace):
        line = item.line
        try:
            kind = line["type"]
            if connection is None:
                connection = _Connection(trace.path, line, seen)
                new = list(connection.opened())
                new[0].comments.append(connection.facts)
            else:
                new = list(connection.packets(item))
            remarks = list(_remarks(item)) if "dir" in line else [_text(line)]
        except WRONG:
            raise trace.lacks(line) from None
        for packet in new:
            if last is not None:
                yield last
            last = packet
        if last is not None and kind != "connection":
            last.comments += remarks
    trace.complete()
    if last is not None:
        if kind not in ("close", "limit"):
            last.comments.append(
                "the trace has no end: the connection goes on, or its process "
                "was killed or crashed")
        yield last


# ---- the file

COMMENT, NAME, FLAGS_OF_PACKET, PROGRAM = 1, 2, 2, 4
LINKTYPE_RAW = 101

#: The most octets of a comment, and the most comments of a packet: Wireshark
#: reads no block above 16 MiB.
COMMENT_MAX, COMMENTS_MAX = 50000, 200


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(
        -len(value) % 4)


def _comment(text: str) -> bytes:
    value = text.encode()
    if len(value) > COMMENT_MAX:
        value = value[:COMMENT_MAX].decode(errors="ignore").encode() + b"..."
    return _option(COMMENT, value)


def _block(kind: int, body: bytes, *options: bytes) -> bytes:
    if options:
        body += b"".join(options) + bytes(4)
    length = struct.pack("<L", len(body) + 12)
    return struct.pack("<L", kind) + length + body + length


def _packet_block(packet: _Packet, interface: int) -> bytes:
    comments = packet.comments
    if len(comments) > COMMENTS_MAX:
        comments = comments[:COMMENTS_MAX] + [
            "and %d more" % (len(comments) - COMMENTS_MAX)]
    size = len(packet.data)
    return _block(6, struct.pack(
        "<LLLLL", interface, packet.time >> 32, packet.time & 0xffffffff,
        size, size) + packet.data + bytes(-size % 4),
        _option(FLAGS_OF_PACKET, struct.pack(
            "<L", 1 if packet.way == "in" else 2)),
        *map(_comment, comments))


def write(traces: Sequence[Follower], out: BinaryIO) -> None:
    """Writes the capture of these traces, ordered by time.  Raises TraceError
    and OSError.
    """
    seen: Counter[str] = collections.Counter()
    interfaces: Dict[_Connection, int] = {}
    out.write(_block(
        0x0a0d0d0a, struct.pack("<LHHq", 0x1a2b3c4d, 1, 0, -1),
        _comment(ABOUT), _option(PROGRAM, b"h2rig-trace")))
    for packet in heapq.merge(*(_packets(trace, seen) for trace in traces),
                              key=lambda packet: packet.time):
        connection = packet.of
        if connection not in interfaces:
            interfaces[connection] = len(interfaces)
            out.write(_block(
                1, struct.pack("<HHL", LINKTYPE_RAW, 0, 0),
                _option(NAME, os.fsencode(connection.name)),
                _comment(connection.facts)))
        out.write(_packet_block(packet, interfaces[connection]))
