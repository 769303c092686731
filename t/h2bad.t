#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests h2bad: the command line, the three ways to choose a case, and the
files that it keeps.  t/badcases.t tests the cases, t/badreport.t the reports,
t/badinput.t what bad input gets."""
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
import badserving
import schema
import tap
import tlsclient
from rawclient import Client
from server import program

H2BAD = os.path.join(os.path.dirname(os.path.abspath(program())), "h2bad")
CLIENT = [sys.executable, "-B", os.path.join(HERE, "lib", "badclient"),
          "--mode"]
CASES = ["good", "ping-wrong-length", "settings-push-enabled"]

t = tap.Tap()
work = tempfile.mkdtemp(prefix="h2bad-t-")


def at(*names):
    return os.path.join(work, *names)


def h2bad(*argv, env=None, timeout=120):
    """Runs h2bad.  Returns (status, output, errors)."""
    p = subprocess.run([H2BAD, *argv], stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       env={**os.environ, **(env or {})}, cwd=work,
                       timeout=tap.scaled(timeout), check=False)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def verdicts(path):
    with open(path, encoding="utf-8") as f:
        report = json.load(f)
    return {c["name"]: c["verdict"] for c in report["cases"]}


def lists():
    p = subprocess.run([sys.executable, "-X", "importtime", H2BAD, "show",
                        "ping"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE, check=True)
    t.ok(b"h2bad.case" in p.stderr and not re.search(
        rb"h2bad\.(report|run|commands|exchange)|json|inspect|ssl", p.stderr),
        "show loads what it needs", p.stderr.decode())
    status, out, _ = h2bad("list")
    t.eq(status, 0, "list: status")
    names = [line.split()[0] for line in out.splitlines()]
    t.ok(names[0] == "good" and set(CASES) <= set(names), "list: names", out)
    with open(os.path.join(HERE, "..", "doc", "h2bad-cases.md"),
              encoding="utf-8") as f:
        rows = re.findall(r"^\| [0-9.]+/[0-9]+ \|.*", f.read(), re.M)
    mapped = [re.findall("`(.*?)`", row) for row in rows]
    t.ok(len(rows) == 57 and all(mapped), "57 cases of h2spec are mapped")
    t.eq(sorted(set(sum(mapped, [])) - set(names)), [], "... to cases")
    _, out, _ = h2bad("list", "--json", "ping-wrong-l*")
    t.eq([(c["name"], c["group"], c["kind"]) for c in json.loads(out)],
         [("ping-wrong-length", "frames", "must")], "list --json")
    status, out, _ = h2bad("show", "ping-wrong-length")
    t.ok(status == 0 and "RFC 9113 §6.7" in out and
         "What a client must do" in out, "show", out)


def examples():
    """In examples, curl has a file for the response of each URL; else a report
    would show the responses as curl's output."""
    found = []
    for name in ("README", "doc/h2bad.1", "doc/h2bad-cases.md",
                 "doc/packaging/debian/tests/serve"):
        with open(os.path.join(HERE, "..", name), encoding="utf-8") as f:
            text = re.sub(r"\\e?\n\s*", "", f.read())
        found += re.findall(r"h2bad run (?:.* )?-- (curl .*)",
                            text.replace("'", ""))
    t.ok(len(found) == 4 and all(each.count("-o /dev/null {") == 2
                                 for each in found),
         "examples: curl prints nothing", found)


def runs():
    env = {"TAP_VERSION": "14", "HARNESS_ACTIVE": ""}
    status, out, err = h2bad(
        "run", *CASES, "--dir", at("kept"), "--junit", at("j.xml"), "--json",
        at("r.json"), "--html", at("r.html"), "--traces", at("traces"),
        "--client", "naive 1/2", "--needs", "all", "--", *CLIENT, "naive",
        env=env)
    t.ok(status == 1, "run, naive: status", f"{status} {err}")
    t.ok(re.search(r"^ok \d - good\n", out, re.M) and re.search(
        r"^not ok \d - ping-wrong-length\n  ---\n", out, re.M),
        "run: TAP", out)
    t.ok("3/3" in err, "run: progress on the standard error", err)
    traces = re.findall(r'^  trace: "(.*)"$', out, re.M)
    t.ok(len(traces) == 2 and all(os.path.exists(at(each))
                                  for each in traces),
         "run --dir: TAP's traces can be opened", traces)
    client = [n for n in os.listdir(at("kept")) if n.startswith("naive")]
    t.eq(len(client), 1, "run --dir: the client's directory")
    there = at("kept", client[0])
    t.ok({"report.json", "report.tap", "report.xml", "report.wpt.json",
          "report.html", "ping-wrong-length"} <= set(os.listdir(there))
         and "good" not in os.listdir(there),
         "run --dir: all forms, and traces of failures",
         str(os.listdir(there)))
    t.eq(sorted(os.listdir(os.path.join(there, "ping-wrong-length"))),
         ["trace.html", "trace.jsonl", "trace.pcapng", "trace.txt"],
         "run --dir: a trace in all forms")
    t.eq(sorted(os.listdir(at("traces"))), sorted(CASES),
         "run --traces: of all cases")
    t.eq(verdicts(at("r.json")), {"good": "pass", "ping-wrong-length": "fail",
                                  "settings-push-enabled": "fail"},
         "run --json")
    with open(os.path.join(HERE, "..", "doc", "h2bad.schema.json"),
              encoding="utf-8") as f:
        form = json.load(f)
    with open(os.path.join(there, "report.json"), encoding="utf-8") as f:
        t.eq(list(schema.Schema(form).faults(json.load(f))), [],
             "run: report.json by its schema")
    with open(at("j.xml"), encoding="utf-8") as f:
        junit = f.read()
    t.ok("send PING frame &lt;length=7" in junit, "run --junit: the trace",
         junit[:2000])
    status, out, err = h2bad("run", *CASES, "--needs", "all", "--dir",
                             at("kept"), "--", *CLIENT, "good")
    t.ok((status, out.count("\nok")) == (0, 3), "run, good: all pass",
         out + err)
    status, out, err = h2bad("report", at("kept"), "--matrix", at("m.html"))
    with open(at("m.html"), encoding="utf-8") as f:
        page = f.read()
    t.ok(status == 0 and "naive 1/2" in page and "GOAWAY 6" in page,
         "report --matrix", err)
    status, out, err = h2bad("report", at("kept"), "--matrix", at("s.html"),
                             "--standalone")
    with open(at("s.html"), encoding="utf-8") as f:
        page = f.read()
    text = re.search('<h4 id="(ping-wrong-length:[01])">.*?<pre>(.*?)</pre>',
                     page, re.S)
    t.ok(status == 0 and text and "(the case begins)\nserver: PING the payload "
         "is 8 octets long" in text[2] and "run=" not in page, "report --standalone: the trace", err)
    t.eq(sorted(re.findall('href="(.*?)"', page)), sorted(
        "#" + each for each in re.findall('<h4 id="(.*?)"', page)),
        "... to which the cells of failures lead, and nothing else leads away")
    with open(at("kept", "index.json"), encoding="utf-8") as f:
        t.eq(json.load(f)["naive 1/2"]["ping-wrong-length"]["verdict"],
             "fail", "report: index.json")


def names():
    """A client is named by the first words of its version; a report says what
    the client lacks."""
    for said, want in (
            ("curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 zlib/1.2.13",
             "curl 7.88.1"), ("v18.19.0", "versioned v18.19.0")):
        with open(at("versioned"), "w", encoding="ascii") as f:
            f.write("#!/bin/sh\necho '%s'\n" % said)
        os.chmod(at("versioned"), 0o755)
        _, out, err = h2bad("run", "good", "--json", at("n.json"),
                            "--", at("versioned"), "{url}")
        with open(at("n.json"), encoding="utf-8") as f:
            t.eq(json.load(f)["client"], want, f"the name of {said[:20]}")
    sleep = "sleep 70.%d" % os.getpid()
    with open(at("versioned"), "w", encoding="ascii") as f:
        f.write(f"#!/bin/sh\n[ $1 != --version ] || {sleep}\n")
    h2bad("run", "good", "--", at("versioned"), "{url}")
    t.ok(tap.wait_until(lambda: sleep not in _processes()),
         "a --version that does not end is ended, and its processes too")
    _, out, err = h2bad("run", "ping-during-stall", "--", *CLIENT, "good")
    t.ok("# SKIP needs pause, " in out and "skip: needs pause, " in err,
         "what a client lacks is said", out + err)


def ports():
    """Each case has its own port, so that a client that is still connecting
    when its case is over does not get the next case."""
    h2bad("run", "-j", "1", *CASES, "--needs", "all", "--", "/bin/sh", "-c",
          'echo "$0" >>"$1"; shift; exec "$@"', "{url}", at("urls"), *CLIENT,
          "good")
    with open(at("urls"), encoding="ascii") as f:
        asked = re.findall(r":(\d+)/\S*(?:bad|%s)" % CASES[0], f.read())
    t.ok(len(asked) == len(CASES) == len(set(asked)),
         "run: no two cases have a port", asked)


def processes():
    """The client hangs or crashes; its exit status tells a
    crash, or what it got."""
    _, _, err = h2bad("run", "ping-wrong-length", "--timeout", "3",
                             "--json", at("c.json"), "--needs", "all", "--",
                             *CLIENT, "hang")
    with open(at("c.json"), encoding="utf-8") as f:
        case = json.load(f)["cases"][-1]
    t.ok((case["verdict"], case["reason"], case["signal"]) == (
        "fail", "hang", None), "run: a client that hangs", f"{case} {err}")
    h2bad("run", "name-uppercase", "--json", at("c.json"), "--needs", "all",
          "--", *CLIENT, "crash")
    with open(at("c.json"), encoding="utf-8") as f:
        case = json.load(f)["cases"][-1]
    t.eq((case["verdict"], case["reason"], case["signal"]),
         ("fail", "crash", int(signal.SIGABRT)), "run: a client that crashes")
    script = at("client.sh")
    with open(script, "w", encoding="ascii") as f:
        f.write('"$@"\ncase $H2BAD_URL in *ping*) exit 99;; esac\n')
    h2bad("run", "ping-wrong-length", "--crash-exit", "99", "--json",
          at("c.json"), "--", "sh", script, *CLIENT, "good")
    with open(at("c.json"), encoding="utf-8") as f:
        case = json.load(f)["cases"][-1]
    t.eq((case["verdict"], case["reason"], case["exit"]),
         ("fail", "crash", 99), "run --crash-exit")
    h2bad("run", "name-uppercase", "--got", "exit", "--json", at("c.json"),
          "--", *CLIENT, "good")
    with open(at("c.json"), encoding="utf-8") as f:
        t.ok(json.load(f)["cases"][-1]["got"] in ({"result": "error"},
                                                  {"result": "response"}),
             "run --got exit")


def baselines():
    file = at("baseline")
    with open(file, "w", encoding="utf-8") as f:
        f.write("ping-wrong-length fail  # takes it\n"
                "settings-push-enabled fail\n")
    argv = ["run", *CASES, "--needs", "all", "--expect", file]
    t.eq(h2bad(*argv, "--", *CLIENT, "naive")[0], 0, "--expect: as expected")
    status, out, err = h2bad(*argv, "--", *CLIENT, "good")
    t.ok(status == 1 and "not ok" in out and "\nh2bad: 2 cases differ from %s: "
         "settings-push-enabled (better), ping-wrong-length (better)\n" % file
         in err, "--expect: better is different too", out + err)
    t.eq(h2bad(*argv, "--update-expect", "--", *CLIENT, "good")[0], 0,
         "--update-expect")
    t.eq(h2bad(*argv, "--", *CLIENT, "good")[0], 0, "... and then it fits")
    with open(file, "w", encoding="utf-8") as f:
        f.write("good\n")
    status, _, err = h2bad(*argv, "--", *CLIENT, "good")
    t.ok(status == 78 and f"{file}:1:" in err.replace(", line ", ":") and
         "expected" in err, "a damaged baseline", err)


def interrupted():
    os.mkdir(at("tmp"))
    sleep = "sleep 60.%d" % os.getpid()
    p = subprocess.Popen(
        [H2BAD, "run", "--dir", at("cut"), "--client", "cut", "-j", "1",
         "--timeout", "60", "--", "sh", "-c", sleep + "; :"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=work,
        env={**os.environ, "TMPDIR": at("tmp")})
    tap.wait_until(lambda: sleep in _processes())
    with open(at("cut", "cut", "report.json"), encoding="utf-8") as f:
        t.eq(json.load(f).get("client"), "cut",
             "a report is valid from the start")
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=tap.scaled(60))
    t.ok(p.returncode == 130, "interrupted: status",
         f"{p.returncode} {err.decode()}")
    with open(at("cut", "cut", "report.json"), encoding="utf-8") as f:
        t.eq(json.load(f).get("interrupted"), True,
             "interrupted: it leaves a report")
    t.ok(not os.listdir(at("tmp")) and tap.wait_until(lambda: not any(
        at("tmp") in c or sleep in c for c in _processes())),
        "interrupted: no process and no file is left",
        str([c for c in _processes() if at("tmp") in c]))


def _processes():
    return subprocess.run(["ps", "-A", "-o", "args"], stdout=subprocess.PIPE,
                          check=True).stdout.decode().splitlines()


def serves():
    if not shutil.which("curl"):
        t.skip("serve", "curl is not installed")
        return
    with badserving.Serving(t, at("served"), at("ca")) as s:
        t.ok("ping-wrong-length" in s.get("/cases.txt")[1], "/cases.txt")
        t.eq(json.loads(s.get("/case/good.json")[1])["name"], "good",
             "/case/NAME.json")
        for path in "/", "/case/good", "/matrix.html":
            status, body, _ = s.get(path)
            t.ok(status == 200 and "<html" in body, path, body[:500])
        t.eq(s.get("/case/nope")[0], 404, "an unknown case")
        t.eq(s.get("/run/000000000000/urls")[0], 404, "an unknown run")
        for path, words in (
                ("/new?cases=nope", "no case is named 'nope'"),
                ("/new?needs=pots", "needs: 'pots': expected all, get, auth"),
                ("/cases.txt?needs=pots", "needs: 'pots': expected all, get"),
                ("/cases.txt?group=nope", "group is 'nope'; expected preface"),
                ("/cases.json?kind=nope", "kind is 'nope'; expected must, sh"),
                ("/cases.txt?wave=x", "wave is 'x'; expected 1, 2, 3")):
            status, body, _ = s.get(path)
            t.ok(status == 400 and words in body, path + ": 400", body[:200])
        t.ok("\nping\n" in s.get("/cases.txt?group=frames&needs=all")[1] and
             "redirect-303-post\n" in s.get("/cases.txt?needs=post")[1],
             "/cases.txt: a group, needs")
        status, _, run = s.get("/new?client=curl&cases=" + ",".join(CASES))
        t.eq(status, 303, "/new")
        urls = s.get(run + "urls")[1].split()
        t.ok(any("/arm/settings-push-enabled" in u for u in urls),
             "urls: a case before requests is armed", str(urls))
        for url in urls:
            s.get(url, "--max-time", "20")
        done = tap.wait_until(lambda: verdicts_of(s, run, 3))
        t.eq(done, {"good": "tolerated", "ping-wrong-length": "pass",
                    "settings-push-enabled": "pass"},
             "a loop over the list, by arming")
        for form, words in (("tap", "ok 1 - good"), ("xml", "<testsuites"),
                            ("wpt.json", '"/h2bad/good"'),
                            ("html", "<html")):
            t.ok(words in s.get(run + "report." + form)[1],
                 "report." + form)
        t.ok("send PING frame <length=7" in tap.wait_until(
            lambda: s.get(run + "ping-wrong-length/trace.txt")[1]),
            "NAME/trace.txt")
        drawn(s)
        t.eq(s.get(run + "next")[2], urls[0], "next: the first URL")
        t.eq(s.get(run + "next")[2], urls[1], "next: the second one")
        by_name(s)
        elsewhere(s)
        meanwhile(s)
        arms(s)
        foreign(s)
        got(s)
        hostile(s)
        t.eq(s.get("/last")[0], 303, "/last")


def foreign(s):
    """A page of another origin may read each response that is well-formed."""
    cases = ["headers-max-size", "headers-continuations", "redirect-loop",
             "hpack-size-update-twice", "not-modified-with-length"]
    _, _, run = s.get("/new?client=page&cases=" + ",".join(cases))
    urls = s.get(run + "urls")[1].split()
    for url, follow in zip(urls[::2], urls[1::2]):
        origin = ["origin", s.base]     # a browser sends a preflight first
        fetch(s, [url], method="OPTIONS", headers=[
            origin, ["access-control-request-method", "GET"]])
        fetch(s, [url, follow], headers=[origin])
    s.get(run + "done")
    made = tap.wait_until(lambda: verdicts_of(s, run, 6)) or {}
    t.ok(made.get("headers-max-size") == made.get("headers-continuations") ==
         "pass", "what a page of another origin needs changes no verdict", made)
    for case in cases:
        sent = []
        for n in "", "-2", "-3":
            for line in s.get(f"{run}{case}/trace{n}.jsonl")[1].splitlines():
                line = json.loads(line) if line[0] == "{" else {}
                names = [f[0] for f in line.get("fields", ())]
                if line.get("dir") == "out" and ":status" in names:
                    sent.append("access-control-allow-origin" in names)
        t.ok(len(sent) > 1 and all(sent), f"{case}: a page of another origin "
             "may read it", sent)


def drawn(s):
    """The page of a case shows the exchange with a client that passed."""
    def words(case):
        return re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", s.get(
            "/case/" + case)[1]))
    page = tap.wait_until(lambda: "As it was with" in words(
        "ping-wrong-length") and words("ping-wrong-length"))
    order = ["As it was with curl", "client: connection preface",
             "client: HEADERS stream 1", "what the case is about begins",
             "server: PING", "client: GOAWAY FRAME_SIZE_ERROR"]
    at = [page.find(each) for each in order] if page else []
    t.ok(at and -1 not in at and at == sorted(at),
         "/case/NAME: a conforming exchange", page)
    t.ok("once a client has passed" in words("name-uppercase"),
         "... which is not there before one has passed")


def verdicts_of(s, run, n):
    made = {c["name"]: c["verdict"]
            for c in json.loads(s.get(run + "report.json")[1])["cases"]}
    return made if len(made) >= n else None


def meanwhile(s):
    """There is a report of a run that is not over yet, to which requests over
    HTTP/1.1 belong too."""
    _, _, run = s.get("/new?client=meanwhile&cases=ping")
    urls = s.get(run + "urls")[1].split()
    s.get(urls[0], "--max-time", "20")
    s.get(urls[1], "--max-time", "20", "--http1.1")
    made = tap.wait_until(lambda: verdicts_of(s, run, 1))
    t.eq((list(made or ()), "\nok 1 - good" in s.get(run + "report.tap")[1]),
         (["good"], True), "a report amid the run")
    t.eq(json.loads(s.get(run + "report.json")[1])["cases"][0]["follow_up"],
         "new-connection", "... with a follow-up over HTTP/1.1")


def by_name(s):
    """The server name (SNI) chooses the case and the run."""
    case = "settings-push-enabled"
    both = [s.get("/new?client=sni&via=sni&cases=" + case)[2] for _ in "12"]
    for urls in zip(*(s.get(run + "urls")[1].split() for run in both)):
        for url in urls:
            named(s, url)
    for run in both:
        s.get(run + "done")
        t.eq((tap.wait_until(lambda r=run: verdicts_of(s, r, 2)) or {}).get(
            case), "pass", "a case by the server name, in two runs at a time")
    for url in (f"https://{case}.localhost:{s.bad}/",
                f"https://localhost:{s.bad}/bad/status-missing"):
        t.ok(tap.wait_until(lambda u=url: named(s, u) != 200 and
                            named(s, u) == 200, 60),
             "without a run, a retry is served well: " + url)
        t.ok(tap.wait_until(lambda u=url: named(s, u) != 200, 60),
             "... and the case acts again later")


def elsewhere(s):
    """A redirection is followed on a new connection, which belongs to the
    run."""
    cases = ["length-with-end-stream", "preface-http1", "redirect-goaway"]
    came = []
    _, _, run = s.get("/new?client=moved&cases=" + ",".join(cases))
    for url in s.get(run + "urls")[1].split():
        found = b""
        if "preface-http1?" in url and "/bad/" in url:
            with tlsclient.context("h2").wrap_socket(socket.create_connection(
                    ("127.0.0.1", s.bad), tap.scaled(20))) as sock, \
                    sock.makefile("rb") as lines:
                found = next((line.split()[1] for line in lines
                              if line.startswith(b"Location:")), b"")
        elif "length-with" in url and "/bad/" in url:
            with Client(s.bad) as c:
                found = (c.fetch(url[url.index("/bad/"):]).header("location")
                         or "").encode()
        else:
            came.append(s.get(url, "-L", "--max-time", "20"))
        if found:
            s.get(f"https://localhost:{s.bad}{found.decode()}")
    s.get(run + "done")
    made = tap.wait_until(lambda: verdicts_of(s, run, 4)) or {}
    t.ok([made.get(case) for case in cases] == ["fail", "fail", "pass"],
         "redirections that are followed on new connections",
         f"{came}\n{s.get(run + 'report.tap')[1]}")


def named(s, url):
    """Requests a URL whose host's name need not be resolved.  Returns the
    status; 0: there is no response."""
    host = url.split("/")[2].split(":")[0]
    return s.get(url, "--resolve", f"{host}:{s.bad}:127.0.0.1", "--max-time",
                 str(tap.scaled(20)))[0]


def fetch(s, urls, mode="good", **more):
    """Fetches URLs with lib/badclient on one connection."""
    subprocess.run([*CLIENT, mode], check=False, stderr=subprocess.DEVNULL,
                   timeout=tap.scaled(60), env={
                       **os.environ, "H2BAD_CA": at("ca"), "H2BAD_PLAN":
                       json.dumps({"name": "x", "timeout_s": 20, "urls": [
                           {"method": "GET", "url": url, **more}
                           for url in urls]})})


def in_time(steps):
    """Makes two runs and does the steps with them; does so again if that took
    longer than an armed case waits.  Returns the runs."""
    for _ in range(8):
        runs = [s_run() for s_run in steps[:2]]
        began = time.monotonic()
        for step in steps[2:]:
            step(*runs)
        if time.monotonic() - began < 4.5:
            break
    return runs


def arms(s):
    """Two clients of one address arm their cases."""
    def new(case):
        return lambda: s.get(f"/new?client={case}&cases={case}")[2]

    def arm(run, case):
        s.get(f"{run}arm/{case}")

    def urls(run):
        return [u for u in s.get(run + "urls")[1].split()
                if "/arm/" not in u and "good" not in u]

    first, second = "settings-push-enabled", "settings-ack-with-payload"
    runs = in_time([new(first), new(second), lambda a, _: arm(a, first),
                    lambda _, b: arm(b, second),
                    lambda a, _: fetch(s, urls(a)),
                    lambda _, b: fetch(s, urls(b))])
    for run, case in zip(runs, (first, second)):
        s.get(run + "done")
        t.eq((tap.wait_until(lambda r=run: verdicts_of(s, r, 2)) or {}).get(
            case), "pass", f"two have armed a case at a time: {case}")
    runs = in_time([new(first), new("ping"), lambda a, _: arm(a, first),
                    lambda _, b: fetch(s, urls(b), "naive"),
                    lambda a, _: fetch(s, urls(a))])
    want = ("pass", "skip")
    for run, case, verdict in zip(runs, (first, "ping"), want):
        s.get(run + "done")
        t.eq((tap.wait_until(lambda r=run: verdicts_of(s, r, 2)) or {}).get(
            case), verdict, f"another one took what was armed: {case}")


def got(s):
    _, _, run = s.get("/new?client=order&cases=goaway-*")
    urls = s.get(run + "urls")[1]
    t.ok(urls.index("/goaway-unprocessed") < urls.index("/goaway-http11"),
         "cases of HTTP_1_1_REQUIRED come last", urls)
    _, _, run = s.get("/new?client=got&cases=name-uppercase")
    t.eq(s.get(run + "got?case=good", "-d", '{"result": "response"}')[0], 204,
         "got")
    t.eq(s.get(run + "got?case=name-uppercase", "-d", json.dumps(
        {"result": "skip", "error": "no such tool"}))[0], 204, "got: a skip")
    t.eq(s.get(run + "got?case=good", "-d", "nonsense")[0], 400,
         "got: no JSON")
    t.eq(s.get(run + "got?case=nope", "-d", "{}")[0], 404,
         "got: an unknown case")
    t.eq(s.get(run + "done")[0], 204, "done")
    made = tap.wait_until(lambda: verdicts_of(s, run, 2))
    t.eq(made, {"good": "skip", "name-uppercase": "skip"},
         "a run that is done: the rest is skipped")
    t.ok("no such tool" in s.get(run + "report.json")[1],
         "... with the client's own reason", s.get(run + "report.json")[1])
    status, text, _ = s.get(run + "got?case=good", "-d",
                            '{"result": "response"}')
    t.ok(status == 409 and "good has its verdict already" in text,
         "got: too late", f"{status} {text}")


def hostile(s):
    """Requests that no client sends by accident."""
    for path in ("/client/%2e%2e/%2e%2e/ca.pem", "/client/ca.pem",
                 "/client/curl/../ca.pem", "/client/bad/log.txt",
                 "/client/curl/%00.html", "/client/%2fetc/passwd.txt"):
        t.eq(s.get(path, "--path-as-is")[0], 404,
             "nothing but reports is served: " + path)
    _, _, run = s.get("/new?cases=good&client=%0d%0aset-cookie:x",
                      "-A", "x" * 300)
    t.ok(re.search(r"/run/[0-9a-f]+/\Z", run), "/new: a client with CR LF",
         run)
    t.eq(s.get("/new?cases=good", "-A", "x" * 300)[0], 303,
         "/new: a long user-agent")
    deep = at("deep")
    with open(deep, "w", encoding="ascii") as f:
        f.write("[" * 60000)
    t.eq(s.get(run + "got?case=good", "-d", "@" + deep)[0], 400,
         "got: nested without end")
    # A client named like a file of the server has no report
    # that it could lose.
    _, _, run = s.get("/new?cases=good&client=ca.pem")
    t.eq(s.get(run + "got?case=good", "-d", '{"result": "response", '
               '"error": "\\ud800", "ms": NaN, "x": []}')[0], 204,
         "got: what is no UTF-8, and no number")
    for url in s.get(run + "urls")[1].split():
        s.get(url, "--max-time", "20")
    s.get(run + "done")
    t.ok((tap.wait_until(lambda: verdicts_of(s, run, 1)) or {}).get("good")
         in ("pass", "tolerated"), "a run of a client named ca.pem")
    _, _, run = s.get("/new?cases=ping-wrong-length&client=curl")
    s.get(run + "done")
    tap.wait_until(lambda: verdicts_of(s, run, 2))
    t.ok("ca.pem" in s.get("/matrix.html")[1] and json.loads(
        s.get("/index.json")[1])["curl"]["good"]["verdict"] == "tolerated",
        "a run in which nothing was asked for does not replace a report")


def one():
    p = subprocess.Popen([H2BAD, "one", "ping-wrong-length", "--port", "0",
                          "--ca-out", at("one.ca")], cwd=work,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    url = p.stdout.readline().decode().split(": ")[-1].strip()
    context = ssl.create_default_context(cafile=at("one.ca"))
    t.ok(context is not None and "/bad/ping-wrong-length" in url,
         "one: the URL", url)
    env = {**os.environ, "H2BAD_CA": at("one.ca"), "H2BAD_PLAN": json.dumps(
        {"name": "ping-wrong-length", "timeout_s": 20,
         "urls": [{"method": "GET", "url": url}]})}
    subprocess.run([*CLIENT, "naive"], env=env, check=False,
                   timeout=tap.scaled(60), stderr=subprocess.DEVNULL)
    out, err = p.communicate(timeout=tap.scaled(60))
    text = out.decode()
    t.ok("send PING frame <length=7" in text and "verdict fail, ignored" in
         text, "one: trace and verdict", text + err.decode())
    t.eq(p.returncode, 1, "one: status")


if __name__ == "__main__":
    lists()
    examples()
    runs()
    names()
    ports()
    processes()
    baselines()
    interrupted()
    one()
    serves()
    t.done()
