# SPDX-License-Identifier: MIT
"""Makes pages and worker scripts for web-platform-tests' JavaScript tests, so
that a browser can open `X.any.js`, `X.window.js`, `X.worker.js`,
`X.extension.js` and the tests of test262 straight from the server.

With `--wpt`, `dispatch` calls `register`, which puts their routes before the
others.  The `// META:` lines at the start of a test say what is in the page:
`title`, `timeout`, `script` and `global`.  (Only the runner uses `variant`.)
"""

import functools
import html
import json
import os
import re
from typing import (Any, FrozenSet, List, NamedTuple, Optional, Tuple,
                    Union)
from urllib.parse import urljoin

from h2rig import handlers, pipes
from h2rig.errors import HTTPException
from h2rig.server import files, wpt_shadowrealm, wpt_test262

__all__ = ["PAGES", "SCRIPTS", "Meta", "read_meta", "register"]

#: The globals in which a `.any.js` test runs if it names none.
DEFAULT_GLOBALS = frozenset(("window", "dedicatedworker"))

#: Names that stand for several globals.
_GROUPS = {
    "worker": ("dedicatedworker", "sharedworker", "serviceworker"),
    "shadowrealm": wpt_shadowrealm.SCOPES,
}

_meta_line = re.compile(rb"//\s*META:\s*(\w*)=(.*)$")


class Page(NamedTuple):
    """One kind of page.

    suffix, source, worker: what follows the test's name in the page's URL, in
    the test's file name, and in the URL of the worker's script ("": there is
    no worker).  scope: the global (None: every such test has the page).
    start: the code that starts the worker; without a worker, "module" if the
    test is a module (the scripts of its META lines are not).  harness: more
    scripts of the harness.
    """

    suffix: str
    source: str
    worker: str
    scope: Optional[str]
    start: str
    harness: str = ""


_HARNESS = """<script src="/resources/testharness.js"></script>
<script src="/resources/testharnessreport.js"></script>
"""
_DRIVER = """<script src="/resources/testdriver.js?feature=extensions"></script>
<script src="/resources/testdriver-vendor.js"></script>
<script src="/resources/web-extensions-helper.js"></script>
"""
_GLOBAL = """self.GLOBAL = {
  isWindow: function() { return %s; },
  isWorker: function() { return %s; },
  isShadowRealm: function() { return false; },
};
"""
_DEDICATED = "fetch_tests_from_worker(new Worker(%s));"
_DEDICATED_MODULE = \
    "fetch_tests_from_worker(new Worker(%s, { type: \"module\" }));"
_SHARED = "fetch_tests_from_worker(new SharedWorker(%s));"
_SHARED_MODULE = \
    "fetch_tests_from_worker(new SharedWorker(%s, { type: \"module\" }));"
_SERVICE = """(async function() {
  const scope = "does/not/exist";
  const old = await navigator.serviceWorker.getRegistration(scope);
  if (old)
    await old.unregister();
  const now = await navigator.serviceWorker.register(%%s, { scope%s });
  fetch_tests_from_worker(now.installing);
})();"""

#: The first page whose suffix a path has is the page of that path.
PAGES = (
    Page(".any.html", ".any.js", "", "window", ""),
    Page(".any.window-module.html", ".any.js", "", "window-module",
         "module"),
    Page(".any.worker.html", ".any.js", ".any.worker.js", "dedicatedworker",
         _DEDICATED),
    Page(".any.worker-module.html", ".any.js", ".any.worker-module.js",
         "dedicatedworker-module", _DEDICATED_MODULE),
    Page(".any.sharedworker.html", ".any.js", ".any.worker.js",
         "sharedworker", _SHARED),
    Page(".any.sharedworker-module.html", ".any.js", ".any.worker-module.js",
         "sharedworker-module", _SHARED_MODULE),
    Page(".any.serviceworker.html", ".any.js", ".any.worker.js",
         "serviceworker", _SERVICE % ""),
    Page(".any.serviceworker-module.html", ".any.js",
         ".any.worker-module.js", "serviceworker-module",
         _SERVICE % ", type: \"module\""),
    Page(".window.html", ".window.js", "", None, ""),
    Page(".worker.html", ".worker.js", ".worker.js", "dedicatedworker",
         _DEDICATED),
    Page(".worker-module.html", ".worker.js", ".worker.js",
         "dedicatedworker-module", _DEDICATED_MODULE),
    Page(".extension.html", ".extension.js", "", None, "", _DRIVER),
)

#: Routes (method, pattern, handler) to files in forbidden places that clients
#: may have, and patterns of these places.
_ALLOWED = (("GET", "/tools/runner/*", handlers.file_handler),
            ("POST", "/tools/runner/update_manifest.py",
             handlers.python_script_handler))
_FORBIDDEN = ("/_certs/*", "/tools/*", "{spec}/tools/*", "/results/")


class Meta:
    """What the META lines of a test say.

    titles, scripts: lists, in order.  long: whether the test has the long
    timeout.  scopes: the globals that the test is for.
    """

    def __init__(self, pairs: List[Tuple[str, str]]) -> None:
        self.titles = [value for key, value in pairs if key == "title"]
        self.scripts = [value for key, value in pairs if key == "script"]
        self.long = ("timeout", "long") in pairs
        scopes = next((v for key, v in pairs if key == "global"), "")
        self.scopes = _scopes(scopes) if scopes else DEFAULT_GLOBALS


def _scopes(value: str) -> FrozenSet[str]:
    names = [name.strip() for name in value.split(",")]
    return frozenset(
        scope for name in names for scope in _GROUPS.get(name, (name,)))


def read_meta(source: bytes) -> Meta:
    """Returns what the META lines at the start of a test say."""
    pairs = []
    for line in source.split(b"\n"):
        match = _meta_line.match(line)
        if match is None:
            break
        pairs.append((match.group(1).decode("ascii"),
                      match.group(2).decode("utf-8", "replace").strip()))
    return Meta(pairs)


class _Test:
    # The test that a request for a made page is about.

    def __init__(self, request: Any, suffix: str, source: str) -> None:
        if not request.path.endswith(suffix):
            # The suffix is percent-encoded, but such a URL names no made page.
            raise HTTPException(404, "Not Found")
        # Only one "/" may be in front: two would begin the name of a host.
        self.stem = "/" + request.path[:-len(suffix)].lstrip("/")
        self.path = self.stem + source
        self.query = request.request_path[len(request.path):]
        self.place = files.requested(self.path)[1]
        with files.open_file(self.place)[0] as f:
            self.source = f.read()
        self.meta = read_meta(self.source)

    def urls(self) -> List[str]:
        """Returns the URLs of the scripts that its META lines name, and of the
        test.
        """
        return [urljoin(self.path, script) for script in self.meta.scripts] + [
            self.path]

    def answer(self, request: Any, response: Any, kind: str,
               text: Union[str, bytes]) -> None:
        """Sends text with the test's own headers.  kind: the media type."""
        fields = files.load_headers(
            self.place, lambda data: pipes.template(request, data, "none"))
        if kind == "text/html":
            # The content-type of the test is that of its script.
            fields = [f for f in fields if f[0].lower() != b"content-type"]
        if not any(f[0].lower() == b"content-type" for f in fields):
            response.headers.set("Content-Type", kind)
        response._add_read(fields)
        response.content = text
        piping = pipes.of_name(self.place.path)
        if piping:
            pipes.apply(piping, request, response)


def _js(text: str) -> str:
    # Returns text as a JavaScript literal that may be in a <script> element.
    return json.dumps(text).replace("<", "\\u003c")


def _head(test: _Test, scope: Optional[str]) -> str:
    # Returns the start of the test's page for a global.
    meta = test.meta
    if scope is not None and scope not in meta.scopes:
        raise HTTPException(404, "%s is not for the global %s; it is for %s"
                            % (test.path, scope,
                               ", ".join(sorted(meta.scopes))))
    return "".join([
        "<!doctype html>\n<meta charset=\"utf-8\">\n",
        *("<title>%s</title>\n" % html.escape(title, False)
          for title in meta.titles),
        "<meta name=\"timeout\" content=\"long\">\n" * meta.long])


def _element(script: str, kind: str = "") -> str:
    return "<script%s src=\"%s\"></script>\n" % (kind, html.escape(script))


def _page(page: Page, request: Any, response: Any) -> None:
    # Handles requests for a kind of page.
    test = _find(page.suffix, page.source, request, response)
    if test is None:
        return
    parts = [_head(test, page.scope)]
    if page.scope is not None and not page.worker:
        parts.append("<script>\n%s</script>\n" % (_GLOBAL % ("true",
                                                             "false")))
    parts.append(_HARNESS + page.harness)
    if page.worker:
        parts.append("<div id=\"log\"></div>\n")
        script = page.start % _js(test.stem + page.worker + test.query)
        parts.append("<script>\n%s\n</script>\n" % script)
    else:
        kind = " type=\"module\"" if page.start == "module" else ""
        parts += [_element(script) for script in test.meta.scripts]
        parts += ["<div id=\"log\"></div>\n", _element(test.path, kind)]
    test.answer(request, response, "text/html", "".join(parts))


def _find(suffix: str, source: str, request: Any, response: Any
          ) -> Optional[_Test]:
    # Returns the test; if there is none, answers with a file, returns None.
    try:
        return _Test(request, suffix, source)
    except HTTPException as e:
        if e.code != 404:
            raise
    handlers.file_handler(request, response)
    return None


def _realm_page(page: wpt_shadowrealm.Page, request: Any, response: Any
                ) -> None:
    # Handles requests for a kind of page with a ShadowRealm.
    test = _find(page.suffix, ".any.js", request, response)
    if test is None:
        return
    text = _head(test, page.scope) + _HARNESS
    if page.outer:
        text += _element(wpt_shadowrealm.OUTER)
    text += "<div id=\"log\"></div>\n<script>\n%s\n</script>\n" % (
        wpt_shadowrealm.filled(page.script, test.urls(), test.query,
                               test.stem + page.worker + test.query))
    test.answer(request, response, "text/html", text)


def _realm_script(suffix: str, request: Any, response: Any) -> None:
    # Handles requests for a kind of worker script with a ShadowRealm.
    test = _find(suffix, ".any.js", request, response)
    if test is not None:
        test.answer(request, response, "text/javascript",
                    wpt_shadowrealm.filled(wpt_shadowrealm.SCRIPTS[suffix],
                                           test.urls(), test.query,
                                           titles=test.meta.titles))


def _test262_page(page: wpt_test262.Page, request: Any, response: Any
                  ) -> None:
    # Handles requests for a kind of page of test262.
    test = _find(page.suffix, ".js", request, response)
    if test is None:
        return
    for name, value in page.headers:
        response.headers.set(name, value)
    test.answer(request, response, "text/html", wpt_test262.filled(
        page, test.stem + page.target, test.meta.scripts, test.meta.long,
        test.source))


def _test262_strict(request: Any, response: Any) -> None:
    # Handles requests for X.test262.strict.js.
    test = _find(wpt_test262.STRICT, ".js", request, response)
    if test is not None:
        test.answer(request, response, "text/javascript",
                    b"\"use strict\";\n" + test.source)


#: A file without a dot in its name is a script if this occurs in it.
_function = re.compile(rb"^(def )?(main|handle_[a-z_]+)\b", re.M)


def _is_script(path: str) -> bool:
    if "." in path.rpartition("/")[2]:
        return False
    place = files.requested(path)[1]
    if os.path.isdir(place.path):
        place = place.plus("/default.py")
    with files.open_file(place, script=True)[0] as f:
        return _function.search(f.read()) is not None


def _worker_start(test: _Test) -> str:
    return "".join("self.META_TITLE = %s;\n" % _js(title)
                   for title in test.meta.titles) + _GLOBAL % ("false",
                                                               "true")


def _worker(request: Any, response: Any) -> None:
    # Handles requests for X.any.worker.js.
    test = _find(".any.worker.js", ".any.js", request, response)
    if test is None:
        return
    parts = [_worker_start(test)]
    for script in ["/resources/testharness.js", *test.meta.scripts,
                   test.path]:
        parts.append("importScripts(%s);\n" % _js(script))
    parts.append("done();\n")
    test.answer(request, response, "text/javascript", "".join(parts))


def _worker_module(request: Any, response: Any) -> None:
    # Handles requests for X.any.worker-module.js.
    test = _find(".any.worker-module.js", ".any.js", request, response)
    if test is None:
        return
    # Imports are evaluated before the rest of a module, so GLOBAL must come by
    # an import too.
    scripts = [test.stem + ".any.worker-globals.js",
               "/resources/testharness.js"]
    for script in test.meta.scripts:
        if not re.match(r"\.{0,2}/|[A-Za-z][A-Za-z0-9+.-]*:", script):
            script = "./" + script
        scripts.append(script)
    parts = ["import %s;\n" % _js(script)
             for script in scripts + [test.path]]
    parts.append("done();\n")
    test.answer(request, response, "text/javascript", "".join(parts))


def _worker_globals(request: Any, response: Any) -> None:
    # Handles requests for X.any.worker-globals.js, which is our own file.
    test = _find(".any.worker-globals.js", ".any.js", request, response)
    if test is None:
        return
    test.answer(request, response, "text/javascript", _worker_start(test))


class _WellKnown:
    # Handles requests below /.well-known/: a file without a dot in its name is
    # run if its text is that of a script; other files are sent.

    def frame_handler(self, request: Any) -> Any:
        """Returns the functions that answer this request."""
        if _is_script(request.path):
            return handlers.python_script_handler.frame_handler(request)
        return handlers.FrameFunctions(main=handlers.file_handler)


#: suffix -> handler, of the scripts that pages load
SCRIPTS = {
    ".any.worker.js": _worker,
    ".any.worker-module.js": _worker_module,
    ".any.worker-globals.js": _worker_globals,
    wpt_test262.STRICT: _test262_strict,
}


def register(router: Any) -> None:
    """Adds the routes to router, and the rewrite of web-platform-tests."""
    for method, pattern, handler in _ALLOWED:
        router.register(method, pattern, handler)
    for pattern in _FORBIDDEN:
        router.register("any", pattern, handlers.ErrorHandler(404))
    for page in PAGES:
        router.register("GET", "*" + page.suffix,
                        functools.partial(_page, page))
    for suffix, script in SCRIPTS.items():
        router.register("GET", "*" + suffix, script)
    for realm in wpt_shadowrealm.PAGES:
        router.register("GET", "*" + realm.suffix,
                        functools.partial(_realm_page, realm))
    for suffix in wpt_shadowrealm.SCRIPTS:
        router.register("GET", "*" + suffix,
                        functools.partial(_realm_script, suffix))
    for page262 in wpt_test262.PAGES:
        router.register("GET", "*" + page262.suffix,
                        functools.partial(_test262_page, page262))
    # Scripts here have names that specifications fix.
    router.register("any", "/.well-known/*", _WellKnown())
    router.rewrite("GET", "/resources/WebIDLParser.js",
                   "/resources/webidl2/lib/webidl2.js")
