# SPDX-License-Identifier: MIT
"""Tests of settings, aliases, routes of the user, and the stash's place."""
import json
import os
import unittest
from unittest import mock

import fake
from h2rig.errors import ConfigError, HTTPException
from h2rig.server import dispatch, files, settings, userroutes
from h2rig.server.config import options
from h2rig.server.router import router
from h2rig.stash import redis, resp


class Case(unittest.TestCase):
    def tearDown(self):
        fake.configure()

    def config(self, text, name="outside.json"):
        path = fake.write(name, text)
        fake.configure(config=path)
        return options.settings


class Settings(Case):
    def test_without(self):
        c = options.settings
        self.assertEqual(c.ports["h2"], [8443, 8443])
        self.assertEqual(c["domains"][""]["www"], "www.localhost")
        self.assertEqual(c.hosts if "hosts" in c else None, None)
        self.assertIn("www.alt.localhost", c.domains_set)
        self.assertNotIn("nonexistent.localhost", c.domains_set)
        self.assertIn("nonexistent.localhost", c.all_domains_set)
        self.assertRaises(AttributeError, getattr, c, "none")

    def test_given(self):
        c = self.config(json.dumps({
            "browser_host": "b\u00fccher.test", "subdomains": ["a"],
            "ports": {"h2": [1, "auto"], "own": ["auto"]}, "x_own": [1],
            "ssl": {"type": "none"}, "log_level": "debug"}))
        self.assertEqual(c.browser_host, "xn--bcher-kva.test")
        self.assertEqual(c["domains"], {"": {
            "": "xn--bcher-kva.test", "a": "a.xn--bcher-kva.test"}})
        self.assertEqual(c.ports["h2"], [1, 8443])
        self.assertEqual(c.ports["own"], [8443])
        self.assertEqual(c.ports["wss"], [8443, 8443])
        self.assertEqual(c["x_own"], [1])
        self.assertEqual(c["doc_root"], fake.DOC_ROOT)

    def test_several_ports(self):
        path = fake.write("ports.json", json.dumps(
            {"ports": {"h2": ["auto", 1, "auto", "auto"]}}))
        fake.configure(config=path, ports=[8443, 8444, 8445])
        self.assertEqual(options.settings.ports["h2"], [8443, 1, 8445, 8443])
        self.assertEqual(options.settings.ports["ws"], [8443, 8444, 8445])

    def test_its_doc_root_may_be_the_same(self):
        c = self.config(json.dumps({"doc_root": fake.DOC_ROOT}))
        self.assertEqual(c["doc_root"], fake.DOC_ROOT)
        with self.assertRaisesRegex(ConfigError, "line 2.*command line"):
            self.config('{\n"doc_root": "/"}')

    def test_its_ws_doc_root_unless_there_is_one(self):
        os.makedirs(os.path.join(fake.DOC_ROOT, "ws"), exist_ok=True)
        text = json.dumps({"ws_doc_root": os.path.join(fake.DOC_ROOT, "ws")})
        self.config(text)
        self.assertEqual(options.ws_docroot, os.path.join(
            os.path.realpath(fake.DOC_ROOT), "ws"))
        path = fake.write("outside.json", text)
        fake.configure(config=path, ws_docroot="/")
        self.assertEqual(options.ws_docroot, "/")

    def test_missing_file(self):
        with self.assertRaisesRegex(ConfigError, "none.json: No such file"):
            settings.load("none.json")

    def test_errors_are_one_line(self):
        e = ConfigError("a\nb", "c\n d", 5)
        self.assertEqual(str(e), "a b, line 5: c d")


class Aliases(Case):
    def test_longest_first_and_edges(self):
        os.makedirs(os.path.join(fake.DOC_ROOT, "one"), exist_ok=True)
        os.makedirs(os.path.join(fake.DOC_ROOT, "two"), exist_ok=True)
        one, two = (os.path.join(fake.DOC_ROOT, d) for d in ("one", "two"))
        fake.configure(aliases=["/al=" + one, "/al/deep/=" + two])
        for path, want in (
                ("/al/x", one + "/x"), ("/al/deep/x", two + "/x"),
                ("/al", one + "/"), ("/al/", one + "/"),
                ("//al/x", one + "/x"), ("/al//x", one + "/x"),
                ("/alx", fake.DOC_ROOT + "/alx"),
                ("/deep/x", fake.DOC_ROOT + "/deep/x")):
            with self.subTest(path=path):
                self.assertEqual(files.locate(path).path, want)
        self.assertEqual(files.locate("/x", two).path, two + "/x")
        fake.configure(aliases=["/\u00e9\u2192 =" + one])
        self.assertEqual(
            files.requested("/%C3%A9%e2%86%92%20/x"),
            ("/\u00e9\u2192 /x", (one + "/x", one)))

    def test_base_path(self):
        base = os.path.join(fake.DOC_ROOT, "base")
        self.assertEqual(files.requested("/u/x%20y", base, "/u/"),
                         ("/u/x y", (base + "/x y", base)))
        for path in ("/v/x", "/ux", "/u/../x", "x"):
            self.assertRaises(HTTPException, files.requested, path, base,
                              "/u/")

    def test_of_the_settings(self):
        os.makedirs(os.path.join(fake.DOC_ROOT, "local"), exist_ok=True)
        self.config('{"aliases": [{"url-path": "/u/", "local-dir": "local"}]}')
        self.assertEqual(files.locate("/u/x").path, fake.DOC_ROOT + "/local/x")

    def test_wrong(self):
        for url in ("x", "/../x", "/%00"):
            with self.assertRaisesRegex(ConfigError, "--alias"):
                fake.configure(aliases=[url + "=" + fake.DOC_ROOT])
        with self.assertRaisesRegex(ConfigError, "expected a directory"):
            fake.configure(aliases=["/x=/none"])


class Routes(Case):
    def test_not_loaded_before_a_request(self):
        path = fake.write("my-routes.py", "import sys\nsys.loaded = 1\n"
                          "def f(q, r):\n    return 'mine'\n"
                          "routes = [('GET', '/mine', f)]\n")
        fake.configure(routes=path)
        import sys
        self.assertFalse(hasattr(sys, "loaded"))
        s = fake.serve(fake.headers(path="/mine"))
        self.assertEqual(s.sent[0][2], b"mine")
        self.assertIn("(routes)", s.called)
        self.assertTrue(hasattr(sys, "loaded"))
        s = fake.serve(fake.headers(path="/mine"))
        self.assertNotIn("(routes)", s.called)

    def test_probe(self):
        path = fake.write("my-routes.py", "\n1 / 0\n")
        fake.configure(routes=path)
        with self.assertRaisesRegex(ConfigError,
                                    "my-routes.py, line 2: ZeroDivision"):
            dispatch.probe()
        fake.configure()
        dispatch.probe()

    def test_line_of_an_item_by_another_name(self):
        path = fake.write("my-routes.py", "x = [1]\n\nroutes = x\n")
        with self.assertRaisesRegex(ConfigError, r"line 3: routes\[0\]: 1;"):
            userroutes.load(path, userroutes.read(path))

    def test_rewrite(self):
        router.rewrite("GET", "/old name", "/new%20name")
        self.assertEqual(router.find("GET", "/old%20name")[2], "/new%20name")
        self.assertIsNone(router.find("POST", "/old%20name")[2])
        path = fake.write("my-routes.py", "rewrites = [\n"
                          "('GET', '/\u00e9', '/\u2192 x.txt'),\n]\n")
        fake.configure(routes=path)
        fake.write("\u2192 x.txt", "there")
        s = fake.serve(fake.headers(path="/%C3%A9?q"))
        self.assertEqual(s.sent[0][2], b"there")

    def test_latency(self):
        fake.configure(latency_ms=7)
        self.assertEqual(fake.serve(fake.headers(path="/none")).paused, [7])


class Redis(unittest.TestCase):
    def test_addresses(self):
        for right, shown, login in (
                ("redis://h", "redis://h:6379/0", []),
                ("redis://h:1/2", "redis://h:1/2", []),
                ("rediss://[::1]:5", "rediss://[::1]:5/0", []),
                ("redis://u:p%40@h:1/0", "redis://h:1/0", ["u", "p@"]),
                ("redis://:p@h/1", "redis://h:6379/1", ["p"])):
            address = resp.Address.parse(right)
            self.assertEqual((str(address), address.login()), (shown, login))
            self.assertEqual(resp.Address(*address.values()).values(),
                             address.values())
        for wrong in ("redis://", "redis://h:x", "redis://h/x", "http://h",
                      "redis://h:1/2/3", "redis://h:65536",
                      "redis://u:secret@h:1/x", "redis://:sec/ret@h"):
            with self.assertRaisesRegex(ConfigError, "redis://HOST:PORT/DB"
                                        ) as e:
                redis.configure(wrong)
            self.assertNotIn("sec", str(e.exception))


if __name__ == "__main__":
    unittest.main()
