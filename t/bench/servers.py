# SPDX-License-Identifier: MIT
"""Starts the servers of the whole-server benchmarks, and makes their files.

    with Work() as work, work.ours() as ours, work.node() as node:
        ... ours.url("/fast.py"), ours.pid ...

Our program does not run from the build directory, but as it does when
installed: from a copy, with a byte-compiled copy of its Python package.
"""
import os
import select
import shutil
import subprocess
import sys
import tempfile
from typing import Dict, Optional

import measure
from measure import Failed, Missing
from server import Server, program

KIB, MIB = 1024, 1024 * 1024
FILES = {"1k.txt": KIB, "10m.bin": 10 * MIB}
"""Static files beside the scripts of docroot/, with their sizes in octets."""


def copy_tree(source: str, copy: str) -> None:
    """Copies a directory, which may be read-only, to a writable one."""
    shutil.copytree(source, copy, copy_function=shutil.copyfile,
                    ignore=shutil.ignore_patterns("__pycache__"))
    for path, _, _ in os.walk(copy):
        os.chmod(path, 0o755)


class Work:
    """A directory for one run: document root, certificate, bodies, program."""

    def __enter__(self) -> "Work":
        self.dir = tempfile.mkdtemp(prefix="h2rig-bench-")
        try:
            self._fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.dir, ignore_errors=True)

    def _fill(self) -> None:
        self.docroot = self.path("docroot")
        copy_tree(os.path.join(measure.HERE, "docroot"), self.docroot)
        for name, octets in FILES.items():
            self.body(octets, os.path.join("docroot", name))
        self.program = self._install()

    def _install(self) -> str:
        """Copies our program, unless it is installed already.  Returns the
        path to use."""
        try:
            built = program()
        except FileNotFoundError as e:
            raise Failed(str(e)) from e
        package = os.path.join(os.path.dirname(built), "python")
        if not os.path.isdir(package):
            return built
        copy = self.path("h2rig")
        shutil.copy(built, copy)
        copy_tree(package, self.path("python"))
        measure.run([sys.executable, "-m", "compileall", "-q",
                     self.path("python")])
        return copy

    def path(self, name: str) -> str:
        """Returns the path of a name in the directory."""
        return os.path.join(self.dir, name)

    def body(self, octets: int, name: Optional[str] = None) -> str:
        """Makes a file of this many octets, if needed.  Returns its path."""
        path = self.path(name or f"body-{octets}")
        if not os.path.exists(path):
            with open(path, "wb") as f:
                f.write((b"abcdefghijklmnop" * (octets // 16 + 1))[:octets])
        return path

    def certificate(self) -> Dict[str, str]:
        """Makes a certificate, if needed.  Returns the paths of "cert" and
        "key".  Raises Missing without openssl."""
        cert, key = self.path("cert.pem"), self.path("key.pem")
        if not os.path.exists(cert):
            measure.run(["openssl", "req", "-x509", "-newkey", "ec",
                         "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                         "-days", "30", "-subj", "/CN=localhost",
                         "-keyout", key, "-out", cert])
        return {"cert": cert, "key": key}

    def ours(self, *options: str) -> Server:
        """Returns our server, not started yet, with the certificate if there
        is openssl.  options: of the command line."""
        if "--cleartext" not in options:
            try:
                pair = self.certificate()
                options += ("--cert", pair["cert"], "--key", pair["key"])
            except Missing:
                pass
        server = Server(self.docroot, "--log-level", "error", *options)
        server.argv[0] = self.program
        return server

    def node(self, cleartext: bool = False) -> "Node":
        """Returns Node's server, not started yet.  Raises Missing without
        node or, for TLS, without openssl."""
        if not shutil.which("node"):
            raise Missing("node (nodejs)")
        return Node(self, cleartext)


class Node:
    """peer.js, with the part of Server's interface that is needed here."""

    def __init__(self, work: Work, cleartext: bool) -> None:
        pair = {"cert": "", "key": ""} if cleartext else work.certificate()
        self.argv = ["node", os.path.join(measure.HERE, "peer.js"),
                     work.docroot, pair["cert"], pair["key"]]
        self.scheme = "http" if cleartext else "https"
        self.port = self.pid = 0

    def __enter__(self) -> "Node":
        self.process = subprocess.Popen(
            self.argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.pid = self.process.pid
        assert self.process.stdout is not None
        ready = select.select([self.process.stdout], [], [], 20)[0]
        line = self.process.stdout.readline() if ready else b""
        if not line.strip().isdigit():
            self.__exit__()
            raise Failed("node does not start")
        self.port = int(line)
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def url(self, path: str) -> str:
        """Returns the absolute URL of path, which begins with a slash."""
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"
