# SPDX-License-Identifier: MIT
"""Makes reports of h2bad for badreport.t and badpages.t, with all verdicts and
with strings that mean something special in HTML, XML, TAP or a terminal."""
from typing import Any, Dict, List, Optional

#: Markup, ends of CDATA and of comments, TAP, YAML, control characters, a lone
#: surrogate, a noncharacter.
HOSTILE = ("<script>window.hit=1</script>\"'><img src=x onerror=hit=2>"
           "]]>--></style>&amp; # TODO x\nnot ok 99\n...\n\\ \x1b[2J\x00\x7f "
           "\u202egnp.exe \ud800 \ufffe \U0001f980")


def result(name: str, verdict: str = "pass", reaction: Optional[str] = "ack",
           **more: Any) -> Dict[str, Any]:
    """Returns an item of a report's "cases"; more: its other members."""
    return dict({
        "name": name, "group": "preface", "kind": "must",
        "section": "RFC 9113 \u00a76.5.2", "verdict": verdict,
        "reason": None if verdict == "pass" else "not-visible",
        "reaction": reaction, "expected": ["goaway:PROTOCOL_ERROR", "close"],
        "message": "the fence was acknowledged", "ms": 14,
        "trace": name + ".html"}, **more)


def report(*cases: Dict[str, Any], **more: Any) -> Dict[str, Any]:
    """Returns a report of these results, or of all_verdicts() without them."""
    results = list(cases) or all_verdicts()
    verdicts = [x["verdict"] for x in results]
    return dict({
        "h2bad": "1.0", "client": "curl 8.22.0 nghttp2/1.69", "run": "b01",
        "started": "2026-11-29T13:45:00Z", "seconds": 41.25,
        "platform": "Linux x86_64", "options": {"timeout": 10},
        "summary": {v: verdicts.count(v) for v in (
            "pass", "tolerated", "fail", "info", "skip", "error")},
        "cases": results}, **more)


def all_verdicts() -> List[Dict[str, Any]]:
    """Returns results with each verdict; the last consists of HOSTILE."""
    return [
        result("good", reaction="ok", group="general"),
        result("settings-push-disabled", reaction="ok"),
        result("settings-push-enabled", "fail", "ack", reason="ignored",
               message="SETTINGS acknowledged and PING answered; a client MUST "
               "treat ENABLE_PUSH=1 from a server as a connection error",
               connections=1, requests=2, follow_up="same-connection", exit=0,
               signal=None, rss_kb=11200, got={"result": "response"},
               trace="settings-push-enabled/trace.jsonl"),
        result("settings-wrong-length", "tolerated", "close:fin",
               reason="no-goaway"),
        result("settings-on-stream", reaction="goaway:PROTOCOL_ERROR"),
        result("status-missing", "tolerated", "rst:CANCEL", group="messages",
               reason="other-code"),
        result("push", "skip", None, group="push", reason="push disabled",
               expected=[], trace=None),
        result("preface-silent", "info", "timeout", kind="check", reason=None),
        result("flood-ping", "fail", "close:rst", group="floods",
               reason="crash", exit=None, signal=11),
        result("flood-settings", "fail", None, group="floods", reason="hang",
               kind="should"),
        result("tls-no-alpn", "error", None, group="tls",
               reason="OSError", trace=None, message="no port is free"),
        result("value-crlf-injection", "fail", "timeout", group=HOSTILE,
               section=HOSTILE, reason=HOSTILE, message=HOSTILE,
               expected=[HOSTILE, HOSTILE], got={HOSTILE: HOSTILE},
               follow_up=HOSTILE)]
