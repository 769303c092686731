# SPDX-License-Identifier: MIT
"""The report of one run: a dict in the form of doc/h2bad.schema.json.

A directory of reports has a directory for each client, named by `directory`,
with the client's report.json.  It also has index.json, which sums them up.
"""

import datetime
import errno
import hashlib
import json
import os
import re
import string
import tempfile
from collections import Counter
from typing import (Any, Callable, Dict, Iterable, Iterator, List, Mapping,
                    NamedTuple, Sequence, Tuple)

from h2rig.server.frametypes import ERROR_CODES
from h2rig.trace.reader import escaped

__all__ = ["KINDS", "VERDICTS", "VERSION", "Report", "ReportError", "Result",
           "by_group", "can_fill", "can_put", "cases_of", "directory", "index",
           "line", "load", "plural", "put", "reports", "short", "skipped",
           "summary", "validate", "write"]

VERSION = "1.0"

#: Names of h2bad's own files and directories beside those of clients.
RESERVED = ("bad", "ca.pem", "control.log", "index.json", "matrix.html", "runs")

#: Verdicts from good to bad, then those that say nothing bad or good.
VERDICTS = ("pass", "tolerated", "fail", "info", "skip", "error")

KINDS = ("must", "should", "check")

Report = Dict[str, Any]
Result = Dict[str, Any]


class ReportError(Exception):
    """A file is not valid; the text names the file, the place in it, and what
    was expected."""


# ---- what is valid

class _Rule(NamedTuple):
    words: str                      # what a value has to be
    test: Callable[[Any], bool]
    needed: bool = True


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, kinds) and not (
        isinstance(v, bool) and bool not in kinds)


def _like(pattern: str) -> Callable[[Any], bool]:
    return lambda v: isinstance(v, str) and \
        re.fullmatch(pattern, v) is not None


def _one_of(*values: str) -> _Rule:
    return _Rule("one of " + ", ".join(values),
                 lambda v: isinstance(v, str) and v in values)


def _or_null(rule: _Rule, needed: bool = False) -> _Rule:
    return _Rule(rule.words + " or null",
                 lambda v: v is None or rule.test(v), needed)


def _is_time(v: Any) -> bool:
    if not _like("[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}([.][0-9]+)?Z"
                 )(v):
        return False
    try:
        return datetime.datetime.fromisoformat(v[:19]).year > 1969
    except ValueError:
        return False


def _is_object(v: Any) -> bool:
    # A client may have sent NaN, which Python's json accepts.
    try:
        json.dumps(v, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return isinstance(v, dict)


_TEXT = _Rule("a string", _is(str))
_TIME = _Rule("a number, 0 or more",
              lambda v: _is(int, float)(v) and 0 <= v < float("inf"))
_COUNT = _Rule("an integer, 0 or more", lambda v: _is(int)(v) and v >= 0)
_NAME = _Rule("a name of small letters, digits and hyphens",
              _like("[a-z0-9]+(-[a-z0-9]+)*"))
_WORD = _Rule('one word, as "goaway:PROTOCOL_ERROR"',
              _like("([A-Za-z0-9][!-~]*)?"))
_FILE = _Rule("the name of a file below the report's directory",
              _like("[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*"))

_OBJECT = _Rule("an object of JSON", _is_object)

#: Members of a report, in their order.
REPORT = {
    "h2bad": _Rule('"1.0" or a later 1.x', _like(r"1\.[0-9]+")),
    "client": _TEXT,
    "run": _TEXT,
    "started": _Rule('a time, as "2026-11-29T13:45:00Z"', _is_time),
    "seconds": _TIME,
    "platform": _TEXT,
    "options": _OBJECT,
    "interrupted": _Rule("true or false", _is(bool), False),
    "summary": _Rule("an object with a number for each verdict",
                     lambda v: _is(dict)(v) and set(v) == set(VERDICTS)
                     and all(map(_COUNT.test, v.values()))),
    "cases": _Rule("a list", _is(list)),
}

#: Members of a result, an item of "cases".
RESULT = {
    "name": _NAME,
    "group": _TEXT,
    "kind": _one_of(*KINDS),
    "section": _TEXT,
    "verdict": _one_of(*VERDICTS),
    "reason": _or_null(_TEXT, True),
    "reaction": _or_null(_WORD, True),
    "expected": _Rule("a list of strings", lambda v: _is(list)(v)
                      and all(map(_TEXT.test, v))),
    "message": _TEXT,
    "ms": _TIME,
    "connections": _COUNT._replace(needed=False),
    "requests": _COUNT._replace(needed=False),
    "retries": _COUNT._replace(needed=False),
    "follow_up": _or_null(_TEXT),
    "exit": _or_null(_Rule("an integer", _is(int))),
    "signal": _or_null(_COUNT),
    "rss_kb": _or_null(_COUNT),
    "got": _or_null(_OBJECT),
    "trace": _or_null(_FILE),
    "security": _or_null(_TEXT),
    "output": _or_null(_TEXT),
}


def _members(value: Any, rules: Mapping[str, _Rule],
             at: str) -> Iterator[Tuple[str, str]]:
    # Members without a rule are of a later version.
    if not isinstance(value, dict):
        yield at or "the file", "%s: expected an object" % _shown(value)
        return
    dot = at + "." if at else ""
    for name, rule in rules.items():
        if name not in value:
            if rule.needed:
                yield dot + name, "is not there: expected %s" % rule.words
        elif not rule.test(value[name]):
            yield dot + name, "%s: expected %s" % (_shown(value[name]),
                                                   rule.words)


def _shown(value: Any) -> str:
    text = line(json.dumps(value))
    return text if len(text) <= 60 else text[:57] + "..."


def _faults(report: Any) -> Iterator[Tuple[str, str]]:
    yield from _members(report, REPORT, "")
    seen: Dict[str, int] = {}
    for i, result in enumerate(report["cases"]):
        at = "cases[%d]" % i
        yield from _members(result, RESULT, at)
        first = seen.setdefault(result["name"], i)
        if first != i:
            yield at + ".name", "%s: expected a case once, and it is " \
                "cases[%d] too" % (_shown(result["name"]), first)
    counted = summary(report["cases"])
    for verdict in VERDICTS:
        if report["summary"][verdict] != counted[verdict]:
            yield "summary." + verdict, "%d: expected %d, the number of " \
                "such cases" % (report["summary"][verdict], counted[verdict])


def validate(report: Any, name: str = "report") -> Report:
    """Returns the report; ReportError if it is not valid.  name: its file."""
    for place, fault in _faults(report):        # the first explains the rest
        raise ReportError("%s: %s: %s" % (name, place, fault))
    valid: Report = report
    return valid


# ---- files

def directory(client: str) -> str:
    """Returns the name of a client's directory.  Letters, digits and ".+-"
    stand for themselves and "_" for a space; other octets are "=" and two hex
    digits.  Two clients never share a name; one that is too long for a file is
    cut, and ends with a hash."""
    if client in RESERVED:
        return "=%02x%s" % (ord(client[0]), client[1:])
    keep = string.ascii_letters + string.digits + ".+-"
    name = "".join(c if c in keep else "_" if c == " " else "".join(
        "=%02x" % octet for octet in c.encode("utf-8", "surrogatepass"))
        for c in client)
    if not name or name[0] == ".":
        name = "=2e" + name[1:] if name else "="
    if len(name) > 200:
        digest = hashlib.sha256(name.encode()).hexdigest()
        name = "%s=%s" % (name[:160], digest[:16])
    return name


def _is_special(path: str) -> bool:
    # A device or a pipe, which no file must replace.
    return os.path.exists(path) and not os.path.isfile(path)


def put(path: str, text: str) -> None:
    """Writes a file, whole or not at all, also for a process that reads it at
    this moment; makes its directory.  OSError, with the path."""
    there, name = os.path.split(os.path.abspath(path))
    try:
        if _is_special(path):
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            return
        os.makedirs(there, exist_ok=True)
        handle, new = tempfile.mkstemp(prefix=name[:100] + ".", dir=there)
        try:
            with open(handle, "w", encoding="utf-8") as f:
                f.write(text)
            os.chmod(new, 0o644)
            os.replace(new, path)
        except BaseException:
            os.unlink(new)
            raise
    except OSError as e:
        raise OSError(e.errno, e.strerror, path) from None


def can_fill(there: str) -> None:
    """Makes a directory; OSError if files cannot be made in it."""
    try:
        os.makedirs(there, exist_ok=True)
        tempfile.TemporaryFile(dir=there).close()
    except OSError as e:
        raise OSError(e.errno, e.strerror, there) from None


def can_put(path: str) -> None:
    """Makes the file's directory; OSError if `put` cannot write the file."""
    if os.path.isdir(path):
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    if not _is_special(path):
        try:
            can_fill(os.path.dirname(os.path.abspath(path)))
        except OSError as e:
            raise OSError(e.errno, e.strerror, path) from None


def _json(value: object) -> str:
    return json.dumps(value, indent=1, allow_nan=False) + "\n"


def _read(path: str) -> Any:
    with open(path, "rb") as f:
        octets = f.read()
    try:
        return json.loads(octets.decode("utf-8"))
    except json.JSONDecodeError as e:
        raise ReportError("%s, line %d, column %d: expected JSON: %s" % (
            path, e.lineno, e.colno, e.msg)) from None
    except UnicodeDecodeError as e:
        raise ReportError("%s, octet %d: expected JSON in UTF-8" % (
            path, e.start)) from None
    except RecursionError:
        raise ReportError("%s: expected the JSON of a report, and this is "
                          "nested too deep" % path) from None


def load(path: str) -> Report:
    """Returns the report in this file, or in report.json of this directory.

    ReportError if it is damaged, OSError if it cannot be read."""
    if os.path.isdir(path):
        path = os.path.join(path, "report.json")
    return validate(_read(path), path)


def write(report: Mapping[str, Any], to: str) -> str:
    """Writes report.json into the client's directory below the directory to,
    with its summary counted anew; returns its path.

    ReportError if it is no report, OSError if it cannot be written."""
    path = os.path.join(to, directory(str(report.get("client", ""))),
                        "report.json")
    whole = dict(report)
    if isinstance(whole.get("cases"), list):
        whole["summary"] = summary(whole["cases"])
    validate(whole, path)
    # Members in the order of the schema, those of later versions after them.
    known = {name: whole[name] for name in REPORT if name in whole}
    put(path, _json({**known, **whole}))
    return path


def reports(below: str) -> List[Tuple[str, Report]]:
    """Returns (directory, report) of each client below a directory, sorted by
    the client's name.  ReportError and OSError as in `load`."""
    found = []
    for name in sorted(os.listdir(below)):
        path = os.path.join(below, name, "report.json")
        if os.path.exists(path):
            found.append((name, load(path)))
    return sorted(found, key=lambda pair: pair[1]["client"])


def index(below: str) -> Dict[str, Dict[str, Dict[str, Any]]]:
    """Writes index.json, made of all reports below this directory, and returns
    its content: {client: {case: {verdict, reason, reaction, ms, report}}},
    where report is the path of report.json from below.  Errors as in `load`.
    """
    whole = {report["client"]: {
        result["name"]: dict(
            {name: result[name] for name in ("verdict", "reason", "reaction",
                                             "ms")},
            report=there + "/report.json")
        for result in report["cases"]} for there, report in reports(below)}
    put(os.path.join(below, "index.json"), _json(whole))
    return whole


# ---- what forms and pages say of a report

def summary(cases: Iterable[Mapping[str, Any]]) -> Dict[str, int]:
    """Returns how many results have each verdict."""
    counts = Counter(result["verdict"] for result in cases)
    return {verdict: counts[verdict] for verdict in VERDICTS}


def by_group(cases: Iterable[Mapping[str, Any]]
             ) -> Dict[str, List[Mapping[str, Any]]]:
    """Returns results, or cases of the catalogue, by group, in their order."""
    groups: Dict[str, List[Mapping[str, Any]]] = {}
    for case in cases:
        groups.setdefault(case["group"], []).append(case)
    return groups


def line(text: object) -> str:
    """Returns text on one line, without characters that command a terminal."""
    return escaped(" ".join(str(text).split()))


def skipped(result: Mapping[str, Any]) -> str:
    """Returns why a case was skipped, on one line."""
    reason, message = result["reason"] or "", result["message"]
    return line(message if message.startswith(reason) else
                "%s: %s" % (reason, message) if message else reason)


def plural(count: int, what: str) -> str:
    """Returns "1 case", "2 cases" and so on."""
    return "%d %s%s" % (count, what, "" if count == 1 else "s")


def short(reaction: object) -> str:
    """Returns a reaction for narrow columns: "GOAWAY 1" for
    "goaway:PROTOCOL_ERROR", "close" for "close:fin".  Error codes are given by
    their numbers (RFC 9113 §7)."""
    word, _, detail = str(reaction or "").partition(":")
    if word in ("goaway", "rst"):
        return "%s %s" % (word.upper(), ERROR_CODES.get(detail, detail))
    return word


def cases_of(all_reports: Sequence[Report]) -> Dict[str, Result]:
    """Returns the cases of all reports by name, each as in the first report
    that has it.  A case that only later reports have comes after the case that
    is before it there."""
    order: List[str] = []
    found: Dict[str, Result] = {}
    for report in all_reports:
        after = -1
        for result in report["cases"]:
            name = result["name"]
            if name not in found:
                found[name] = result
                order.insert(after + 1, name)
                after += 1
            else:
                after = order.index(name)
    return {name: found[name] for name in order}
