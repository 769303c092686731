# SPDX-License-Identifier: MIT
"""A report in the forms that other programs read: TAP 14, JUnit XML,
wptreport."""

import datetime
import json
import os
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional
from xml.sax.saxutils import escape, quoteattr

from h2bad.report.baseline import Baseline
from h2bad.report.model import Report, Result, by_group, line, skipped

__all__ = ["junit", "tap", "wptreport"]

#: Returns the text of a case's trace, by the case's name, or None.
TraceText = Callable[[str], Optional[str]]


# ---- TAP

def _tap_line(number: int, result: Result,
              baseline: Optional[Baseline]) -> str:
    # "#" begins a directive, and "\" escapes it.
    verdict, why = result["verdict"], _why(result)
    change = baseline.change(result) if baseline else None
    good = verdict not in ("fail", "error")
    note = ""
    if change is not None:
        good = False
        note = "%s: %s" % ("fixed" if change.way == "better" else change.way,
                           str(change).partition(": ")[2])
    elif not good and baseline:
        note = "TODO " + (baseline.expected(result["name"]).reason or "known")
    elif verdict == "skip":
        note = "SKIP " + skipped(result)
    elif verdict in ("tolerated", "info"):
        note = "%s: %s" % (verdict, why)
    return "%s %d - %s%s" % (
        "ok" if good else "not ok", number, result["name"], note and " # " +
        note.replace("\\", "\\\\").replace("#", "\\#"))


def _why(result: Mapping[str, Any]) -> str:
    # The reason of a verdict in a few words.
    words = [result["reason"], result["reaction"]]
    return line(", ".join(dict.fromkeys(filter(None, words)))
                or result["message"])


def _yaml(result: Result) -> Iterator[str]:
    # Values are in JSON, which is YAML too.
    yield "  ---"
    for name in ("verdict", "reason", "section", "expected", "reaction",
                 "message", "trace"):
        if result.get(name) not in (None, "", []):
            yield "  %s: %s" % (name, json.dumps(result[name]))
    yield "  ..."


def tap(report: Report, baseline: Optional[Baseline] = None,
        version: Optional[int] = None) -> str:
    """The report as TAP 14 (str, ASCII).

    A case that fails is "not ok" with a YAML block.  With a baseline, one
    whose failure is expected is "# TODO", and one that differs from what is
    expected, better or worse, is "not ok".

    version: 13 or 14, in the first line alone.  None: 13 if Perl's prove runs
    this (HARNESS_ACTIVE), since before Perl 5.40 it refuses 14; else 14.
    """
    if version is None:
        version = 13 if os.environ.get("HARNESS_ACTIVE") else 14
    lines = ["TAP version %d" % version, "1..%d" % len(report["cases"])]
    for number, result in enumerate(report["cases"], 1):
        lines.append(_tap_line(number, result, baseline))
        if lines[-1].startswith("not ok"):
            lines += _yaml(result)
    if report.get("interrupted"):
        lines.append("Bail out! interrupted")
    text = "".join(each + "\n" for each in lines)
    return text.encode("ascii", "backslashreplace").decode()


# ---- JUnit

def _xml(text: object) -> str:
    # XML cannot express control characters and unpaired surrogates.
    return "".join(c if c in "\n\t" or " " <= c <= "\ud7ff" and c != "\x7f"
                   or "\ue000" <= c <= "\ufffd" or c > "\uffff"
                   else "\\u%04x" % ord(c) for c in str(text))


def _tag(element: str, content: str = "", /, **attributes: object) -> str:
    # content is XML.
    start = element + "".join(" %s=%s" % (key, quoteattr(_xml(value)))
                              for key, value in attributes.items())
    return "<%s>%s</%s>\n" % (start, content, element) if content \
        else "<%s/>\n" % start


def _properties(**values: object) -> str:
    return _tag("properties", "\n" + "".join(
        _tag("property", name=name, value=value)
        for name, value in values.items() if value not in (None, "")))


def _junit_case(result: Mapping[str, Any], trace: Optional[str]) -> str:
    verdict, message = result["verdict"], line(result["message"])
    said = escape(_xml("\n".join(_details(result)) + "\n"
                       + ("\n" + trace if trace else "")))
    content = "\n" + _properties(**{name: result[name] for name in (
        "section", "kind", "reaction")})
    if verdict == "fail":
        content += _tag("failure", said, message=message,
                        type=result["reason"] or "fail")
    elif verdict == "error":
        content += _tag("error", said, message=message,
                        type=result["reason"] or "error")
    elif verdict == "skip":
        content += _tag("skipped", message=_why(result))
    elif verdict != "pass":
        content += _tag("system-out", escape(_xml("%s: %s\n%s\n" % (
            verdict, _why(result), result["message"]))))
    return _tag("testcase", content, name=result["name"],
                classname="h2bad." + result["group"],
                time="%.3f" % (result["ms"] / 1000))


def _details(result: Mapping[str, Any]) -> Iterator[str]:
    yield result["message"]
    yield "requirement: %s (%s)" % (result["section"], result["kind"])
    yield "expected: " + " or ".join(result["expected"])
    yield "reaction: %s" % (result["reaction"] or "none")


def _counts(results: List[Mapping[str, Any]]) -> Dict[str, object]:
    def of(verdict: str) -> int:
        return sum(result["verdict"] == verdict for result in results)
    return {"tests": len(results), "failures": of("fail"),
            "errors": of("error"), "skipped": of("skip"),
            "time": "%.3f" % (sum(r["ms"] for r in results) / 1000)}


def junit(report: Report, traces: TraceText = lambda name: None) -> str:
    """The report as JUnit XML (str; it may be written in UTF-8).

    traces: returns the text trace of a case by its name, or None; failures and
    errors contain it.
    """
    suites = [_tag(
        "testsuite",
        "\n" + _properties(client=report["client"], run=report["run"],
                           platform=report["platform"],
                           interrupted=report.get("interrupted") and "true")
        + "".join(_junit_case(result, traces(result["name"]))
                  for result in results),
        name=group, timestamp=report["started"][:19], **_counts(results))
        for group, results in by_group(report["cases"]).items()]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + _tag(
        "testsuites", "\n" + "".join(suites),
        name="h2bad: " + report["client"], **_counts(report["cases"]))


# ---- wptreport

_STATUSES = {"pass": "PASS", "tolerated": "PASS", "info": "PASS",
             "fail": "FAIL", "skip": "PRECONDITION_FAILED", "error": "ERROR"}
_REASONS = {"crash": "CRASH", "hang": "TIMEOUT"}


def _status(result: Result) -> str:
    if result["verdict"] == "fail":
        return _REASONS.get(result["reason"], "FAIL")
    return _STATUSES[result["verdict"]]


def _expected(result: Result, baseline: Optional[Baseline]) -> str:
    if baseline is None:
        return _status(result) if result["verdict"] == "skip" else "PASS"
    verdict = baseline.expected(result["name"]).verdict
    return _status(result) if verdict == result["verdict"] \
        else _STATUSES[verdict]


def wptreport(report: Report,
              baseline: Optional[Baseline] = None) -> Dict[str, Any]:
    """The report as a dict in the form of wptreport.json.

    Each test has "expected": by the baseline, or else PASS for all that were
    exercised."""
    started = datetime.datetime.strptime(
        report["started"][:19] + "+0000", "%Y-%m-%dT%H:%M:%S%z").timestamp()
    return {
        "run_info": {"product": report["client"], "os":
                     report["platform"].partition(" ")[0].lower(),
                     "platform": report["platform"], "run": report["run"],
                     "h2bad": report["h2bad"]},
        "time_start": int(started * 1000),
        "time_end": int((started + report["seconds"]) * 1000),
        "results": [{
            "test": "/h2bad/" + result["name"], "status": _status(result),
            "expected": _expected(result, baseline),
            "message": result["message"] or None,
            "duration": int(result["ms"]), "subtests": []}
            for result in report["cases"]]}
