# SPDX-License-Identifier: MIT
"""Tests of the rules of handlers: from events to functions and frames sent."""
import gc
import json
import os
import threading
import unittest
from unittest import mock

import fake
from h2rig import errors
from h2rig.connection import connection
from h2rig.request import Request
from h2rig.server import body, dispatch

REVERSE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "doc", "examples", "reverse.py")


ECHO = """
def handle_headers(frame, request, response):
    response.write_status_headers()
def handle_data(frame, request, response):
    response.writer.write_data(frame.data)
"""


class Case(unittest.TestCase):
    def setUp(self):
        fake.module.logged.clear()
        connection.data.clear()

    def respond(self, s, status, body=None, fields=None):
        kind, got, octets, end = s.frames()[-1]
        self.assertEqual(kind, "respond")
        self.assertEqual(got[0], (b":status", b"%d" % status))
        if body is not None:
            self.assertEqual(octets, body)
        if fields is not None:
            self.assertEqual(got[1:], fields)
        self.assertTrue(end)
        self.assertEqual(s.finished, 1)
        return octets

    def main(self, text, method="GET", **kw):
        return fake.script("def main(request, response):\n    " + text,
                           fake.headers(method, "/script.py", **kw))


def sent_octets(s):
    """Returns all content that was sent."""
    return b"".join(part for sent in s.frames() for part in sent
                    if isinstance(part, bytes))


def post(*fields, end=False):
    return fake.headers("POST", "/script.py", fields, end)


class Documented(Case):
    def run_it(self, *fields):
        with open(REVERSE, "rb") as f:
            text = f.read()
        return fake.script(text, post(*fields), fake.data(b"abc"),
                           fake.data(b"12", True, padding=3))

    def test_a_status_that_is_not_final(self):
        path = fake.write("interim.py", "def main(request, response):\n"
                          "    return 103, [], b'content'\n")
        s = fake.serve(fake.headers(path="/" + os.path.basename(path)))
        self.assertEqual(len(s.sent), 1)
        self.assertEqual(s.sent[0][1][0], (b":status", b"500"))
        self.assertIn(b"status 103", s.sent[0][2])

    def test_errors_that_have_no_content(self):
        for code in 204, 304:
            path = fake.write("none.py", "from h2rig.errors import "
                              "HTTPException\ndef main(request, response):\n"
                              "    raise HTTPException(%d, 'm')\n" % code)
            s = fake.serve(fake.headers(path="/" + os.path.basename(path)))
            self.assertEqual((s.sent[0][1], s.sent[0][2]),
                             ([(b":status", b"%d" % code)], b""))

    def test_pass(self):
        s = self.run_it((b"test", b"pass"))
        self.assertEqual(s.sent, [
            ("headers", [(b":status", b"200"), (b"test", b"passed")], False,
             0),
            ("data", b"cba", False, 0), ("consume", 3),
            ("data", b"21", False, 0), ("consume", 5),
            ("data", b"\nEnd of File", True, 0)])
        self.assertEqual(s.called, ["(load)", "handle_headers", "handle_data",
                                    "handle_data", "main"])
        self.assertEqual((s.finished, s.runner), (1, None))

    def test_fail(self):
        s = self.run_it((b"test", b"other"))
        self.assertEqual(s.frames(), [
            ("headers", [(b":status", b"403"), (b"test", b"failed")], False,
             0), ("data", b"", True, 0)])
        self.assertEqual((s.consumed, s.finished), (8, 1))
        self.assertIn("StreamClosedError", fake.logged("debug"))
        self.assertEqual(fake.logged("error"), "")

    def test_without(self):
        s = self.run_it()
        error = json.loads(self.respond(s, 500))["error"]
        self.assertEqual(error["code"], 500)
        self.assertIn("KeyError: 'test'", error["message"])
        self.assertIn("KeyError: 'test'", fake.logged("error"))
        self.assertEqual(s.called, ["(load)", "handle_headers"])
        self.assertEqual(s.consumed, 8)


class Results(Case):
    def test_forms(self):
        for text, status, body, fields in (
                ("return None", 200, b"", []),
                ("return 'caf\u00e9'", 200, b"caf\xc3\xa9", []),
                ("return b'x'", 200, b"x", []),
                ("return [('A', 1)], 'x'", 200, b"x", [(b"a", b"1")]),
                ("return 404, [], 'x'", 404, b"x", []),
                ("return (418, 'tea'), [('a', 'b')], b'x'", 418, b"x",
                 [(b"a", b"b")]),
                ("return ['a', b'b']", 200, b"ab", []),
                ("response.status = 201; response.content = 'y'", 201, b"y",
                 [])):
            with self.subTest(text=text):
                self.respond(self.main(text), status, body, fields)

    def test_produced(self):
        for text in ("return ['a', lambda: b'b']",
                     "return (c for c in 'ab')"):
            with self.subTest(text=text):
                s = self.main(text)
                self.assertEqual(s.frames(), [
                    ("respond", [(b":status", b"200")], b"", False),
                    ("data", b"a", False, 0), ("data", b"b", False, 0),
                    ("data", b"", True, 0)])
                self.assertEqual(s.called[-1], "content of main")

    def test_file(self):
        s = self.main("import io; return io.BytesIO(b'x' * 70000)")
        self.assertEqual([len(f[1]) for f in s.frames()[1:]],
                         [65536, 4464, 0])

    def test_head(self):
        for text in ("return [('a', 'b')], 'x'",
                     "return [('a', 'b')], (c for c in 'x')"):
            self.respond(self.main(text, "HEAD"), 200, b"", [(b"a", b"b")])
        s = self.main("response.send_body_for_head_request = True\n"
                      "    return 'x'", "HEAD")
        self.respond(s, 200, b"x")

    def test_impossible(self):
        for text, say in (
                ("return 1, 2, 3, 4", "tuple of 4 items"),
                ("return [], None", "None as content"),
                ("return None, 'x'", "None as headers"),
                ("return 5", "int: 5"),
                ("return 'x', [], 'y'", "status"),
                ("return [('a',)], 'y'", "pair"),
                ("return [('a', None)], 'y'", "value of header 'a'"),
                ("return [('a', '\u0439')], 'y'", "U+0439")):
            with self.subTest(text=text):
                body = self.respond(self.main(text), 500)
                self.assertIn(say, json.loads(body)["error"]["message"])

    def test_item_of_wrong_type(self):
        s = self.main("return ['a', lambda: 5]")
        self.assertEqual(s.frames()[-1], ("reset", 2, 0))
        self.assertIn("an item of the content", fake.logged("error"))

    def test_after_headers_result_is_dropped(self):
        s = self.main("response.write_status_headers(); return 'x'")
        self.assertEqual(s.frames(), [
            ("headers", [(b":status", b"200")], False, 0),
            ("data", b"", True, 0)])
        self.assertIn("dropped", fake.logged("warn"))

    def test_left_open(self):
        for text, sent in (
                ("response.write_status_headers()\n"
                 "    response.writer.stream_ended = True", 1),
                ("response.writer.content_written = True", 0)):
            s = self.main(text)
            self.assertEqual((len(s.frames()), s.ended, s.finished),
                             (sent, False, 1))
        s = self.main("response.writer.stream_ended = True; return 'x'")
        self.assertEqual(s.frames()[-1][2:], (b"x", False))

    def test_raw_headers_count(self):
        s = self.main("response.writer.write_raw_header_frame("
                      "[(':status', 200)], end_headers=True)")
        self.assertEqual([f[0] for f in s.frames()], ["block", "data"])
        self.assertTrue(s.ended)

    def test_gathered_goes_out(self):
        s = self.main("response.writer.write_status(404)\n"
                      "    response.writer.write_header('A', 'b')\n"
                      "    return [('c', 'd')], 'x'")
        self.respond(s, 404, b"x", [(b"a", b"b"), (b"c", b"d")])

    def test_begun_by_another_streams_script_meanwhile(self):
        def begun(exchange, *unused):
            exchange.headers_sent = True
            return 0

        for line in "pass", "response.writer.write_header('A', 'b')":
            with mock.patch.object(fake.Exchange, "_response", begun):
                s = self.main(line)
            self.assertEqual(s.frames(), [("data", b"", True, 0)], line)
            self.assertIn("another stream's script", fake.logged("warn"))

    def test_literal_without_blank_line(self):
        s = self.main("response.writer.write('HTTP/1.1 204 x\\r\\nA: b')")
        self.assertEqual(s.frames(), [
            ("headers", [(b":status", b"204"), (b"a", b"b")], False, 0),
            ("data", b"", True, 0)])

    def test_close_connection(self):
        s = self.main("response.close_connection = True; return 'x'")
        self.assertEqual([f[0] for f in s.frames()], ["respond", "close"])

    def test_decorators(self):
        s = fake.script("from wptserve.handlers import json_handler\n"
                        "@json_handler\n"
                        "def main(request, response):\n"
                        "    return 201, [('a', 'b')], {'x': 1}\n")
        self.respond(s, 201, b'{"x": 1}', [
            (b"content-type", b"application/json"), (b"content-length", b"8"),
            (b"a", b"b")])
        s = fake.script("from wptserve.handlers import handler\n"
                        "@handler\n"
                        "def main(request, response):\n    return 'x'\n")
        self.respond(s, 200, b"x")


class Errors(Case):
    def test_http_exception(self):
        text = ("from wptserve.utils import HTTPException\n"
                "def %s:\n    raise HTTPException(404, 'nothing')\n")
        for where in ("main(request, response)",
                      "handle_headers(frame, request, response)",
                      "handle_data(frame, request, response)"):
            s = fake.script(text % where, post(), fake.data(b"x", True))
            body = self.respond(s, 404)
            self.assertEqual(json.loads(body)["error"],
                             {"code": 404, "message": "nothing"})
            self.assertEqual(s.consumed, 1)

    def test_http_exception_of_another_module(self):
        s = fake.script("class HTTPException(Exception):\n"
                        "    code = 410\n    message = 'own'\n"
                        "def main(request, response):\n"
                        "    raise HTTPException()\n")
        self.respond(s, 410)

    def test_later_functions_are_not_run(self):
        s = fake.script(
            "def handle_headers(*a):\n    1 / 0\n"
            "def handle_data(*a):\n    pass\n"
            "def main(*a):\n    pass\n",
            post(), fake.data(b"x"), fake.data(b"y", True))
        self.respond(s, 500)
        self.assertEqual(s.called, ["(load)", "handle_headers"])
        self.assertEqual((s.consumed, s.finished), (2, 1))

    def test_after_headers_reset(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    response.write_status_headers()\n    1 / 0\n",
            post(), fake.data(b"x", True))
        self.assertEqual(s.frames()[-1], ("reset", 2, 0))
        self.assertIn("ZeroDivisionError", fake.logged("error"))

    def test_odd_exceptions(self):
        s = self.main("raise ValueError('\\udcff, a name')")
        self.assertIn("udcff, a name", self.respond(s, 500).decode())
        self.assertIn("\\udcff, a name", fake.logged("error"))
        s = fake.script("class E(Exception):\n    @property\n"
                        "    def code(self):\n        1 / 0\n"
                        "def main(request, response):\n    raise E('own')\n")
        self.assertIn("E: own", self.respond(s, 500).decode())
        s = fake.script("__name__ = 5\n"
                        "def main(request, response):\n    {}['key']\n")
        self.assertIn("KeyError", self.respond(s, 500).decode())

    def test_exit_is_an_exception(self):
        self.respond(self.main("import sys; sys.exit(0)"), 500)

    def test_run_time_limit(self):
        s = self.main("from h2rig.errors import HandlerTimeout\n"
                      "    raise HandlerTimeout()")
        self.respond(s, 500)

    def test_traceback_begins_in_the_script(self):
        for level, ours in ("info", self.assertNotIn), (
                "debug", self.assertIn):
            with mock.patch.object(dispatch.options, "log_level", level):
                self.main("1 / 0")
                ours("dispatch.py", fake.logged("error"))
                self.assertIn('script.py", line 2, in main',
                              fake.logged("error"))

    def test_hide_tracebacks(self):
        dispatch.options.hide_tracebacks = True
        try:
            body = self.respond(self.main("{}['key']"), 500)
        finally:
            dispatch.options.hide_tracebacks = False
        self.assertEqual(json.loads(body)["error"]["message"],
                         "KeyError: 'key'")

    def test_syntax_error(self):
        s = fake.script("def main(request, response):\n    return 1 +\n")
        message = json.loads(self.respond(s, 500))["error"]["message"]
        for text in ("script.py", "line 2", "invalid syntax"):
            self.assertIn(text, message)
            self.assertIn(text, fake.logged("error"))

    def test_no_function(self):
        message = json.loads(self.respond(fake.script("x = 1"), 500))[
            "error"]["message"]
        self.assertEqual(message, "No main function or handlers in script "
                         + os.path.join(fake.DOC_ROOT, "script.py"))

    def test_closed_for_another_stream_is_an_error(self):
        s = self.main("from h2.exceptions import StreamClosedError\n"
                      "    raise StreamClosedError(5)")
        self.respond(s, 500)

    def test_classes_are_the_same(self):
        import h2.exceptions
        self.assertIs(h2.exceptions, errors)

    def test_reset_by_the_script_ends_the_exchange(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    response.writer.reset_stream('CANCEL')\n"
            "def main(request, response):\n    return 'x'\n", post())
        self.assertEqual((s.frames(), s.called, s.finished), (
            [("reset", 8, 0)], ["(load)", "handle_headers"], 1))

    def test_closed_while_looking_for_an_event(self):
        # Our side has ended.  The client's END_STREAM comes after the runner
        # has found no event, and before it looks at the stream's state.
        class Late(fake.Exchange):
            looks = 0

            def take(self):
                self.looks += 1
                if self.looks == 2:
                    self.closed = True
                    self.events.append(fake.data(b"x", True))
                    return []
                return super().take()
        fake.write("script.py",
                   "def handle_headers(frame, request, response):\n"
                   "    response.write_status_headers()\n"
                   "    response.writer.end_stream()\n"
                   "def main(request, response):\n    pass\n")
        s = Late(post())
        dispatch.serve(s)
        self.assertEqual((s.called[-1], s.finished), ("main", 1))

    def pulled_by_two(self, source):
        """Returns all content that a script answers.  A second thread of the
        script reads more of the body when the first DATA frame has been taken
        and is not yet stored.
        """
        append, start = body.BodyStore.append, dispatch.Runner.start
        requests, threads = [], []

        def started(runner):
            requests.append(runner.request)
            start(runner)

        def late(store, data):
            if not threads:
                threads.append(threading.Thread(
                    target=requests[0]._pull, args=(4,)))
                threads[0].start()
                # The thread waits for this one, so the join times out.
                threads[0].join(0.2)
            return append(store, data)
        fake.write("script.py", source)
        s = fake.Exchange(post(), *(fake.data(x) for x in (b"ab", b"cd", b"ef")),
                        fake.data(b"gh", True))
        with mock.patch.object(body.BodyStore, "append", late), \
                mock.patch.object(dispatch.Runner, "start", started):
            dispatch.serve(s)
        threads[0].join()
        return sent_octets(s)

    def test_two_threads_read_one_body(self):
        self.assertEqual(self.pulled_by_two(
            "def main(request, response):\n"
            "    return request.body"), b"abcdefgh")

    def test_two_threads_read_and_frames_keep_their_order(self):
        self.assertEqual(self.pulled_by_two(
            ECHO), b"abcdefgh")

    def test_what_another_thread_has_stored_is_not_waited_for(self):
        # The client sends no more before it gets an answer.
        append, threads, awaited = body.BodyStore.append, [], []

        def late(store, data):
            if not threads:
                threads.append(threading.Thread(
                    target=requests[0]._pull, args=(2,)))
                threads[0].start()
                threads[0].join(0.2)
            return append(store, data)

        def wait(moves):
            awaited.append(requests[0]._body_store.length)
            requests[0]._add_content(b"end", [3, 3], True)
            return True
        requests, start = [], dispatch.Runner.start

        def started(runner):
            requests.append(runner.request)
            start(runner)
        fake.write("script.py", "def handle_data(frame, request, response):\n"
                   "    pass\n")
        s = fake.Exchange(post(), fake.data(b"ab"))
        s.wait = wait
        with mock.patch.object(body.BodyStore, "append", late), \
                mock.patch.object(dispatch.Runner, "start", started):
            dispatch.serve(s)
        threads[0].join()
        self.assertEqual((awaited, requests[0]._body_store.length), ([], 2))

    def test_what_a_thread_has_read_comes_before_what_is_next(self):
        take, done = dispatch.Runner.take, []

        def preempted(runner):
            if not done:
                done.append(True)
                runner.pull(None)
            return take(runner)
        fake.write("script.py", ECHO)
        s = fake.Exchange(post(), fake.data(b"ab"), fake.data(b"cd"),
                        fake.data(b"ef", True))
        with mock.patch.object(dispatch.Runner, "take", preempted):
            dispatch.serve(s)
        self.assertEqual((sent_octets(s), s.consumed), (b"abcdef", 6))

    def test_client_left(self):
        # No function is started after the client has left.
        class Leaves(fake.Exchange):
            def consume(self, n):
                super().consume(n)
                self.reset = self.closed = self.left = True
        fake.write("script.py", "def main(request, response):\n"
                   "    return request.body")
        s = Leaves(post(), fake.data(b"x", True))
        dispatch.serve(s)
        self.assertEqual((s.frames(), s.called, s.finished),
                         ([], ["(load)"], 1))


class Attributes(Case):
    def test_may_be_assigned(self):
        s = fake.script(
            "def main(request, response):\n"
            "    for name in ('scheme', 'h2_stream_id', 'frames'):\n"
            "        setattr(request, name, name)\n"
            "    return request.scheme + request.h2_stream_id + "
            "request.frames", post(end=True))
        self.respond(s, 200, b"schemeh2_stream_idframes")

    def test_fields_put_in_by_hand(self):
        s = fake.script(
            "def main(request, response):\n"
            "    data = response.headers.data\n"
            "    data[b'connection'] = [(b'Connection', b'close')]\n"
            "    data[b'x-a'] = [(b'X-A', b'1')]\n"
            "    return ''", post(end=True))
        self.respond(s, 200, b"", [(b"x-a", b"1")])


class Bodies(Case):
    ECHO = ("def main(request, response):\n"
            "    return request.body\n")

    def test_whole(self):
        s = fake.script(self.ECHO, post(), fake.data(b"a" * 9),
                        fake.data(b"b", True))
        self.respond(s, 200, b"aaaaaaaaab")
        self.assertEqual(s.sent[:2], [("consume", 9), ("consume", 1)])

    def test_what_came_at_once(self):
        fake.write("script.py", "def main(request, response):\n"
                   "    return repr([(f.data, f.length, f.stream_ended)\n"
                   "                 for f in request.frames[1:]])")
        s = fake.serve(post())
        s.events += [fake.data(b"a" * 3, padding=2), fake.data(b""),
                     fake.data(b"b", True)]
        s.merge = True
        dispatch.serve(s)
        self.respond(s, 200, b"[(b'aaa', 5, False), (b'', 0, False), "
                     b"(b'b', 1, True)]")
        self.assertEqual(s.sent[0], ("consume", 6))

    def test_in_parts(self):
        fake.write("script.py", self.ECHO)
        s = fake.serve(post(), fake.data(b"a"))
        self.assertEqual((s.called, s.finished), (["(load)"], 0))
        s.events += [fake.data(b"b"), fake.trailers((b"x-sum", b"9"))]
        dispatch.serve(s)
        self.respond(s, 200, b"ab")

    def test_read_in_handle_headers(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    n = len(request.frames)\n"
            "    request.connection.data['h'] = (n, request.body)\n"
            "def handle_data(frame, request, response):\n"
            "    request.connection.data.setdefault('d', []).append(\n"
            "        frame.data)\n"
            "def main(request, response):\n"
            "    return request.trailers['x']\n",
            post(), fake.data(b"one"), fake.data(b"two"),
            fake.trailers((b"x", b"9")))
        self.assertEqual(connection.data,
                         {"h": (1, b"onetwo"), "d": [b"one", b"two"]})
        self.assertEqual(s.called, ["(load)", "handle_headers", "handle_data",
                                    "handle_data", "main"])
        self.assertEqual((s.consumed, s.frames()[-1][2]), (6, b"9"))

    def test_raw_input_reads_no_more_than_it_needs(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    request.connection.data['h'] = (\n"
            "        request.raw_input.read(2), len(request.frames))\n"
            "def main(request, response):\n"
            "    return request.raw_input.read()\n",
            post(), fake.data(b"one"), fake.data(b"two", True))
        self.assertEqual(connection.data["h"], (b"on", 2))
        self.respond(s, 200, b"etwo")

    def test_nothing_is_left_to_the_garbage_collector(self):
        gc.disable()
        try:
            fake.script(
                "def main(request, response):\n"
                "    request.raw_input, request.server.stash\n"
                "    fd = request._body_store._file.fileno()\n"
                "    request.connection.data['fd'] = fd\n"
                "    response.writer.write_headers([], 200)\n",
                post(), fake.data(bytes(2 << 20), True))
            self.assertRaises(OSError, os.fstat, connection.data["fd"])
        finally:
            gc.enable()

    def test_client_leaves_while_body_is_read(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    request.body\n", post(), fake.data(b"one"))
        self.assertEqual(s.frames(), [])
        self.assertIn("StreamClosedError", fake.logged("debug"))

    def test_frames_read_their_data_back(self):
        s = fake.script(
            "def handle_data(frame, request, response):\n"
            "    assert frame == request.frames[-1]\n"
            "    request.connection.data.setdefault('f', []).append(frame)\n"
            "def main(request, response):\n"
            "    return str([(f.type, f.length, sorted(f.flags),\n"
            "                 f.stream_ended, f.stream_id)\n"
            "                for f in request.frames])\n",
            post(), fake.data(b"one"), fake.data(b"two", True, padding=4))
        kept = connection.data["f"]
        self.assertEqual([f._data for f in kept], [None, None])
        self.assertEqual([f.data for f in kept], [b"one", b"two"])
        self.respond(s, 200, str([
            ("HEADERS", 0, ["END_HEADERS"], False, 1),
            ("DATA", 3, [], False, 1),
            ("DATA", 7, ["END_STREAM", "PADDED"], True, 1)]).encode())

    def test_forms(self):
        form = (b"content-type", b"application/x-www-form-urlencoded")
        multi = (b"content-type", b'multipart/form-data; boundary="B"')
        text = "def main(request, response):\n    return request.POST['a']\n"
        s = fake.script(text, post(form), fake.data(b"a=x%20y", True))
        self.respond(s, 200, b"x y")
        s = fake.script(text, post(), fake.data(b"a=z", True))
        self.respond(s, 200, b"z")
        s = fake.script(text, post(multi), fake.data(
            b'--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nm\r\n'
            b'--B--', True))
        self.respond(s, 200, b"m")
        s = fake.script(text, post(multi), fake.data(b"nothing", True))
        self.respond(s, 400)

    def test_handle_headers_runs_before_any_data_is_read(self):
        s = fake.script("def handle_headers(frame, request, response):\n"
                        "    assert len(request.frames) == 1\n"
                        "    response.writer.write_headers([], 200)\n",
                        post(), fake.data(b"x", True))
        self.assertEqual([e[0] for e in s.sent],
                         ["headers", "consume", "data"])


class RequestItself(Case):
    def test_ends_while_another_thread_begins_to_read(self):
        class Ending(Request):
            @property
            def _runner(self):
                return runners.pop()

            @_runner.setter
            def _runner(self, value):
                pass

        runner = mock.Mock()
        runner.pull.side_effect = errors.StreamClosedError("over")
        runners = [None, runner]
        request = Ending(None, fake.Exchange(), "POST", "/", False)
        self.assertRaises(errors.StreamClosedError, lambda: request.body)

    def test_attributes(self):
        s = fake.script(
            "def main(request, response):\n"
            "    r = request\n"
            "    return repr([r.method, r.url, r.url_parts.path,\n"
            "        r.request_path, r.request_line, r.url_base,\n"
            "        r.route_match, r.protocol_version, r.client_address,\n"
            "        r.h2_stream_id, r.GET['q'].decode('latin-1'),\n"
            "        r.raw_headers, r.cookies['c'].value.decode(),\n"
            "        r.auth.username, r.body, r.raw_input.read(),\n"
            "        r.connection.id, len(r.trailers),\n"
            "        r.frames[0].priority])\n",
            fake.headers(path="/script.py?q=%C3%A9&r", fields=[
                (b"cookie", b"c=1"), (b"x", b"a"), (b"x", b"b")],
                priority=(3, 16, True)))
        self.respond(s, 200, repr([
            "GET", "https://example.test:8443/script.py?q=%C3%A9&r",
            "/script.py", "/script.py?q=%C3%A9&r", "", "/",
            {"*": "script"}, "HTTP/2.0", ("127.0.0.1", 5555), 1,
            "\u00c3\u00a9",
            {"method": "GET", "scheme": "https",
             "authority": "example.test:8443",
             "path": "/script.py?q=%C3%A9&r", "cookie": "c=1", "x": "a, b"},
            "1", None, b"", b"", 42, 0]).encode()[:-1] + b", Priority("
            b"dependency=3, weight=16, exclusive=True)]")

    def test_headers_of_the_frame(self):
        s = fake.script(
            "def handle_headers(frame, request, response):\n"
            "    request.connection.data['h'] = frame.headers\n",
            fake.headers(path="/script.py", fields=[(b"x", b"1"),
                                                    (b"x", b"2")]))
        self.assertEqual(connection.data["h"][3:], [
            (":path", "/script.py"), ("x", "1"), (b"x", b"2")])
        self.respond(s, 200, b"")

    def test_raw_headers_pickle_and_json(self):
        s = self.main("import json, pickle\n"
                      "    h = request.raw_headers\n"
                      "    assert type(h) is dict\n"
                      "    assert pickle.loads(pickle.dumps(h)) == h\n"
                      "    return json.dumps(h)")
        self.respond(s, 200)


if __name__ == "__main__":
    unittest.main()
