# SPDX-License-Identifier: MIT
"""The connection: what its client sends, and what the server does by itself.

`request.connection` and the `connection` that the functions of a connection
script (--connection) get are the same object.
"""

import json
import logging
import os
import threading
from typing import (Any, Dict, Iterable, Iterator, List, MutableSet, Optional,
                    Set, Tuple, Union)

import _h2rig

from h2rig import frames, stash
from h2rig.errors import ProtocolError, StreamClosedError
from h2rig.server import isomorphic
from h2rig.server.config import Config, options
from h2rig.server.output import script_logger
from h2rig.server.received import (ReceivedData, ReceivedHeaders,
                                   received_frame)
from h2rig.server.waiting import End, Reaction, Waiting, milliseconds
from h2rig.writer import FrameWriter, checked_id, settings_payload

__all__ = ["Automatic", "Connection", "ConnectionTLS", "ConnectionWriter",
           "End", "Reaction", "ReceivedData", "ReceivedHeaders", "Server",
           "Violation"]

#: What `ConnectionTLS.request` asks for.
_REQUESTS = ("renegotiation", "client_certificate", "key_update")

#: Octets of JSON in a note.
NOTE_MAX = 1 << 16

_unset = object()

#: What the engine does by itself, in the order of the bits of its mask (enum
#: session_automatic of src/h2/session.h).
AUTOMATIC = ("settings_ack", "ping_ack", "window_update", "goaway",
             "rst_stream", "checks", "requests", "hold")

class Automatic(MutableSet[str]):
    """`connection.automatic`: the names of what the server does by itself.

    Names: settings_ack, ping_ack, window_update, goaway, rst_stream, checks,
    requests, hold.  A change takes effect at once.  ValueError for another
    name.
    """

    def __init__(self) -> None:
        self._mask = (1 << len(AUTOMATIC)) - 1
        self._changing = threading.Lock()

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> Set[str]:  # type: ignore
        # Of `|`, `&` and `-`: a set that has no effect.
        return set(it)

    @staticmethod
    def _bit(name: object) -> int:
        try:
            return 1 << AUTOMATIC.index(name)  # type: ignore[arg-type]
        except ValueError:
            raise ValueError("%r is nothing that the server does by itself; "
                             "expected %s" % (name, ", ".join(AUTOMATIC))
                             ) from None

    def _change(self, clear: int, add: int) -> None:
        with self._changing:
            mask = self._mask & ~clear | add
            if mask != self._mask:
                _h2rig.own().write("automatic", 0, (), b"", 0, mask)
                self._mask = mask

    def __contains__(self, name: object) -> bool:
        return bool(self._mask & self._bit(name))

    def __iter__(self) -> Iterator[str]:
        mask = self._mask
        return iter([name for i, name in enumerate(AUTOMATIC)
                     if mask >> i & 1])

    def __len__(self) -> int:
        return bin(self._mask).count("1")

    def add(self, name: str) -> None:
        """From now on the server does this by itself."""
        self._change(0, self._bit(name))

    def discard(self, name: str) -> None:
        """From now on it does not."""
        self._change(self._bit(name), 0)

    def update(self, *names: Iterable[str]) -> None:
        """Adds all of these names."""
        self._change(0, self._bits(*names))

    def clear(self) -> None:
        """From now on the server does nothing of it."""
        self._change(-1, 0)

    def difference_update(self, *names: Iterable[str]) -> None:
        """Discards all of these names."""
        self._change(self._bits(*names), 0)

    def _bits(self, *names: Iterable[str]) -> int:
        bits = 0
        for each in names:
            for name in [each] if isinstance(each, str) else each:
                bits |= self._bit(name)
        return bits

    def __repr__(self) -> str:
        return "{%s}" % ", ".join(map(repr, self))


class ConnectionTLS:
    """`connection.tls`: the handshake, to be changed in handle_client_hello.

    Each of these is None until a script sets it, which leaves it to the
    server; alpn is "h2".

    alpn: the protocol that is chosen, also one that was not offered; None: no
    ALPN in the answer.  min_version, max_version: "TLSv1", "TLSv1.1",
    "TLSv1.2", "TLSv1.3".  ciphers: in OpenSSL's form, with "@SECLEVEL=0" also
    old ones.  certificate, key: PEM files.  alert: a number or a name
    ("unknown_ca"), sent instead of an answer.  delay: seconds before each
    flight of the server's.  tickets: how many.  max_early_data: octets.

    ValueError and TypeError say what was expected; NotPossible that the
    handshake does not wait for it any more, or that there is no TLS.
    """

    _NAMES = ("alpn", "min_version", "max_version", "ciphers", "certificate",
              "key", "alert", "delay", "tickets", "max_early_data")

    alpn: Optional[str]
    min_version: Optional[str]
    max_version: Optional[str]
    ciphers: Optional[str]
    certificate: Union[str, "os.PathLike[str]", None]
    key: Union[str, "os.PathLike[str]", None]
    alert: Union[int, str, None]
    delay: Optional[float]
    tickets: Optional[int]
    max_early_data: Optional[int]

    def __init__(self) -> None:
        self.__dict__.update(dict.fromkeys(self._NAMES), alpn="h2")

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._NAMES:
            raise AttributeError("connection.tls has no %r; expected %s"
                                 % (name, ", ".join(self._NAMES)))
        if name in ("certificate", "key"):
            value = os.fspath(value)
        _h2rig.tls_set(name, value)
        self.__dict__[name] = value

    def leaf(self, names: Iterable[str], days: int, key: str = "ec",
             signed_by: str = "ca") -> None:
        """Answers with a certificate made for this connection.

        names: of hosts, or addresses.  days: how long it is valid; below 0: it
        has expired.  key: "ec" or "rsa".  signed_by: "ca", of --ca or
        --ca-out, or "self".  ValueError, TypeError.
        """
        listed = [names] if isinstance(names, str) else list(names)
        if not all(isinstance(name, str) for name in listed):
            raise TypeError("names must be host names or addresses, not %r"
                            % (listed,))
        if not isinstance(days, int):
            raise TypeError("days must be an int, not %r" % (days,))
        _h2rig.tls_leaf(listed, days, key, signed_by)

    def request(self, kind: str) -> None:
        """Asks the client for something once TLS is up: "renegotiation",
        "client_certificate" or "key_update".

        NotPossible, with the reason, where the client or the version does not
        allow it.  ValueError for another kind.
        """
        if kind not in _REQUESTS:
            raise ValueError("%r cannot be asked for; expected %s"
                             % (kind, ", ".join(_REQUESTS)))
        _h2rig.tls_request(kind)


class ConnectionWriter(FrameWriter):
    """`connection.writer`: sends frames on any stream of the connection.

    stream_id: None for stream 0.  Checked calls for frames that belong to a
    stream raise `ProtocolError` without one.
    """

    def __init__(self, connection: "Connection", exchange: Any) -> None:
        super().__init__(exchange)
        self._connection = connection

    def _stream(self, stream_id: Optional[int]) -> int:
        return checked_id(0 if stream_id is None else stream_id)

    def _raw_id(self, stream_id: Optional[int]) -> int:
        return 0 if stream_id is None else stream_id

    def window_update(self, increment: int, stream_id: int = 0) -> None:
        """Sends WINDOW_UPDATE (RFC 9113 §6.9).

        increment: 1 to 2147483647 octets.  stream_id: 0 for the connection.
        ProtocolError for another increment; FlowControlError for one that
        makes the window larger than 2147483647.
        """
        if not isinstance(increment, int):
            raise TypeError("increment must be an int, not %r" % (increment,))
        if not 1 <= increment < 1 << 31:
            raise ProtocolError("increment must be 1 to 2147483647, not %d "
                                "(RFC 9113 §6.9)" % increment)
        self._exchange.write("window_update",
                             checked_id(stream_id) if stream_id else 0,
                             (), b"", 0, increment)

    def fence(self, timeout: float = 5.0) -> float:
        """The same as `connection.fence`."""
        return self._connection.fence(timeout)

    def write_transport(self, octets: Union[str, bytes]) -> None:
        """Sends octets below TLS, after all that was written; text is UTF-8.
        """
        self._exchange.write("transport", 0, (), isomorphic.octets(
            octets, "octets", "utf-8"))

    def flood(self, octets: Union[str, bytes], limit_octets: Optional[int],
              limit_frames: Optional[int], seconds: float,
              reading: bool = True) -> int:
        """Sends octets again and again, whole each time, as fast as the client
        takes them: how many went out.

        limit_octets, limit_frames: the most octets, and frames; None for no
        limit.  seconds: how long.  reading: whether what the client sends is
        read meanwhile.  Acknowledgements of what was sent so count towards no
        bound on the client.  ValueError if there are no octets.
        """
        repeated = isomorphic.octets(octets, "octets", "utf-8")
        if not repeated:
            raise ValueError("no octets; expected what is to be repeated")
        sent: int = self._exchange.flood(
            repeated, _limit(limit_octets, "limit_octets"),
            _limit(limit_frames, "limit_frames"),
            milliseconds(seconds, "seconds"), bool(reading))
        return sent


def _limit(n: Optional[int], what: str) -> int:
    # In C 0 is none.
    if n is None:
        return 0
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError("%s must be 1 or more, or None for no limit, not %r"
                         % (what, n))
    return n


class Violation:
    """A rule that the client has broken.

    code: of the error (RFC 9113 §7), and name.  level: "stream" or
    "connection".  section: "RFC 9113 §6.9.1", or None.  text: the rule.
    frame: the one that breaks it, or None.
    """

    def __init__(self, level: str, code: int, text: str,
                 section: Optional[str], frame: Any) -> None:
        self.level = level
        self.code = code
        self.name = frames.error_name(code)
        self.text = text
        self.section = section
        self.frame = frame

    def __repr__(self) -> str:
        return "<Violation %s, %s: %s>" % (self.level, self.name, self.text)


class Server:
    """`request.server`, `connection.server`: settings and stash.

    path: the default path of the stash.
    """

    __slots__ = ("_path", "_stash")

    def __init__(self, path: str) -> None:
        self._path = path
        self._stash: Optional[stash.Stash] = None

    @property
    def config(self) -> Config:
        """Hosts, ports and paths, by web-platform-tests' names."""
        return options.settings

    @property
    def stash(self) -> stash.Stash:
        """The store shared by all connections; its default path is the
        request's, or "/connection".
        """
        if self._stash is None:
            self._stash = stash.Stash(self._path)
        return self._stash


class Connection:
    """`request.connection`: one object for all requests of a connection, and
    for its connection script.

    data: a dict for scripts to keep what they like in, as long as the
    connection lasts.  tls: the handshake, a `ConnectionTLS`.  server: settings
    and stash, whose default path is "/connection".
    """

    __slots__ = ("data", "tls", "server", "_address", "_automatic",
                 "_settings", "_writer", "_waiting")

    def __init__(self) -> None:
        self.data: Dict[Any, Any] = {}
        self.tls = ConnectionTLS()
        self.server = Server("/connection")
        self._address: Any = None
        self._automatic = Automatic()
        self._settings: Any = _unset
        self._writer: Optional[ConnectionWriter] = None
        self._waiting = Waiting()

    # What is known of it.

    @property
    def id(self) -> int:
        """A number that no other open connection of this machine has."""
        n: int = _h2rig.connection()["id"]
        return n

    @property
    def alpn_protocol(self) -> Optional[str]:
        """"h2", or None without ALPN (RFC 7301)."""
        return _opt(_h2rig.connection()["alpn_protocol"])

    @property
    def tls_version(self) -> Optional[str]:
        """"TLSv1.3", "TLSv1.2", or None in cleartext."""
        return _opt(_h2rig.connection()["tls_version"])

    @property
    def cipher(self) -> Optional[str]:
        """The cipher suite by its name, or None in cleartext."""
        return _opt(_h2rig.connection()["cipher"])

    @property
    def sni(self) -> Optional[str]:
        """The host name the client asked for (RFC 6066 §3), or None."""
        hello = _h2rig.tls_hello()
        return _opt(_h2rig.connection()["sni"] if hello is None else hello[0])

    @property
    def alpn_offered(self) -> Tuple[str, ...]:
        """The protocols that the client offers (RFC 7301), in its order; from
        the ClientHello on, with --connection.
        """
        hello = _h2rig.tls_hello()
        return () if hello is None else tuple(hello[1])

    @property
    def tls_versions_offered(self) -> Tuple[str, ...]:
        """The versions of TLS that the client offers, likewise; those
        without a name as "0x7a7a".
        """
        hello = _h2rig.tls_hello()
        return () if hello is None else tuple(hello[2])

    @property
    def session_reused(self) -> bool:
        """Whether the TLS session is a resumed one."""
        return bool(_h2rig.connection()["session_reused"])

    @property
    def client_address(self) -> Tuple[str, int]:
        """(address, port) of the client."""
        if self._address is None:
            self._address = _h2rig.connection()["client_address"]
        host, port = self._address
        return host, port

    @property
    def server_port(self) -> int:
        """The server's port that the client has connected to."""
        port: int = _h2rig.connection()["server_port"]
        return port

    @property
    def client_settings(self) -> Dict[str, int]:
        """The client's SETTINGS as they stand now, by their names
        ("INITIAL_WINDOW_SIZE", RFC 9113 §6.5.2).
        """
        return dict(_h2rig.connection()["client_settings"])

    @property
    def logger(self) -> logging.Logger:
        """The same as `response.logger`."""
        return script_logger

    @property
    def end(self) -> Optional[End]:
        """How the connection ended, or None if it has not."""
        _, by, events = _h2rig.ended()
        if by is None:
            return None
        end = self._waiting.judge(0, None, events, End("silent"))
        end.by = by
        end.order = [event[0] for event in events]
        end.seconds = events[-1][1] if events else 0.0
        return end

    # What the server does.

    @property
    def automatic(self) -> Automatic:
        """What the server does by itself: a set of names, to be changed."""
        return self._automatic

    @automatic.setter
    def automatic(self, names: Iterable[str]) -> None:
        self._automatic._change(-1, self._automatic._bits(names))

    @property
    def settings(self) -> Optional[Tuple[Tuple[int, int], ...]]:
        """The SETTINGS that are sent at the start, as pairs of numbers, in
        order; None: no frame at all.

        To be set, before they are sent, to pairs of identifiers or names and
        values, or a dict: any numbers, repeated ones too.  TypeError,
        ValueError; ProtocolError once they are sent.
        """
        if self._settings is _unset:
            self._settings = tuple(frames._entries(
                _h2rig.connection()["settings"]))
        settings: Optional[Tuple[Tuple[int, int], ...]] = self._settings
        return settings

    @settings.setter
    def settings(self, pairs: Any) -> None:
        if pairs is None:
            _h2rig.own().write("preface", 0, (), b"", 2)
            self._settings = None
            return
        payload = settings_payload(pairs)
        _h2rig.own().write("preface", 0, (), payload, 1)
        self._settings = tuple(frames._entries(payload))

    @property
    def writer(self) -> ConnectionWriter:
        """What sends frames on any stream."""
        if self._writer is None:
            self._writer = ConnectionWriter(self, _h2rig.own())
        return self._writer

    def pause_reading(self) -> None:
        """Reads nothing of the client any more until `resume_reading`."""
        _h2rig.own().write("pause")

    def resume_reading(self) -> None:
        """Reads on."""
        _h2rig.own().write("resume")

    def engine_off(self) -> None:
        """Ends HTTP/2: from now on the client's octets are for `read`, and
        only `writer.write_raw` sends.
        """
        _h2rig.own().write("engine_off")

    def read(self, n: int, timeout: float = 5.0) -> Optional[bytes]:
        """After `engine_off`: 1 to n octets, b"" at the end of what the client
        sends, None when the time, in seconds, is over.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError("n must be 1 or more octets, not %r" % (n,))
        ms = milliseconds(timeout, "timeout")
        self._waiting.let_read()
        return _h2rig.read(n, ms)

    # What the client does.

    @property
    def frames(self) -> List[Any]:
        """The frames that have been received, oldest first: the newest 1,000,
        with at most 4 MiB of payload.  Without --connection from the first
        use of this, `wait`, `fence` or `reaction` on.
        """
        self._waiting.watch()
        return [received_frame(each) for each in _h2rig.frames()]

    def wait(self, type: Union[int, str, None] = None,
             stream_id: Optional[int] = None,
             timeout: float = 5.0) -> Optional[Any]:
        """The next frame that has this type and is on this stream, after those
        that this thread has been given; waits for it.

        type: a number or a name; None for any.  stream_id: None for any.
        None when the time, in seconds, is over.  ConnectionEnded when the
        connection is.
        """
        return self._waiting.wait(
            -1 if type is None else frames.frame_type(type),
            -1 if stream_id is None else _stream(stream_id), timeout)

    def fence(self, timeout: float = 5.0) -> float:
        """Sends PING, and returns the seconds until its acknowledgement: the
        client has read what was sent before (frames are processed in the order
        they are received, RFC 9113 §5).

        timeout: seconds.  TimeoutError when they are over, ConnectionEnded when
        the connection is.
        """
        return self._waiting.fence(timeout)

    def reaction(self, stream_id: Optional[int] = None,
                 timeout: float = 3.0) -> Reaction:
        """How the client took what was sent since the last call: sends PING,
        and 0.2 s after its acknowledgement another one.

        stream_id: whose RST_STREAM counts; None: any.  timeout: seconds, for
        the acknowledgements, and again for the end after GOAWAY.
        """
        return self._waiting.reaction(
            None if stream_id is None else _stream(stream_id), timeout)

    def note(self, name: str, /, **values: Any) -> None:
        """Puts a line of type "note" into the connection's trace (--trace).

        values: what JSON can say, 64 KiB of it at most.  TypeError, ValueError.
        Without a trace, and after the connection's end, nothing happens.
        """
        if not isinstance(name, str):
            raise TypeError("name must be a str, not %r" % (name,))
        text = json.dumps({"name": name, "values": values},
                          allow_nan=False).encode()[1:-1]
        if len(text) > NOTE_MAX:
            raise ValueError("note %r has %d octets of JSON; expected at most "
                             "%d" % (name, len(text), NOTE_MAX))
        try:
            _h2rig.own().write("note", 0, (), text)
        except StreamClosedError:
            pass

    def __repr__(self) -> str:
        return "<Connection %d of %s:%d>" % ((self.id,) + self.client_address)


def _stream(stream_id: Any) -> int:
    if isinstance(stream_id, bool) or not isinstance(stream_id, int):
        raise TypeError("stream_id must be an int, or None for any, not %r"
                        % (stream_id,))
    if not 0 <= stream_id < 1 << 31:
        raise ValueError("stream_id must be 0 to 2147483647, not %d"
                         % stream_id)
    return stream_id


def _opt(v: Any) -> Optional[str]:
    return None if v is None else str(v)


#: The connection of this process.
connection = Connection()
