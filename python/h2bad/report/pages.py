# SPDX-License-Identifier: MIT
"""The page of one report, and the matrix of clients and cases."""

import json
from typing import (Any, Callable, Iterator, List, Mapping, Optional, Sequence,
                    Tuple)
from urllib.parse import quote

from h2bad.report.brief import CUT
from h2bad.report.markup import Markup, Node, el, join, page, unseen
from h2bad.report.model import (VERDICTS, Report, Result, by_group, cases_of,
                                line, plural, short)
from h2bad.report.terminal import MARKS

__all__ = ["html", "matrix"]

_MEANINGS = {
    "pass": "as the rule says",
    "tolerated": "no rule is broken, but a recommendation, or it cannot be "
                 "seen from the server",
    "fail": "against the rule",
    "info": "there is no rule: what the client did is the result",
    "skip": "not exercised: the client did not do what the case needs",
    "error": "a fault of h2bad, not of the client",
}


def _verdict(verdict: str, *more: Node) -> Markup:
    # A verdict is never shown by colour alone, but also by a sign, and by a
    # word that is seen or heard.
    return el("span", el("span", MARKS[verdict], class_="sign",
                         aria_hidden="true"), " ", *more or (verdict,),
              class_="verdict " + verdict)


def _group_id(group: str) -> str:
    # An id has no spaces, and the names of cases have no ":".
    return "group:" + quote(group, safe="", errors="replace")


def _href(*parts: str) -> str:
    # A relative URL, whatever the parts are.
    return "/".join(quote(each, safe="/=+,@", errors="replace")
                    for each in parts if each)


def _traces(path: str) -> List[Tuple[str, str]]:
    # (words, path) of each form of a trace; the others are beside X.jsonl.
    stem, jsonl, _ = path.rpartition(".jsonl")
    if not jsonl:
        return [(path, path)]
    return [(words, stem + form) for words, form in (
        ("page", ".html"), ("text", ".txt"), ("JSON lines", ".jsonl"),
        ("pcapng", ".pcapng"))]


# ---- what both pages have

def tools(what: str, *fields: Node) -> Markup:
    """Returns the form that rows.js shows, and uses to choose rows."""
    return el(
        "form",
        el("div", el("label", "Search", for_="search"), " ",
           el("input", type="search", id="search", autocomplete="off",
              spellcheck="false")),
        *fields, el("p", id="status", role="status"),
        id="tools", role="search", aria_label="Choose " + what, hidden=True)


def choice(name: str, label: str, *options: Tuple[str, str]) -> Markup:
    """Returns a select element of this form; options: (value, words)."""
    return el("div", el("label", label, for_=name), " ", el(
        "select", (el("option", words, value=value)
                   for value, words in options), id=name))


def _boxes(counts: Mapping[str, int]) -> Markup:
    return el("fieldset", el("legend", "Verdicts"), (
        el("label", el("input", type="checkbox", value=verdict, checked=True,
                       disabled=not counts[verdict]), " ", _verdict(verdict),
           " ", el("b", counts[verdict])) for verdict in VERDICTS))


def _meanings() -> Markup:
    return el("details", el("summary", "What the verdicts mean"), el("dl", (
        (el("dt", _verdict(verdict)), el("dd", words))
        for verdict, words in _MEANINGS.items())))


# ---- one report

def _reaction(result: Mapping[str, Any]) -> Node:
    reaction = result["reaction"]
    if not reaction:
        return el("span", "none", class_="soft")
    brief = short(reaction)
    return el("span", brief, title=reaction if brief != reaction else None)


def _facts(result: Mapping[str, Any], base: str) -> Iterator[Node]:
    def fact(name: str, *value: Node) -> Markup:
        return join(el("dt", name), el("dd", *value))

    if result["expected"]:
        yield fact("Expected", el("ul", (el("li", el("code", each))
                                         for each in result["expected"])))
    yield fact("Reaction", el("code", result["reaction"] or "none"))
    for name, words in (("follow_up", "Next request"),
                        ("connections", "Connections"),
                        ("requests", "Requests"), ("exit", "Exit status"),
                        ("signal", "Signal")):
        if result.get(name) not in (None, ""):
            yield fact(words, str(result[name]))
    if result.get("rss_kb"):
        yield fact("Peak memory", "%.1f MiB" % (result["rss_kb"] / 1024))
    yield fact("Time", "%d ms" % result["ms"])
    if result.get("got"):
        yield fact("The client said", el("code", json.dumps(
            result["got"], ensure_ascii=False)))
    if result.get("output"):
        yield fact("It printed", el("pre", result["output"]))
    if result.get("trace"):
        yield fact("Trace", ((", " if i else None, el("a", words, href=_href(
            base, path))) for i, (words, path) in enumerate(
                _traces(result["trace"]))))


def _row(result: Mapping[str, Any], base: str,
         cases: Optional[str]) -> Markup:
    name, verdict = result["name"], result["verdict"]
    said = join(el("b", result["reason"]), " ") if result["reason"] else ""
    if verdict != "pass":
        said = join(said, result["message"])
    return el(
        "tr",
        el("td", _verdict(verdict), role="cell"),
        el("th", name if cases is None else el(
            "a", name, href=_href(cases, name)),
           (" ", el("small", "security", class_="tag",
                    title=result["security"]))
           if result.get("security") else None,
           scope="row", role="rowheader"),
        el("td", _reaction(result), role="cell", class_="reaction"),
        el("td", result["section"], " ", el("small", result["kind"]),
           role="cell", class_="rule"),
        el("td", el("p", said) if said else None, el(
            "details", el("summary", "Details", unseen(" of ", name)),
            el("dl", _facts(result, base))), role="cell", class_="said"),
        role="row", id=name, data_verdicts=verdict, data_kind=result["kind"])


def _group(group: str, results: Sequence[Mapping[str, Any]], base: str,
           cases: Optional[str]) -> Markup:
    failed = sum(result["verdict"] == "fail" for result in results)
    heads = ("Verdict", "Case", "Reaction", "Rule", "What happened")
    about = plural(len(results), "case")
    if failed:
        about += ", %d failed" % failed
    return el(
        "section",
        el("h2", group, " ", el("small", about), id=_group_id(group)),
        el("table",
           el("thead", el("tr", (el("th", head, scope="col",
                                    role="columnheader") for head in heads),
                          role="row"), role="rowgroup"), "\n",
           el("tbody", ((_row(result, base, cases), "\n")
                        for result in results), role="rowgroup"),
           role="table", aria_labelledby=_group_id(group), class_="results"),
        class_="group")


def _failures(report: Report) -> Optional[Markup]:
    failed = [result for result in report["cases"]
              if result["verdict"] in ("fail", "error")]
    if not failed:
        return None
    return el("section", el("h2", "What failed", id="failed"), el("ul", (
        el("li", _verdict(result["verdict"], el(
            "a", result["name"], href="#" + result["name"])), " ",
           el("b", result["reason"]) if result["reason"] else None, " ",
           result["message"]) for result in failed), class_="failures"))


def html(report: Report, base: str = "", cases: Optional[str] = None) -> str:
    """The page of a report (str).

    base: relative URL of the directory that has the traces, if it is not the
    page's own; cases: relative URL of the directory of the pages of cases, to
    link to them.
    """
    when = report["started"][:19].replace("T", " ") + " UTC"
    body = join(
        el("header",
           el("p", "h2bad ", el("span", "how a client took what an HTTP/2 "
                                "server can do wrong"), class_="brand"),
           el("h1", report["client"]),
           el("p", "%s in %.1f s, " % (plural(len(report["cases"]), "case"),
                                       report["seconds"]), when, ", ",
              report["platform"], ", run ", report["run"], class_="meta"),
           el("p", "The run was interrupted: cases are missing.",
              class_="notice") if report.get("interrupted") else None,
           _meanings()),
        "\n",
        el("main", _failures(report), "\n",
           tools("cases", _boxes(report["summary"])),
           "\n", ((_group(group, results, base, cases), "\n")
                  for group, results in by_group(report["cases"]).items())))
    return page("h2bad: " + line(report["client"]), body, "rows.js")


# ---- the matrix

#: Returns the URL that a cell leads to, by the number of the report and the
#: result.
_Leads = Callable[[int, Result], Optional[str]]

#: Returns the text of a trace, by the number of the report and the result.
TextOf = Callable[[int, Result], str]


def _cell(result: Optional[Result], to: Optional[str]) -> Markup:
    if result is None:
        return el("td", "\u2013", unseen(" not run"), class_="soft")
    verdict, reaction = result["verdict"], result["reaction"] or ""
    brief = short(reaction) if verdict != "skip" else ""
    words = _verdict(verdict, unseen(verdict, " ") if brief else None,
                     brief or verdict)
    # The text that a pointer on the cell shows.
    about = "%s: %s" % (verdict, ", ".join(filter(None, (
        result["reason"], reaction, result["message"]))))
    return el("td", el("a", words, href=to, title=line(about)),
              class_=verdict)


def _matrix_row(name: str, results: Sequence[Optional[Result]], leads: _Leads,
                cases: Optional[str]) -> Markup:
    there = [result for result in results if result is not None]
    verdicts = list(dict.fromkeys(result["verdict"] for result in there))
    return el(
        "tr", el("th", name if cases is None else el(
            "a", name, href=_href(cases, name)), scope="row"),
        (_cell(result, None if result is None else leads(i, result))
         for i, result in enumerate(results)),
        data_verdicts=" ".join(verdicts), data_kind=there[0]["kind"],
        data_differ=len(verdicts) > 1,
        data_reactions=len({result["reaction"] or "" for result in there}) > 1)


def _counts(all_reports: Sequence[Report],
            pages: Sequence[Optional[str]]) -> Markup:
    return el("table", el("caption", "How many cases have each verdict"), el(
        "thead", el("tr", el("th", "Client", scope="col"), (
            el("th", _verdict(verdict), scope="col")
            for verdict in VERDICTS))), el("tbody", (
                el("tr", el("th", el("a", report["client"], href=to),
                            scope="row"), (
                        el("td", report["summary"][verdict])
                        for verdict in VERDICTS))
                for to, report in zip(pages, all_reports))),
              class_="counts")


def _has_failed(result: Optional[Result]) -> bool:
    return result is not None and result["verdict"] in ("fail", "error")


def _anchor(i: int, result: Result) -> str:
    # No name of a case has a ":".
    return "%s:%d" % (result["name"], i)


def _leads(bases: Sequence[str], text_of: Optional[TextOf]) -> _Leads:
    def there(i: int, result: Result) -> str:
        if result.get("trace"):
            return _href(bases[i], _traces(result["trace"])[0][1])
        return _href(bases[i], "report.html") + "#" + result["name"]

    def here(i: int, result: Result) -> Optional[str]:
        return "#" + _anchor(i, result) if _has_failed(result) else None

    return there if text_of is None else here


def _texts(all_reports: Sequence[Report], results: Sequence[Sequence[
        Optional[Result]]], text_of: TextOf) -> Markup:
    # results: for each case, those of all clients.
    def of_case(all_of_it: Sequence[Optional[Result]]) -> Iterator[Node]:
        failed = [(i, result) for i, result in enumerate(all_of_it)
                  if result is not None and _has_failed(result)]
        for number, (i, result) in enumerate(failed):
            if number == 0:
                yield el("h3", result["name"], " ", el(
                    "small", result["section"], "; expected: ",
                    " or ".join(result["expected"])))
            yield el("h4", all_reports[i]["client"], id=_anchor(i, result))
            yield el("p", _verdict(result["verdict"]), ": ",
                     el("b", result["reason"]) if result["reason"] else None,
                     " ", result["message"])
            yield el("pre", text_of(i, result))

    return el("section", el("h2", "What failed", id="failed"),
              el("p", CUT, class_="meta"), (
                  (each, "\n") for of_it in results for each in of_case(of_it)),
              class_="traces")


def matrix(all_reports: Sequence[Report], bases: Sequence[str],
           cases: Optional[str] = None, text_of: Optional[TextOf] = None
           ) -> str:
    """The page of all clients and all cases (str).

    bases: for each report, the relative URL of the directory that has its
    report.html and traces; cases: as in `html`; text_of: if given, the page
    contains the traces of failures, and leads to no other page.
    """
    found = [{result["name"]: result for result in report["cases"]}
             for report in all_reports]
    groups = by_group(cases_of(all_reports).values())
    results = {case["name"]: [by_name.get(case["name"]) for by_name in found]
               for of_it in groups.values() for case in of_it}
    leads = _leads(bases, text_of)
    pages = [None if text_of else _href(base, "report.html") for base in bases]
    clients = el("tr", el("th", "Case", scope="col"), (
        el("th", el("a", report["client"], href=to), scope="col")
        for to, report in zip(pages, all_reports)))
    rows = ((el("tbody", el("tr", el("th", el("span", group), scope="rowgroup",
                                     colspan=len(bases) + 1), class_="head"),
                "\n", ((_matrix_row(case["name"], results[case["name"]], leads,
                                    cases), "\n") for case in of_it),
                class_="group"), "\n") for group, of_it in groups.items())
    body = join(
        el("header", el("p", "h2bad ", el("span", "how clients took what an "
                                          "HTTP/2 server can do wrong"),
                        class_="brand"),
           el("h1", "%s, %s" % (
               plural(len(bases), "client"), plural(len(results), "case"))),
           el("p", "A cell has the client\u2019s reaction, by the number of "
              "its error code if it has one, and ", "that of a failure " if
              text_of else None, "leads to the trace. There is "
              "no score: some cases matter to a browser and not to a proxy, "
              "and all of them passed would not prove a client right.",
              class_="meta"), _meanings()),
        "\n", el(
            "main",
            el("div", _counts(all_reports, pages), class_="wide", tabindex="0",
               role="region", aria_label="Counts"), "\n",
            tools("rows", choice(
                "differ", "Rows", ("", "all"),
                ("differ", "only where clients differ"),
                ("reactions", "only where they differ or react differently"),
                ("fail", "only where one fails")),
                choice("kind", "Kind", ("", "all"), ("must", "must"),
                       ("should", "should"), ("check", "check"))), "\n",
            el("div", el("table", el("caption", unseen(
                "Reactions of each client in each case")),
                el("thead", clients), "\n", rows, class_="matrix"),
               class_="wide tall", tabindex="0", role="region",
               aria_label="Cases and clients"),
            _texts(all_reports, list(results.values()), text_of)
            if text_of else None))
    return page("h2bad: the matrix", body, "rows.js")
