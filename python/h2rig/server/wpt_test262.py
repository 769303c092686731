# SPDX-License-Identifier: MIT
"""The text of the pages that run tests of test262, the tests of ECMAScript, in
a web-platform-tests checkout.

A browser opens a page with the checkout's harness; the test runs in a frame
of that page.  The frame loads test262's harness from /third_party/test262 and
two scripts of the checkout from /resources/test262:

  test262-reporter.js reports to the outer page's test262HarnessDone
  test262-provider.js

They define test262Setup, test262Negative, test262IsAsync, test262Done and
test262ScriptError.  The test's frontmatter, YAML between `/*---` and `---*/`,
names the scripts that the test includes and says how it must end.
"""

import html
import json
import re
from typing import Dict, List, NamedTuple, Tuple

__all__ = ["PAGES", "STRICT", "Page", "filled", "frontmatter"]

#: The end of the URL, after the test's name, of a test that is made strict.
STRICT = ".test262.strict.js"

_RESOURCES = "/resources/test262/"
_HARNESS = "/third_party/test262/harness/"

#: Only isolated pages have SharedArrayBuffer.
_ISOLATED = (("Cross-Origin-Opener-Policy", "same-origin"),
             ("Cross-Origin-Embedder-Policy", "require-corp"))


class Page(NamedTuple):
    """One kind of page.

    suffix: the end of its URL, after the test's name.  target: the end of the
    URL of the frame or script that it loads.  text: its text, for `filled`.
    headers: more fields of the response.
    """

    suffix: str
    target: str
    text: str
    headers: Tuple[Tuple[str, str], ...] = ()


# In pages, @META@ stands for the elements that META lines and frontmatter ask
# for, @URL@ for the URL of the target, @JS@ for that URL as JavaScript.
_TOP = """<!doctype html>
<meta charset="utf-8">
<title>Test</title>
"""
_OUTER = _TOP + """<script src="/resources/testharness.js"></script>
<script src="/resources/testharnessreport.js"></script>
<script>
const t = async_test(document.title);
const failures = { 1: "Test failed", 2: "Harness Error" };
window.test262HarnessDone = t.step_func_done((status, message) => {
  if (status in failures)
    throw new Error(message || failures[status]);
});
</script>
@META@<div id="log"></div>
<iframe id="test262-iframe" src="@URL@"></iframe>
"""
_INNER = _TOP + "".join(
    "<script src=\"%s\"></script>\n" % script for script in (
        _RESOURCES + "test262-reporter.js", _HARNESS + "assert.js",
        _HARNESS + "sta.js", _RESOURCES + "test262-provider.js"
    )) + "@META@<body>\n"
_CLASSIC = _INNER + """<script>test262Setup();</script>
<script src="@URL@" onerror="test262ScriptError()"></script>
"""
# The page throws an error again outside of the promise, so that its error
# event reports it.
_MODULE = _INNER + """<script>window.__test262IsModule = true;</script>
<script type="module">
test262Setup();
import(@JS@).then(() => {
  if (!window.test262Async)
    test262Done();
}).catch(e => {
  setTimeout(() => { throw e; });
});
</script>
"""

PAGES = (
    Page(".test262.html", ".test262-test.html", _OUTER),
    Page(".test262-module.html", ".test262-module-test.html", _OUTER),
    Page(".test262.strict.html", ".test262-test.strict.html", _OUTER),
    Page(".test262-test.html", ".js", _CLASSIC, _ISOLATED),
    Page(".test262-module-test.html", ".js", _MODULE, _ISOLATED),
    Page(".test262-test.strict.html", STRICT, _CLASSIC, _ISOLATED),
)

_line_end = re.compile(r"\r\n?|\n")
_entry = re.compile(r"(\w+)[ \t]*:(.*)")
_comment = re.compile(r"(?:^|\s)#.*")
_word = re.compile(r"\w[\w./-]*")
_pair = re.compile(r"(\w+)\s*:\s*[\"']?(\w+)")


def frontmatter(source: str) -> Dict[str, str]:
    """Returns the entries of the frontmatter, {} if the test has none.  A
    value is its YAML text, joined to one line.
    """
    text, end, _ = source.partition("/*---")[2].partition("---*/")
    found: Dict[str, List[str]] = {}
    lines: List[str] = []
    for line in _line_end.split(text.strip()) if end else ():
        entry = _entry.match(line)      # an indented line continues an entry
        if entry is not None:
            lines = found[entry.group(1)] = []
            line = entry.group(2)
        lines.append(_comment.sub("", line))
    return {name: " ".join(lines) for name, lines in found.items()}


def _wanted(source: str) -> Tuple[List[str], List[str]]:
    # Returns the calls and the scripts that the frontmatter asks for, of which
    # `includes` and `flags` are lists of words and `negative` maps words to
    # words.
    front = frontmatter(source)
    calls, scripts = [], _word.findall(front.get("includes", ""))
    if "negative" in front:
        how = dict(_pair.findall(front["negative"]))
        calls.append("test262Negative(%s, %s);" % (
            _js(how.get("type", "")), _js(how.get("phase", ""))))
    if "async" in _word.findall(front.get("flags", "")):
        calls.append("test262IsAsync(true);")
        scripts.append("doneprintHandle.js")
    return calls, [_HARNESS + name for name in scripts]


def filled(page: Page, url: str, scripts: List[str], long: bool,
           source: bytes) -> str:
    """Returns the page for a test.

    url: the URL of the page's target.  scripts: the URLs of the scripts in the
    test's META lines.  long: whether the test has the long timeout.  source:
    the text of the test.
    """
    calls: List[str] = []
    if page.text is not _OUTER:
        calls, more = _wanted(source.decode("utf-8", "replace"))
        scripts = scripts + more
    parts = {"URL": html.escape(url), "JS": _js(url), "META": "".join([
        "<meta name=\"timeout\" content=\"long\">\n" * long,
        *("<script>%s</script>\n" % call for call in calls),
        *("<script src=\"%s\"></script>\n" % html.escape(script)
          for script in scripts)])}
    return re.sub("@(META|URL|JS)@", lambda m: parts[m.group(1)], page.text)


def _js(text: str) -> str:
    # Returns text as a JavaScript literal that may be in a <script> element.
    return json.dumps(text).replace("<", "\\u003c")
