# SPDX-License-Identifier: MIT
"""GOAWAY in the middle of twenty at once

What the server sends
    Twenty requests come at once. GOAWAY with the stream of the tenth; the
    first ten are answered.

What a client must do
    "Requests that have not been processed have not failed; clients MAY
    automatically retry them, even those with non-idempotent methods." (RFC
    9113 §8.7) Those up to the last stream are answered, and none of them
    comes again; the others come once more at most.

Why it matters
    A proxy that sends all of them again does twice what was to be done once.
"""
from h2bad.case import OK

section = "RFC 9113 §8.7"
kind = "must"
expect = OK()
needs = ("parallel:20",)
wave = 2
finish = False


def misbehave(x):
    requests = sorted(x.need_requests(20), key=lambda r: r.stream)
    x.send_goaway(last=requests[9].stream)
    for request in requests[:10]:
        x.respond(request.stream)


def judge(o):
    asked = [each.fields[":path"] for each in o.asked("/bad/" + o.case.name)]
    first = sorted(o.first.requests(), key=lambda line: line["stream"])
    for line in first[:10]:
        path = dict(line["fields"])[":path"]
        if asked.count(path) > 1:
            return "fail", "duplicated", "%s was answered, and came again" \
                % path
    again = max(asked.count(path) for path in asked)
    if again > 2:
        return "fail", "duplicated", "a request came %d times" % again
    return "pass", "", ""
