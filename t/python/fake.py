# SPDX-License-Identifier: MIT
"""A stand-in for `_h2rig`: streams whose events a test writes down, and which
note what is sent.  Import it before anything of h2rig.
"""

import os
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))

module = types.ModuleType("_h2rig")
module.EVENT_HEADERS, module.EVENT_DATA, module.EVENT_TRAILERS = 1, 2, 3
module.EVENT_CONTENT = 4
module.logged = []
module.log = lambda level, text: module.logged.append((level, text))
module.log_enabled = lambda level: True
module.output = lambda level, octets: None
module.stored = lambda n: (0, 0, "")
module.stamp = lambda file: repr(
    [getattr(os.stat(file), "st_" + name)
     for name in ("dev", "ino", "size", "mtime_ns", "ctime_ns")]).encode()
module.connection = lambda: {
    "id": 42, "alpn_protocol": "h2", "tls_version": "TLSv1.3",
    "cipher": "TLS_AES_128_GCM_SHA256", "sni": None, "session_reused": False,
    "client_settings": {"ENABLE_PUSH": 1},
    "client_address": ("127.0.0.1", 5555)}
sys.modules["_h2rig"] = module

from h2rig import errors  # noqa: E402


def headers(method="GET", path="/", fields=(), end=True, priority=None):
    """An event, with what its Stream says of the frame behind it."""
    pseudo = [(b":method", method.encode()), (b":scheme", b"https"),
              (b":authority", b"example.test:8443"),
              (b":path", path.encode("latin-1"))]
    return (module.EVENT_HEADERS, method, path, end,
            pseudo + list(fields), (priority, 0, False))


def data(octets, end=False, padding=0):
    """An event."""
    return (module.EVENT_DATA, octets, len(octets) + padding, end,
            len(octets) + padding)


def trailers(*fields):
    """An event."""
    return (module.EVENT_TRAILERS, list(fields))


def check_fields(fields):
    """As strict as C is about the types."""
    assert isinstance(fields, (list, tuple)), fields
    for field in fields:
        assert isinstance(field, tuple) and len(field) in (2, 3), field
        assert isinstance(field[0], bytes), field
        assert isinstance(field[1], bytes), field
        assert len(field) == 2 or field[2] is True, field


def check_section(fields):
    """And a little as strict as the protocol engine."""
    check_fields(fields)
    names = [f[0] for f in fields]
    if names.count(b":status") > 1:
        raise errors.ProtocolError(":status is repeated")
    if any(b" " in n for n in names):
        raise errors.ProtocolError("a space in a field name")


class Stream:
    """Takes its events from a list; `sent` has what was sent, in order."""

    def __init__(self, *events, id=1):
        self.events = list(events)
        self.id = id
        self.state = None
        self.script = ""
        self.closed = self.reset = self.headers_sent = self.ended = False
        self.block_open = False
        self.priority = (3, False)
        self._fields, self._frame = [], (None, 0, False)
        self.sent = []
        self.consumed = 0
        self.finished = 0
        self.called = []
        self.paused = []
        self.in_call = 0
        self.from_files = 0
        self.gathers = self.merge = False
        self.remembered = None

    def next_event(self, wait=False):
        assert wait or not self.in_call, "read while a function runs"
        if self.events:
            event = self.events.pop(0)
            if event[0] == module.EVENT_DATA and self.gathers:
                event = self._content(event)
            if event[0] == module.EVENT_HEADERS:
                self._fields, self._frame = event[4:]
                event = event[:4]
            return event
        if wait:
            self.reset = self.closed = True
            raise errors.StreamClosedError("the client has left")
        return None

    def at_hand(self):
        return self.next_event(True) if self.events else None

    def await_event(self):
        if not self.events:
            self.next_event(True)
        return True

    def _content(self, event):
        """This DATA event, and those that have come meanwhile (by `merge`),
        as C makes one of them.
        """
        found = [event]
        while self.merge and self.events[:1] and (
                self.events[0][0] == module.EVENT_DATA):
            found.append(self.events.pop(0))
        return (module.EVENT_CONTENT, b"".join(e[1] for e in found),
                tuple(n for e in found for n in (len(e[1]), e[2])),
                found[-1][3], sum(e[4] for e in found))

    def press(self):
        assert self.in_call, "only a function pulls"

    def fields(self):
        return self._fields

    def frame(self):
        return self._frame

    def gather(self):
        self.gathers = True

    def consume(self, n):
        self.consumed += n
        self.sent.append(("consume", n))

    def call(self, name, function, *args):
        self.called.append(name)
        self.in_call += 1
        try:
            return function(*args)
        finally:
            self.in_call -= 1

    def pause(self, ms):
        self.paused.append(ms)

    def finish(self):
        self.finished += 1

    def remember_file(self, path, dev, ino, fields, content):
        check_section(fields)
        status = os.stat(path)
        assert (dev, ino) == (status.st_dev, status.st_ino)
        assert isinstance(fields, list) and type(content) is bytes
        self.remembered = path, fields, content

    def _own(self, stream_id):
        if stream_id not in (0, self.id):
            return False
        if self.ended or self.closed:
            raise errors.StreamClosedError("stream is closed")
        return True

    def answer(self, fields, body, as_is=False):
        if self.headers_sent or self.block_open:
            return False
        self.respond(fields, body)
        return True

    def respond(self, fields, body, end_stream=True, as_is=False):
        check_section(fields)
        assert isinstance(body, bytes), body
        assert isinstance(end_stream, bool), end_stream
        self._own(0)
        self.sent.append(("respond", list(fields), body, end_stream))
        self.headers_sent = True
        self.ended = end_stream

    def send_headers(self, fields, end_stream=False, stream_id=0,
                     as_is=False):
        check_section(fields)
        if self._own(stream_id):
            status = dict((f[0], f[1]) for f in fields).get(b":status", b"")
            self.headers_sent |= status[:1] != b"1"
            self.ended |= end_stream
        self.sent.append(("headers", list(fields), end_stream, stream_id))

    def send_data(self, octets, end_stream=False, stream_id=0):
        assert isinstance(octets, bytes), octets
        assert isinstance(end_stream, bool), end_stream
        if self._own(stream_id):
            if not self.headers_sent:
                raise errors.ProtocolError("DATA before HEADERS")
            self.ended |= end_stream
        self.sent.append(("data", octets, end_stream, stream_id))

    def send_file(self, fd, offset, length, end_stream=True):
        octets = os.pread(fd, length, offset)
        if len(octets) != length:
            raise errors.ProtocolError("the file is shorter than announced")
        self.send_data(octets, end_stream)
        self.from_files += length

    def send_data_frame(self, octets, end_stream=False, stream_id=0):
        self.send_data(octets, end_stream, stream_id)

    def send_push(self, fields, push_stream_id=0, stream_id=0):
        check_fields(fields)
        self.sent.append(("push", list(fields), push_stream_id, stream_id))
        return push_stream_id or 2

    def max_payload(self, stream_id=0):
        return 16384

    def reset_stream(self, code, stream_id=0):
        self.sent.append(("reset", code, stream_id))
        if stream_id in (0, self.id):
            self.closed = self.ended = True

    def goaway(self, code, last_stream_id=-1, debug=b""):
        self.sent.append(("goaway", code, last_stream_id, debug))

    def ping(self, octets):
        self.sent.append(("ping", octets))

    def flush(self):
        self.sent.append(("flush",))

    def close(self, how):
        self.sent.append(("close", how))

    def raw_block(self, type, flags, stream_id, prefix, fields):
        check_fields(fields)
        if type == 1 and any(f[0] == b":status" and f[1][:1] != b"1"
                             for f in fields):
            self.headers_sent = True
        if flags & 1:
            self.ended = True
        self.sent.append(("block", type, flags, stream_id, prefix,
                          list(fields)))

    def raw_frame(self, type, flags, stream_id, payload):
        assert isinstance(payload, bytes), payload
        self.sent.append(("frame", type, flags, stream_id, payload))

    def raw(self, octets):
        assert isinstance(octets, bytes), octets
        self.sent.append(("raw", octets))

    def frames(self):
        """What was sent, without the credit."""
        return [s for s in self.sent if s[0] != "consume"]


DOC_ROOT = ""
SHARED = None


def configure(**options):
    """As the program does at start, with a document root of its own; again
    with options, or to take them back.
    """
    import tempfile
    from h2rig.server import dispatch
    global DOC_ROOT
    DOC_ROOT = DOC_ROOT or tempfile.mkdtemp(prefix="h2rig-python-test-")
    global SHARED
    SHARED = SHARED or tempfile.TemporaryFile()
    dispatch.configure(dict({
        "doc_root": DOC_ROOT, "hide_tracebacks": False, "scheme": "https",
        "port": 8443, "log_level": "debug", "max_body": 1 << 30,
        "version": "0", "routes": None, "aliases": [], "latency_ms": 0,
        "config": None, "stash": None, "ws_docroot": None, "wpt": False,
        "validators": False, "shared_file": SHARED.fileno(), "max_stored": 0, "max_stored_total": 0}, **options))
    dispatch.read_routes()
    dispatch.take_routes()


def shutdown():
    """As the program does at the end."""
    import shutil
    from h2rig.server import dispatch
    dispatch.shutdown()
    shutil.rmtree(DOC_ROOT)


def write(name, text):
    """A file in the document root."""
    path = os.path.join(DOC_ROOT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text.encode() if isinstance(text, str) else text)
    return path


def serve(*events, **stream):
    """Serves a stream with these events; the stream."""
    from h2rig.server import dispatch
    s = Stream(*events, **stream)
    dispatch.serve(s)
    return s


def script(text, *events, name="script.py"):
    """A stream for a script of this text; GET if no events are given."""
    write(name, text)
    return serve(*(events or (headers(path="/" + name),)))


def logged(level):
    """What was logged at this level, as one text."""
    return "\n".join(t for lv, t in module.logged if lv == level)
