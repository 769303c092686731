# SPDX-License-Identifier: MIT
"""The connection: what the client sends, and what the server does by itself.

`request.connection` is the same object as the `connection` argument of the
functions of a connection script (--connection).
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
from h2rig.server.frametypes import SETTINGS
from h2rig.server.output import script_logger
from h2rig.server.received import (ReceivedData, ReceivedHeaders,
                                   received_frame)
from h2rig.server.waiting import End, Reaction, Waiting, milliseconds
from h2rig.writer import FrameWriter, checked_id, settings_payload

__all__ = ["Automatic", "Connection", "ConnectionTLS", "ConnectionWriter",
           "End", "Reaction", "ReceivedData", "ReceivedHeaders", "Server",
           "Violation"]

#: Kinds of request that `ConnectionTLS.request` can send to the client.
_REQUESTS = ("renegotiation", "client_certificate", "key_update")

#: Most days from now to the end of a leaf's validity, before or after.
_LEAF_DAYS_MAX = 36500

#: Octets of JSON that a note may have.
NOTE_MAX = 1 << 16

_unset = object()

#: Names of the engine's automatic actions, in the order of the bits of its
#: mask (enum session_automatic of src/h2/session.h).
AUTOMATIC = ("settings_ack", "ping_ack", "window_update", "goaway",
             "rst_stream", "checks", "requests", "hold")

class Automatic(MutableSet[str]):
    """`connection.automatic`: the names of the actions that the server takes
    by itself.

    The names are settings_ack, ping_ack, window_update, goaway, rst_stream,
    checks, requests and hold.  A change takes effect at once.  Any other name
    raises ValueError.
    """

    def __init__(self) -> None:
        self._mask = (1 << len(AUTOMATIC)) - 1
        self._changing = threading.Lock()

    @classmethod
    def _from_iterable(cls, it: Iterable[str]) -> Set[str]:  # type: ignore
        # `|`, `&` and `-` make a plain set, which has no effect on the server.
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
        """Has the server take this action by itself from now on."""
        self._change(0, self._bit(name))

    def discard(self, name: str) -> None:
        """Has the server no longer take this action by itself."""
        self._change(self._bit(name), 0)

    def update(self, *names: Iterable[str]) -> None:
        """Adds all of these names."""
        self._change(0, self._bits(*names))

    def clear(self) -> None:
        """Has the server take none of these actions from now on."""
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
    """`connection.tls`: the TLS handshake, which handle_client_hello can
    change.

    An attribute that no script has set is None, and the server chooses the
    value; only alpn is "h2" at first.

    alpn: the protocol that the server selects if the client offers any, also
    one that it did not offer.  None: the answer has no ALPN extension.
    min_version, max_version: "TLSv1", "TLSv1.1", "TLSv1.2" or "TLSv1.3".
    ciphers: cipher suites in OpenSSL's form; "@SECLEVEL=0" allows old ones
    too.  certificate, key: paths of PEM files.  alert: the number or the name
    ("unknown_ca") of an alert, which the server sends instead of an answer.
    delay: seconds before each flight of the server.  tickets: how many session
    tickets the server sends.  max_early_data: octets of early data that the
    server accepts in sessions resumed later.

    A wrong value raises ValueError or TypeError, which say what was expected.
    NotPossible means that the handshake is past that point, or that the
    connection has no TLS.
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
        if name in ("certificate", "key") and value is not None:
            value = os.fsdecode(value)
        _h2rig.tls_set(name, value)
        self.__dict__[name] = value

    def leaf(self, names: Iterable[str], days: int, key: str = "ec",
             signed_by: str = "ca") -> None:
        """Makes a certificate for this connection, and sends it to the client.

        names: host names or addresses, at most 100.  days: how many days the
        certificate is valid; if below 0, it has expired.  key: "ec" or "rsa".
        signed_by: "ca", the CA of --ca or --ca-out, or "self".  A wrong value
        raises ValueError or TypeError.  NotPossible as for the attributes.
        """
        listed = [names] if isinstance(names, str) else list(names)
        if not all(isinstance(name, str) for name in listed):
            raise TypeError("names must be host names or addresses, not %r"
                            % (listed,))
        if not isinstance(days, int):
            raise TypeError("days must be an int, not %r" % (days,))
        if key not in ("ec", "rsa"):
            raise ValueError('key: "%s": expected ec or rsa' % (key,))
        if signed_by not in ("ca", "self"):
            raise ValueError('signed_by: "%s": expected ca or self'
                             % (signed_by,))
        if not -_LEAF_DAYS_MAX <= days <= _LEAF_DAYS_MAX:
            raise ValueError("days: %d: expected days from %d to %d"
                             % (days, -_LEAF_DAYS_MAX, _LEAF_DAYS_MAX))
        _h2rig.tls_leaf(listed, days, key == "rsa", signed_by == "self")

    def request(self, kind: str) -> None:
        """Sends the client a TLS request, once TLS is up.

        kind: "renegotiation", "client_certificate" or "key_update"; any other
        kind raises ValueError.  NotPossible, with the reason, if the client or
        the version of TLS does not allow it.
        """
        if kind not in _REQUESTS:
            raise ValueError("%r cannot be asked for; expected %s"
                             % (kind, ", ".join(_REQUESTS)))
        _h2rig.tls_request(kind)


class ConnectionWriter(FrameWriter):
    """`connection.writer`: sends frames on any stream of the connection.

    stream_id, in each call: None means stream 0.  Checked calls for frames
    that belong to a stream raise `ProtocolError` without a stream_id.
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

        increment: 1 to 2147483647 octets; any other raises ProtocolError, and
        one that makes the window larger than 2147483647 octets raises
        FlowControlError.  stream_id: 0 for the connection's window.
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
        """Does the same as `connection.fence`.  timeout: seconds."""
        return self._connection.fence(timeout)

    def write_transport(self, octets: Union[str, bytes]) -> None:
        """Sends octets below TLS, after all earlier output.  Text is UTF-8.
        """
        self._exchange.write("transport", 0, (), isomorphic.octets(
            octets, "octets", "utf-8"))

    def flood(self, octets: Union[str, bytes], limit_octets: Optional[int],
              limit_frames: Optional[int], seconds: float,
              reading: bool = True) -> int:
        """Sends octets again and again, as fast as the client takes them.

        octets: one or more whole frames, sent whole each time; ValueError if
        empty.  limit_octets, limit_frames: the most octets and frames to send;
        None means no limit.  seconds: how long to send.  reading: whether the
        server reads from the client meanwhile.  Acknowledgements of frames
        that a flood sends count towards no bound on the client.

        Returns how many octets the kernel has taken, in whole repetitions;
        octets that are still queued then are sent, but not counted.
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
    # For C 0 means no limit.
    if n is None:
        return 0
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ValueError("%s must be 1 or more, or None for no limit, not %r"
                         % (what, n))
    return n


class Violation:
    """A rule that the client has broken, or a bound that it has passed.

    code: int, the error code (RFC 9113 §7).  name: str, the name of that code.
    level: "stream" or "connection".  section: the section that has the rule,
    "RFC 9113 §6.9.1" for example; None for a bound of h2rig's own.  text: the
    rule.  frame: the frame that breaks the rule, or None.
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
    """`request.server` and `connection.server`: the settings and the stash.

    path: the default path of the stash.
    """

    __slots__ = ("_path", "_stash")

    def __init__(self, path: str) -> None:
        self._path = path
        self._stash: Optional[stash.Stash] = None

    @property
    def config(self) -> Config:
        """The hosts, ports and paths, under web-platform-tests' names."""
        return options.settings

    @property
    def stash(self) -> stash.Stash:
        """The store that all connections share.  Its default path is the
        path of the request; for `connection.server` it is "/connection".
        """
        if self._stash is None:
            self._stash = stash.Stash(self._path)
        return self._stash


class Connection:
    """`request.connection`: one object that all requests of a connection and
    its connection script share.

    data: a dict in which scripts may keep anything while the connection lasts.
    tls: the TLS handshake, a `ConnectionTLS`.  server: a `Server`, with the
    settings and the stash; the default path of this stash is "/connection".
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

    # Facts about the connection.

    @property
    def id(self) -> int:
        """A number that no other open connection on this machine has."""
        n: int = _h2rig.connection()["id"]
        return n

    @property
    def alpn_protocol(self) -> Optional[str]:
        """The protocol that ALPN (RFC 7301) has selected ("h2"), or None
        without ALPN.
        """
        return _opt(_h2rig.connection()["alpn_protocol"])

    @property
    def tls_version(self) -> Optional[str]:
        """The version of TLS, "TLSv1.3" for example; None in cleartext."""
        return _opt(_h2rig.connection()["tls_version"])

    @property
    def cipher(self) -> Optional[str]:
        """The name of the cipher suite, or None in cleartext."""
        return _opt(_h2rig.connection()["cipher"])

    @property
    def sni(self) -> Optional[str]:
        """The host name that the client asked for (RFC 6066 §3), or None."""
        hello = _h2rig.tls_hello()
        return _opt(_h2rig.connection()["sni"] if hello is None else hello[0])

    @property
    def alpn_offered(self) -> Tuple[str, ...]:
        """The protocols that the client offers by ALPN (RFC 7301), in the
        client's order.  They are known from the ClientHello on, and only with
        --connection; else empty.
        """
        hello = _h2rig.tls_hello()
        return () if hello is None else tuple(hello[1])

    @property
    def tls_versions_offered(self) -> Tuple[str, ...]:
        """The versions of TLS that the client offers; "0x7a7a", say, for one
        without a name.  They are known from the ClientHello on, and only with
        --connection; else empty.
        """
        hello = _h2rig.tls_hello()
        return () if hello is None else tuple(hello[2])

    @property
    def session_reused(self) -> bool:
        """Whether the client has resumed an earlier TLS session."""
        return bool(_h2rig.connection()["session_reused"])

    @property
    def client_address(self) -> Tuple[str, int]:
        """The (address, port) of the client."""
        if self._address is None:
            self._address = _h2rig.connection()["client_address"]
        host, port = self._address
        return host, port

    @property
    def server_port(self) -> int:
        """The port of the server that the client has connected to."""
        port: int = _h2rig.connection()["server_port"]
        return port

    @property
    def client_settings(self) -> Dict[str, int]:
        """The current values of the client's SETTINGS, by their names
        ("INITIAL_WINDOW_SIZE", RFC 9113 §6.5.2).
        """
        values = zip(SETTINGS, _h2rig.connection()["client_settings"])
        # Without MAX_HEADER_LIST_SIZE that is not limited.
        return {name: value for name, value in values
                if name != "MAX_HEADER_LIST_SIZE" or value != 0xffffffff}

    @property
    def logger(self) -> logging.Logger:
        """The same logger as `response.logger`."""
        return script_logger

    @property
    def end(self) -> Optional[End]:
        """How the connection ended, or None if it has not ended."""
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
        """The names of the server's automatic actions: a set that scripts may
        change or assign.
        """
        return self._automatic

    @automatic.setter
    def automatic(self, names: Iterable[str]) -> None:
        self._automatic._change(-1, self._automatic._bits(names))

    @property
    def settings(self) -> Optional[Tuple[Tuple[int, int], ...]]:
        """The SETTINGS that the server sends at the start: (identifier, value)
        pairs in order.  None means that it sends no SETTINGS frame.

        A script may set this until the SETTINGS are sent, to pairs or a dict.
        An identifier is a number or a name.  All numbers of 16 bits and values
        of 32 bits are allowed, also illegal and repeated ones; others raise
        ValueError, and other types TypeError.  ProtocolError once the SETTINGS
        have been sent.
        """
        if self._settings is _unset:
            self._settings = tuple(frames._entries(
                _h2rig.connection()["settings"]))
        settings: Optional[Tuple[Tuple[int, int], ...]] = self._settings
        return settings

    @settings.setter
    def settings(self, pairs: Any) -> None:
        if pairs is None:
            _h2rig.own().write("preface", 0, (), b"", 0, 2)
            self._settings = None
            return
        payload = settings_payload(pairs)
        _h2rig.own().write("preface", 0, (), payload, 0, 1)
        self._settings = tuple(frames._entries(payload))

    @property
    def writer(self) -> ConnectionWriter:
        """The writer that sends frames on any stream of the connection."""
        if self._writer is None:
            self._writer = ConnectionWriter(self, _h2rig.own())
        return self._writer

    def pause_reading(self) -> None:
        """Has the server read nothing from the client until `resume_reading`.
        """
        _h2rig.own().write("pause", 0, (), b"", 0, 1)

    def resume_reading(self) -> None:
        """Has the server read from the client again, after `pause_reading`."""
        _h2rig.own().write("pause")

    def engine_off(self) -> None:
        """Ends HTTP/2: from now on `read` returns the octets that the client
        sends, and only `writer.write_raw` sends octets.
        """
        _h2rig.own().write("engine_off")

    def read(self, n: int, timeout: float = 5.0) -> Optional[bytes]:
        """Waits for octets from the client, after `engine_off`.

        n: the most octets to return, 1 or more.  timeout: seconds.  Returns 1
        to n octets; b"" if the client has ended its side of the connection;
        None if the time is over.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError("n must be 1 or more octets, not %r" % (n,))
        ms = milliseconds(timeout, "timeout")
        self._waiting.let_read()
        return _h2rig.read(n, ms)

    # What the client does.

    @property
    def frames(self) -> List[Any]:
        """The newest 1,000 frames that the client has sent, oldest first, with
        at most 4 MiB of payload.  Without --connection the server keeps frames
        only from the first use of this, `wait`, `fence` or `reaction` on.
        """
        self._waiting.watch()
        return [received_frame(each) for each in _h2rig.frames()]

    def wait(self, type: Union[int, str, None] = None,
             stream_id: Optional[int] = None,
             timeout: float = 5.0) -> Optional[Any]:
        """Waits for the next frame of this type on this stream.

        Only frames after those that this thread has already been given count.
        type: a number or a name; None means any type.  stream_id: None means
        any stream.  timeout: seconds.  Returns the frame, or None if the time
        is over.  ConnectionEnded if the connection ends.
        """
        return self._waiting.wait(
            -1 if type is None else frames.frame_type(type),
            -1 if stream_id is None else _stream(stream_id), timeout)

    def fence(self, timeout: float = 5.0) -> float:
        """Sends PING, and returns the seconds until its acknowledgement.

        The client has then read all that was sent before, since recipients
        process frames in the order they are received (RFC 9113 §5).
        timeout: seconds.  TimeoutError if the time is over; ConnectionEnded if
        the connection ends.
        """
        return self._waiting.fence(timeout)

    def reaction(self, stream_id: Optional[int] = None,
                 timeout: float = 3.0) -> Reaction:
        """Returns how the client reacted to what was sent since the last call.

        Sends PING, and another PING 0.2 s after the first is acknowledged.
        stream_id: only RST_STREAM on this stream counts; None means any
        stream.  timeout: seconds to wait for the acknowledgements, and again,
        after GOAWAY, for the end of the connection.
        """
        return self._waiting.reaction(
            None if stream_id is None else _stream(stream_id), timeout)

    def note(self, name: str, /, **values: Any) -> None:
        """Puts a line of type "note" into the connection's trace (--trace).

        values: values that JSON can express, at most 64 KiB as JSON; else
        TypeError or ValueError.  Without a trace, and after the end of the
        connection, the call has no effect.
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
