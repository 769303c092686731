#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2bad run when something ends or stops unexpectedly: a process
that h2bad started, a step that raises, h2bad itself by SIGKILL or by a
signal at any moment.  No run waits for ever, and no run leaves
processes or files behind."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "python")]
import tap                                                      # noqa: E402
from h2bad import scratch                                       # noqa: E402
from server import program                                      # noqa: E402

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode", "good"]
TOOLS = os.path.join(os.path.dirname(HERE), "python", "tools")
CASES = ["good", "ping", "name-uppercase"]

t = tap.Tap()
work = tempfile.mkdtemp(prefix="badends-t-")


def processes():
    """Returns {pid: (parent's pid, command line)} of all processes."""
    out = subprocess.run(["ps", "-A", "-o", "pid,ppid,args"], check=True,
                         stdout=subprocess.PIPE).stdout.decode()
    return {int(pid): (int(parent), args) for pid, parent, args in (
        (line.split(None, 2) + [""])[:3] for line in out.splitlines()[1:])}


class Run:
    """A process of h2bad run.  ping: shell commands that the client
    runs in the case ping, in which {at} is the file `at`; without them the
    client makes this file, and sleeps."""

    count = 0

    def __init__(self, *options, ping=None, argv=(H2BAD,), cases=CASES,
                 tmp=None, errors=subprocess.PIPE):
        Run.count += 1
        self.at = os.path.join(work, str(Run.count))
        os.makedirs(self.at + ".tmp", exist_ok=True)
        self.sleep = "sleep 300.%d%d" % (os.getpid(), Run.count)
        script = 'case $H2BAD_URL in */ping[?]*) %s;; esac; exec "$@"' % (
            (ping or ": >{at}; exec " + self.sleep).format(at=self.at))
        self.p = subprocess.Popen(
            [*argv, "run", *cases, "-j", "1", "--client", "c", "--dir",
             self.at + ".dir", *options, "--", "sh", "-c", script, "sh",
             *CLIENT], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, "TMPDIR": tmp or self.at + ".tmp"})

    def lingers(self):
        """Waits until the client sleeps in the case ping."""
        return tap.wait_until(lambda: os.path.exists(self.at) and any(
            self.sleep in args for _, args in processes().values()))

    def started(self, pattern):
        """Returns the descendants of h2bad whose command
        lines match pattern."""
        found, known = [], processes()
        for pid, (parent, args) in known.items():
            above = set()
            while parent in known and parent not in above:
                above.add(parent)
                parent = known[parent][0]
            if self.p.pid in above and re.search(pattern, args):
                found.append(pid)
        return found

    def end(self, seconds=60):
        """Returns (status, TAP, standard error); the status is None if h2bad
        does not end."""
        try:
            out, err = self.p.communicate(timeout=tap.scaled(seconds))
        except subprocess.TimeoutExpired:
            self.p.terminate()
            self.p.communicate()
            return None, "", "it stands still"
        return self.p.returncode, out.decode(), (err or b"").decode()

    def report(self):
        """Returns {case: (verdict, message)}, and whether the
        run was interrupted."""
        with open(os.path.join(self.at + ".dir", "c", "report.json"),
                  encoding="utf-8") as f:
            made = json.load(f)
        return {c["name"]: (c["verdict"], c["message"])
                for c in made["cases"]}, made.get("interrupted", False)

    def left(self):
        """Returns the processes of this run that still exist; TMPDIR and the
        sleep name the run."""
        return [args for _, args in processes().values()
                if self.at + ".tmp" in args or self.sleep in args]


def broken(name, run, words):
    """Tests that ping is an error whose message contains words, and that the
    case after it ran."""
    status, out, err = run.end()
    made, interrupted = run.report()
    t.ok(status == 1 and not interrupted and
         [v for v, _ in made.values()] == ["pass", "error", "pass"] and
         words in made["ping"][1], f"{name}: an error of one case",
         f"{status} {made} {out} {err}")


def helpers():
    """A process that h2bad started is killed or stopped."""
    stopped = Run("--timeout", "6", ping="kill -STOP $PPID; exec sleep 1")
    broken("the process that starts clients is killed",
           Run(ping="kill -KILL $PPID"),
           "the process that starts clients has ended")
    for number, name, words in (
            (signal.SIGKILL, "the server is killed", "the server has ended"),
            (signal.SIGSTOP, "the server stands still",
             "the server, which takes no connection: nothing came within")):
        run = Run(ping=": >{at}; until test -e {at}.go; do sleep 0.1; done")
        tap.wait_until(lambda: os.path.exists(run.at))
        for pid in run.started("h2rig --port"):
            os.kill(pid, number)
        with open(run.at + ".go", "wb"):
            pass
        broken(name, run, words)
    broken("the process that starts clients stands still", stopped,
           "the process that starts clients: nothing came within")


PATCH = """
import sys
sys.path[:0] = %r
import h2bad.run, h2bad_command
def judge(o, real=h2bad.run.judge):
    if o.case.name == "ping":
        raise KeyError("inner")
    return real(o)
h2bad.run.judge = judge
sys.exit(h2bad_command.main(sys.argv[1:], %r))
"""


def raises():
    """A step of h2bad itself raises."""
    run = Run(ping=":", argv=(sys.executable, "-B", "-c", PATCH % (
        [TOOLS, os.path.dirname(TOOLS)], program())))
    broken("judging raises", run, "KeyError: 'inner'")
    traces = os.path.join(work, "traces")
    run = Run("--traces", traces, "--json", traces + ".json",
              ping=f"rm -r {traces}; : >{traces}")
    status, out, err = run.end()
    made, interrupted = run.report()
    t.ok(status == 71 and traces in err and "Traceback" not in err,
         "a directory that has gone ends the run: 71", f"{status} {err}")
    t.ok(interrupted and made["good"][0] == "pass" and "name-uppercase" not in
         made and re.search("^ok 1 - good", out, re.M) and
         os.path.exists(traces + ".json"), "... with a report of what there is",
         f"{made} {out}")


def killed():
    """SIGKILL kills h2bad itself."""
    run = Run("--timeout", "60")
    run.lingers()
    t.ok(run.started("h2rig --port") and run.left(), "a server and a client")
    run.p.kill()
    run.end()
    t.ok(tap.wait_until(lambda: not run.left()),
         "h2bad is killed: no process is left", run.left())
    below = run.at + ".tmp"
    old = os.listdir(below)
    os.mkdir(os.path.join(below, "h2bad-other"))
    again = Run(ping=":", tmp=below, cases=["good"])
    status, _, err = again.end()
    t.ok(status == 0 and len(old) == 1 and
         os.listdir(below) == ["h2bad-other"],
         "... and the next one removes its directory, but no other",
         f"{status} {err} {old} {os.listdir(below)}")


def unread():
    """Nobody reads the standard error, for example because a pager
    or a terminal is stopped.  The run goes on, and waits only at
    its end to print."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    filled = b""
    try:
        while True:
            filled += b"." * os.write(into, b"." * 65536)
    except BlockingIOError:
        os.set_blocking(into, True)
    for number in 0, signal.SIGTERM:
        run = Run(ping=":", errors=into)
        there = os.path.join(run.at + ".dir", "c", "report.json")
        t.ok(tap.wait_until(lambda: os.path.exists(there) and not
                            run.report()[1], 60),
             "nobody reads the progress: the report is there", run.left())
        t.eq(run.p.poll(), None, "... and it waits to print")
        if number:
            run.p.send_signal(number)
        else:
            got = b""
            while len(got) < len(filled) or b"3 pass" not in got:
                got += os.read(out, 65536)
            t.eq((got.startswith(filled), re.findall(
                r"(\d)/3 ", got[len(filled):].decode())), (True, list("123")),
                 "... all of it, when somebody reads")
            os.write(into, filled)
        t.eq(run.end()[0], 128 + number if number else 0,
             "... and ends, by a signal too" if number else "... and ends")
    os.close(out)
    os.close(into)


def signals():
    """A signal comes at one of 16 moments, the first of them at the start."""
    faults, statuses = [], set()
    for i in range(16):
        file = os.path.join(work, "%d.json" % i)
        run = Run("--json", file, ping=":")
        try:
            run.p.wait(0.12 * i)
        except subprocess.TimeoutExpired:
            run.p.send_signal(signal.SIGINT if i % 2 else signal.SIGTERM)
        status, out, err = run.end()
        statuses.add(status)
        number = int(signal.SIGINT if i % 2 else signal.SIGTERM)
        if run.left() or os.listdir(run.at + ".tmp"):
            faults.append((i, status, err, run.left()))
        elif "KeyboardInterrupt" in err and "h2bad" not in err:
            continue                # CPython was starting
        elif status == 128 + number:
            with open(file, encoding="utf-8") as f:
                made = json.load(f)
            if run.report()[1] != made.get("interrupted", False) or \
                    len(re.findall("^ok", out, re.M)) != len(made["cases"]):
                faults.append((i, made, out))
        elif status not in (0, -number):    # h2bad had ended, or had not begun
            faults.append((i, status, err))
    t.eq(faults, [], "a signal at any moment leaves a report of what there is, "
         "and nothing else")
    t.diag(f"statuses: {sorted(statuses)}")


def removing():
    """A signal comes while a temporary directory is removed."""
    real, calls = shutil.rmtree, []

    def rmtree(path, **options):
        calls.append(path)
        if len(calls) == 1:
            raise KeyboardInterrupt
        real(path, **options)
    shutil.rmtree = rmtree
    try:
        with scratch.scratch():
            pass
    except KeyboardInterrupt:
        calls.append("raised")
    finally:
        shutil.rmtree = real
    t.eq((calls[1:], os.path.exists(calls[0])), ([calls[0], "raised"], False),
         "a signal while a directory is removed: it is removed all the same")


if __name__ == "__main__":
    try:
        removing()
        helpers()
        raises()
        killed()
        unread()
        signals()
    finally:
        shutil.rmtree(work, ignore_errors=True)
    t.done()
