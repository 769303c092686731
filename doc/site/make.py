#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the manual pages and the documents of doc a small site of HTML.

    make.py MANDOC LOWDOWN DIRECTORY

MANDOC and LOWDOWN are the programs; DIRECTORY is made, what is in it stays.
Each page has the same head and stylesheet, and names of pages and documents
in the text lead there.
"""
import html
import os
import re
import shutil
import subprocess
import sys
from typing import Callable, Dict, List

HERE = os.path.dirname(os.path.abspath(__file__))
DOC = os.path.dirname(HERE)
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(DOC), "python"))
from h2rig.trace import manual                                  # noqa: E402

#: Documents that are not markdown, and pictures.
AS_THEY_ARE = ("clients.html", "performance")

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>%(title)s</title>
<link rel="stylesheet" href="site.css">
</head>
<body>
<header><a href="index.html">h2rig</a> HTTP/2 for testing HTTP/2 clients</header>
<main>
%(body)s</main>
</body>
</html>
"""

_tag = re.compile(r"(<[^>]*>)")
_named = re.compile(r"\b(h2[a-z-]*)\(([1-8])\)|\b(?:doc/)?([a-z0-9-]+)\.md\b")


def run(*command: str) -> str:
    """What a program prints."""
    return subprocess.run(command, stdout=subprocess.PIPE,
                          check=True).stdout.decode("utf-8")


def linked(text: str, own: str, names: Dict[str, str]) -> str:
    """HTML whose text names pages, with links to them; own: the page."""
    def link(match: "re.Match[str]") -> str:
        name = match[3] and match[3] + ".md" or "%s.%s" % match.group(1, 2)
        if name not in names or names[name] == own:
            return match[0]
        return '<a href="%s">%s</a>' % (names[name], match[0])

    text = re.sub(r'<a class="Xr">([^<]*)</a>', r"\1", text)
    parts, inside = _tag.split(text), 0
    for i, part in enumerate(parts):
        if part.startswith(("<a ", "<pre")):
            inside += 1
        elif part in ("</a>", "</pre>"):
            inside -= 1
        elif not inside and not part.startswith("<"):
            parts[i] = _named.sub(link, part)
    return "".join(parts)


def first(pattern: str, text: str) -> str:
    """What the pattern finds, as text."""
    match = re.search(pattern, text, re.S)
    found = re.sub(r"<[^>]*>", "", match[1]) if match else ""
    return " ".join(html.unescape(found).split())


def listed(heading: str, rows: List[str]) -> str:
    """A part of the index."""
    return "<h2>%s</h2>\n<ul>\n%s\n</ul>\n" % (heading, "\n".join(rows))


def main(mandoc: str, lowdown: str, target: str) -> None:
    """Writes all of it."""
    os.makedirs(target, exist_ok=True)
    documents = sorted(name for name in os.listdir(DOC)
                       if name.endswith(".md"))
    names = {name: name + ".html" for name in manual.PAGES}
    names.update((name, name[:-3] + ".html") for name in documents)
    if "clients.md" in names:
        names["clients.md"] = "clients-found.html"      # clients.html is there

    def write(name: str, title: str, body: str) -> None:
        with open(os.path.join(target, name), "w", encoding="utf-8") as f:
            f.write(PAGE % {"title": html.escape(title), "body": body})

    def make(name: str, body: str, title: Callable[[str], str]) -> str:
        head = title(body)
        write(names[name], head, linked(body, names[name], names))
        return '<li><a href="%s">%s</a>' % (names[name], html.escape(head))

    pages = []
    for name in manual.PAGES:
        body = run(mandoc, "-Thtml", "-Ofragment,toc", os.path.join(DOC, name))
        about = first(r'<span class="Nd">(.*?)</span>', body)
        pages.append("%s %s</li>" % (make(
            name, body, lambda body: first(
                r'<td class="head-ltitle">(.*?)</td>', body).lower()),
                                     html.escape(about)))
    rows = []
    for name in documents:
        body = run(lowdown, "-Thtml", os.path.join(DOC, name))
        rows.append(make(name, body, lambda body: first(
            r"<h1[^>]*>(.*?)</h1>", body)) + "</li>")
    for name in AS_THEY_ARE:
        path = os.path.join(DOC, name)
        if os.path.isdir(path):
            shutil.copytree(path, os.path.join(target, name),
                            dirs_exist_ok=True)
        elif os.path.exists(path):
            shutil.copyfile(path, os.path.join(target, name))
            with open(path, encoding="utf-8") as f:
                rows.append('<li><a href="%s">%s</a></li>' % (name, html.escape(
                    first("<title>(.*?)</title>", f.read()))))
    shutil.copyfile(os.path.join(HERE, "site.css"),
                    os.path.join(target, "site.css"))
    write("index.html", "h2rig", "<h1>h2rig</h1>\n<p>An HTTP/2 server for "
          "testing HTTP/2 clients: its scripts follow them frame by frame, "
          "right or wrong.</p>\n" + listed("Manual", pages)
          + listed("Documents", rows))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
