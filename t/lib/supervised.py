# SPDX-License-Identifier: MIT
"""Starts programs with descriptors that a test chooses, and keeps their files
in a directory of the test.  supervise.t and supervisors.t use it."""
import os
import re
import select
import signal
import subprocess
import sys
import tempfile

import tap
from rawclient import Client
from server import write_scripts

DIR = tempfile.mkdtemp(prefix="h2rig-supervise-")
DOCROOT = os.path.join(DIR, "docroot")
LOG = os.path.join(DIR, "log")

SCRIPTS = {
    "quick": "def main(request, response):\n"
             "    return 'quick'\n",
    "port": "def main(request, response):\n"
            "    return '%d of %s' % (request.connection.server_port,\n"
            "        request.server.config['ports']['h2'])\n",
    "sleep": "import time\n"
             "def main(request, response):\n"
             "    response.write_status_headers()\n"
             "    response.writer.write_data('x')\n"
             "    time.sleep(1000)\n",
    "abort": "import os\n"
             "def main(request, response):\n"
             "    os.abort()\n",
    # Prints, and writes to each standard descriptor.
    "noise": "import os, sys\n"
             "def main(request, response):\n"
             "    print('printed', flush=True)\n"
             "    sys.stderr.write('complained\\n')\n"
             "    for fd in range(3):\n"
             "        try:\n"
             "            os.write(fd, b'noise on %d\\n' % fd)\n"
             "        except OSError:\n"
             "            pass\n"
             "    return 'noise'\n",
    "env": "import json, os\n"
           "def main(request, response):\n"
           "    return json.dumps(sorted(os.environ))\n",
}


def write_docroot():
    """Makes the document root, with SCRIPTS."""
    os.chmod(DIR, 0o755)
    write_scripts(DOCROOT, SCRIPTS)


def read(path):
    """Returns a file's text, or "" if there is no file."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as f:
            return f.read()
    except FileNotFoundError:
        return ""


def wait_text(path, regex):
    """Waits until the file matches regex.  Returns the match, or None."""
    return tap.wait_until(lambda: re.search(regex, read(path), re.M))


def clear_log():
    """Empties the log for the next test."""
    if os.path.exists(LOG):
        os.unlink(LOG)


RUNNING = []

WITH_FDS = """
import fcntl, os, sys
fds, argv = eval(sys.argv[1]), sys.argv[2:]
moved = {n: fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
         for n, fd in fds.items() if fd >= 0}
os.closerange(3, 10)
for fd in fds.values():
    if fd > 9 and fd not in moved.values():
        os.close(fd)
for n, fd in moved.items():
    os.dup2(fd, n, True)
if "LISTEN_FDS" in os.environ and "LISTEN_PID" not in os.environ:
    os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(argv[0], argv)
"""


def start(*argv, fds=None, env=None, **more):
    """Starts a program.  fds: its descriptors, {number in the program: our
    file or descriptor, or -1 for a closed one}.  more: arguments of Popen, for
    descriptors 0 to 2."""
    fds = {n: f if isinstance(f, int) else f.fileno()
           for n, f in (fds or {}).items()}
    process = subprocess.Popen(
        [sys.executable, "-c", WITH_FDS, repr(fds), *argv],
        env=dict(os.environ, **(env or {})),
        pass_fds=sorted({f for f in fds.values() if f > 2}),
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL,
           "stderr": subprocess.DEVNULL, **more})
    RUNNING.append(process)
    return process


def read_all(fd):
    """Reads to end of file, closes fd and returns the octets; appends
    "(no end)" if the deadline came first."""
    octets = b""
    while True:
        if not select.select([fd], [], [], tap.scaled(60))[0]:
            octets += b"(no end)"
            break
        more = os.read(fd, 65536)
        if not more:
            break
        octets += more
    os.close(fd)
    return octets


def ended(process):
    """Waits for the end of a process.  Returns its exit status in the form of
    a shell (128 + signal), or None if it does not end."""
    try:
        status = process.wait(tap.scaled(60))
    except subprocess.TimeoutExpired:
        return None
    return 128 - status if status < 0 else status


def end_all():
    """Ends the processes that start() started; then kills those of ours()."""
    for process in RUNNING:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
    for pid in ours():
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def ours():
    """Returns the ids of processes whose command line names DIR."""
    listing = subprocess.run(["ps", "-A", "-ww", "-o", "pid=", "-o", "args="],
                             stdout=subprocess.PIPE, check=True).stdout
    return [int(line.split(None, 1)[0])
            for line in listing.decode("latin-1").splitlines()
            if DIR in line and int(line.split(None, 1)[0]) != os.getpid()]


def speak(port):
    """Tries to connect until a server listens on the port.  Returns the
    Client, or None at the deadline."""
    def attempt():
        try:
            return Client(port)
        except (ConnectionError, OSError, EOFError):
            return None
    return tap.wait_until(attempt, 20)


def served(port):
    """Returns whether a request on a new connection gets its response."""
    client = speak(port)
    if client is None:
        return False
    with client:
        return client.fetch("/quick.py").body == b"quick"
