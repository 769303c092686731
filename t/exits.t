#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests the exit codes of children that h2rig(8) documents: under
--inetd, the program ends with its child's exit code, or with 128 plus the
number of a signal."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from typing import Callable, List, Optional, Tuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "lib"))
import tap
from rawclient import INITIAL_WINDOW_SIZE, Client
from server import extended, program, sanitized, write_scripts

t = tap.Tap()
DOCROOT = tempfile.mkdtemp(prefix="h2rig-exits-")

SCRIPTS = {
    "quick": "def main(request, response):\n    return 'quick'\n",
    "sleep": "import time\n"
             "def main(request, response):\n"
             "    response.write_status_headers()\n"
             "    response.writer.write_data('x')\n"
             "    time.sleep(1000)\n",
    "close": "def main(request, response):\n"
             "    response.writer.close(\n"
             "        request.GET.first('how').decode())\n",
    "large": "def main(request, response):\n"
             "    return 'x' * (1 << 20)\n",
    "exec": "import os\n"
            "def main(request, response):\n"
            "    os.execv('/bin/sh', ['sh', '-c', 'exit 9'])\n",
    "leave": "import os\n"
             "def main(request, response):\n"
             "    os._exit(int(request.GET.first(b'code')))\n",
    "signal": "import os\n"
              "def main(request, response):\n"
              "    os.kill(os.getpid(), int(request.GET.first(b'n')))\n",
    "loop": "def main(request, response):\n"
            "    while True:\n"
            "        try:\n"
            "            while True:\n"
            "                pass\n"
            "        except BaseException:\n"
            "            pass\n",
    "closes": "import os\n"
              "def main(request, response):\n"
              "    os.closerange(3, 1 << 16)\n"
              "    return 'closed'\n",
    # Closes all descriptors, like a program that becomes a daemon.
    "daemon": "import os, resource\n"
              "def main(request, response):\n"
              "    os.closerange(0, resource.getrlimit(\n"
              "        resource.RLIMIT_NOFILE)[0])\n"
              "    return 'closed'\n",
    "shuts": "import os, socket\n"
             "def main(request, response):\n"
             "    how = getattr(socket, request.GET.first('how').decode())\n"
             "    for fd in range(3, 1 << 16):\n"
             "        try:\n"
             "            s = socket.socket(fileno=os.dup(fd))\n"
             "        except OSError:\n"
             "            continue\n"
             "        if s.family != socket.AF_UNIX:\n"
             "            s.shutdown(how)\n"
             "    return 'shut'\n",
    # Closes a descriptor that a script must not touch, by its number or, from
    # 3 on, its rank among the server's.  A write to that number must not reach
    # another file.
    "single": "import os, resource\n"
              "def is_open(fd):\n"
              "    try:\n"
              "        os.fstat(fd)\n"
              "    except OSError:\n"
              "        return False\n"
              "    return True\n"
              "def main(request, response):\n"
              "    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]\n"
              "    own = list(filter(is_open, range(most, most + 100)))\n"
              "    which = request.GET.first('which').decode()\n"
              "    if which == 'count':\n"
              "        return str(len(own))\n"
              "    fd = int(which) if int(which) < 3 else own[int(which) - 3]\n"
              "    os.close(fd)\n"
              "    try:\n"
              "        while True:\n"
              "            os.open(%(file)r, os.O_RDWR | os.O_CREAT)\n"
              "    except OSError:\n"
              "        pass\n"
              "    try:\n"
              "        os.dup2(os.open('/dev/null', os.O_RDWR), fd)\n"
              "    except OSError:\n"
              "        pass\n"
              "    if fd < 3:\n"
              "        return 'closed'\n"
              "    raise ValueError('it gets into the log')\n"
              % {"file": os.path.join(DOCROOT, "file")},
    "replaces": "import os\n"
                "def main(request, response):\n"
                "    new, done = os.open(%(file)r, os.O_RDWR | os.O_CREAT), 0\n"
                "    for fd in set(range(3, 1 << 16)) - {new}:\n"
                "        try:\n"
                "            os.fstat(fd)\n"
                "            os.dup2(new, fd)\n"
                "            done += 1\n"
                "        except OSError:\n"
                "            pass\n"
                "    return str(done)\n"
                % {"file": os.path.join(DOCROOT, "file")},
}


# ---- what clients do; each gets the client and the server's process

Deed = Callable[[Client, subprocess.Popen], None]


def fetch(path: str, body: Optional[bytes] = None) -> Deed:
    """Returns a deed that makes a request, tests its content unless body is
    None, and closes first."""
    def deed(c: Client, _: subprocess.Popen) -> None:
        c.send_preface({}, None)
        x = c.request(path)
        c.wait_for(lambda: x.done)
        if body is not None:
            t.eq(x.body, body, f"{path}: {body!r}")
        c.leave()
    return deed


def stay(path: str) -> Deed:
    """Returns a deed that makes a request and waits until the server ends."""
    def deed(c: Client, process: subprocess.Popen) -> None:
        c.send_preface({}, None)
        c.request(path)
        process.wait(tap.scaled(60))
    return deed


def octets(text: bytes) -> Deed:
    """Returns a deed that sends these octets and nothing else."""
    def deed(c: Client, _: subprocess.Popen) -> None:
        c.sock.setblocking(True)
        c.sock.sendall(text)
    return deed


def violation(c: Client, _: subprocess.Popen) -> None:
    """Sends DATA on stream 0 (RFC 9113 6.1)."""
    c.send_preface({}, None)
    c.send_frame(0, 0, 0, b"x")
    c.wait_end()


def reset(c: Client, _: subprocess.Popen) -> None:
    """Makes a request, and resets the TCP connection."""
    c.send_preface({}, None)
    c.fetch("/quick.py")
    c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                      struct.pack("ii", 1, 0))
    c.sock.close()


def no_window(c: Client, _: subprocess.Popen) -> None:
    """Requests content for which it gives no window."""
    c.send_preface({INITIAL_WINDOW_SIZE: 0}, None)
    c.request("/large.py")
    c.wait_end()


def leave(c: Client, _: subprocess.Popen) -> None:
    """Closes before the first octet."""
    c.close()


def drain(c: Client, process: subprocess.Popen) -> None:
    """Sends TERM to the server before the first request."""
    c.send_preface({}, None)
    c.wait_for(lambda: c.settings)
    process.send_signal(signal.SIGTERM)
    c.wait_end()


def requests(n: int) -> Deed:
    """Returns a deed that makes n requests, as many as
    --max-requests admits."""
    def deed(c: Client, _: subprocess.Popen) -> None:
        c.send_preface({}, None)
        for _ in range(n):
            c.fetch("/quick.py")
        c.wait_end()
    return deed


def stop(path: str, times: int = 1) -> Deed:
    """Returns a deed that sends TERM `times` times after the first
    DATA of this path."""
    def deed(c: Client, process: subprocess.Popen) -> None:
        c.send_preface({}, None)
        x = c.request(path)
        c.wait_for(lambda: x.data)
        process.send_signal(signal.SIGTERM)
        c.wait_for(lambda: c.goaway)
        for _ in range(times - 1):
            process.send_signal(signal.SIGTERM)
        c.wait_end()
    return deed


CASES: List[Tuple[str, int, List[str], Deed]] = [
    ("closed by the client", 0, [], fetch("/quick.py")),
    ("closed during the TLS handshake", 0, ["TLS"], leave),
    ("closed by a script", 0, [], fetch("/close.py?how=fin")),
    ("closed by a script, GOAWAY first", 0, [],
     fetch("/close.py?how=goaway")),
    ("drained", 0, [], stop("/quick.py")),
    ("drained without a request", 0, [], drain),
    ("drained by --max-requests", 0, ["--max-requests", "2"], requests(2)),
    ("drained by --max-lifetime", 0, ["--max-lifetime", "1"], requests(1)),
    ("a client's violation", 1, [], violation),
    ("HTTP/1", 1, [], octets(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")),
    ("no preface in time", 1, ["--handshake-timeout", "1"], octets(b"")),
    ("idle", 1, ["--idle-timeout", "1"], octets(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
        + bytes([0, 0, 0, 4, 1, 0, 0, 0, 0]))),
    ("output that does not move", 1, ["--stall-timeout", "1"], no_window),
    ("no TLS", 1, ["TLS"], octets(b"no ClientHello")),
    ("reset by the client", 1, [], reset),
    ("a script past its run-time limit", 2, ["--run-limit", "1"],
     fetch("/loop.py")),
    ("a script that closes all descriptors", 2, [], fetch("/closes.py")),
    ("or all that it may have", 0, [], fetch("/daemon.py", b"closed")),
    ("or tries to put a file in the place of each", 0, [],
     fetch("/replaces.py", b"0")),
    # Only with extensions can the server tell that a script did it.
    *[("or shuts down the connection", 2, [], stay("/shuts.py?how=SHUT_RDWR")),
      ("or its end for reading", 2, [], stay("/shuts.py?how=SHUT_RD")),
      ("or its end for writing", 2, [], stay("/shuts.py?how=SHUT_WR"))
      ][:3 * extended()],
    ("os._exit(7)", 7, [], fetch("/leave.py?code=7")),
    ("os._exit(0)", 0, [], fetch("/leave.py?code=0")),
    ("the program that a script has become", 9, [], fetch("/exec.py")),
    ("no memory: a fault of the server's own", 70,
     ["--max-memory", "1"], fetch("/quick.py")),
    ("SIGABRT", 134, [], fetch("/signal.py?n=6")),
    ("SIGKILL", 137, [], fetch("/signal.py?n=9")),
    ("SIGSEGV", 139, [], fetch("/signal.py?n=11")),
    ("killed by the second signal to stop", 137, [], stop("/sleep.py", 2)),
    ("killed after the grace time", 137, ["--grace", "1"], stop("/sleep.py")),
    ("killed for its silence", 137, ["--silence-limit", "1"],
     fetch(f"/signal.py?n={int(signal.SIGSTOP)}")),
]


def exit_code(options: List[str], deed: Deed, log: str) -> int:
    """Serves one connection under --inetd.  Returns the exit code."""
    cleartext = [] if "TLS" in options else ["--cleartext"]
    options = [o for o in options if o != "TLS"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = Client(listener.getsockname()[1], tls=False, preface=False)
        conn = listener.accept()[0]
        with open(log, "wb") as f:
            process = subprocess.Popen(
                [program(), "--inetd", *cleartext, *options, DOCROOT],
                stdin=conn, stdout=subprocess.DEVNULL, stderr=f)
        conn.close()
        try:
            deed(client, process)
            return process.wait(tap.scaled(60))
        finally:
            client.close()
            if process.poll() is None:
                process.kill()
                process.wait()


def body_of(path: str, log: str) -> bytes:
    """Returns the content of a response."""
    found = []

    def deed(c: Client, _: subprocess.Popen) -> None:
        c.send_preface({}, None)
        found.append(c.fetch(path).body)
        c.leave()
    exit_code([], deed, log)
    return found[0]


def singles(log: str) -> None:
    """A script closes one of its own descriptors or of the server's, and
    opens files until one could get that number: the server must not
    write to that file."""
    if sanitized():
        t.skip("single descriptors", "the leak checker needs a free one")
        return
    file, found = os.path.join(DOCROOT, "file"), []
    n = 3
    while len(found) < n:
        which = len(found)
        name = f"descriptor {which} is closed"
        found.append(exit_code([], fetch(f"/single.py?which={which}"), log))
        with open(log, encoding="utf-8") as f:
            text = f.read()
        if found[-1] == 2:
            t.ok("damaged by a script: it has closed descriptors of the "
                 "server's, last ran main in /single.py" in text,
                 f"{name}: the script is named", text)
        t.eq(os.path.getsize(file), 0, f"{name}: another's file stays empty")
        if which == 0:
            n += int(body_of("/single.py?which=count", log))
    t.eq((found[:3], set(found[3:])), ([0] * 3, {0, 2}),
         "what of that is damage")
    t.ok(found.count(2) >= 5, "most of the server's are missed", found)


def main() -> None:
    """Runs all cases."""
    log = os.path.join(DOCROOT, "log")
    singles(log)
    for name, code, options, deed in CASES:
        if "--max-memory" in options and sanitized():
            t.skip(name, "needs a build without sanitizers")
            continue
        got = exit_code(options, deed, log)
        with open(log, encoding="utf-8", errors="backslashreplace") as f:
            t.ok(got == code, f"{name}: exit code {code}",
                 f"got {got}\n{f.read()[-2000:]}")
    # The kernel may deliver the signal to a thread that lets the script run on
    # while its stack is read; earlier, one of six processes then died in
    # another way.
    t.eq({exit_code([], fetch("/signal.py?n=6"), log) for _ in range(20)},
         {134}, "SIGABRT, whatever the script's thread would do next")


try:
    write_scripts(DOCROOT, SCRIPTS)
    main()
finally:
    shutil.rmtree(DOCROOT, ignore_errors=True)
t.done()
