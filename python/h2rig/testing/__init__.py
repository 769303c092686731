# SPDX-License-Identifier: MIT
"""Starts and ends the program h2rig for tests in Python.

    import subprocess
    from h2rig.testing import Server

    with Server({"hello.py": 'def main(request, response): return b"hi"'}) as s:
        subprocess.run(["curl", "--cacert", s.ca, s.url("/hello.py")],
                       check=True)
        record = s.log.wait(text="request", path="/hello.py")
        assert record["status"] == 200
        sent = [line for line in s.trace("/hello.py")
                if line.get("dir") == "in"]

With pytest the fixture `h2rig_server` starts servers that end with the test:

    def test_hello(h2rig_server):
        s = h2rig_server({"hello.txt": "hi"}, "--latency", "10")

doc/testing.md says more, and how to do this in other languages.
"""

from h2rig.testing.log import Log, Record
from h2rig.testing.server import Server, ServerError

__all__ = ["Log", "Record", "Server", "ServerError"]
