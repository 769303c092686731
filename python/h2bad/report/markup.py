# SPDX-License-Identifier: MIT
"""HTML of Python values: all that is no Markup is escaped as text, so that
nothing of a report is ever markup."""

import base64
import hashlib
import html
import os
from typing import Iterable, Union

from h2rig.trace.reader import escaped

__all__ = ["Markup", "Node", "el", "join", "page", "part", "unseen"]

_PARTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page")

#: Elements without an end tag.
_VOID = {"br", "input", "meta"}


class Markup(str):
    """HTML that this module has made."""


#: What may stand in an element; None is nothing.
Node = Union[str, int, None, Iterable["Node"]]


def join(*nodes: "Node") -> Markup:
    """Returns the HTML of these, one after another."""
    return Markup("".join(map(_html, nodes)))


def _html(node: "Node") -> str:
    if node is None:
        return ""
    if isinstance(node, Markup):
        return node
    if isinstance(node, (str, int)):
        return html.escape(_visible(str(node)))
    return "".join(map(_html, node))


def _visible(text: str) -> str:
    # Escapes characters that turn the direction of text, that are invisible,
    # or that UTF-8 cannot encode.
    return "".join(c if c in "\n\t" else escaped(c) for c in text) \
        if not text.isprintable() else text


def el(element: str, /, *content: "Node", **attributes: object) -> Markup:
    """Returns an element.  In the names of attributes "_" becomes "-", and one
    at the end is dropped (class_).  The value None or False: no attribute;
    True: an attribute without a value."""
    start = element
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        start += " " + key.rstrip("_").replace("_", "-")
        if value is not True:
            start += '="%s"' % html.escape(_visible(str(value)))
    if element in _VOID:
        return Markup("<%s>" % start)
    return Markup("<%s>%s</%s>" % (start, join(*content), element))


def unseen(*content: "Node") -> Markup:
    """Returns text that only screen readers tell."""
    return el("span", *content, class_="unseen")


def part(name: str) -> str:
    """Returns the text of a file of page/."""
    with open(os.path.join(_PARTS, name), encoding="utf-8") as f:
        return f.read()


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode()


def page(title: str, body: Markup, *scripts: str, policy: str = "") -> str:
    """Returns a page that needs no other file: it contains page.css and these
    scripts of page/, and its Content-Security-Policy allows only them and what
    policy adds."""
    style = part("page.css")
    script = "".join(map(part, scripts))
    rules = ["default-src 'none'", "style-src " + _hash(style),
             "base-uri 'none'"]
    if script:
        rules.append("script-src " + _hash(script))
    if "form-action" not in policy:
        rules.append("form-action 'none'")
    if policy:
        rules.append(policy)
    head = (
        Markup('<meta charset="utf-8">\n'),
        el("meta", http_equiv="Content-Security-Policy",
           content="; ".join(rules)), "\n",
        el("meta", name="viewport",
           content="width=device-width, initial-scale=1"), "\n",
        el("meta", name="color-scheme", content="light dark"), "\n",
        el("meta", name="referrer", content="no-referrer"), "\n",
        el("title", title), "\n",
        el("style", Markup(style)), "\n")
    return "<!DOCTYPE html>\n" + el("html", "\n", el("head", *head), "\n", el(
        "body", "\n", body, "\n",
        el("script", Markup(script)) if script else None, "\n"),
        "\n", lang="en") + "\n"
