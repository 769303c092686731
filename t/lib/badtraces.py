# SPDX-License-Identifier: MIT
"""Traces that are made up, and the verdicts of h2bad on them."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "..", "python"))
from h2bad import catalogue                                     # noqa: E402
from h2bad.observed import Connection, Observed, judge          # noqa: E402


def note(name, /, **values):
    return {"type": "note", "name": name, "values": values}


def frame(way, kind, stream=0, **more):
    return {"type": kind, "dir": way, "stream": stream, "length": 8,
            "flags": [], **more}


def request(path):
    return frame("in", "HEADERS", 1, fields=[
        [":method", "GET"], [":path", path]])


def end(by, kind="closed", order=("FIN",)):
    return note("end", kind=kind, by=by, order=list(order), name=None,
                seconds=0.1)


def judged(case, *lines, retried=False, got=None):
    """Returns (judgment, reaction) for a case with these lines of a trace;
    retried: the client sends the request again instead of a follow-up.
    got: "response" or "error", what its program says."""
    path = "/bad/" + case
    first = [note("case", case=case, run="x"), request(path),
             note("here", stream=1), *lines]
    later = [note("case", case=case, run="x"),
             request(path if retried else "/ok"), end("client")]
    if not retried:
        later.insert(2, note("follow-up"))
    o = Observed(catalogue.need(case), [
        Connection([{"t": i / 1000, "time": str(n), **line}
                    for i, line in enumerate(made)])
        for n, made in enumerate((first, later))],
        got=got and {"result": got})
    return judge(o), o.reaction


def seen(*arguments, **more):
    """Returns (verdict, reaction): judged() with only the
    word of the judgment."""
    made, reaction = judged(*arguments, **more)
    return made.verdict, reaction
