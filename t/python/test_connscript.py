# SPDX-License-Identifier: MIT
"""Tests of connection scripts: their functions, the arguments, what they set,
and the calls that wait for the client.
"""
import unittest
from unittest import mock

import fake
from h2rig import connection as module
from h2rig import errors
from h2rig.connection import AUTOMATIC, Connection, connection
from h2rig.server import connscript, dispatch, scripts, waiting
from h2rig.server.frametypes import STEPS
from h2rig.server.received import received_frame

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY = 0, 1, 3, 4, 6, 7


def step(name):
    """Returns the event of a step."""
    return (fake.module.EVENT_STEP, STEPS[name])


def received(*args, number=0, **kw):
    """Returns the event of a received frame."""
    return (fake.module.EVENT_RECEIVED,
            (number,) + fake.received(*args, **kw))


class Case(unittest.TestCase):
    def setUp(self):
        fake.module.logged.clear()
        connection.data.clear()
        connscript._functions.clear()
        connection._waiting.__init__()
        self.wire = fake.Wire(serving=fake.module.CONNECTION)

    def tearDown(self):
        fake.configure()

    def configure(self, text):
        path = fake.write("connection.py", text)
        fake.configure(connection=path)
        dispatch.probe()

    def run_it(self, text, *events):
        """Runs the functions of a script.  Returns the exchange."""
        self.configure(text)
        s = self.wire.own
        s.events += [step("accept"), *events]
        dispatch.serve(s)
        return s

    def refused(self, text):
        with self.assertRaises(errors.ConfigError) as e:
            self.configure(text)
        return str(e.exception)


class Functions(Case):
    def test_steps(self):
        s = self.run_it("\n".join(
            "def %s(connection):\n    connection.data[%r] = 1" % (name, name)
            for name in ("handle_accept", "handle_client_hello",
                         "handle_connect", "handle_close", "main")),
            step("client_hello"), step("connect"), step("close"))
        self.assertEqual(s.called, ["(load)", "handle_accept",
                                    "handle_client_hello", "handle_connect",
                                    "handle_close"])
        self.assertEqual(s.sent, [("proceed",)] * 4)
        self.assertEqual(s.wanted, 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14
                         | 1 << 15)
        self.assertEqual((s.finished, s.runner, s.script),
                         (1, None, "connection.py"))
        main = fake.serve(step("main"), id=fake.module.CONNECTION)
        self.assertEqual((main.called, main.sent, main.finished),
                         (["main"], [], 1))
        self.assertEqual(sorted(connection.data), [
            "handle_accept", "handle_client_hello", "handle_close",
            "handle_connect", "main"])

    def test_frames(self):
        s = self.run_it(
            "def handle_ping(frame, connection):\n"
            "    connection.data['ping'] = frame\n    return True\n"
            "def handle_unknown(frame, connection):\n"
            "    connection.data['unknown'] = frame\n    return 1\n",
            received(PING, b"12345678", flags=1),
            received(0xee, b"x", number=1))
        self.assertEqual(s.called, ["(load)", "handle_ping", "handle_unknown"])
        self.assertEqual(s.sent, [("proceed",), ("proceed", 1), ("proceed",)])
        self.assertEqual(s.wanted, 1 << PING | 1 << 31)
        ping, unknown = connection.data["ping"], connection.data["unknown"]
        self.assertEqual((ping.type, ping.data, ping.flags, ping.length),
                         ("PING", b"12345678", {"ACK"}, 8))
        self.assertEqual((unknown.type, unknown.data), (0xee, b"x"))

    def test_every_other_type(self):
        s = self.run_it(
            "def handle_frame(frame, connection):\n"
            "    connection.data[frame.type] = 'frame'\n"
            "def handle_data(frame, connection):\n"
            "    connection.data[frame.type] = 'data'\n",
            received(DATA), received(SETTINGS), received(0xee), received(16))
        self.assertEqual(connection.data, {
            "DATA": "data", "SETTINGS": "frame", 0xee: "frame",
            "PRIORITY_UPDATE": "frame"})
        self.assertEqual(s.wanted, sum(1 << n for n in (
            0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 31)))

    def test_headers_and_data(self):
        self.run_it(
            "def handle_frame(frame, connection):\n"
            "    connection.data[frame.type] = frame\n",
            received(HEADERS, b"block", 1, 0x2d, [(b":method", b"GET")],
                     (3, 16, True)),
            received(DATA, b"\2abc\0\0", 1, 0x9))
        head, data = connection.data["HEADERS"], connection.data["DATA"]
        self.assertEqual(
            (head.headers, head.payload, head.priority, head.stream_ended,
             sorted(head.flags)),
            ([(":method", "GET")], b"block", (3, 16, True), True,
             ["END_HEADERS", "END_STREAM", "PADDED", "PRIORITY"]))
        self.assertEqual(
            (data.data, data.payload, data.flow_controlled_length,
             data.length, data.stream_ended, sorted(data.flags)),
            (b"abc", b"\2abc\0\0", 6, 6, True, ["END_STREAM", "PADDED"]))

    def test_violation(self):
        s = self.run_it(
            "def handle_violation(error, connection):\n"
            "    connection.data.setdefault('errors', []).append(error)\n",
            (fake.module.EVENT_VIOLATION, "stream", 3,
             "more DATA than the stream's window (RFC 9113 6.9.1)",
             (0,) + fake.received(DATA, b"x", 1)),
            (fake.module.EVENT_VIOLATION, "connection", 11, "past a bound",
             None),
            (fake.module.EVENT_VIOLATION, "connection", 6, "a length (RFC "
             "7541 6.1)", (1,) + fake.received(SETTINGS, b"12345678")))
        first, second, third = connection.data["errors"]
        self.assertEqual(
            (first.level, first.code, first.name, first.section,
             first.frame.data),
            ("stream", 3, "FLOW_CONTROL_ERROR", "RFC 9113 §6.9.1", b"x"))
        self.assertIn("window", first.text)
        self.assertEqual((second.section, second.frame, second.level),
                         (None, None, "connection"))
        self.assertEqual((third.section, third.frame.payload),
                         ("RFC 7541 §6.1", b"12345678"))
        self.assertEqual(s.sent, [("proceed",)])

    def test_frames_that_are_too_short(self):
        for kind in range(20):
            for n in range(10):
                frame = received_frame((0,) + fake.received(
                    kind, b"x" * n, 1, 0xff))
                self.assertEqual(frame.payload, b"x" * n)
                repr(frame)

    def test_exceptions_count_as_none(self):
        s = self.run_it(
            "def handle_ping(frame, connection):\n    1 / 0\n"
            "def handle_settings(frame, connection):\n"
            "    raise SystemExit(3)\n"
            "def handle_goaway(frame, connection):\n"
            "    from h2rig.errors import HandlerTimeout\n"
            "    raise HandlerTimeout\n",
            received(PING, b"12345678"), received(SETTINGS), received(GOAWAY))
        self.assertEqual(s.sent, [("proceed",)] * 4)
        text = fake.logged("error")
        self.assertIn("connection script connection.py, handle_ping: "
                      "Traceback", text)
        self.assertIn("connection.py\", line 2", text)
        self.assertIn("ZeroDivisionError", text)
        self.assertIn("handle_settings: Traceback", text)
        self.assertIn("HandlerTimeout", text)

    @mock.patch.object(scripts, "_is_ours", lambda name: True)
    def test_wrong_parameters(self):
        self.run_it("def handle_ping(frame):\n    pass\n"
                    "def handle_accept(frame, connection):\n    pass\n"
                    "handle_settings = 5\n"
                    "def handle_violation(connection):\n    pass\n",
                    received(PING, b"12345678"), received(SETTINGS),
                    (fake.module.EVENT_VIOLATION, "stream", 1, "", None))
        text = fake.logged("error")
        for each in ("handle_ping is called as handle_ping(frame, connection)"
                     ", but defined as handle_ping(frame)",
                     "handle_accept is called as handle_accept(connection)",
                     "handle_settings is 5; expected a function "
                     "handle_settings(frame, connection)",
                     "as handle_violation(error, connection)"):
            self.assertIn(each, text)

    def test_the_lock_of_the_stash_is_let_go(self):
        s = self.run_it(
            "def handle_accept(connection):\n"
            "    connection.server.stash.lock.acquire()\n"
            "    if 'raises' in connection.data: raise ValueError\n"
            "def handle_close(connection):\n"
            "    with connection.server.stash.lock:\n"
            "        connection.data['locked'] = True\n", step("close"))
        self.assertEqual(connection.data, {"locked": True})
        self.assertEqual((fake.logged("error"), s.finished), ("", 1))
        connection.data["raises"] = True
        s = self.wire.own = fake.Exchange(step("accept"), step("close"),
                                          id=fake.module.CONNECTION)
        connection.data["locked"] = False
        dispatch.serve(s)
        self.assertIn("ValueError", fake.logged("error"))
        self.assertTrue(connection.data["locked"])

    def test_client_that_has_left(self):
        self.wire.over = True
        self.run_it("from h2rig.errors import ConnectionEnded\n"
                    "def handle_accept(connection):\n"
                    "    raise ConnectionEnded('gone')\n")
        self.assertEqual(fake.logged("error"), "")
        self.assertIn("ConnectionEnded: gone", fake.logged("debug"))


class Loading(Case):
    def test_what_does_not_load(self):
        text = self.refused("def main(:\n")
        self.assertRegex(text, r"connection\.py, line 1: SyntaxError")
        text = self.refused("\nimport nothing_of_this_name\n")
        self.assertRegex(text, r"connection\.py, line 2: ModuleNotFoundError")
        self.assertIn("line 1: SystemExit", self.refused("raise SystemExit"))

    def test_no_function(self):
        text = self.refused("def handle_setings(frame, connection): pass\n")
        self.assertIn("defines no function of a connection", text)
        self.assertIn("it defines handle_setings: did you mean "
                      "handle_settings?", text)
        self.assertIn("expected one of", text)

    def test_name_that_is_nearly_right(self):
        self.configure("def main(connection): pass\n"
                       "def handle_goway(frame, connection): pass\n")
        self.assertIn("did you mean handle_goaway?", fake.logged("warn"))

    def test_no_file(self):
        with self.assertRaises(errors.ConfigError) as e:
            fake.configure(connection="/nowhere/at/all.py")
        self.assertRegex(str(e.exception), "/nowhere/at/all.py.*expected a "
                         "Python file with functions of connections")

    def test_fails_in_the_connection_only(self):
        s = self.run_it("import h2rig.server.config\n"
                        "if 'fail' in h2rig.connection.connection.data:\n"
                        "    raise ValueError('here')\n"
                        "def main(connection): pass\n")
        self.assertEqual(s.wanted, 1 << 14)
        connscript._functions.clear()
        s = self.wire.own = fake.Exchange(step("accept"),
                                          id=fake.module.CONNECTION)
        connection.data["fail"] = True
        dispatch.serve(s)
        self.assertEqual((s.wanted, s.sent), (0, [("proceed",)]))
        self.assertRegex(fake.logged("error"), r"\(load\): Traceback(.|\n)*"
                         r"line 3(.|\n)*ValueError: here")


class Sets(Case):
    def setUp(self):
        super().setUp()
        self.c = Connection()

    def sent(self):
        sent, self.wire.own.sent[:] = list(self.wire.own.sent), []
        return sent

    def test_automatic(self):
        names = self.c.automatic
        self.assertEqual(list(names), list(AUTOMATIC))
        names.remove("ping_ack")
        names.discard("ping_ack")
        self.assertEqual(self.sent(), [("automatic", 0xfd)])
        self.assertRaises(KeyError, names.remove, "ping_ack")
        names.add("ping_ack")
        names -= {"settings_ack", "hold"}
        self.assertEqual(names & {"hold", "checks"}, {"checks"})
        self.assertEqual(self.sent()[0], ("automatic", 0xff))
        self.assertNotIn("hold", names)
        self.assertEqual(len(names), 6)
        self.c.automatic = {"checks"}
        self.assertEqual(self.sent()[-1], ("automatic", 0x20))
        self.c.automatic |= {"hold"}
        self.assertEqual(sorted(self.c.automatic), ["checks", "hold"])
        names.clear()
        self.assertEqual(self.sent()[-1], ("automatic",))
        for wrong in (lambda: names.add("ping"), lambda: names.discard(5),
                      lambda: "acks" in names,
                      lambda: setattr(self.c, "automatic", ["checks", ""]),
                      lambda: names.update({"x"})):
            with self.assertRaises(ValueError) as e:
                wrong()
            self.assertIn("expected settings_ack, ping_ack, window_update, "
                          "goaway, rst_stream, checks, requests, hold",
                          str(e.exception))
        self.assertEqual(list(names), [])

    def test_settings(self):
        self.assertEqual(self.c.settings, ((4, 262144),))
        self.c.settings = [("INITIAL_WINDOW_SIZE", 0), (4, 0xffffffff),
                           (0x7777, 5)]
        self.assertEqual(self.c.settings, ((4, 0), (4, 0xffffffff),
                                           (0x7777, 5)))
        self.c.settings = None
        self.assertIsNone(self.c.settings)
        self.c.settings = {}
        self.assertEqual(self.c.settings, ())
        self.assertEqual(self.sent(), [
            ("preface", bytes.fromhex("000400000000" "0004ffffffff"
                                      "777700000005"), 1),
            ("preface", 2), ("preface", 1)])
        for wrong, kind in (([("NAME", 1)], ValueError), ([(4, -1)],
                            ValueError), ([(4, "1")], TypeError),
                            ([(1 << 16, 1)], ValueError), (5, TypeError)):
            with self.assertRaises(kind):
                self.c.settings = wrong
        self.assertEqual((self.c.settings, self.sent()), ((), []))

    def test_tls(self):
        with mock.patch.object(fake.module, "tls_set", create=True) as tls_set:
            self.c.tls.alpn = None
            self.c.tls.alert = "unknown_ca"
            self.assertEqual(tls_set.mock_calls, [
                mock.call("alpn", None), mock.call("alert", "unknown_ca")])
            tls_set.side_effect = ValueError("no alert 5")
            with self.assertRaises(ValueError):
                self.c.tls.alert = 5
        self.assertEqual((self.c.tls.alpn, self.c.tls.alert,
                          self.c.tls.ciphers), (None, "unknown_ca", None))
        with self.assertRaises(AttributeError) as e:
            self.c.tls.cipher = "x"
        self.assertIn("expected alpn, min_version", str(e.exception))

    def test_names_that_it_does_not_have(self):
        with self.assertRaises(AttributeError):
            self.c.setings = None

    def test_writer(self):
        w = self.c.writer
        w.write_raw_frame("SETTINGS", payload=b"x" * 6)
        w.write_raw_header_frame([("a", "b")], 5, end_headers=True)
        w.window_update(5)
        w.window_update(6, 3)
        w.settings([(4, 5)])
        w.write_headers([], 200, stream_id=3)
        w.write_trailers([("a", "b")], stream_id=3)
        w.write_informational(103, stream_id=3)
        w.write_data("\u00e9", stream_id=3)
        w.write_transport("x")
        w.close("close_notify")
        self.assertEqual(w.flood(b"abc", None, 5, 0.5, False), 99)
        self.assertEqual(self.sent(), [
            ("frame", 4, 0, 0, b"x" * 6),
            ("block", 1, 4, 5, b"", [(b"a", b"b")]),
            ("window_update", 5), ("window_update", 3, 6),
            ("settings", bytes.fromhex("000400000005")),
            ("headers", [(b":status", b"200")], False, 3),
            ("headers", [(b"a", b"b")], True, 3),
            ("headers", [(b":status", b"103")], False, 3),
            ("data", b"\xc3\xa9", False, 3),
            ("transport", b"x"), ("close", "close_notify"),
            ("flood", b"abc", 0, 5, 500, False)])

    def test_writer_without_a_stream(self):
        w = self.c.writer
        for call in (lambda: w.write_headers([], 200),
                     lambda: w.write_data("x"), w.end_stream,
                     lambda: w.reset_stream(), lambda: w.write_trailers([]),
                     lambda: w.window_update(0),
                     lambda: w.window_update(1 << 31),
                     lambda: w.write_push([(":method", "GET")])):
            self.assertRaises(errors.ProtocolError, call)
        for arguments in ((b"", None, None, 1), (b"x", 0, None, 1),
                          (b"x", None, -5, 1), (b"x", None, None, -1)):
            self.assertRaises(ValueError, w.flood, *arguments)
        self.assertRaises(TypeError, w.flood, b"x", None, None, "1")
        self.assertEqual(self.sent(), [])

    def test_reading(self):
        self.c.pause_reading()
        self.c.resume_reading()
        self.c.engine_off()
        with mock.patch.object(fake.module, "read", create=True,
                               return_value=b"GET") as read:
            self.assertEqual(self.c.read(10, 0.25), b"GET")
            self.assertEqual(read.mock_calls, [mock.call(10, 250)])
        self.assertRaises(ValueError, self.c.read, 0)
        self.assertEqual(self.sent(), [("pause", 1), ("pause",),
                                       ("engine_off",), ("release",)])

    def test_what_is_known(self):
        self.assertEqual((self.c.server_port, self.c.alpn_offered,
                          self.c.tls_versions_offered, self.c.sni),
                         (8443, (), (), None))
        with mock.patch.object(fake.module, "tls_hello", lambda: (
                "name.test", ["h2", "http/1.1"], ["TLSv1.3"])):
            self.assertEqual((self.c.alpn_offered, self.c.sni,
                              self.c.tls_versions_offered),
                             (("h2", "http/1.1"), "name.test", ("TLSv1.3",)))
        self.c.server.stash.put("11111111-1111-4111-8111-111111111111", 1)
        self.assertEqual(self.c.server.stash.take(
            "11111111-1111-4111-8111-111111111111", "/connection"), 1)


class Waits(Case):
    def use(self, *come, **kw):
        self.wire = fake.Wire(*come, **kw)
        self.c = Connection()
        return self.c

    def test_wait(self):
        c = self.use(fake.received(SETTINGS), fake.received(DATA, b"a", 1),
                     fake.received(DATA, b"b", 3),
                     fake.received(DATA, b"c", 1))
        self.assertEqual(c.wait("SETTINGS").type, "SETTINGS")
        self.assertEqual(c.wait("DATA", 1).data, b"a")
        self.assertEqual(c.wait(0, 1).data, b"c")
        self.assertIsNone(c.wait(timeout=0))
        self.assertEqual(len(c.frames), 4)
        self.assertEqual(self.wire.own.sent, [("watch",)])

    def test_each_thread_has_a_place_of_its_own(self):
        c = self.use(fake.received(DATA, b"a", 1), serving=1)
        self.assertEqual(c.wait().data, b"a")
        self.assertIsNone(c.wait())
        self.wire.serves = fake.module.CONNECTION + 1
        self.assertEqual(c.wait().data, b"a")
        self.wire.serves = fake.module.CONNECTION
        c._waiting.given((0,) + fake.received(DATA, b"a", 1))
        self.assertIsNone(c.wait())
        self.assertEqual(self.wire.own.sent, [("watch",), ("release",)])

    def test_the_place_of_a_stream_goes_with_it(self):
        self.wire = fake.Wire(fake.received(PING, b"12345678"), serving=1)
        s = fake.script("def main(request, response):\n"
                        "    return request.connection.wait().data\n")
        self.assertEqual(s.frames()[-1][2], b"12345678")
        self.assertEqual(connection._waiting.positions, {})

    def test_wait_at_the_end(self):
        c = self.use(fake.received(PING, b"12345678"), ("FIN", 1., None, None))
        self.assertEqual(c.wait("PING").data, b"12345678")
        self.assertRaises(errors.ConnectionEnded, c.wait)

    def test_wrong_arguments(self):
        c = self.use()
        for call, kind in ((lambda: c.wait("NOTHING"), ValueError),
                           (lambda: c.wait(256), ValueError),
                           (lambda: c.wait(stream_id=-1), ValueError),
                           (lambda: c.wait(stream_id="1"), TypeError),
                           (lambda: c.wait(timeout="1"), TypeError),
                           (lambda: c.wait(timeout=-1), ValueError),
                           (lambda: c.wait(timeout=float("nan")), ValueError),
                           (lambda: c.fence(None), TypeError),
                           (lambda: c.reaction(timeout=-1), ValueError),
                           (lambda: c.reaction("x"), TypeError)):
            self.assertRaises(kind, call)
        self.assertIsNone(c.wait(timeout=float("inf")))

    def test_fence(self):
        c = self.use(fake.received(PING, b"not this", 0, 1),
                     fake.received(PING, b"12345678"), fake.pong(0))
        self.assertGreater(c.fence(), 0)
        ops = [s[0] for s in self.wire.own.sent]
        self.assertEqual(ops, ["watch", "ping", "note"])
        self.assertTrue(self.wire.own.sent[1][1].startswith(
            waiting.PING_MARK))
        with self.assertRaises(TimeoutError) as e:
            c.fence(0.01)
        self.assertIn("within 0.01 s", str(e.exception))
        self.wire.come.append(("FIN", 1., None, None))
        self.assertRaises(errors.ConnectionEnded, c.writer.fence)

    def test_fence_when_nothing_can_be_sent(self):
        c = self.use()
        with mock.patch.object(self.wire.own, "_ping",
                               side_effect=errors.StreamClosedError("gone")):
            self.assertRaises(errors.ConnectionEnded, c.fence)

    def kinds(self, *come, stream_id=None):
        c = self.use(*come)
        with mock.patch.object(waiting, "REACTION_PAUSE", 0):
            return c.reaction(stream_id, 0.01)

    def test_reactions(self):
        goaway = fake.received(GOAWAY, bytes(3) + b"\1" + bytes(3) + b"\7")
        reset = fake.received(RST_STREAM, bytes(3) + b"\5", 3)
        fin, rst = ("FIN", 1., None, None), ("RST", 1., None, None)
        alert = ("alert", 1., 48, "unknown_ca")
        for come, stream_id, want in (
                ((fake.pong(0), fake.pong(1)), None,
                 ("alive", None, None, None)),
                ((fake.pong(0),), None, ("silent", None, None, None)),
                ((), None, ("silent", None, None, None)),
                ((reset, fake.pong(0), fake.pong(1)), None,
                 ("rst_stream", 5, "STREAM_CLOSED", None)),
                ((reset, fake.pong(0), fake.pong(1)), 3,
                 ("rst_stream", 5, "STREAM_CLOSED", None)),
                ((reset, fake.pong(0), fake.pong(1)), 1,
                 ("alive", None, None, None)),
                ((reset, fake.pong(0), goaway), None,
                 ("goaway", 7, "REFUSED_STREAM", None)),
                ((goaway, fin), None, ("goaway", 7, "REFUSED_STREAM",
                                       "closed")),
                ((goaway, rst), None, ("goaway", 7, "REFUSED_STREAM",
                                       "reset")),
                ((reset, fin), None, ("rst_stream", 5, "STREAM_CLOSED", None)),
                ((alert,), None, ("tls_alert", 48, "unknown_ca", None)),
                ((fake.pong(0), rst), None, ("reset", None, None, None)),
                ((fin,), None, ("closed", None, None, None)),
                ((("close_notify", 1., None, None),), None,
                 ("closed", None, None, None))):
            found = self.kinds(*come, stream_id=stream_id)
            with self.subTest(found):
                self.assertEqual(
                    (found.kind, found.code, found.name, found.then), want)
                self.assertGreaterEqual(found.seconds, 0)
                self.assertEqual(found.frame is not None,
                                 found.kind in ("goaway", "rst_stream"))

    def test_the_first_of_several_events(self):
        found = self.kinds(("close_notify", 1., None, None))
        self.wire.events += [("FIN", 2., None, None),
                             ("alert", 2., 40, "handshake_failure")]
        end = self.c.end
        self.assertEqual((found.kind, end.kind, end.code, end.by, end.seconds),
                         ("closed", "tls_alert", 40, "client", 2.))
        self.assertEqual(end.order, ["close_notify", "FIN", "alert"])

    def test_what_was_seen_is_not_seen_again(self):
        reset = fake.received(RST_STREAM, bytes(4), 3)
        c = self.use(reset, *map(fake.pong, range(4)))
        with mock.patch.object(waiting, "REACTION_PAUSE", 0):
            self.assertEqual(c.reaction().kind, "rst_stream")
            self.assertEqual(c.reaction().kind, "alive")
        self.assertIsNone(c.end)


class Public(unittest.TestCase):
    def test_kinds_of_errors(self):
        self.assertTrue(issubclass(errors.ConnectionEnded,
                                   errors.StreamClosedError))
        self.assertTrue(issubclass(errors.NotPossible, errors.H2Error))
        self.assertIs(module.connection, connection)
