# SPDX-License-Identifier: MIT
"""Makes connections, and chooses one for each exchange."""
import contextlib
import os
import re
import select
import signal
import time
from typing import Any, Dict, List, Optional, Union

from badclient import http1, http2
from badclient.exchange import Exchange, Outcome, Target
from badclient.message import values
from badclient.rules import Rules
from badclient.transport import Contexts, Transport

ALTERNATIVE = re.compile(rb'h2="([a-z0-9.-]*):([0-9]{1,5})"')
TICK = 0.01                     # all in seconds; the longest wait of one turn
QUIET = 0.008                   # nothing came for so long: credit may be given
SETTINGS_PATIENCE = 0.5         # wait for SETTINGS before the first request
CONNECT_PROTOCOL_PATIENCE = 1.0     # wait for ENABLE_CONNECT_PROTOCOL
LINGER = 1.0                    # wait for the server's end, after our own
FOLLOW_UP = 2.0                 # at most this much is kept for later entries


class Options:
    """Properties of a client.  hang, crash: see __init__.py."""

    def __init__(self, rules: Rules, ca: Optional[str], allow_push: bool,
                 table_size: int, hang: bool = False,
                 crash: bool = False) -> None:
        self.rules, self.ca, self.allow_push = rules, ca, allow_push
        self.table_size, self.hang, self.crash = table_size, hang, crash


def address(host: str) -> str:
    """Returns the address for a name: 127.0.0.1 for localhost and all names
    below it (RFC 6761 §6.3), else the name."""
    return ("127.0.0.1" if host == "localhost" or host.endswith(".localhost")
            else host)


class Crashing(Exchange):
    """An exchange that crashes the client when DATA comes."""

    def data(self, octets: bytes) -> bool:
        os.abort()


class Link:
    """A transport and, once the protocol is known, its engine."""

    def __init__(self, client: "Client", target: Target) -> None:
        self.rules, self.options = client.rules, client.options
        self.target = target
        self.alpn = ("http/1.1",) if target.h1 else ("h2", "http/1.1")
        self.transport = Transport(
            (address(target.host), target.port), target.host,
            client.contexts if target.scheme == "https" else None, self.alpn)
        self.engine: Union[None, http1.Engine, http2.Engine] = None
        self.why = ""               # why it ended before it had an engine
        self.born = self.heard = time.monotonic()
        self.left_at: Optional[float] = None

    @property
    def usable(self) -> bool:
        """Whether the link may take another exchange, now or later."""
        engine = self.engine
        return not self.why and self.left_at is None and (
            engine is None or not engine.dead and (
                engine.last is None or not self.rules.keeps("goaway")))

    def accepts(self, exchange: Exchange, now: float) -> bool:
        """Returns whether the link takes this exchange now."""
        engine = self.engine
        if engine is None or not engine.can_open():
            return False
        if now < self.born + SETTINGS_PATIENCE and not engine.settings_seen:
            return False
        return (not exchange.needs_connect_protocol or self.connects
                or not self.rules.keeps("connect-protocol"))

    @property
    def connects(self) -> bool:
        """Whether an extended CONNECT is allowed (RFC 8441 §3)."""
        return isinstance(self.engine, http2.Engine) and bool(
            self.engine.settings.get(http2.ENABLE_CONNECT_PROTOCOL))

    def lose(self, exchange: Exchange) -> None:
        """Fails an exchange: the link ended before it opened that one."""
        engine = self.engine
        if engine is None or engine.faulted:
            exchange.fail(self.why or (engine.dead if engine else "closed"))
        else:
            exchange.fail(engine.dead or "GOAWAY", None, unprocessed=True)

    def turn(self, now: float) -> None:
        """Sends and receives what it can without blocking."""
        transport = self.transport
        octets = transport.receive()
        if self.left_at is not None:
            transport.flush()
            return
        if transport.start() and self.engine is None:
            self._speak()
        if self.engine is None:
            self.why = self.why or transport.end
            if self.why:
                self._leave(now)
            return transport.flush()
        self.engine.unwanted(transport.unwanted)
        if octets:
            self.heard = now
        if octets and not self.engine.dead:
            self.engine.receive(octets)
        if transport.end:
            self.engine.closed(transport.end)
        self.engine.produce(now, transport.backlog, now > self.heard + QUIET)
        self.flush()
        if self.engine.last is not None and not self.engine.active():
            self.engine.leave()
        if self.engine.dead:
            self._leave(now)
        return None

    def flush(self) -> None:
        """Sends the engine's output."""
        if self.engine is not None and self.engine.out:
            self.transport.send(bytes(self.engine.out))
            self.engine.out.clear()
        self.transport.flush()

    def _speak(self) -> None:
        alpn = self.transport.alpn
        if self.transport.tls is None or alpn == "h2" \
                or not self.rules.keeps("alpn"):
            self.engine = http2.Engine(self.rules, self.options.allow_push,
                                       self.options.table_size)
        elif alpn == "http/1.1":
            self.engine = http1.Engine(self.rules)
        else:
            self.why = f"ALPN selected {alpn!r}"

    def _leave(self, now: float) -> None:
        self.left_at = now
        self.flush()
        self.transport.finish()

    def leave(self, now: float) -> None:
        """Ends the link, which the client needs no more."""
        if self.engine is not None:
            self.engine.leave()
        if self.left_at is None:
            self._leave(now)

    def over(self, now: float) -> bool:
        """Returns whether the socket can be closed.  The link reads what the
        server still sends, for LINGER seconds: unread octets would make the
        close a reset, by which the server could lose our GOAWAY."""
        return self.left_at is not None and (
            bool(self.transport.end) and not self.transport.out
            or now > self.left_at + LINGER)


class Client:
    """Runs exchanges until they have ended or the time is over."""

    def __init__(self, options: Options) -> None:
        self.options, self.rules = options, options.rules
        self.contexts = Contexts(options.rules, options.ca)
        self.links: List[Link] = []
        self.waiting: Dict[Exchange, Link] = {}     # exchanges not yet open
        self.alternatives: Dict[Target, Target] = {}

    def run(self, entries: List[Dict[str, Any]], seconds: float
            ) -> List[Outcome]:
        """Runs entries of a plan, in order; those with the same "parallel" run
        together.  seconds: for all of them.  Returns their outcomes."""
        end = time.monotonic() + seconds
        outcomes: List[Outcome] = []
        while entries:
            group = [entries[0]]
            while (len(entries) > len(group) and "parallel" in entries[0] and
                   entries[len(group)].get("parallel")
                   == entries[0]["parallel"]):
                group.append(entries[len(group)])
            entries = entries[len(group):]
            reserve = min(FOLLOW_UP, seconds / 5) if entries else 0.0
            kind = Crashing if self.options.crash else Exchange
            outcomes += self._perform(
                [kind(self.rules, entry) for entry in group], end - reserve)
        return outcomes

    def _perform(self, group: List[Exchange], end: float) -> List[Outcome]:
        now = time.monotonic()
        while any(x.outcome is None for x in group) and now < end:
            for x in group:
                if x.outcome is None and not x.opened and now >= x.not_before:
                    self._place(x, now)
            self._turn(TICK)
            now = time.monotonic()
            for x in group:
                if x.outcome is not None and not x.settled:
                    self._learn(x)
                    x.settled = not x.again(now)
        for x in group:
            if x.outcome is None:
                for link in self.links:
                    if link.engine is not None:
                        link.engine.cancel(x)
                x.fail("time is over")
        return [x.outcome or Outcome(0) for x in group]

    # ---- which connection

    def _key(self, target: Target) -> tuple:
        """Returns the key by which exchanges share a connection.  A client
        without rules takes any connection to the same address."""
        if self.rules.keeps("origin"):
            return target
        return address(target.host), target.port

    def _learn(self, x: Exchange) -> None:
        """Learns alternative services.  A client without rules uses any of
        them; the good one uses none, which is allowed (RFC 7838 §2.4)."""
        for value in values(x.fields_received, b"alt-svc"):
            found = ALTERNATIVE.search(value)
            if found and not self.rules.keeps("alternative"):
                self.alternatives[x.target] = x.target._replace(
                    host=found[1].decode() or x.target.host,
                    port=int(found[2]) & 65535)

    def _place(self, x: Exchange, now: float) -> None:
        """Finds or makes a connection for the exchange, and opens the exchange
        on it if the connection takes it now."""
        target = self.alternatives.get(x.target, x.target)._replace(h1=x.h1)
        link = self.waiting.get(x)
        if link is None:
            link = None if x.elsewhere else next(
                (each for each in self.links if each.usable and
                 self._key(each.target) == self._key(target)), None)
            if link is None:
                link = Link(self, target)
                self.links.append(link)
            x.elsewhere = False
            self.waiting[x] = link
        if not link.usable:
            del self.waiting[x]
            link.lose(x)
        elif link.accepts(x, now):
            del self.waiting[x]
            assert link.engine is not None
            link.engine.open(x)
            # Content goes with the HEADERS, before the next frames are read.
            link.engine.produce(now, link.transport.backlog, False)
            link.flush()
            if self.options.hang:
                hang(link)
        elif x.needs_connect_protocol and link.engine is not None and (
                now > link.born + CONNECT_PROTOCOL_PATIENCE):
            x.fail("no ENABLE_CONNECT_PROTOCOL")

    # ---- waiting

    def _turn(self, wait: float) -> None:
        """Waits up to `wait` seconds for a socket; gives each link a turn."""
        reading = [link.transport.sock for link in self.links]
        writing = [link.transport.sock for link in self.links
                   if link.transport.out or not link.transport.connected]
        if not reading:
            time.sleep(wait)
        with contextlib.suppress(ValueError):
            _, able, _ = select.select(reading, writing, [], wait)
            for link in self.links:
                if link.transport.sock in able:
                    link.transport.writable()
        now = time.monotonic()
        for link in list(self.links):
            link.turn(now)
            if link.over(now):
                link.transport.close()
                self.links.remove(link)

    def close(self) -> None:
        """Ends all connections, and waits for their ends."""
        now = time.monotonic()
        for link in self.links:
            link.leave(now)
        end = now + 2 * LINGER
        while self.links and time.monotonic() < end:
            self._turn(TICK)


def hang(link: Link) -> None:
    """Sends the request and does nothing more, until the process that started
    us has ended."""
    link.flush()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
