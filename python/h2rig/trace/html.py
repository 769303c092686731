# SPDX-License-Identifier: MIT
"""Writes traces as one page of HTML that needs no other file.

The page's parts are the files of page/.  The traces are JSON in the page, and
the page's script makes text of them: nothing in a trace becomes markup.  The
page's policy allows only its own script and style, by their hashes.
"""

import base64
import hashlib
import json
import os
from itertools import chain
from typing import BinaryIO, Iterator, Sequence, Tuple

from h2rig.trace.reader import Follower

__all__ = ["SCRIPTS", "page", "write"]

_PARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")

#: The page's scripts, in an order in which each uses only earlier ones.
SCRIPTS = ("dom.js", "words.js", "rules.js", "trace.js", "picture.js",
           "detail.js", "page.js")


def _part(name: str) -> str:
    with open(os.path.join(_PARTS, name), encoding="utf-8") as f:
        return f.read()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode()


def _json(value: object) -> str:
    # Returns JSON that can stand in a page: no "<" begins a tag or a comment.
    return json.dumps(value, separators=(",", ":"),
                      allow_nan=False).replace("<", "\\u003c")


def _trace(trace: Follower) -> Iterator[str]:
    # Yields an element with the trace's lines, which the page's script reads.
    yield '<script type="application/json">{"name":%s,"lines":[' % _json(
        os.path.basename(trace.path))
    # The second call of lines() tells whether the process that writes the
    # trace has gone.
    for number, line in enumerate(chain(trace.lines(), trace.lines())):
        try:
            text = _json(line)
        except ValueError:      # NaN, which is no JSON
            raise trace.lacks(line) from None
        yield (",\n" if number else "\n") + text
    trace.complete()
    yield '],"running":%s}</script>\n' % _json(not trace.over)


def page(template: str, styles: Sequence[str], scripts: Sequence[str],
         more: str = "", links: str = "") -> Tuple[str, str, str]:
    """Makes a page of these parts.  Returns the page's policy, and its text
    before and after the traces' data.

    more: is added to the policy.  links: markup for the page's header.
    """
    style = "".join(map(_part, styles))
    script = "".join(map(_part, scripts))
    policy = ("default-src 'none'; script-src %s; style-src %s; "
              "base-uri 'none'; form-action 'none'%s" % (
                  _hash(script), _hash(style), more))
    before, after = _part(template).split("@data@\n")
    return (policy, before.replace("@policy@", policy).replace(
        "@links@", links).replace("@style@", style),
            after.replace("@script@", script))


def _page(traces: Sequence[Follower]) -> Iterator[str]:
    _, before, after = page("page.html", ("page.css",), SCRIPTS)
    yield before
    for trace in traces:
        yield from _trace(trace)
    yield after


def write(traces: Sequence[Follower], out: BinaryIO) -> None:
    """Writes a page of these traces.  Raises TraceError if one is no trace."""
    for piece in _page(traces):
        out.write(piece.encode())
