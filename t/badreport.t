#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests reports of h2bad: report.json and its errors, index.json, baselines,
TAP, JUnit, wptreport, text, progress and short traces, also with strings that
are markup or commands in such a form.  badpages.t tests the pages."""
import contextlib
import copy
import io
import json
import os
import pty
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(HERE, "lib"), os.path.join(TOP, "python")]
import badsample                                                # noqa: E402
import schema                                                   # noqa: E402
import tap                                                      # noqa: E402
from h2bad import report as reports                             # noqa: E402
from h2bad.keep import Kept                                     # noqa: E402
from h2bad.report import Baseline, Progress, ReportError, model  # noqa: E402
from h2bad.report.brief import ENDS, TEXT_ENDS, brief           # noqa: E402

SAMPLE = badsample.report()
with open(os.path.join(TOP, "doc", "h2bad.schema.json"),
          encoding="utf-8") as f:
    SCHEMA = json.load(f)

t = tap.Tap()


def error(function, *arguments):
    """Returns the text of the error that function raises."""
    try:
        return "no error: %r" % (function(*arguments),)
    except (ReportError, OSError) as e:
        return str(e)


def put(name, text):
    """Writes a file into the scratch directory.  Returns its path."""
    path = os.path.join(work, name)
    with open(path, "wb") as out:
        out.write(text if isinstance(text, bytes) else text.encode())
    return path


def altered(path, value):
    """Returns the sample with another value at path; "" removes the member."""
    changed = copy.deepcopy(SAMPLE)
    at = changed
    for step in path[:-1]:
        at = at[step]
    if value == "":
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return changed


# ---- report.json

#: (path of a member, wrong value, text of the error after the file's name).
DAMAGED = (
    (["h2bad"], "2.0", 'h2bad: "2.0": expected "1.0" or a later 1.x'),
    (["client"], "", "client: is not there: expected a string"),
    (["client"], 7, "client: 7: expected a string"),
    (["started"], "2026-13-29T13:45:00Z", 'started: "2026-13-29T13:45:00Z": '
     'expected a time, as "2026-11-29T13:45:00Z"'),
    (["seconds"], -1, "seconds: -1: expected a number, 0 or more"),
    (["seconds"], True, "seconds: true: expected a number, 0 or more"),
    (["options"], [], "options: []: expected an object of JSON"),
    (["summary"], {"pass": 1}, 'summary: {"pass": 1}: expected an object with '
     'a number for each verdict'),
    (["summary", "fail"], 1, "summary.fail: 1: expected 4, the number of such "
     "cases"),
    (["cases"], {}, "cases: {}: expected a list"),
    (["cases", 2], None, "cases[2]: null: expected an object"),
    (["cases", 2, "verdict"], "passed", 'cases[2].verdict: "passed": expected '
     'one of pass, tolerated, fail, info, skip, error'),
    (["cases", 2, "verdict"], ["fail"], 'cases[2].verdict: ["fail"]: expected '
     'one of pass, tolerated, fail, info, skip, error'),
    (["cases", 2, "kind"], "may", 'cases[2].kind: "may": expected one of must, '
     'should, check'),
    (["cases", 2, "name"], "../x", 'cases[2].name: "../x": expected a name of '
     'small letters, digits and hyphens'),
    (["cases", 2, "name"], "good", 'cases[2].name: "good": expected a case '
     'once, and it is cases[0] too'),
    (["cases", 2, "reaction"], "a b", 'cases[2].reaction: "a b": expected one '
     'word, as "goaway:PROTOCOL_ERROR" or null'),
    (["cases", 2, "reason"], "", "cases[2].reason: is not there: expected a "
     "string or null"),
    (["cases", 2, "expected"], [1], "cases[2].expected: [1]: expected a list "
     "of strings"),
    (["cases", 2, "ms"], "4", 'cases[2].ms: "4": expected a number, 0 or more'),
    (["cases", 2, "exit"], 1.5, "cases[2].exit: 1.5: expected an integer or "
     "null"),
    (["cases", 2, "got"], "x", 'cases[2].got: "x": expected an object of JSON '
     'or null'),
    (["cases", 2, "got"], {"x": float("nan")}, 'cases[2].got: {"x": NaN}: '
     'expected an object of JSON or null'),
    (["cases", 2, "trace"], "javascript:alert(1)", 'cases[2].trace: '
     '"javascript:alert(1)": expected the name of a file below the report\'s '
     'directory or null'),
    (["cases", 2, "trace"], "../../etc/passwd", 'cases[2].trace: '
     '"../../etc/passwd": expected the name of a file below the report\'s '
     'directory or null'),
)

NO_JSON = (
    (b'{"h2bad": "1.0",\n  x}', ", line 2, column 3: expected JSON: Expecting "
     "property name enclosed in double quotes"),
    (b"\xff", ", octet 0: expected JSON in UTF-8"),
    (b"", ", line 1, column 1: expected JSON: Expecting value"),
    (b"[]", ": the file: []: expected an object"),
    (b"[" * 100000, ": expected the JSON of a report, and this is nested too "
     "deep"),
)


def files():
    """report.json and index.json are written and read."""
    path = reports.write(SAMPLE, os.path.join(work, "out"))
    t.eq(os.path.relpath(path, work),
         "out/curl_8.22.0_nghttp2=2f1.69/report.json", "DIR/CLIENT/report.json")
    t.eq((reports.load(path), reports.load(os.path.dirname(path))),
         (SAMPLE, SAMPLE), "it is read as it was written, strings included")
    t.eq(stat.S_IMODE(os.stat(path).st_mode), 0o644, "... readable by all")
    t.eq(os.listdir(os.path.dirname(path)), ["report.json"],
         "... and nothing is left beside it")
    reports.write(dict(SAMPLE, client="../x", summary={}),
                  os.path.join(work, "out"))
    t.eq(sorted(os.listdir(os.path.join(work, "out"))),
         ["=2e.=2fx", "curl_8.22.0_nghttp2=2f1.69"],
         "a client's name is no path; the summary is counted")
    names = ["a b", "a_b", "a/b", "a%2fb", "", "=", ".", "..", "\ud800",
             "\u00e9", "x" * 5000, "x" * 4999 + "y", "CON", "\0"]
    made = [reports.directory(name) for name in names]
    t.ok(len(set(made)) == len(names) and all(
        re.fullmatch("[A-Za-z0-9.+_=-]{1,200}", x) and x[0] != "."
        for x in made), "each client has a directory of its own", made)
    whole = reports.index(os.path.join(work, "out"))
    with open(os.path.join(work, "out", "index.json"), encoding="utf-8") as f:
        t.eq(json.load(f), whole, "index.json")
    t.eq((sorted(whole), whole[SAMPLE["client"]]["settings-push-enabled"]),
         (["../x", SAMPLE["client"]],
          {"verdict": "fail", "reason": "ignored", "reaction": "ack", "ms": 14,
           "report": "curl_8.22.0_nghttp2=2f1.69/report.json"}),
         "... {client: {case: {verdict, reason, reaction, ms, report}}}")
    later = altered(["cases", 2, "later"], 1)
    t.eq(reports.validate(later), later, "members of later versions are left")


def damaged():
    """Errors name the file, the place and what was expected."""
    for path, value, want in DAMAGED:
        name = put("report.json", json.dumps(altered(path, value)))
        t.eq(error(reports.load, name), f"{name}: {want}", want[:50])
    for octets, want in NO_JSON:
        name = put("report.json", octets)
        t.eq(error(reports.load, name), name + want, want[:50])
    put("file", "")
    t.ok("Not a directory: '%s" % os.path.join(work, "file", "curl")
         in error(reports.write, SAMPLE, os.path.join(work, "file"))
         or "File exists: '%s" % os.path.join(work, "file", "curl")
         in error(reports.write, SAMPLE, os.path.join(work, "file")),
         "a directory that cannot be written is named",
         error(reports.write, SAMPLE, os.path.join(work, "file")))
    bad = os.path.join(work, "bad")
    os.makedirs(os.path.join(bad, "x"))
    put("bad/x/report.json", "{}")
    t.eq(error(reports.index, bad), os.path.join(bad, "x", "report.json") +
         ': h2bad: is not there: expected "1.0" or a later 1.x',
         "a damaged one among those of the index is named")


def by_schema():
    """doc/h2bad.schema.json and load() accept the same reports."""
    check = schema.Schema(SCHEMA)
    t.eq(list(check.faults(SAMPLE)), [], "the sample is valid by the schema")
    for path, value, want in DAMAGED:
        if "cases too" in want or "number of such" in want or \
                value in ("good", "2026-13-29T13:45:00Z") or "NaN" in want:
            continue                # a schema cannot express this
        t.ok(list(check.faults(altered(path, value))),
             f"wrong by the schema too: {want[:40]}")
    case = SCHEMA["definitions"]["case"]
    for name, rules, of in (("report", model.REPORT, SCHEMA),
                            ("case", model.RESULT, case)):
        t.eq((sorted(of["properties"]), sorted(of["required"])),
             (sorted(rules), sorted(x for x in rules if rules[x].needed)),
             f"members of a {name}")
    try:
        import jsonschema
    except ImportError:
        t.skip("python3-jsonschema", "not installed")
        return
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    t.eq([e.message for e in jsonschema.Draft7Validator(SCHEMA).iter_errors(
        SAMPLE)], [], "python3-jsonschema says so too")


# ---- baselines

BASELINE = """\
# What is known of curl 8.22.
# The second line.

flood-ping             fail      close:rst       # BUG-7 # and more
flood-settings         fail                      # hangs
# needs --push
push                   skip
settings-push-enabled  pass
# the end
"""

DAMAGED_BASELINES = (
    ("a pass\nb\n", ":2: 'b': expected NAME VERDICT [REACTION] [# REASON]"),
    ("a fail b c # d", ":1: 'a fail b c': expected NAME VERDICT [REACTION] "
     "[# REASON]"),
    ("# x\n\na failed", ":3: 'failed': expected a verdict, one of pass, "
     "tolerated, fail, info, skip, error"),
    ("A_b fail", ":1: 'A_b': expected a name, a name of small letters, digits "
     "and hyphens"),
    ("a fail \x1b[2J", ":1: '\\\\x1b[2J': expected a reaction, one word, as "
     "\"goaway:PROTOCOL_ERROR\" or null"),
    ("a fail\nb pass\na skip", ":3: a: expected once, and it is in line 1 too"),
    (b"a fail\n\xff skip", ":2: expected UTF-8"),
)


def baselines():
    """Baselines are parsed, compared and updated; damaged ones are refused."""
    base = Baseline.load(put("expect", BASELINE))
    t.eq([str(change) for change in base.compare(SAMPLE)], [
        "settings-push-enabled: pass was expected, and it is fail ack",
        "settings-wrong-length: pass was expected, and it is tolerated "
        "close:fin",
        "status-missing: pass was expected, and it is tolerated rst:CANCEL",
        "preface-silent: pass was expected, and it is info timeout",
        "tls-no-alpn: pass was expected, and it is error",
        "value-crlf-injection: pass was expected, and it is fail timeout"],
         "what differs; cases that are not listed are to pass")
    new = base.update(SAMPLE)
    t.eq(str(new), """\
# What is known of curl 8.22.
# The second line.

flood-ping             fail       close:rst  # BUG-7 # and more
flood-settings         fail                  # hangs
preface-silent         info       timeout
# needs --push
push                   skip
settings-push-enabled  fail
settings-wrong-length  tolerated
status-missing         tolerated
tls-no-alpn            error
value-crlf-injection   fail
# the end
""", "--update-expect keeps comments and is sorted")
    new.write(os.path.join(work, "new"))
    again = Baseline.load(os.path.join(work, "new"))
    t.eq((str(again), again.compare(SAMPLE)), (str(new), []),
         "... and what it writes is read again, and nothing differs")
    t.eq(again.unknown(["push"])[0], os.path.join(work, "new") +
         ":4: flood-ping: expected the name of a case", "cases that are none")
    ways = {("pass", "fail"): "worse", ("pass", "tolerated"): "worse",
            ("pass", "info"): "worse", ("pass", "skip"): "worse",
            ("pass", "error"): "worse", ("tolerated", "fail"): "worse",
            ("fail", "pass"): "better", ("fail", "tolerated"): "better",
            ("skip", "pass"): "better", ("error", "pass"): "better",
            ("tolerated", "pass"): "better", ("skip", "fail"): "worse",
            ("fail", "skip"): "worse", ("fail", "error"): "worse",
            ("tolerated", "info"): "other", ("info", "tolerated"): "other"}
    t.eq({pair: Baseline.parse("x " + pair[0]).change(
        badsample.result("x", pair[1])).way for pair in ways}, ways,
         "better, worse or other")
    t.eq([x and x.way for x in (Baseline.parse(text).change(
        badsample.result("x", "fail", "ack")) for text in (
            "x fail", "x fail ack", "x fail close", "x fail#b # c" [:6]))],
         [None, None, "other", None], "a reaction is compared if it is there")
    t.eq([Baseline.parse("x info " + was).change(badsample.result(
        "x", "info", now)) for was, now in (
            ("close", "close:fin"), ("close:fin", "close:rst"))],
         [None, None], "... FIN or RST is chance")
    t.eq([str(Baseline("b").update(badsample.report(badsample.result(
        "x", "info", now)))) for now in ("close:rst", "ack")],
         ["x  info  close\n", "x  info  ack\n"],
         "--update-expect: of info the reaction is the result")
    t.eq([Baseline.parse(text, "b").told(badsample.report(
        badsample.result("x", "fail", "ack"), badsample.result("y")))
          for text in ("x fail", "x fail close", "y skip")],
         ["", "1 case differs from b: x (other)",
          "2 cases differ from b: x (worse), y (better)"],
         "what differs in a line")
    for text, want in DAMAGED_BASELINES:
        name = put("damaged", text)
        t.eq(error(Baseline.load, name), name + want, want[:60])
    t.eq(str(Baseline.parse("")), "", "an empty one")


# ---- TAP

def as_tap():
    """TAP, read here and by prove."""
    text = reports.tap(SAMPLE)
    lines = text.splitlines()
    t.eq((lines[0], lines[1]), ("TAP version 14", "1..12"), "TAP: the plan")
    t.eq([x for x in lines if re.match("(not )?ok", x)], [
        "ok 1 - good", "ok 2 - settings-push-disabled",
        "not ok 3 - settings-push-enabled",
        "ok 4 - settings-wrong-length # tolerated: no-goaway, close:fin",
        "ok 5 - settings-on-stream",
        "ok 6 - status-missing # tolerated: other-code, rst:CANCEL",
        "ok 7 - push # SKIP push disabled: the fence was acknowledged",
        "ok 8 - preface-silent # info: timeout",
        "not ok 9 - flood-ping", "not ok 10 - flood-settings",
        "not ok 11 - tls-no-alpn", "not ok 12 - value-crlf-injection"],
        "TAP: a line for each case")
    t.eq(lines[lines.index("  ---"):lines.index("  ...") + 1], [
        "  ---", '  verdict: "fail"', '  reason: "ignored"',
        '  section: "RFC 9113 \\u00a76.5.2"',
        '  expected: ["goaway:PROTOCOL_ERROR", "close"]', '  reaction: "ack"',
        '  message: "%s"' % SAMPLE["cases"][2]["message"],
        '  trace: "settings-push-enabled/trace.jsonl"', "  ..."],
        "TAP: a block of YAML with a failure")
    hostile = dict(SAMPLE["cases"][-1], verdict="skip")
    t.ok(re.search(r"^ok 1 - value-crlf-injection # SKIP [^#\n]*\\# TODO x "
                   r"not ok 99 \.\.\. \\\\ \\\\x1b\[2J", reports.tap(
                       badsample.report(hostile)), re.M),
         "TAP: what a report says is no line of TAP",
         reports.tap(badsample.report(hostile)))
    skipped = reports.tap(badsample.report(hostile))
    t.ok((text + skipped).isascii() and "\x1b" not in text + skipped,
         "TAP: ASCII without controls")
    base = Baseline.parse("flood-ping fail close:rst # BUG #7\npush pass\n"
                          "flood-settings fail ack\ngood fail\n")
    found = reports.tap(SAMPLE, base).splitlines()
    for want in ("not ok 9 - flood-ping # TODO BUG \\#7",
                 "not ok 1 - good # fixed: fail was expected, and it is pass "
                 "ok",
                 "not ok 7 - push # worse: pass was expected, and it is skip",
                 "not ok 10 - flood-settings # other: fail ack was expected, "
                 "and it is fail",
                 "not ok 3 - settings-push-enabled # worse: pass was expected, "
                 "and it is fail ack", "ok 2 - settings-push-disabled"):
        t.ok(want in found, f"TAP with a baseline: {want[:40]}", found)
    t.ok(reports.tap(dict(SAMPLE, interrupted=True)).endswith(
        "\nBail out! interrupted\n"), "TAP of a run that was interrupted")
    if not shutil.which("prove"):
        t.skip("prove", "not installed")
        return
    good = badsample.report(*(x for x in SAMPLE["cases"]
                              if x["verdict"] not in ("fail", "error")))
    for name, report, status, words in (
            ("all", SAMPLE, 1, "Failed tests:  3, 9-12\nFiles=1, Tests=12,"),
            ("good", good, 0, "All tests successful.\nFiles=1, Tests=7,")):
        put(name + ".json", json.dumps(report))
        script = put(name + ".py", "import sys\n"
                     "sys.path.insert(0, %r)\nimport h2bad.report as r\n"
                     "print(r.tap(r.load(sys.argv[0][:-3] + '.json')), end='')"
                     % os.path.join(TOP, "python"))
        p = subprocess.run(["prove", "-e", sys.executable + " -B", script],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           check=False, universal_newlines=True)
        t.ok(p.returncode == status and words in p.stdout and
             "Parse errors" not in p.stdout, f"prove reads it: {name}",
             p.stdout)


# ---- JUnit

def as_junit():
    """JUnit XML, read by ElementTree and checked by xmllint with
    t/lib/junit.xsd."""
    text = reports.junit(SAMPLE, {
        "settings-push-enabled": "[  0.004] recv SETTINGS\n",
        "value-crlf-injection": badsample.HOSTILE}.get)
    root = ElementTree.fromstring(text.encode())
    t.eq((root.tag, root.attrib), ("testsuites", {
        "name": "h2bad: " + SAMPLE["client"], "tests": "12", "failures": "4",
        "errors": "1", "skipped": "1", "time": "0.168"}), "JUnit: all")
    t.eq([(x.get("name"), x.get("tests"), x.get("failures"), x.get("errors"),
           x.get("skipped")) for x in root][:-1], [
        ("general", "1", "0", "0", "0"), ("preface", "5", "1", "0", "0"),
        ("messages", "1", "0", "0", "0"), ("push", "1", "0", "0", "1"),
        ("floods", "2", "2", "0", "0"), ("tls", "1", "0", "1", "0")],
         "JUnit: a suite for each group")
    cases = {x.get("name"): x for x in root.iter("testcase")}
    case = cases["settings-push-enabled"]
    t.eq((case.get("classname"), case.get("time"), {
        x.get("name"): x.get("value") for x in case.iter("property")}),
        ("h2bad.preface", "0.014", {"section": "RFC 9113 \u00a76.5.2",
                                    "kind": "must", "reaction": "ack"}),
        "JUnit: classname, time, properties")
    failure = case.find("failure")
    t.ok(failure.get("type") == "ignored" and failure.get("message").startswith(
        "SETTINGS acknowledged") and failure.text.endswith(
            "\n\n[  0.004] recv SETTINGS\n"),
         "JUnit: a failure has the text trace", text)
    t.eq((cases["push"].find("skipped").get("message"),
          cases["tls-no-alpn"].find("error").get("type"),
          cases["good"].find("failure"),
          cases["settings-wrong-length"].find("system-out").text.partition(
              "\n")[0]),
         ("push disabled", "OSError", None, "tolerated: no-goaway, close:fin"),
         "JUnit: skipped, error, pass, tolerated")
    hostile = cases["value-crlf-injection"]
    t.eq((hostile.find("failure").get("type"), len(list(hostile.iter()))),
         (badsample.HOSTILE.translate({0: "\\u0000", 0x1b: "\\u001b",
                                       0x7f: "\\u007f", 0xd800: "\\ud800",
                                       0xfffe: "\\ufffe"}), 6),
         "JUnit: what a report says is text")
    text.encode()                   # raises if a lone surrogate is left
    if not shutil.which("xmllint"):
        t.skip("JUnit: the schema", "xmllint is not installed")
        return
    xsd = os.path.join(HERE, "lib", "junit.xsd")
    for what, content, want in (
            ("valid", text, 0),
            ("a testcase without a name is not", text.replace(
                '<testcase name="good"', "<testcase"), 3),
            ("nor an unknown element", text.replace(
                "<skipped", "<ignored"), 3)):
        p = subprocess.run(["xmllint", "--noout", "--nonet", "--schema", xsd,
                            put("junit.xml", content)],
                           stderr=subprocess.PIPE, check=False)
        t.eq(p.returncode, want, f"JUnit by xmllint: {what}") or t.diag(
            p.stderr.decode())


# ---- wptreport

def as_wptreport():
    """Fields and statuses of wptreport.json."""
    whole = reports.wptreport(SAMPLE)
    json.dumps(whole, allow_nan=False)
    t.eq({x: whole[x] for x in whole if x != "results"}, {
        "run_info": {"product": SAMPLE["client"], "os": "linux", "platform":
                     "Linux x86_64", "run": "b01", "h2bad": "1.0"},
        "time_start": 1795959900000, "time_end": 1795959941250}, "wptreport")
    t.eq(whole["results"][2], {
        "test": "/h2bad/settings-push-enabled", "status": "FAIL",
        "expected": "PASS", "message": SAMPLE["cases"][2]["message"],
        "duration": 14, "subtests": []}, "wptreport: a result")
    t.eq([(x["status"], x["expected"]) for x in whole["results"]],
         [("PASS", "PASS")] * 2 + [("FAIL", "PASS")] + [("PASS", "PASS")] * 3
         + [("PRECONDITION_FAILED", "PRECONDITION_FAILED"), ("PASS", "PASS"),
            ("CRASH", "PASS"), ("TIMEOUT", "PASS"), ("ERROR", "PASS"),
            ("FAIL", "PASS")], "wptreport: statuses")
    base = Baseline.parse("flood-ping fail\ngood fail\npush fail")
    t.eq([(x["status"], x["expected"]) for x in reports.wptreport(
        SAMPLE, base)["results"] if x["test"][7:] in (
            "flood-ping", "good", "push")],
         [("PASS", "FAIL"), ("PRECONDITION_FAILED", "FAIL"),
          ("CRASH", "CRASH")], "wptreport: expected by a baseline")


# ---- text

TEXT = """\
curl 8.22.0 nghttp2/1.69

  general
    \u2714 good

  preface
    \u2714 settings-push-disabled
    \u2716 settings-push-enabled  ignored
      -> SETTINGS acknowledged and PING answered; a client MUST treat \
ENABLE_PUSH=1 from a server as a connection error (RFC 9113 \u00a76.5.2, must)
         Expected: GOAWAY PROTOCOL_ERROR
         or        close
         Actual:   ack
         Trace:    settings-push-enabled/trace.jsonl
    ~ settings-wrong-length  tolerated: no-goaway
    \u2714 settings-on-stream
    i preface-silent  info: timeout

  messages
    ~ status-missing  tolerated: other-code

  push
    - push  skip: push disabled: the fence was acknowledged

  floods
"""


def as_text():
    """The text report is readable, and cannot command the terminal."""
    text = reports.text(SAMPLE)
    t.ok(text.startswith(TEXT), "text: as it is", text)
    t.ok(text.endswith("12 cases in 41.2 s: 4 pass, 2 tolerated, 4 fail, 1 "
                       "info, 1 skip, 1 error\n".replace("4 pass", "3 pass")),
         "text: totals", text[-200:])
    t.ok(all(c.isprintable() or c == "\n" for c in text),
         "text: no control characters")
    painted = reports.text(SAMPLE, colour=True)
    t.ok(re.sub("\033\\[[0-9;]+m", "", painted) == text and
         "\033[1;31m\u2716" in painted, "text: colours", painted)
    plain = reports.text(SAMPLE, ascii_only=True)
    t.ok(plain.isascii() and "    x settings-push-enabled  ignored" in plain,
         "text: ASCII", plain)
    base = Baseline.parse("good fail\nsettings-push-enabled fail\n"
                          "settings-wrong-length tolerated ack\n", "known")
    t.ok("Other than in known, fixed: update the file:\n    good: fail was "
         "expected, and it is pass ok\n" in reports.text(SAMPLE, base) and
         "Other than in known, worse:\n    status-missing: pass was expected"
         in reports.text(SAMPLE, base) and "different:\n    settings-wrong-"
         in reports.text(SAMPLE, base), "text: what differs from a baseline",
         reports.text(SAMPLE, base))
    t.ok(reports.text(SAMPLE, base.update(SAMPLE)).endswith("As in known.\n"),
         "text: nothing differs")
    t.ok("The run was interrupted.\n" in reports.text(
        dict(SAMPLE, interrupted=True)), "text: interrupted")


def lines(*those):
    """Returns a trace.  Each argument is (time, dir, type, stream, more
    members) of a line."""
    return [dict(more, t=at, type=kind, **({"stream": stream} if stream else {}),
                 **({"dir": way} if way else {}), flags=())
            for at, way, kind, stream, more in those]


def short_traces():
    """brief() shows a trace in a few lines."""
    ok = {"fields": [[":path", "/ok?run=0a1&case=x"], [":method", "GET"]]}
    ask = {"fields": [[":method", "GET"], ["cookie", "a"],
                      [":path", "/bad/x?run=0a1"]]}
    good = [[":status", "200"], ["location", "https://localhost:8444/c?run=0a1"],
            *[["x-" + "n" * 99, {"hex": "00" * 99}]] * 3]
    t.eq(brief([lines(
        (0.1, "out", "SETTINGS", 0, {"settings": [["ENABLE_PUSH", 1]]}),
        (0.2, "in", "HEADERS", 1, ask),
        (0.2, None, "note", 0, {"name": "here", "values": {}}),
        (0.3, "out", "HEADERS", 1, {"fields": good}),
        (0.3, "in", "HEADERS", 3, ok),
        (0.4, "out", "raw", 0, {"length": 9, "error": "no frame"}),
        *[(0.5, "in", "DATA", 1, {"length": 7})] * 3,
        (2.4, "in", "DATA", 1, {"length": 7}),
        (2.4, None, "violation", 0, {"text": "\x1b[2J"}),
        (2.5, "out", "HEADERS", 3, {"fields": good}),
        (2.5, "out", "GOAWAY", 0, {"last_stream": 3, "code": "NO_ERROR"}),
        (2.5, None, "close", 0, {"end": "closed"})),
        lines((0, "in", "HEADERS", 1, ok))]), """\
connection 1:
server: SETTINGS ENABLE_PUSH=1
client: HEADERS stream 1 :method GET, :path /bad/x
(the case begins)
server: HEADERS stream 1 :status 200, location https://localhost/c, \
%s, %s, and 1 more
client: HEADERS stream 3 :path /ok?case=x, :method GET
server: 9 octets no frame
client: DATA stream 1 7 octets
        and 2 more
(2 s later)
client: DATA stream 1 7 octets
(the client breaks a rule: \\x1b[2J)
(closed)
connection 2:
client: HEADERS stream 1 :path /ok?case=x, :method GET
""" % (("x-" + "n" * 37 + "\u2026 " + "\\x00" * 9 + "\\x0\u2026",) * 2),
         "a short trace: what is in it, and what is not")
    for more in 0, 1, 1000:
        text = brief([lines(*[(0, "in", "HEADERS", i + 1, {})
                              for i in range(2 * ENDS + more)])]).splitlines()
        t.eq((text[0], text[ENDS], len(text), text[-1]), (
            "client: HEADERS stream 1", "(and %s)" % model.plural(more, "line")
            if more else "client: HEADERS stream %d" % (ENDS + 1),
            2 * ENDS + bool(more), "client: HEADERS stream %d" % (
                2 * ENDS + more)), f"... {more} lines more than it may have")
    path = put("long.jsonl", "".join(json.dumps(each) + "\n" for each in [
        {"t": 0, "type": "connection", "version": 1, "time":
         "2026-11-30T00:00:00Z", "server": "x", "pid": 1, "client": "x"},
        *lines(*[(0, "in", "PING", 0, {"flags": [], "length": 8, "data": {
            "hex": "00" * 8}})] * 5000)]))
    kept = Kept("c", "r", {}, None)
    kept.add(dict(SAMPLE["cases"][-1], verdict="fail", name="x"), [path])
    text = kept.texts["x"].splitlines()
    t.ok(len(text) == 2 * TEXT_ENDS + 1 and re.fullmatch(
        r"\(and \d+ lines\)", text[TEXT_ENDS]), "the text of a long trace in a "
        "report is cut", text[TEXT_ENDS - 1:TEXT_ENDS + 2])


@contextlib.contextmanager
def terminal(columns):
    """Opens a terminal with this many columns.  Yields (text stream, function
    that returns what was written to it)."""
    ours, theirs = pty.openpty()
    subprocess.run(["stty", "cols", str(columns)], stdin=theirs, check=True)
    with open(theirs, "w", encoding="utf-8") as stream:
        def read():
            found = b""
            while b"\0end" not in found:
                found += os.read(ours, 4096)
            return found.decode()
        yield stream, read
    os.close(ours)


def progress():
    """Progress on a terminal, and on another file."""
    cases = SAMPLE["cases"]
    plain = io.StringIO()
    shown = Progress(len(cases), plain)
    for case in cases:
        shown.start(case["name"])
        shown.done(case)
    shown.end(SAMPLE["summary"])
    lines = plain.getvalue().splitlines()
    t.eq(lines[:4] + lines[-1:], [
        " 1/12 + good ok", " 2/12 + settings-push-disabled ok",
        " 3/12 x settings-push-enabled fail: ignored ack",
        " 4/12 ~ settings-wrong-length tolerated: no-goaway close:fin",
        "3 pass, 2 tolerated, 4 fail, 1 info, 1 skip, 1 error"],
         "progress: plain lines elsewhere")
    t.ok(all(c.isprintable() or c == "\n" for c in plain.getvalue()) and
         len(lines) == 13, "progress: no control characters", plain.getvalue())
    term = os.environ.get("TERM")
    os.environ["TERM"] = "xterm"
    os.environ.pop("NO_COLOR", None)
    with terminal(40) as (stream, read):
        shown = Progress(len(cases), stream)
        shown.start("good")
        shown.start("a" * 60)
        shown.done(cases[0])
        shown.done(cases[2])
        shown.end(SAMPLE["summary"])
        stream.write("\0end")
        stream.flush()
        got = read()
    os.environ.pop("TERM") if term is None else os.environ.update(TERM=term)
    parts = got.split("\r\033[K")[1:]
    t.eq(parts[:3], ["0/12  now: good",
                     ("0/12  now: good, " + "a" * 60)[:39],
                     ("1/12  now: " + "a" * 60)[:39]],
         "progress: what runs now, on one line of the terminal")
    t.eq((re.sub("\033\\[[0-9;]*m", "", parts[3]).strip(), parts[4]),
         ("\u2716 settings-push-enabled fail: ignored ack",
          ("2/12  1 fail  now: " + "a" * 60)[:39]),
         "progress: what has failed stays above it")


work = tempfile.mkdtemp(prefix="h2rig-badreport-")
try:
    for function in (files, damaged, by_schema, baselines, as_tap, as_junit,
                     as_wptreport, as_text, short_traces, progress):
        function()
finally:
    shutil.rmtree(work)
t.done()
