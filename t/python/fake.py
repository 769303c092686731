# SPDX-License-Identifier: MIT
"""A stand-in for the module `_h2rig`.  A test lists the events of an exchange,
and the exchange notes what is sent.  Import it before anything of h2rig.
"""

import os
import sys
import types

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))

module = types.ModuleType("_h2rig")
(module.EVENT_HEADERS, module.EVENT_DATA, module.EVENT_TRAILERS,
 module.EVENT_FRAME, module.EVENT_STEP, module.EVENT_RECEIVED,
 module.EVENT_VIOLATION) = range(7)
module.CONNECTION = 1 << 31
module.logged = []
module.log = lambda level, text, prefix="script": module.logged.append(
    (level, text.decode() if isinstance(text, bytes) else text))
module.faults = lambda fields: []
module.stored = lambda n: (0, 0, "")
module.stamp = lambda file: repr(
    [getattr(os.stat(file), "st_" + name)
     for name in ("dev", "ino", "size", "mtime_ns", "ctime_ns")]).encode()
module.connection = lambda: {
    "id": 42, "alpn_protocol": "h2", "tls_version": "TLSv1.3",
    "cipher": "TLS_AES_128_GCM_SHA256", "sni": None, "session_reused": False,
    "client_settings": (4096, 1, 100, 65535, 16384, 65536),
    "client_address": ("127.0.0.1", 5555), "server_port": 8443,
    "settings": bytes.fromhex("000400040000")}
module.tls_hello = lambda: None
sys.modules["_h2rig"] = module

from h2rig import errors  # noqa: E402


def headers(method="GET", path="/", fields=(), end=True, priority=None):
    """Returns an event, followed by what the exchange's fields() and frame()
    return for it."""
    pseudo = [(b":method", method.encode()), (b":scheme", b"https"),
              (b":authority", b"example.test:8443"),
              (b":path", path.encode("latin-1"))]
    return (module.EVENT_HEADERS, method, path, end,
            pseudo + list(fields), (priority, 0, False))


def data(octets, end=False, padding=0):
    """Returns a DATA event.  padding: octets of padding."""
    size = len(octets) + padding
    return (module.EVENT_DATA, octets, [len(octets), size], end, size)


def trailers(*fields):
    """Returns a trailers event."""
    return (module.EVENT_TRAILERS, list(fields), (None, 0, False), b"")


def check_fields(fields):
    """Tests that the types of fields are those that the C side accepts."""
    assert isinstance(fields, (list, tuple)), fields
    for field in fields:
        assert isinstance(field, tuple) and len(field) in (2, 3), field
        assert isinstance(field[0], bytes), field
        assert isinstance(field[1], bytes), field
        assert len(field) == 2 or field[2] is True, field


def check_section(fields):
    """Tests the same, and two of the protocol engine's rules."""
    check_fields(fields)
    names = [f[0] for f in fields]
    if names.count(b":status") > 1:
        raise errors.ProtocolError(":status is repeated")
    if any(b" " in n for n in names):
        raise errors.ProtocolError("a space in a field name")


#: Operations of the connection's own exchange that are only noted here.
OF_CONNECTION = ("proceed", "release", "automatic", "preface",
                 "window_update", "pause", "engine_off", "transport", "watch",
                 "note", "settings")


class Wire:
    """The frames that a connection receives.  `come` lists what is still to
    come.  Each item is a `Received` without its number, or a function that
    returns one or None (not yet) from the payloads of the PINGs that were
    sent, or an event of the connection's end.
    """

    def __init__(self, *come, serving=0, by="client"):
        self.come = list(come)
        self.kept, self.events = [], []
        self.by, self.serves = by, serving
        self.own = Exchange(id=module.CONNECTION)
        self.over = False
        for name in ("next_frame", "frames", "ended", "serving"):
            setattr(module, name, getattr(self, name))
        module.own = lambda: self.own

    def serving(self):
        return self.serves

    def frames(self):
        return list(self.kept)

    def ended(self):
        return self.over, self.by if self.over else None, self.events

    def take_one(self):
        """Takes the next item of `come`.  Returns whether there was one."""
        if not self.come:
            return False
        each = self.come[0]
        if callable(each):
            each = each([s[1] for s in self.own.sent if s[0] == "ping"])
            if each is None:
                return False
        del self.come[0]
        if isinstance(each[0], str):
            self.events.append(each)
            self.over = True
        else:
            self.kept.append((len(self.kept),) + each)
        return True

    def next_frame(self, since, kind, stream, ms):
        assert isinstance(ms, int) and 0 <= ms < 1 << 31
        while True:
            for each in self.kept:
                if (each[0] >= since and kind in (-1, each[1])
                        and stream in (-1, each[3])):
                    return each
            if self.over:
                raise errors.ConnectionEnded("the connection has ended")
            if not self.take_one():
                return None


def received(kind, payload=b"", stream_id=0, flags=0, fields=None,
             priority=None):
    """Returns a `Received` without its number."""
    return (kind, flags, stream_id, payload, fields, priority, len(payload))


def pong(n):
    """Returns, for `come`, the acknowledgement of the PING with index n."""
    return lambda sent: (received(6, sent[n], 0, 1) if len(sent) > n
                         else None)


class Exchange:
    """An exchange that takes its events from a list.  `sent` lists what was
    sent, in order."""

    def __init__(self, *events, id=1):
        self.events = list(events)
        self.id = id
        self.runner = None
        self.script = ""
        self.closed = self.reset = self.left = False
        self.headers_sent = self.ended = self.block_open = False
        self.priority = (3, False)
        self.moves = 0
        self._fields, self._frame = [], (None, 0, False)
        self.sent = []
        self.consumed = 0
        self.finished = 0
        self.called = []
        self.paused = []
        self.gathers = self.merge = False
        self.remembered = self.reset_code = self.wanted = None

    def want(self, mask):
        self.wanted = mask

    def take(self):
        found = []
        for event in self.events:
            if event[0] == module.EVENT_HEADERS:
                self._fields, self._frame = event[4:]
                event = event[:4]
            # `merge`: after gather(), C makes one DATA event of several.
            if (self.merge and found and self.gathers
                    and event[0] == found[-1][0] == module.EVENT_DATA):
                last = found.pop()
                event = (event[0], last[1] + event[1], last[2] + event[2],
                         event[3], last[4] + event[4])
            found.append(event)
        del self.events[:]
        self.moves += bool(found)
        return found[::-1]

    def wait(self, moves, tunnel=False):
        if not self.events and moves == self.moves:
            self.reset = self.closed = self.left = True
            raise errors.StreamClosedError("the client has left")
        return True

    def fields(self):
        return self._fields

    def frame(self):
        return self._frame, b""

    def gather(self):
        self.gathers = True

    def consume(self, n):
        self.consumed += n
        self.sent.append(("consume", n))

    def call(self, name, function, *args):
        self.called.append(name)
        return function(*args)

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

    @property
    def end_sent(self):
        return self.ended and not self.reset

    def _own(self, stream_id):
        if stream_id not in (0, self.id):
            return False
        if self.ended or self.closed:
            raise errors.StreamClosedError("stream is closed")
        return True

    def write(self, op, stream_id=0, fields=(), data=b"", flags=0, value=0):
        assert isinstance(data, bytes), data
        call = getattr(self, "_" + op, None)
        if call is None:
            assert op in OF_CONNECTION, op
            assert not fields
            self.sent.append((op,) + tuple(
                each for each in (stream_id, data, flags, value) if each))
            return 0
        result = call(stream_id, fields, data, flags, value)
        return 0 if result is None else result

    def flood(self, *arguments):
        self.sent.append(("flood",) + arguments)
        return 99

    def _response(self, stream_id, fields, body, flags, value):
        if self.headers_sent or self.block_open:
            return 0
        check_section(fields)
        self._own(0)
        end = bool(flags & 1)
        self.sent.append(("respond", list(fields), body, end))
        self.headers_sent = True
        self.ended = end
        return 1

    def _headers(self, stream_id, fields, body, flags, value):
        check_section(fields)
        assert not body
        end = bool(flags & 1)
        if self._own(stream_id):
            status = dict((f[0], f[1]) for f in fields).get(b":status", b"")
            self.headers_sent |= status[:1] != b"1"
            self.ended |= end
        self.sent.append(("headers", list(fields), end, stream_id))

    def _data(self, stream_id, fields, octets, flags, value):
        end = bool(flags & 1)
        if self._own(stream_id):
            if not self.headers_sent:
                raise errors.ProtocolError("DATA before HEADERS")
            self.ended |= end
        self.sent.append(("data", octets, end, stream_id))

    _data_frame = _data

    def _push(self, stream_id, fields, data, flags, push_stream_id):
        check_fields(fields)
        self.sent.append(("push", list(fields), push_stream_id, stream_id))
        return push_stream_id or 2

    def _max_payload(self, *unused):
        return 16384

    def _reset(self, stream_id, fields, data, flags, code):
        self.sent.append(("reset", code, stream_id))
        if stream_id in (0, self.id):
            self.closed = self.ended = True

    def _goaway(self, last_stream_id, fields, debug, flags, code):
        self.sent.append(("goaway", code, last_stream_id, debug))

    def _ping(self, stream_id, fields, octets, flags, value):
        self.sent.append(("ping", octets))

    def _flush(self, *unused):
        self.sent.append(("flush",))

    def _close(self, stream_id, fields, data, flags, how):
        self.sent.append(("close", (
            "", "goaway", "tls", "fin", "rst", "close_notify")[how]))

    def _raw_block(self, stream_id, fields, prefix, flags, type):
        check_fields(fields)
        if type == 1 and any(f[0] == b":status" and f[1][:1] != b"1"
                             for f in fields):
            self.headers_sent = True
        if flags & 1:
            self.ended = True
        self.sent.append(("block", type, flags, stream_id, prefix,
                          list(fields)))

    def _raw_frame(self, stream_id, fields, payload, flags, type):
        self.sent.append(("frame", type, flags, stream_id, payload))

    def _raw(self, stream_id, fields, octets, flags, value):
        self.sent.append(("raw", octets))

    def frames(self):
        """Returns what was sent, without the credit."""
        return [s for s in self.sent if s[0] != "consume"]


DOC_ROOT = ""
SHARED = None


def configure(**options):
    """Configures h2rig as the program does at start, with a temporary document
    root.  A test may call it again with other options, or without options to
    restore the defaults.
    """
    import tempfile
    from h2rig.server import dispatch
    global DOC_ROOT
    DOC_ROOT = DOC_ROOT or tempfile.mkdtemp(prefix="h2rig-python-test-")
    global SHARED
    SHARED = SHARED or tempfile.TemporaryFile()
    dispatch.configure(dict({
        "doc_root": DOC_ROOT, "hide_tracebacks": False, "scheme": "https",
        "ports": [8443], "log_level": "debug", "max_body": 1 << 30,
        "version": "0", "routes": None, "connection": None, "aliases": [], "latency_ms": 0,
        "config": None, "stash": None, "ws_docroot": None, "wpt": False,
        "validators": False, "shared_file": SHARED.fileno(), "max_stored": 0, "max_stored_total": 0}, **options))
    dispatch.read_routes()
    dispatch.take_routes()


def shutdown():
    """Ends as the program does, and removes the document root."""
    import shutil
    from h2rig.server import dispatch
    dispatch.shutdown()
    shutil.rmtree(DOC_ROOT)


def write(name, text):
    """Writes a file in the document root.  Returns its path."""
    path = os.path.join(DOC_ROOT, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(text.encode() if isinstance(text, str) else text)
    return path


def serve(*events, **exchange):
    """Serves an exchange with these events.  Returns the exchange."""
    from h2rig.server import dispatch
    s = Exchange(*events, **exchange)
    dispatch.serve(s)
    return s


def script(text, *events, name="script.py"):
    """Serves an exchange for a script of this text.  Returns the exchange.
    Without events it is a GET."""
    write(name, text)
    return serve(*(events or (headers(path="/" + name),)))


def logged(level):
    """Returns what was logged at this level, as one text."""
    return "\n".join(t for lv, t in module.logged if lv == level)
