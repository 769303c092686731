#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2bad serve under attack: more runs than it keeps, what it does not
serve, clients of one name, many readers that do not read, a POST that is too
large, a directory that is removed and a disk that is full."""
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(HERE, "..", "python")]
import badserving                                               # noqa: E402
import tap                                                      # noqa: E402
from h2bad.report import model                                  # noqa: E402

#: Most runs and most clients that h2bad serve keeps (h2bad.runs).
RUNS, CLIENTS = 200, 1000

t = tap.Tap()
work = tempfile.mkdtemp(prefix="badserve-t-")


def serving(name):
    """Starts h2bad serve with a directory below work."""
    return badserving.Serving(t, os.path.join(work, name),
                              os.path.join(work, "ca"))


def runs(s, client="curl", cases="good"):
    """Makes a whole run with curl.  Returns its verdicts, or (status, body) if
    /new is refused."""
    status, body, run = s.get(f"/new?client={client}&cases={cases}")
    if status != 303:
        return status, body
    for url in s.get(run + "urls")[1].split():
        s.get(url, "--max-time", "20")
    s.get(run + "done")
    return tap.wait_until(lambda: [c["verdict"] for c in json.loads(
        s.get(run + "report.json")[1])["cases"]])


def floods():
    """More runs are made than are kept."""
    there = os.path.join(work, "flood", "runs")
    with serving("flood") as s:
        _, first, run = s.get("/new?cases=good")
        last, body, _ = s.get("/new?cases=good&client=c[1-%d]" % (RUNS + 20),
                              "-o", "/dev/null")
        codes = [word for word in body.split() if word.isdecimal()]
        t.ok(set(codes) == {"303", "503"} and last == 503 and
             len(os.listdir(there)) <= RUNS, "a flood of /new: 503",
             f"{first} {sorted(set(codes))} {len(os.listdir(there))}")
        status, body, _ = s.get("/new?cases=good")
        t.ok(status == 503 and f"{RUNS} runs are not over" in body,
             "... says why", body)
        s.get(run + "done")
        t.ok(tap.wait_until(lambda: s.get("/new?cases=good")[0] == 303)
             and len(os.listdir(there)) <= RUNS,
             "one that is over gives its place to a new one")
        t.eq(s.get(run + "urls")[0], 404, "... and is not there any more")
    t.ok("Traceback" not in s.err, "no traceback", s.err)


def clients():
    """A client is new when the most clients already have reports."""
    for i in range(CLIENTS):
        os.makedirs(os.path.join(work, "many", "c%d" % i))
        with open(os.path.join(work, "many", "c%d" % i, "report.json"), "wb"):
            pass
    with serving("many") as s:
        status, body, _ = s.get("/new?cases=good&client=new")
        t.ok(status == 503 and f"{CLIENTS} clients have reports, and 'new'" in
             body, "a client too many: 503", f"{status} {body}")
        t.eq(s.get("/new?cases=good&client=c7")[0], 303,
             "... but one that is known may come again")
        shutil.rmtree(os.path.join(work, "many", "c0"))
        t.eq(s.get("/new?cases=good&client=new")[0], 303,
             "... and a new one in the place of one that was removed")


def refused():
    """A client asks the bad port for what it does not serve."""
    with badserving.Serving(t, os.path.join(work, "refused"),
                            os.path.join(work, "ca"), "--addr", "0.0.0.0"
                            ) as s:
        bad = f"https://localhost:{s.bad}/bad/"
        for url, status, words in (
                (bad + "nosuch", 404, "no case is named 'nosuch'; expected"),
                (bad + "%00", 404, "no case is named '%00'"),
                (f"https://localhost:{s.bad}/", 404, "nothing is here"),
                (bad + "flood-ping", 403, "floods are off: "),
                (bad + "endless-body", 403, "floods are off: "),
                (f"https://flood-ping.localhost:{s.bad}/", 403,
                 "floods are off: "),
                ("/new?floods=1", 403, "floods are off: "),
                (bad + "ping-wrong-length?n=x", 400, "n=x: n has to be"),
                (bad + "ping-wrong-length?n=y", 400, "n=y: n has to be"),
                (bad + "name-control?octet=zz", 400, "octet=zz: "),
                (bad + "good", 200, "hello, world")):
            for http in "--http2", "--http1.1":
                if http == "--http1.1" and (status == 400 or url[0] == "/"):
                    continue        # no case, and no page, is HTTP/1.1
                code, body, _ = s.get(
                    url, http, "--path-as-is", "--resolve",
                    f"flood-ping.localhost:{s.bad}:127.0.0.1")
                t.ok(code == status and words in body,
                     f"{url.rpartition('/')[2] or url} {http}: {status}",
                     f"{code} {body}")
    with open(os.path.join(work, "refused", "bad", "log"),
              encoding="utf-8") as f:
        t.ok("Traceback" not in f.read() + s.err, "no traceback", s.err)
    with serving("loopback") as s:
        t.ok(s.get("/new?floods=1&cases=flood-ping")[0] == 303 and s.get(
            f"https://localhost:{s.bad}/bad/flood-ping")[0] != 403,
            "on loopback addresses floods need no option")


def namesakes():
    """Two runs of one client at a time: each has its own verdicts, and the
    traces are those of the newer one."""
    def goes(run):
        for url in s.get(run + "urls")[1].split():
            s.get(url, "--max-time", str(tap.scaled(20)))
        s.get(run + "done")
        return tap.wait_until(lambda: len(json.loads(s.get(
            run + "report.json")[1])["cases"]) == 2)

    for order in (0, 1), (1, 0):
        with serving("namesakes%d" % order[0]) as s:
            runs = [s.get("/new?client=twin&cases=ping")[2] for _ in "12"]
            for i in order:
                t.ok(goes(runs[i]), "a run of a client that has two")
            old, new = (run.split("/")[-2] for run in runs)
            status, body, _ = s.get(runs[0] + "ping/trace.txt")
            t.ok(status == 404 and f"run {old} has no traces" in body and
                 f"that of run {new}" in body, "the older run has no traces",
                 f"{status} {body}")
            status, body, _ = s.get(runs[1] + "ping/trace.txt")
            t.ok(status == 200 and new in body and old not in body,
                 "... and the newer one has its own", f"{status} {body}")
            t.eq(json.loads(s.get("/client/twin/report.json")[1])["run"], new,
                 "... and its report is kept")


def visits():
    """A request without a run is a run of one case."""
    with serving("visits") as s:
        t.eq(runs(s), ["tolerated"], "a run, before the visits")
        asked = s.get("/last")[2]
        s.get(f"https://localhost:{s.bad}/bad/status-missing")
        run = tap.wait_until(lambda: s.get("/last")[2] != asked
                             and s.get("/last")[2])
        first = run
        made = tap.wait_until(lambda: json.loads(s.get(
            first + "report.json")[1])["cases"])
        t.eq([(c["name"], c["verdict"]) for c in made],
             [("status-missing", "pass")], "a visit: /last has the verdict")
        t.ok("RST_STREAM" in s.get(run + "status-missing/trace.txt")[1],
             "... and the trace")
        status, page, _ = s.get(run)
        t.ok(status == 200 and "1 case, run" in page, "... and a page", page)
        for i in range(12):
            s.get(f"https://localhost:{s.bad}/bad/good?again={i}")
            tap.wait_until(lambda before=run: s.get("/last")[2] != before)
            run = s.get("/last")[2]
            tap.wait_until(lambda now=run: json.loads(s.get(
                now + "report.json")[1])["cases"])
        t.ok(s.get(asked)[0] == 200 and 11 <= len(os.listdir(os.path.join(
            work, "visits", "runs"))) <= 12, "the last ten stay, and the run")
    t.ok(f"visit of status-missing: pass (rst:PROTOCOL_ERROR): {first}" in s.err,
         "a visit: the standard error tells the verdict", s.err)


def names():
    """Clients have the names of files."""
    there = os.path.join(work, "names")
    os.mkdir(there)
    with open(os.path.join(there, "taken"), "wb"):
        pass
    with serving("names") as s:
        t.eq(sorted(set(os.listdir(there)) - set(model.RESERVED)), ["taken"],
             "no file of h2bad serve has a name that a client can have")
        t.eq(runs(s, "requestonce"), ["tolerated"], "a client named "
             "requestonce has a report")
        _, _, run = s.get("/new?client=taken&cases=good")
        for url in s.get(run + "urls")[1].split():
            s.get(url, "--max-time", str(tap.scaled(20)))
        s.get(run + "report.tap")       # which waits for the verdict
    t.ok(f"of taken: {there}/taken/report.json: File exists\n" in s.err and
         "[Errno" not in s.err, "a file in a client's place is complained of",
         s.err)


def readers():
    """Many streams of events, some of them read slowly; a POST
    that is too large."""
    with serving("readers") as s:
        _, _, run = s.get("/new?cases=good&client=watched")
        watching = [subprocess.Popen(
            ["curl", "-sk", "--http2", "-Z", "--parallel-max", "40",
             *options, "-o", "/dev/null", run + "events?x=[1-40]"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for options in ((), ("--limit-rate", "1"), ())]
        large = os.path.join(work, "large")
        with open(large, "wb") as f:
            f.truncate(32 << 20)
        t.eq(s.get(run + "got?case=good", "--data-binary", "@" + large)[0],
             400, "got: 32 MiB of nothing")
        t.ok(runs(s) in (["pass"], ["tolerated"]),
             "a run beside 120 streams of events")
        for each in watching:
            each.kill()
            each.wait()
        t.ok(runs(s, "after") in (["pass"], ["tolerated"]),
             "... and after them")
    t.ok("Traceback" not in s.err, "no traceback", s.err)


def at_once():
    """A client asks for the report with its last response.  The report has the
    last case, even if the process that judges is slow."""
    with serving("at-once") as s:
        _, _, run = s.get("/new?client=hasty&cases=good,ping")
        urls = s.get(run + "urls")[1].split()
        for url in urls[:-1]:
            s.get(url, "--max-time", str(tap.scaled(20)))
        s.p.send_signal(signal.SIGSTOP)
        try:
            s.get(urls[-1], "--max-time", str(tap.scaled(20)))
            asking = subprocess.Popen(
                ["curl", "-sk", run + "report.tap"], stdout=subprocess.PIPE)
            there = os.path.join(work, "at-once", "runs")
            t.ok(tap.wait_until(lambda: asking.poll() is not None or any(
                name.startswith("asked-") for name in os.listdir(
                    os.path.join(there, os.listdir(there)[0]))))
                and asking.poll() is None, "the report waits")
        finally:
            s.p.send_signal(signal.SIGCONT)
        said = asking.communicate(timeout=tap.scaled(60))[0].decode()
        t.ok("\nok 1 - good" in said and "\nok 2 - ping" in said,
             "... for the verdict on the last case", said)


def stopped():
    """SIGTERM comes during a run."""
    cases = ["good", "ping", "trailers"]
    with serving("stopped") as s:
        _, _, run = s.get("/new?client=cut&cases=" + ",".join(cases))
        for url in s.get(run + "urls")[1].split():
            if "trailers" not in url:
                s.get(url, "--max-time", "20")
    with open(os.path.join(work, "stopped", "cut", "report.json"),
              encoding="utf-8") as f:
        made = json.load(f)
    t.eq(([c["name"] for c in made["cases"]], made.get("interrupted")),
         (cases[:2], True), "a server that is stopped leaves a report of what "
         "there is")


def without_directory():
    """The directory of runs has been removed."""
    there = os.path.join(work, "gone", "runs")
    with serving("gone") as s:
        os.rename(there, there + "-")
        with open(there, "wb"):
            pass
        status, body, _ = s.get("/new?cases=good")
        t.ok(status == 500 and "cannot use its directory: Not a directory" in
             body, "no directory for runs: 500", f"{status} {body}")
        tap.wait_until(lambda: select.select([s.p.stderr], [], [], 0)[0])
        os.unlink(there)
        os.rename(there + "-", there)
        t.ok(runs(s) in (["pass"], ["tolerated"]), "... until it is there")
    t.ok(there in s.err and "Traceback" not in s.err,
         "it is complained of on the standard error", s.err)


@contextlib.contextmanager
def disk():
    """Mounts a small file system.  Yields its path, or None without
    the right to mount."""
    there = os.path.join(work, "disk")
    os.mkdir(there)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs",
                           there], stderr=subprocess.DEVNULL, check=False)
    try:
        yield there if done.returncode == 0 else None
    finally:
        if done.returncode == 0:
            subprocess.run(["umount", there], check=True)


def full():
    """The disk is full, and later has room again."""
    with disk() as there:
        if there is None or not shutil.which("mount"):
            t.skip("a full disk", "tmpfs cannot be mounted")
            return
        with serving("disk") as s:
            _, _, run = s.get("/new?cases=good&client=early")
            urls = s.get(run + "urls")[1].split()
            filler = os.path.join(there, "filler")
            with contextlib.suppress(OSError), open(filler, "wb",
                                                    buffering=0) as f:
                while True:
                    f.write(b"." * 4096)
            status, body, _ = s.get("/new?cases=good")
            t.ok(status == 507 and "No space left" in body,
                 "a full disk: 507", f"{status} {body}")
            for url in urls:
                s.get(url, "--max-time", "20")
            t.ok(s.get("/cases.txt")[0] == 200 and s.p.poll() is None,
                 "... and it goes on")
            os.unlink(filler)
            t.ok(tap.wait_until(lambda: runs(s, "late") in (
                ["pass"], ["tolerated"])), "... until there is space")
        t.ok("Traceback" not in s.err, "no traceback", s.err)


try:
    if not shutil.which("curl"):
        tap.skip_all("curl is not installed")
    floods()
    clients()
    refused()
    namesakes()
    visits()
    names()
    readers()
    at_once()
    stopped()
    without_directory()
    full()
finally:
    shutil.rmtree(work, ignore_errors=True)
t.done()
