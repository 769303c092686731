# SPDX-License-Identifier: MIT
"""Starts the program under test and ends it.

    from server import Server
    with Server(docroot, "--run-limit", "1") as s:
        ... s.port, s.pid, s.log(), s.wait_log("SIGABRT") ...

The program is the one that the environment variable H2RIG names, else
the one built in the current directory.  Processes that still run at the
end are killed by their process ids.  A sanitizer's report in the log
fails the test file.
"""
import functools
import os
import random
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
from typing import Dict, List, Optional, Tuple

import tap

READY = re.compile(r"^h2rig: listening on (https?)://(\S+):(\d+)\s*$", re.M)
SANITIZER = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:")
_T = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SCRIPTS = os.path.join(_T, "scripts")
"""The document root of the test scripts, t/scripts."""

TRACES = os.environ.get("H2RIG_TEST_TRACES")
"""A directory for traces of all connections of a test, or None; trace.t sets
the variable."""

OPTIONS = os.environ.get("H2RIG_TEST_OPTIONS", "").split()
"""Options for all servers to which a test does not give them; reuse.t sets the
variable."""

NOBODY = 65534
"""The id of a user, and of a group, that own nothing."""


def free_port() -> int:
    """Returns a port of 127.0.0.1 that is free, for a program that cannot be
    told to find one.  It is below the ports that the kernel hands out, so that
    no connection and no server on port 0 gets it in between.  Raises OSError
    if there is none."""
    for _ in range(100):
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", random.randrange(20000, 32768)))
                return int(sock.getsockname()[1])
            except OSError:
                pass
    raise OSError("no port from 20000 to 32767 is free")


def listens(port: int) -> bool:
    """Returns whether a program accepts connections at 127.0.0.1."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def write_scripts(directory: str, scripts: Dict[str, str]) -> None:
    """Makes the directory, readable for all users, and writes scripts in it:
    {name without .py: text}."""
    os.makedirs(directory, exist_ok=True)
    os.chmod(directory, 0o755)
    for name, text in scripts.items():
        with open(os.path.join(directory, name + ".py"), "w",
                  encoding="utf-8") as f:
            f.write(text)


def make_pair(directory: str, name: str) -> Tuple[str, str]:
    """Makes a certificate for name and its key in the directory, and replaces
    those that are there.  Returns their paths."""
    cert = os.path.join(directory, "cert.pem")
    key = os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj",
                    "/CN=" + name, "-days", "2", "-out", cert, "-keyout", key],
                   check=True, stderr=subprocess.DEVNULL)
    return cert, key


def program() -> str:
    """Returns the path of the program under test."""
    named = os.environ.get("H2RIG")
    for path in [named] if named else ["./h2rig", "./src/h2rig"]:
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return os.path.abspath(path)
    raise FileNotFoundError(
        "no program to test: set H2RIG, or run this in the build directory")


def others_can_run() -> bool:
    """Returns whether other users can run the program and read its package;
    they cannot if the checkout is below a home directory closed to them."""
    try:
        return subprocess.run([program(), "--version"], user=NOBODY,
                              stdout=subprocess.DEVNULL,
                              check=False).returncode == 0
    except OSError:
        return False


def sanitized() -> bool:
    """Returns whether the program is a sanitizer build, which cannot limit its
    memory and lets other processes read it."""
    with open(program(), "rb") as f:
        return b"__asan_init" in f.read()


@functools.lru_cache(maxsize=None)
def extended() -> bool:
    """Returns whether the program uses extensions of POSIX; it does not after
    configure --disable-extensions."""
    return b"extensions of POSIX: yes" in subprocess.run(
        [program(), "--version"], stdout=subprocess.PIPE, check=True).stdout


def copy_program(directory: str) -> str:
    """Makes the directory and copies the program into it, with its
    package in directory/python, so that a test can change them.  Returns
    the program's path."""
    os.mkdir(directory)
    shutil.copy(program(), directory)
    shutil.copytree(os.path.join(os.path.dirname(_T), "python"),
                    os.path.join(directory, "python"))
    for below, _, names in os.walk(directory):
        for path in [below] + [os.path.join(below, name) for name in names]:
            os.chmod(path, 0o755)       # the source may be read-only
    return os.path.join(directory, os.path.basename(program()))


class Server:
    """One running server.

    docroot: its document root (SCRIPTS for the scripts of this directory).
    options: command line options; "--port 0", "--bind 127.0.0.1" and, since
    tests count processes, "--spare 0" are added unless given.  env: variables
    added to the environment; None removes a variable.  piped: standard error
    is a pipe, which can be full.
    """

    def __init__(self, docroot: str, *options: str,
                 env: Optional[Dict[str, Optional[str]]] = None,
                 piped: bool = False) -> None:
        self.argv = [program(), *options]
        for name, value in (("--port", "0"), ("--bind", "127.0.0.1"),
                            ("--spare", "0")):
            if not any(o.split("=")[0] == name for o in options):
                self.argv += [name, value]
        if OPTIONS and OPTIONS[0] not in options:
            self.argv += OPTIONS
        if TRACES and "--trace" not in options:
            self.argv += ["--trace", TRACES]
        self.argv.append(docroot)
        self.env = dict(os.environ, PYTHONDONTWRITEBYTECODE="1")
        for name, text in (env or {}).items():
            self.env.pop(name, None)
            if text is not None:
                self.env[name] = text
        self.scheme = self.host = ""
        self.port = self.pid = 0
        self.process: Optional[subprocess.Popen] = None
        self.piped = piped
        self.reader: Optional[subprocess.Popen] = None
        self._seen: set = set()
        self._stopped = False

    def __enter__(self) -> "Server":
        self.dir = tempfile.mkdtemp(prefix="h2rig-test-")
        with open(os.path.join(self.dir, "out"), "wb") as out, \
                open(os.path.join(self.dir, "err"), "ab") as err:
            if self.piped:
                self.reader = subprocess.Popen(
                    ["cat"], stdin=subprocess.PIPE, stdout=err)
                err = self.reader.stdin
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=self.env)
        if self.reader is not None:
            self.reader.stdin.close()
        self.pid = self.process.pid
        ready = tap.wait_until(
            lambda: READY.search(self.out()) or self.process.poll() is not None,
            20)
        ready = READY.search(self.out())
        if not ready:
            status, log = self.process.poll(), self.log()
            self._kill_all()
            raise RuntimeError(f"{' '.join(self.argv)}: not ready, exit "
                               f"status {status}, stderr:\n{log}")
        self.scheme, self.host = ready.group(1), ready.group(2)
        self.port = int(ready.group(3))
        return self

    def __exit__(self, kind, value, tb) -> None:
        status = self.process.poll()
        ran = status is None
        if ran and kind is None:
            status = self.stop()
        self._kill_all()
        log = self.log()
        shutil.rmtree(self.dir, ignore_errors=True)
        faults = []
        if kind is not None:
            print("\n".join("# " + s for s in log.splitlines()[-40:]))
            return
        if ran and status is None:
            faults.append("server ends on SIGTERM")
        elif ran and status:
            faults.append(f"server ends with 0 on SIGTERM, not {status}")
        elif status and not self._stopped:
            faults.append(f"server runs to the end: status {status}")
        report = SANITIZER.search(log)
        if report:
            faults.append("no sanitizer report")
            log = log[log.rfind("\n", 0, report.start()) + 1:][:4000]
        for fault in faults:
            if tap.current is None:
                raise AssertionError(f"{fault}\n{log[-4000:]}")
            tap.current.ok(False, fault, log[-4000:])

    def certificate(self) -> List[str]:
        """Returns the certificate that a new connection gets: PEM,
        split at whitespace."""
        return ssl.get_server_certificate(("127.0.0.1", self.port)).split()

    def turns_away(self) -> bool:
        """Opens a connection that sends nothing.  Returns whether the server
        closes it before the deadline, without sending anything."""
        with socket.create_connection((self.host, self.port)) as s:
            s.settimeout(tap.scaled(30))
            try:
                return s.recv(1) == b""
            except ConnectionResetError:
                return True
            except socket.timeout:
                return False

    def url(self, path: str) -> str:
        """Returns the absolute URL of path, which begins with a slash."""
        return f"{self.scheme}://{self.host}:{self.port}{path}"

    def out(self) -> str:
        """Returns what the program has written on standard output."""
        return self._read("out")

    def log(self) -> str:
        """Returns what the program has written on standard error."""
        return self._read("err")

    def _read(self, name: str) -> str:
        with open(os.path.join(self.dir, name), "rb") as f:
            return f.read().decode("utf-8", "backslashreplace")

    def wait_log(self, regex: str, timeout: float = 60) -> Optional[re.Match]:
        """Waits until the log matches regex.  Returns the match, or None at
        the deadline; timeout is in unscaled seconds."""
        return tap.wait_until(
            lambda: re.search(regex, self.log(), re.M), timeout)

    def alive(self) -> bool:
        """Returns whether the server's parent process runs."""
        return self.process.poll() is None

    def children(self) -> List[int]:
        """Returns the process ids of the server's children that are alive."""
        found = []
        listing = subprocess.run(
            ["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "args="],
            stdout=subprocess.PIPE, check=True).stdout.decode("latin-1")
        for line in listing.splitlines():
            pid, ppid, *args = line.split(None, 2)
            if int(ppid) == self.pid and "<defunct>" not in "".join(args):
                found.append(int(pid))
        self._seen.update(found)
        return found

    def stop(self, sig: int = signal.SIGTERM,
             timeout: float = 60) -> Optional[int]:
        """Sends sig and waits for the end.  Returns the exit status (negative:
        the signal that killed the server), or None if it does not end."""
        self._stopped = True
        if self.process.poll() is None:
            self.children()
            self.process.send_signal(sig)
        try:
            return self.process.wait(tap.scaled(timeout))
        except subprocess.TimeoutExpired:
            return None

    def _kill_all(self) -> None:
        """Kills the server and its children, if they still run."""
        if self.process.poll() is None:
            left = self.children()
            self.process.kill()
            self.process.wait()
        else:
            left = [p for p in self._seen if self._is_ours(p)]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if self.reader is not None:
            self.reader.wait()

    def _is_ours(self, pid: int) -> bool:
        """Returns whether a process seen earlier still runs our program: its
        process id was not reused."""
        args = subprocess.run(["ps", "-p", str(pid), "-o", "args="],
                              stdout=subprocess.PIPE, check=False).stdout
        return self.argv[0].encode() in args
