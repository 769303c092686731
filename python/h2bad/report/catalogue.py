# SPDX-License-Identifier: MIT
"""Pages of the catalogue: all cases, one case, and a run in a browser."""

import re
from typing import Any, Iterable, Iterator, List, Mapping, Sequence, Tuple

from h2bad.report.diagram import diagram
from h2bad.report.markup import Markup, Node, el, join, page, unseen
from h2bad.report.model import KINDS, VERDICTS, by_group, plural
from h2bad.report.pages import choice, tools
from h2bad.report.terminal import MARKS

__all__ = ["catalogue_page", "case_page", "run_page"]

Case = Mapping[str, Any]

_KINDS = {"must": "a MUST of the client: not to do so fails",
          "should": "a SHOULD, or a MUST with an alternative",
          "check": "what the client does is told, and is no failure"}


#: Words for the classes of reactions (h2bad.outcome); %s: the codes.
_CLASSES = {"C": "connection error %s", "S": "stream error %s",
            "M": "refused as malformed", "I": "ignored", "OK": "taken",
            "L": "the limit is kept", "D": "the client lives",
            "R": "no rule: told as it is"}


def _expected(expect: str) -> str:
    # Says "C(PROTOCOL_ERROR) or I" in words.
    words = []
    for each in expect.split(" or "):
        name, _, codes = each.rstrip(")").partition("(")
        known = _CLASSES.get(name, each)
        words.append((known % codes if "%s" in known else known).strip())
    return ", or ".join(words)


def _brand(home: str, *more: Node) -> Markup:
    return el("p", el("a", "h2bad", href=home) if home else "h2bad", " ",
              el("span", more), class_="brand")


# ---- all cases

def _line(case: Case) -> Markup:
    href = "case/" + case["name"]
    return el(
        "tr", el("th", el("a", case["name"], href=href), scope="row",
                 role="rowheader"),
        el("td", case["title"], role="cell", class_="title"),
        el("td", case["section"], role="cell"),
        el("td", case["kind"], (" ", el("small", "security", class_="tag"))
           if case.get("security") else None, role="cell"),
        el("td", _expected(case["expect"]), role="cell"),
        role="row", data_kind=case["kind"])


def _table(name: str, heads: Sequence[str], lines: Iterable[Node],
           **attributes: object) -> Markup:
    # Roles, since in a narrow window rows are blocks and no rows of a table.
    return el("table", el("thead", el("tr", (
        el("th", head, scope="col", role="columnheader") for head in heads),
        role="row"), role="rowgroup"), "\n",
        el("tbody", ((line, "\n") for line in lines), role="rowgroup"),
        role="table", aria_labelledby=name, **attributes)


def _missing(cases: Sequence[Case]) -> Markup:
    lines = (el("tr", el("th", case["name"], scope="row", role="rowheader"),
                el("td", case["not_built"], role="cell"), role="row")
             for case in cases)
    return el("section", el("h2", "Not built ", el(
        "small", plural(len(cases), "case")), id="not-built"),
        el("p", "The catalogue knows these cases too. Why each is not there:"),
        _table("not-built", ("Case", "Reason"), lines, class_="cases few"))


def catalogue_page(cases: Iterable[Case],
                   titles: Mapping[str, str] = {}) -> str:
    """The page of all cases (str), whose links lead to case/NAME and, for a
    run, to new?client=NAME.

    cases: {"name", "group", "title", "text", "section", "kind", "needs",
    "expect", "wave", "security"}, or {"name", "group", "not_built": reason};
    titles: the titles of groups, by name.
    """
    listed = list(cases)
    built = [case for case in listed if "not_built" not in case]
    missing = [case for case in listed if "not_built" in case]
    groups = by_group(built)
    sections = ((el(
        "section", el("h2", titles.get(group, group), " ", el(
            "small", plural(len(of_it), "case")), id=group),
        _table(group, ("Case", "What the server does", "Rule", "Kind",
                       "Expected"), map(_line, of_it), class_="cases"),
        class_="group"), "\n") for group, of_it in groups.items())
    body = join(
        el("header", _brand("", "what an HTTP/2 server can do wrong, or "
                            "rarely does"),
           el("h1", plural(len(built), "case")),
           el("p", "Each case is a URL at which a server misbehaves. A client "
              "that fetches it gets a verdict.", class_="meta"),
           el("form", el("label", "Your client\u2019s name", for_="client"),
              el("input", id="client", name="client", required=True,
                 autocomplete="off"),
              el("button", "Start a run in this browser"), action="new"),
           el("nav", el("ul", (el("li", el("a", titles.get(group, group),
                                           href="#" + group))
                               for group in groups)),
              aria_label="Groups", class_="groups")),
        "\n", el("main", tools("cases", choice(
            "kind", "Kind", ("", "all"), *((kind, kind) for kind in KINDS)),
            el("p", "As text: ", el("a", "cases.txt", href="cases.txt"), ", ",
               el("a", "cases.json", href="cases.json"))), "\n",
            sections, _missing(missing) if missing else None))
    return page("h2bad: all cases", body, "rows.js",
                policy="form-action 'self'")


# ---- one case

def _inline(text: str) -> Iterator[Node]:
    # Makes `code` in text an element.
    for i, piece in enumerate(re.split("`([^`]*)`", text)):
        yield el("code", piece) if i % 2 else piece


def _paragraphs(text: str) -> Iterator[Markup]:
    for piece in re.split(r"\n\s*\n", text.strip("\n")):
        words = " ".join(piece.split())
        if words:
            yield el("blockquote" if words[0] in "\"\u201c" else "p",
                     _inline(words))


def _parts(text: str, title: str) -> List[Tuple[str, str]]:
    # (heading, text) of each part.  A heading is not indented, and the line
    # below it is.
    parts: List[Tuple[str, List[str]]] = [("", [])]
    lines = text.expandtabs().splitlines()
    for i, line in enumerate(lines):
        below = "".join(lines[i + 1:i + 2])
        if line.strip() and not line[0].isspace() and below[:1].isspace():
            parts.append((line.strip().rstrip(":"), []))
        elif line.strip() != title or parts[1:]:
            parts[-1][1].append(line)
    return [(heading, "\n".join(of_it)) for heading, of_it in parts
            if heading or "".join(of_it).strip()]


def _sections(case: Case) -> Iterator[Markup]:
    for heading, text in _parts(case["text"], case["title"]):
        yield el("section", el("h2", heading) if heading else None,
                 _paragraphs(text))


def _case_facts(case: Case) -> Iterator[Markup]:
    facts: List[Tuple[str, Node]] = [
        ("Rule", case["section"]),
        ("Kind", join(case["kind"], ": ", _KINDS.get(case["kind"]))),
        ("Expected", _expected(case["expect"])),
        ("The client needs", ", ".join(case.get("needs", ())) or "one GET"),
        ("Wave", case.get("wave", 3))]
    security = case.get("security")
    if security:
        facts.append(("Security", "it matters most here" if security is True
                      else security))
    for name, value in facts:
        yield join(el("dt", name), el("dd", value))


def _exchange(trace: Sequence[Mapping[str, Any]], client: str, href: str
              ) -> Markup:
    return el("section", el("h2", "A conforming exchange"),
              el("p", "As it was with ", el("a", client, href=href), ".")
              if client else None,
              diagram(trace) if trace else
              el("p", "It is drawn here once a client has passed the case on "
                 "this server."))


def case_page(case: Case, trace: Sequence[Mapping[str, Any]] = (),
              urls: Sequence[str] = (), client: str = "", href: str = ""
              ) -> str:
    """The page of a case (str), at case/NAME below the page of all cases.

    case: as in `catalogue_page`; trace: the lines of the trace of a conforming
    exchange (doc/trace.md), which is drawn; client: the client of that trace;
    href: the URL of the whole trace; urls: the URLs of the case.
    """
    built = "not_built" not in case
    body = join(
        el("header", _brand("../", case["group"]),
           el("h1", case["title"] if built else case["name"]),
           el("p", el("code", case["name"]), class_="meta")), "\n",
        el("main", (
            el("dl", _case_facts(case)), _sections(case),
            el("section", el("h2", "Try it"), el("ul", (
                el("li", el("code", url)) for url in urls)))
            if urls else None,
            _exchange(trace, client, href)) if built else
           el("p", "This case is not built: ", case["not_built"]),
           class_="prose"))
    return page("h2bad: " + case["name"], body)


# ---- a run

_FORMS = (("report.html", "page"), ("report.json", "JSON"),
          ("report.tap", "TAP"), ("report.xml", "JUnit"),
          ("report.wpt.json", "wptreport"))


def run_page(run: str, client: str, cases: Sequence[str]) -> str:
    """The page run/ID/ (str), on which a browser runs the cases: see run.js.

    run: the ID; client: its name, as the run was started with; cases: names.
    """
    body = join(
        el("header", _brand("../../", "a run in this browser"),
           el("h1", client),
           el("p", plural(len(cases), "case"), ", run ", run, class_="meta"),
           el("p", "The browser fetches the URLs of each case, one after "
              "another, and the server tells what it has seen. fetch() cannot "
              "send CONNECT, Expect or trailers, not every browser streams "
              "uploads, and none tells of a GOAWAY.",
              class_="meta"),
           el("div", id="notice", role="alert")), "\n",
        el("main",
           el("div", el("button", "Start", type="button", id="start",
                        disabled=True),
              el("button", "Stop", type="button", id="stop", hidden=True),
              el("progress", id="progress", value=0, max=1,
                 aria_label="Cases that have been run"),
              el("span", "Loading the list of cases", id="now"),
              class_="run"),
           el("ul", (el("li", el("span", el("span", MARKS[verdict],
                                            class_="sign", aria_hidden="true"),
                                 " ", verdict, class_="verdict " + verdict),
                        " ", el("b", 0), data_verdict=verdict)
                     for verdict in VERDICTS), class_="sums"),
           el("p", "The report, also before the end: ", ((
               ", " if i else None, el("a", words, href=name))
               for i, (name, words) in enumerate(_FORMS))),
           el("p", unseen(), id="said", role="status", class_="unseen"),
           _table("cases", ("Verdict", "Case", "Reaction", "What happened"),
                  (), class_="results running", id="cases")))
    return page("h2bad: " + client, body, "run.js",
                policy="connect-src 'self' https:")
