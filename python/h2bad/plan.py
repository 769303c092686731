# SPDX-License-Identifier: MIT
"""What a client has to do in a case: its URLs, in order."""

import os
import re
from typing import (Any, Dict, FrozenSet, Iterable, List, Optional, Set,
                    Tuple)

__all__ = ["NEEDS", "Plan", "floods_off", "host_of", "missing", "parse_host",
           "parse_needs", "plan", "provided", "wanted"]

#: What a case may need of a client beside a GET.
NEEDS: FrozenSet[str] = frozenset((
    "authorization", "cancel", "connect", "early-data", "expect", "h1",
    "head", "headers", "host2", "parallel", "pause", "post", "push", "range",
    "requests", "slow", "websocket"))

#: {"name", "urls": [{"method", "url", ...}], "timeout_s"}
Plan = Dict[str, Any]


def parse_needs(case: Any) -> Dict[str, int]:
    """Returns a case's needs with their numbers, 1 where there is none.

    ValueError for an unknown need.
    """
    made: Dict[str, int] = {}
    for each in case.needs:
        name, _, n = each.partition(":")
        if name not in NEEDS:
            raise ValueError("%s needs %r; expected one of %s" % (
                case.name, each, ", ".join(sorted(NEEDS))))
        made[name] = int(n.replace("k", "000").replace("M", "000000") or 1)
    return made


def provided(names: Iterable[str]) -> Set[str]:
    """Returns the needs that a client says it provides.

    names: needs, `get` or `all`.  ValueError names one that is none of them.
    """
    said = set(names)
    unknown = sorted(said - NEEDS - {"all", "get"})
    if unknown:
        raise ValueError("%r: expected all, get, %s" % (
            unknown[0], ", ".join(sorted(NEEDS))))
    return set(NEEDS) if "all" in said else said - {"get"}


def missing(case: Any, has: Iterable[str]) -> List[str]:
    """Returns the case's needs that the client does not provide.

    `h1` and `push` never are: the client's connection shows whether it does
    them.
    """
    have: Set[str] = set(has) | {"h1", "push"}
    return sorted(set(parse_needs(case)) - have)


def floods_off() -> str:
    """Returns why this server serves no floods, or "" if it serves them: then
    H2BAD_FLOODS is 1.
    """
    return "" if os.environ.get("H2BAD_FLOODS") == "1" else (
        "floods are off: this server does not listen on loopback addresses "
        "alone; expected --floods when it was started")


def host_of(case: Any, run: str) -> str:
    """Returns a host name that tells the server the case and the run."""
    return "%s.%s.localhost" % (case.name, run)


def parse_host(name: str) -> Tuple[str, Optional[str]]:
    """Returns the case that a host name tells, or "", and the run, or None.

    The name is one of `host_of`, or NAME.localhost, which has no run.
    """
    case, dot, rest = name.lower().partition(".")
    run = re.match(r"[0-9a-f]{12}(?=\.)", rest)
    return case if dot else "", run[0] if run else None


def plan(case: Any, base: str, run: str, other: str = "",
         timeout: float = 0.0) -> Plan:
    """Returns the URLs of a case.

    base: the origin of the bad port, as in "https://localhost:8444".  run: the
    run's id.  other: the same port by another host name, for host2.  timeout:
    seconds after which the client is ended; it is told at least half of them.
    """
    needs = parse_needs(case)
    url = "%s/bad/%s?run=%s" % (base, case.name, run)
    first: Dict[str, Any] = {"method": "GET", "url": url}
    if "post" in needs:
        first.update(method="POST", body_size=needs["post"])
    if "slow" in needs:
        first["slow"] = True
    if "head" in needs:
        first["method"] = "HEAD"
    headers: List[Tuple[str, str]] = []
    if "headers" in needs:
        headers += [("x-field-%d" % i, "value-%d" % i)
                    for i in range(needs["headers"])]
    if "range" in needs:
        headers.append(("range", "bytes=0-4"))
    if "authorization" in needs:
        headers.append(("authorization", "Basic aDJiYWQ6aDJiYWQ="))
    if "expect" in needs:
        headers.append(("expect", "100-continue"))
        first.update(method="POST",
                     body_size=first.get("body_size", 10))
    if headers:
        first["headers"] = headers
    if "cancel" in needs:
        first["cancel_after"] = needs["cancel"]
    if "pause" in needs:
        first.update(pause_after=needs["pause"], pause_seconds=2)
    for kind in "websocket", "connect":
        if kind in needs:
            first["kind"] = kind
    urls = [first]
    if "parallel" in needs:
        urls = [{**first, "url": "%s&i=%d" % (url, i), "parallel": 1}
                for i in range(needs["parallel"])]
    elif "requests" in needs:
        urls = [{**first, "url": "%s&i=%d" % (url, i)}
                for i in range(needs["requests"])]
    if "host2" in needs:
        urls.append({"method": "GET", "url": "%s/bad/%s?run=%s&host2=1" % (
            other or base, case.name, run)})
    urls.append({"method": "GET", "follow_up": True,
                 "url": "%s/ok?run=%s&case=%s" % (base, run, case.name)})
    return {"name": case.name, "urls": urls,
            "timeout_s": max(case.timeout, timeout / 2)}


def wanted(command: Iterable[str]) -> Set[str]:
    """Returns the needs that a command provides, by its placeholders."""
    text = " ".join(command)
    found: Set[str] = set()
    if "{urls}" in text:
        found.add("requests")
    if "{bodyfile}" in text:
        found.update(("post", "slow"))
    if "{method}" in text:
        found.add("head")
    return found
